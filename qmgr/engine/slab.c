/* SPDX-License-Identifier: Apache-2.0 */
#include "qmgr/engine/slab.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/log.h"

void
slab_init(struct slab *s, size_t item_size)
{
	*s = (struct slab){ .item_size = (uint32_t)item_size };
}

static void
slab_shrink(struct slab *s, uint32_t keep)
{
	while (s->nchunks > keep)
		free(s->chunks[--s->nchunks]);
	s->top = 0;
	s->free = 0;
}

void
slab_done(struct slab *s)
{
	slab_shrink(s, 0);
	free(s->chunks);
	s->chunks = NULL;
}

uint32_t
slab_new(struct slab *s)
{
	uint32_t item = s->free;
	void *p;

	if (item != 0) {
		p = slab_at(s, item);
		memcpy(&s->free, p, sizeof(s->free));
		memset(p, 0, sizeof(s->free));
	} else {
		if (s->top == UINT32_MAX >> 1)
			fatalx("queue: more than 2^31 things of one kind");
		item = ++s->top;
		if (item >> SLAB_SHIFT >= s->nchunks) {
			/* The table grows by doubling, as the count does. */
			if ((s->nchunks & (s->nchunks - 1)) == 0)
				s->chunks = xreallocarray(s->chunks,
				    s->nchunks == 0 ? 1 : s->nchunks * 2,
				    sizeof(*s->chunks));
			s->chunks[s->nchunks++] =
			    xmalloc((size_t)s->item_size << SLAB_SHIFT);
		}
		memset(slab_at(s, item), 0, s->item_size);
	}
	s->live++;
	return item;
}

void
slab_free(struct slab *s, uint32_t item)
{
	uint8_t *p = slab_at(s, item);

	memcpy(p, &s->free, sizeof(s->free));
	memset(p + sizeof(s->free), 0, s->item_size - sizeof(s->free));
	s->free = item;
	/* After a flood has gone, so does its memory. */
	if (--s->live == 0 && s->nchunks > 4)
		slab_shrink(s, 1);
}

size_t
slab_memory(const struct slab *s)
{
	return ((size_t)s->nchunks * s->item_size << SLAB_SHIFT) +
	    s->nchunks * sizeof(*s->chunks);
}
