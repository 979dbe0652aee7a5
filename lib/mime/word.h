/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text of header fields as it is written: folded, and in encoded words (RFC
 * 2047) where it is more than ASCII. The reading of them is header_decode().
 */
#ifndef LIB_MIME_WORD_H
#define LIB_MIME_WORD_H

#include <stdbool.h>

#include "lib/base/buf.h"
#include "lib/base/span.h"

enum { MIME_WRAP_SOFT = 75, MIME_WRAP_HARD = 900 };

/*
 * Appends the text with its blanks at line ends replaced by CRLF and a tab: no
 * line goes beyond `soft` octets when there is a blank to break it at, none
 * beyond `hard`. Blanks around the whole and line ends inside are lost.
 */
void mime_wrap(struct span text, size_t soft, size_t hard, struct buf *out);
/* Appends the value in one line: each fold, and its blanks, is one blank. */
void mime_unfold(struct span value, struct buf *out);
/*
 * Appends free text: wrapped when it is printable ASCII, else as encoded words
 * of the "Q" encoding. Text that is not UTF-8 is called unknown-8bit.
 */
void mime_words_put(struct span text, struct buf *out);
/*
 * Appends a name as it stands before an address or a group's colon: as it is
 * when it is one atom, else quoted or in encoded words. `words` are several
 * atoms allowed, too.
 */
void mime_phrase_put(struct span name, bool words, struct buf *out);

#endif
