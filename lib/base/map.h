/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hash table from bytes to a pointer. Keys are hashed with SipHash under a
 * key of this process, so strangers cannot choose collisions. The table keeps
 * its own copy of each key. Zero-initialised is empty.
 */
#ifndef LIB_BASE_MAP_H
#define LIB_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/span.h"

struct map_slot;

struct map {
	struct map_slot **slots;
	size_t size; /* power of two */
	size_t count;
};

/* Process-keyed hash, for tables that keep their own nodes. */
uint64_t map_hash(struct span key);

/* The value, or NULL. */
void *map_get(const struct map *m, struct span key);
/* Insert or replace; returns the value that was there, or NULL. */
void *map_set(struct map *m, struct span key, void *value);
/* Remove; returns the value that was there, or NULL. */
void *map_del(struct map *m, struct span key);
/* Visit all: start with *at = 0; false at the end. Change nothing meanwhile. */
bool map_next(const struct map *m, size_t *at, struct span *key_out,
    void **value_out);
/* Frees the table; values belong to the caller (free_value may be NULL). */
void map_free(struct map *m, void (*free_value)(void *));

#endif
