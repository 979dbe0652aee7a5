/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text as numbers, durations and names: every reader is strict (digits only,
 * no sign, no overflow) and says nothing itself.
 */
#ifndef LIB_BASE_TEXT_H
#define LIB_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/span.h"

static inline char
ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static inline bool
ascii_digit(char c)
{
	return c >= '0' && c <= '9';
}

void ascii_lower_all(char *p, size_t len);

/* Decimal digits only, min <= value <= max; 0 or -1. */
int text_u64(struct span s, uint64_t min, uint64_t max, uint64_t *out);

/*
 * A duration as KumoMTA's policies write it: "5 minutes", "1h 30m", "300s",
 * "250ms", or a bare number of seconds ("1.5" too). Result in milliseconds.
 */
int text_duration_ms(struct span s, int64_t *ms_out);
/* "7d", "1h30m", "5m", "45s", "250ms": the shortest exact form; heap. */
char *text_duration_format(int64_t ms);

/*
 * Bytes from strangers for a log line or a reply: controls (those of Unicode
 * too), DEL and bytes that are not UTF-8 become \xHH, a backslash becomes \\.
 * At most `max` bytes with the NUL that always ends it; cut with "...".
 * Returns out.
 */
char *text_printable(struct span s, char *out, size_t max);

enum { TEXT_DOUBLE_MAX = 32 };
/*
 * The shortest decimal that reads as this double again: "0.1", "1.0", "1e21",
 * "-1.5e-7", "nan", "inf". Returns out.
 */
char *text_double(double v, char out[TEXT_DOUBLE_MAX]);

bool text_is_utf8(struct span s);
/* Bytes of the UTF-8 character at the front, 0 when there is none. */
size_t text_utf8_len(struct span s);
/*
 * Bytes of the blank at the front or the end, 0 when there is none: Unicode's
 * White_Space, which has spaces, tabs and line ends of all kinds.
 */
size_t text_blank_front(struct span s);
size_t text_blank_end(struct span s);
/* Any byte above 0x7f? */
bool text_has_8bit(struct span s);

/* Levenshtein distance, capped: for "did you mean". */
unsigned text_distance(struct span a, struct span b);
/* The nearest of n names if it is near enough to be meant, else NULL. */
const char *text_nearest(struct span word, const char *const *names, size_t n);

#endif
