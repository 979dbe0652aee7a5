/* SPDX-License-Identifier: Apache-2.0 */
/* xtext, "+" and two hex digits for odd bytes (RFC 3461 section 4). */
#ifndef LIB_MAIL_XTEXT_H
#define LIB_MAIL_XTEXT_H

#include "lib/base/buf.h"
#include "lib/base/span.h"

/*
 * Appends the decoded bytes. -1 (and nothing appended) when the coding is bad
 * or the result holds a control or is not UTF-8.
 */
int xtext_decode(struct span s, struct buf *out);
void xtext_encode(struct span s, struct buf *out);

#endif
