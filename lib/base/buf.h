/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growable run of bytes, taken from the front and appended at the back.
 * Zero-initialised is empty. The bytes move when it grows: keep offsets.
 */
#ifndef LIB_BASE_BUF_H
#define LIB_BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "lib/base/span.h"

struct buf {
	uint8_t *base; /* allocation */
	size_t size;   /* bytes allocated */
	size_t start;  /* first live byte */
	size_t end;    /* behind the last live byte */
};

static inline size_t
buf_len(const struct buf *b)
{
	return b->end - b->start;
}

static inline uint8_t *
buf_data(const struct buf *b)
{
	/* C gives no meaning to NULL + 0. */
	return b->base != NULL ? b->base + b->start : NULL;
}

static inline struct span
buf_span(const struct buf *b)
{
	return span_make(b->base != NULL ? (const void *)buf_data(b) : "",
	    buf_len(b));
}

/* Room for `more` bytes behind the end; returns where to write them. */
uint8_t *buf_reserve(struct buf *b, size_t more);
/* Count `len` bytes written into reserved room as live. */
static inline void
buf_commit(struct buf *b, size_t len)
{
	b->end += len;
}

static inline void
buf_add(struct buf *b, const void *p, size_t len)
{
	if (b->size - b->end < len)
		buf_reserve(b, len);
	if (len != 0)
		memcpy(b->base + b->end, p, len);
	b->end += len;
}

static inline void
buf_add_span(struct buf *b, struct span s)
{
	buf_add(b, s.p, s.len);
}

static inline void
buf_add_byte(struct buf *b, uint8_t c)
{
	if (b->size == b->end)
		buf_reserve(b, 1);
	b->base[b->end++] = c;
}

void buf_add_str(struct buf *b, const char *s);
void buf_addf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Drop `len` live bytes (at most all) from the front. */
void buf_take(struct buf *b, size_t len);
/* Empty, keeping the allocation (given back when above `keep` bytes). */
void buf_clear(struct buf *b, size_t keep);
/* Empty and without allocation. */
void buf_free(struct buf *b);
/*
 * As buf_free, for secrets: the allocation is overwritten first. Reserve room
 * for all of them at once, since growing leaves copies behind.
 */
void buf_wipe(struct buf *b);

#endif
