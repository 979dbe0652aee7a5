/* SPDX-License-Identifier: Apache-2.0 */
#include "qmgr/engine/index.h"

#include <assert.h>
#include <stdlib.h>

#include "lib/base/alloc.h"

static void
index_put(struct index *x, uint32_t hash, uint32_t item)
{
	uint32_t i = hash & (x->size - 1);

	while (x->slots[i].item != 0)
		i = (i + 1) & (x->size - 1);
	x->slots[i] = (struct index_slot){ hash, item };
}

static void
index_resize(struct index *x, uint32_t size)
{
	struct index_slot *old = x->slots;
	uint32_t old_size = x->size, i;

	x->slots = xcalloc(size, sizeof(*x->slots));
	x->size = size;
	for (i = 0; i < old_size; i++)
		if (old[i].item != 0)
			index_put(x, old[i].hash, old[i].item);
	free(old);
}

uint32_t
index_find(const struct index *x, uint32_t hash, index_same *same,
    const void *of, const void *key)
{
	uint32_t i;

	if (x->count == 0)
		return 0;
	for (i = hash & (x->size - 1); x->slots[i].item != 0;
	     i = (i + 1) & (x->size - 1)) {
		if (x->slots[i].hash == hash && same(of, x->slots[i].item, key))
			return x->slots[i].item;
	}
	return 0;
}

void
index_add(struct index *x, uint32_t hash, uint32_t item)
{
	if (x->size == 0)
		index_resize(x, 16);
	else if (x->count >= x->size / 4 * 3)
		index_resize(x, x->size * 2);
	index_put(x, hash, item);
	x->count++;
}

void
index_del(struct index *x, uint32_t hash, uint32_t item)
{
	uint32_t mask = x->size - 1, hole = hash & mask, i, home;

	while (x->slots[hole].item != item) {
		assert(x->slots[hole].item != 0);
		hole = (hole + 1) & mask;
	}
	/* Close the gap, so that probes need no tombstones. */
	for (i = (hole + 1) & mask; x->slots[i].item != 0; i = (i + 1) & mask) {
		home = x->slots[i].hash & mask;
		if (((i - home) & mask) < ((i - hole) & mask))
			continue;
		x->slots[hole] = x->slots[i];
		hole = i;
	}
	x->slots[hole].item = 0;
	x->count--;
	if (x->size > 1024 && x->count < x->size / 8)
		index_resize(x, x->size / 2);
}

void
index_done(struct index *x)
{
	free(x->slots);
	*x = (struct index){ 0 };
}

size_t
index_memory(const struct index *x)
{
	return x->size * sizeof(*x->slots);
}
