/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hash table from a key to a slab number, eight bytes a slot: the key stays
 * in the thing itself, and the caller says what "the same" is.
 */
#ifndef QMGR_ENGINE_INDEX_H
#define QMGR_ENGINE_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct index_slot {
	uint32_t hash;
	uint32_t item; /* 0: free */
};

struct index {
	struct index_slot *slots;
	uint32_t size; /* power of two */
	uint32_t count;
};

/* Has the thing this key? */
typedef bool index_same(const void *of, uint32_t item, const void *key);

/* 0 when it is not there. */
uint32_t index_find(const struct index *x, uint32_t hash, index_same *same,
    const void *of, const void *key);
void index_add(struct index *x, uint32_t hash, uint32_t item);
/* It must be there. */
void index_del(struct index *x, uint32_t hash, uint32_t item);
void index_done(struct index *x);
size_t index_memory(const struct index *x);

#endif
