/* SPDX-License-Identifier: Apache-2.0 */
/* JSON for people to read. */
#ifndef LIB_DATA_JSON_WRITE_H
#define LIB_DATA_JSON_WRITE_H

#include "lib/base/buf.h"
#include "lib/base/span.h"

/*
 * Lay out compact JSON: an item a line, `indent` blanks a level, a blank
 * behind each colon. Empty lists and maps stay as they are. The text must be
 * JSON as our writers make it, without blanks.
 */
void json_write_pretty(struct buf *out, struct span compact, unsigned indent);

#endif
