/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Characters of UTF-8 text. A byte that begins none counts as one character,
 * so that any text can be walked.
 */
#ifndef LIB_TEMPLATE_CHARS_H
#define LIB_TEMPLATE_CHARS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/span.h"

/* Once, before the jail closes: letters outside ASCII get their two cases. */
void chars_prepare(void);

/* The character at *at, which moves behind it; 0xfffd for a stray byte. */
uint32_t chars_next(struct span s, size_t *at);
/* Bytes of the last character before `end` of the text. */
size_t chars_last(struct span s, size_t end);
size_t chars_count(struct span s);
/* The bytes of `n` characters from byte `at` on, or as many as there are. */
size_t chars_skip(struct span s, size_t at, size_t n);
void chars_put(struct buf *b, uint32_t c);

bool chars_is_blank(uint32_t c);
bool chars_is_letter(uint32_t c); /* or a digit */
bool chars_is_upper(uint32_t c);
bool chars_is_lower(uint32_t c);
uint32_t chars_upper(uint32_t c);
uint32_t chars_lower(uint32_t c);
/* Without blanks at both ends. */
struct span chars_trim(struct span s);

#endif
