/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Things with a name, each kept once: queues, sources, sites, and also
 * configurations, whose "name" is their bytes. A thing's struct begins with
 * struct named. References are counted for the owner to act on.
 */
#ifndef QMGR_ENGINE_REGISTRY_H
#define QMGR_ENGINE_REGISTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/span.h"
#include "qmgr/engine/index.h"
#include "qmgr/engine/slab.h"

struct named {
	char *text; /* with a NUL behind it */
	uint32_t len;
	uint32_t hash;
	uint32_t refs;
	bool live; /* false in a free place of the slab */
};

struct registry {
	struct slab slab;
	struct index index;
	size_t text_bytes;
};

void registry_init(struct registry *r, size_t item_size);
/* Frees the names; what else the things own is the caller's. */
void registry_done(struct registry *r);
uint32_t registry_find(const struct registry *r, struct span name);
/* Find or make; a new one is zeroed but for its name. */
uint32_t registry_get(struct registry *r, struct span name, bool *new_out);
/* Find or make, with one reference more. */
uint32_t registry_ref(struct registry *r, struct span name);
/* Forget the thing. */
void registry_drop(struct registry *r, uint32_t item);
size_t registry_memory(const struct registry *r);

static inline void *
registry_at(const struct registry *r, uint32_t item)
{
	return slab_at(&r->slab, item);
}

/* The next live thing behind `at`, or 0. */
static inline uint32_t
registry_next(const struct registry *r, uint32_t at)
{
	while (++at <= r->slab.top)
		if (((struct named *)slab_at(&r->slab, at))->live)
			return at;
	return 0;
}

static inline struct span
named_span(const void *thing)
{
	const struct named *n = thing;

	return span_make(n->text, n->len);
}

#endif
