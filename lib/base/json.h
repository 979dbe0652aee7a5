/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is it JSON (RFC 8259)? A question about text from elsewhere, asked before it
 * goes on as it is; jout.h writes JSON.
 */
#ifndef LIB_BASE_JSON_H
#define LIB_BASE_JSON_H

#include <stdbool.h>

#include "lib/base/span.h"

enum { JSON_DEPTH_MAX = 64 };

/* One value of at most JSON_DEPTH_MAX levels, without line ends? */
bool json_is_value(struct span s);

#endif
