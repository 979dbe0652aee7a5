/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hierarchical timing wheel over the things of one slab: each holds a
 * struct wheel_node and is named by its number. Adding and removing cost the
 * same however many there are; a thing moves at most WHEEL_LEVELS times
 * before it is due. Within one millisecond, first in is first out.
 */
#ifndef QMGR_ENGINE_WHEEL_H
#define QMGR_ENGINE_WHEEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "qmgr/engine/list.h"
#include "qmgr/engine/slab.h"

enum { WHEEL_LEVELS = 6, WHEEL_BITS = 8, WHEEL_SLOTS = 1 << WHEEL_BITS };

struct wheel_node {
	int64_t due_ms;
	struct link link; /* both 0: in no wheel; else free for other lists */
};

struct wheel_slot {
	uint32_t first;
	uint32_t last;
};

struct wheel {
	const struct slab *slab;
	size_t offset; /* of the node in a thing */
	int64_t now_ms;
	uint32_t count;
	struct wheel_slot slots[WHEEL_LEVELS][WHEEL_SLOTS];
	uint64_t used[WHEEL_LEVELS][WHEEL_SLOTS / 64];
};

void wheel_init(struct wheel *w, const struct slab *slab, size_t offset,
    int64_t now_ms);
/* It must be in no wheel. */
void wheel_add(struct wheel *w, uint32_t item, int64_t due_ms);
/* No harm if it is not in. */
void wheel_del(struct wheel *w, uint32_t item);
/* Only for things whose links are in no other list either. */
bool wheel_has(const struct wheel *w, uint32_t item);
/*
 * Take out the next thing that is due at now_ms; 0 when there is none or the
 * budget (steps of work, counted down) is used up.
 */
uint32_t wheel_pop(struct wheel *w, int64_t now_ms, uint32_t *budget);
/* When wheel_pop has something to do; INT64_MAX when the wheel is empty. */
int64_t wheel_next_ms(const struct wheel *w);

#endif
