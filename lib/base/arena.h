/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of one lifetime (a session, a transaction), given back in one call.
 * Zero-initialised is empty. Nothing longer-lived may point into an arena.
 */
#ifndef LIB_BASE_ARENA_H
#define LIB_BASE_ARENA_H

#include <stddef.h>

#include "lib/base/span.h"

struct arena_block;

struct arena {
	struct arena_block *blocks;
	size_t used;  /* in the first block */
	size_t total; /* bytes handed out */
};

/* Zeroed, aligned for anything. */
void *arena_alloc(struct arena *a, size_t size);
/* A copy with a NUL behind it. */
struct span arena_span(struct arena *a, struct span s);
char *arena_str(struct arena *a, struct span s);
char *arena_printf(struct arena *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Empty it; one small block may be kept for reuse. */
void arena_reset(struct arena *a);
void arena_free(struct arena *a);

#endif
