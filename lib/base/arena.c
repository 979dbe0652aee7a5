/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/arena.h"

#include <stdarg.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/log.h"

enum { ARENA_BLOCK = 2048 };

struct arena_block {
	struct arena_block *next;
	size_t size;
	alignas(max_align_t) unsigned char bytes[];
};

static void
arena_grow(struct arena *a, size_t size)
{
	struct arena_block *block;

	if (size < ARENA_BLOCK)
		size = ARENA_BLOCK;
	block = xmalloc(sizeof(*block) + size);
	block->size = size;
	block->next = a->blocks;
	a->blocks = block;
	a->used = 0;
}

void *
arena_alloc(struct arena *a, size_t size)
{
	size_t align = alignof(max_align_t);
	void *p;

	if (size > (size_t)1 << 40)
		fatalx("out of memory");
	size = (size + align - 1) / align * align;
	if (a->blocks == NULL || a->blocks->size - a->used < size)
		arena_grow(a, size);
	p = a->blocks->bytes + a->used;
	a->used += size;
	a->total += size;
	return memset(p, 0, size);
}

struct span
arena_span(struct arena *a, struct span s)
{
	return span_make(arena_str(a, s), s.len);
}

char *
arena_str(struct arena *a, struct span s)
{
	char *copy = arena_alloc(a, s.len + 1);

	if (s.len != 0)
		memcpy(copy, s.p, s.len);
	return copy;
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *out;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		fatalx("bad format");
	out = arena_alloc(a, (size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf(out, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return out;
}

void
arena_reset(struct arena *a)
{
	struct arena_block *block, *next, *kept = NULL;

	for (block = a->blocks; block != NULL; block = next) {
		next = block->next;
		if (kept == NULL && block->size == ARENA_BLOCK)
			kept = block;
		else
			free(block);
	}
	if (kept != NULL)
		kept->next = NULL;
	*a = (struct arena){ .blocks = kept };
}

void
arena_free(struct arena *a)
{
	struct arena_block *block, *next;

	for (block = a->blocks; block != NULL; block = next) {
		next = block->next;
		free(block);
	}
	*a = (struct arena){ 0 };
}
