/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A view of bytes that somebody else owns: pointer and length travel together,
 * a NUL is a byte like others. A span never outlives what it looks at.
 */
#ifndef LIB_BASE_SPAN_H
#define LIB_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>

struct span {
	const char *p;
	size_t len;
};

/* For printf("%.*s", SPAN_FMT(s)); only for text already made printable. */
#define SPAN_FMT(s) (int)(s).len, (s).p
#define SPAN_LIT(lit) ((struct span){ (lit), sizeof(lit) - 1 })

struct span span_of(const char *s); /* NULL gives the empty span */
struct span span_make(const void *p, size_t len);
bool span_eq(struct span a, struct span b);
bool span_eq_str(struct span a, const char *s);
/* ASCII letters compare without case; other bytes exactly. */
bool span_ieq(struct span a, struct span b);
bool span_ieq_str(struct span a, const char *s);
bool span_starts(struct span a, const char *prefix);
bool span_istarts(struct span a, const char *prefix);
/* Index of byte c, or -1. */
ptrdiff_t span_find(struct span a, char c);
/* Without spaces and tabs at both ends. */
struct span span_trim(struct span a);
/* The part from index `from` (at most len) to the end. */
struct span span_from(struct span a, size_t from);
/* A heap copy with a NUL behind it; the caller frees it. */
char *span_dup(struct span a);

#endif
