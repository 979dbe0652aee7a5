/* SPDX-License-Identifier: Apache-2.0 */
/* Text folded into lines that a header field may have. */
#ifndef LIB_MAIL_FOLD_H
#define LIB_MAIL_FOLD_H

#include <stddef.h>

#include "lib/base/buf.h"
#include "lib/base/span.h"

enum { FOLD_SOFT = 75, FOLD_HARD = 900 };

/*
 * Appends the words of text, parted by single spaces, in lines of at most
 * `soft` bytes where words allow it; a word of more than `hard` is cut, never
 * inside of a UTF-8 character unless that alone is longer. Lines are parted by
 * CR LF TAB, which does not count. Both limits are at least 1.
 */
void fold_text(struct span text, size_t soft, size_t hard, struct buf *out);

#endif
