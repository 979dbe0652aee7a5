/* SPDX-License-Identifier: Apache-2.0 */
#include "qmgr/engine/registry.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/map.h"

void
registry_init(struct registry *r, size_t item_size)
{
	*r = (struct registry){ 0 };
	slab_init(&r->slab, item_size);
}

void
registry_done(struct registry *r)
{
	uint32_t i;

	for (i = registry_next(r, 0); i != 0; i = registry_next(r, i))
		free(((struct named *)registry_at(r, i))->text);
	index_done(&r->index);
	slab_done(&r->slab);
}

static bool
same_name(const void *of, uint32_t item, const void *key)
{
	const struct registry *r = of;
	const struct span *name = key;
	const struct named *n = registry_at(r, item);

	return n->len == name->len &&
	    (n->len == 0 || memcmp(n->text, name->p, n->len) == 0);
}

uint32_t
registry_find(const struct registry *r, struct span name)
{
	return index_find(&r->index, (uint32_t)map_hash(name), same_name, r,
	    &name);
}

uint32_t
registry_get(struct registry *r, struct span name, bool *new_out)
{
	uint32_t hash = (uint32_t)map_hash(name), item;
	struct named *n;

	item = index_find(&r->index, hash, same_name, r, &name);
	*new_out = item == 0;
	if (item != 0)
		return item;
	item = slab_new(&r->slab);
	n = registry_at(r, item);
	n->text = xmemdupz(name.p, name.len);
	n->len = (uint32_t)name.len;
	n->hash = hash;
	n->live = true;
	r->text_bytes += name.len + 1;
	index_add(&r->index, hash, item);
	return item;
}

uint32_t
registry_ref(struct registry *r, struct span name)
{
	bool is_new;
	uint32_t i = registry_get(r, name, &is_new);

	((struct named *)registry_at(r, i))->refs++;
	return i;
}

void
registry_drop(struct registry *r, uint32_t item)
{
	struct named *n = registry_at(r, item);

	index_del(&r->index, n->hash, item);
	r->text_bytes -= n->len + 1;
	free(n->text);
	slab_free(&r->slab, item);
}

size_t
registry_memory(const struct registry *r)
{
	return slab_memory(&r->slab) + index_memory(&r->index) + r->text_bytes;
}
