/* SPDX-License-Identifier: Apache-2.0 */
/* A tree as YAML in block form; the reader is yaml.h. */
#ifndef LIB_SETTINGS_YAML_WRITE_H
#define LIB_SETTINGS_YAML_WRITE_H

#include "lib/base/buf.h"

struct value;

/* -1 when a text in it is not UTF-8, which YAML cannot say. */
int yaml_write(struct buf *out, const struct value *v);

#endif
