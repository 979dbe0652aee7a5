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

/* Appends the value in one line: each fold, and its blanks, is one blank. */
void mime_unfold(struct span value, struct buf *out);
/*
 * Appends free text: folded when it is printable ASCII and long, else as
 * encoded words of the "Q" encoding. Text that is not UTF-8 is called
 * unknown-8bit. Blanks around ASCII text are lost.
 */
void mime_words_put(struct span text, struct buf *out);
/*
 * Appends a name as it stands before an address or a group's colon: as it is
 * when it is one atom, else quoted or in encoded words. `words` are several
 * atoms allowed, too.
 */
void mime_phrase_put(struct span name, bool words, struct buf *out);

#endif
