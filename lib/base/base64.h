/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 (RFC 4648 section 4). */
#ifndef LIB_BASE_BASE64_H
#define LIB_BASE_BASE64_H

#include "lib/base/buf.h"
#include "lib/base/span.h"

void base64_encode(struct span in, struct buf *out);
/*
 * Strict: padded, no other bytes, no stray bits in the last digit. -1 (and
 * nothing appended) for anything else.
 */
int base64_decode(struct span in, struct buf *out);

#endif
