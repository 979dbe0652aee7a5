/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many small things of one size, named by 32-bit numbers that stay good while
 * the thing lives; things do not move. 0 is nothing, so a zeroed link is empty.
 */
#ifndef QMGR_ENGINE_SLAB_H
#define QMGR_ENGINE_SLAB_H

#include <stddef.h>
#include <stdint.h>

enum { SLAB_SHIFT = 10 };

struct slab {
	uint8_t **chunks;
	uint32_t item_size;
	uint32_t nchunks;
	uint32_t top;  /* highest number ever given, since the last emptying */
	uint32_t free; /* a list through the first bytes of free things */
	uint32_t live;
};

void slab_init(struct slab *s, size_t item_size);
void slab_done(struct slab *s);
/* A zeroed thing. */
uint32_t slab_new(struct slab *s);
/* Zeroes it, but for its first four bytes. */
void slab_free(struct slab *s, uint32_t item);
size_t slab_memory(const struct slab *s);

static inline void *
slab_at(const struct slab *s, uint32_t item)
{
	return s->chunks[item >> SLAB_SHIFT] +
	    (size_t)(item & ((1u << SLAB_SHIFT) - 1)) * s->item_size;
}

#endif
