/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/map.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "lib/base/alloc.h"
#include "lib/base/log.h"

/* Open addressing, linear probes, gaps closed on removal. */
struct map_slot {
	uint64_t hash;
	void *value;
	size_t len;
	char key[];
};

uint64_t
map_hash(struct span key)
{
	static unsigned char secret[crypto_shorthash_KEYBYTES];
	static bool have_secret;
	uint64_t hash;

	if (!have_secret) {
		if (getrandom(secret, sizeof(secret), 0) !=
		    (ssize_t)sizeof(secret))
			fatal("getrandom");
		have_secret = true;
	}
	crypto_shorthash((unsigned char *)&hash,
	    (const unsigned char *)key.p, key.len, secret);
	return hash;
}

static size_t
map_find(const struct map *m, struct span key, uint64_t hash)
{
	size_t i;

	for (i = hash & (m->size - 1); m->slots[i] != NULL;
	     i = (i + 1) & (m->size - 1)) {
		if (m->slots[i]->hash == hash &&
		    span_eq(span_make(m->slots[i]->key, m->slots[i]->len), key))
			break;
	}
	return i;
}

static void
map_resize(struct map *m, size_t size)
{
	struct map_slot **old = m->slots;
	size_t old_size = m->size, i, j;

	m->slots = xcalloc(size, sizeof(struct map_slot *));
	m->size = size;
	for (i = 0; i < old_size; i++) {
		if (old[i] == NULL)
			continue;
		j = old[i]->hash & (size - 1);
		while (m->slots[j] != NULL)
			j = (j + 1) & (size - 1);
		m->slots[j] = old[i];
	}
	free(old);
}

void *
map_get(const struct map *m, struct span key)
{
	struct map_slot *slot;

	if (m->count == 0)
		return NULL;
	slot = m->slots[map_find(m, key, map_hash(key))];
	return slot != NULL ? slot->value : NULL;
}

void *
map_set(struct map *m, struct span key, void *value)
{
	uint64_t hash = map_hash(key);
	struct map_slot *slot;
	void *old;
	size_t i;

	if (m->size == 0)
		map_resize(m, 16);
	else if (m->count + 1 > m->size / 4 * 3)
		map_resize(m, m->size * 2);
	i = map_find(m, key, hash);
	if (m->slots[i] != NULL) {
		old = m->slots[i]->value;
		m->slots[i]->value = value;
		return old;
	}
	slot = xmalloc(sizeof(*slot) + key.len + 1);
	slot->hash = hash;
	slot->value = value;
	slot->len = key.len;
	if (key.len != 0)
		memcpy(slot->key, key.p, key.len);
	slot->key[key.len] = '\0';
	m->slots[i] = slot;
	m->count++;
	return NULL;
}

void *
map_del(struct map *m, struct span key)
{
	size_t hole, i, home;
	void *value;

	if (m->count == 0)
		return NULL;
	hole = map_find(m, key, map_hash(key));
	if (m->slots[hole] == NULL)
		return NULL;
	value = m->slots[hole]->value;
	free(m->slots[hole]);
	/* Close the gap, so that probes need no tombstones. */
	for (i = (hole + 1) & (m->size - 1); m->slots[i] != NULL;
	     i = (i + 1) & (m->size - 1)) {
		home = m->slots[i]->hash & (m->size - 1);
		if (((i - home) & (m->size - 1)) <
		    ((i - hole) & (m->size - 1)))
			continue;
		m->slots[hole] = m->slots[i];
		hole = i;
	}
	m->slots[hole] = NULL;
	m->count--;
	return value;
}

bool
map_next(const struct map *m, size_t *at, struct span *key_out,
    void **value_out)
{
	while (*at < m->size) {
		struct map_slot *slot = m->slots[(*at)++];

		if (slot == NULL)
			continue;
		if (key_out != NULL)
			*key_out = span_make(slot->key, slot->len);
		if (value_out != NULL)
			*value_out = slot->value;
		return true;
	}
	return false;
}

void
map_free(struct map *m, void (*free_value)(void *))
{
	size_t i;

	for (i = 0; i < m->size; i++) {
		if (m->slots[i] == NULL)
			continue;
		if (free_value != NULL)
			free_value(m->slots[i]->value);
		free(m->slots[i]);
	}
	free(m->slots);
	*m = (struct map){ 0 };
}
