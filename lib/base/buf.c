/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/buf.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/base/alloc.h"
#include "lib/base/log.h"

enum { BUF_MIN = 256 };

uint8_t *
buf_reserve(struct buf *b, size_t more)
{
	size_t live = buf_len(b), want;

	if (b->size - b->end >= more && b->base != NULL)
		return b->base + b->end;
	if (more > SIZE_MAX / 4 - live)
		fatalx("buffer of %zu bytes is too large", more);
	/*
	 * Slide only when that frees as much as it moves, else double: either
	 * way the bytes moved stay in proportion to the bytes added.
	 */
	if (b->start > 0 && b->start >= live && b->size - live >= more) {
		memmove(b->base, b->base + b->start, live);
		b->start = 0;
		b->end = live;
		return b->base + b->end;
	}
	want = b->base == NULL ? BUF_MIN : b->size * 2;
	while (want - live < more)
		want *= 2;
	if (b->start > 0) {
		memmove(b->base, b->base + b->start, live);
		b->start = 0;
		b->end = live;
	}
	b->base = xreallocarray(b->base, want, 1);
	b->size = want;
	return b->base + b->end;
}

void
buf_add_str(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void
buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		fatalx("bad format");
	buf_reserve(b, (size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf((char *)b->base + b->end, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->end += (size_t)n;
}

void
buf_take(struct buf *b, size_t len)
{
	if (len >= buf_len(b)) {
		b->start = b->end = 0;
		return;
	}
	b->start += len;
}

void
buf_clear(struct buf *b, size_t keep)
{
	if (b->size > keep) {
		buf_free(b);
		return;
	}
	b->start = b->end = 0;
}

void
buf_free(struct buf *b)
{
	free(b->base);
	*b = (struct buf){ 0 };
}

void
buf_wipe(struct buf *b)
{
	if (b->base != NULL)
		explicit_bzero(b->base, b->size);
	buf_free(b);
}
