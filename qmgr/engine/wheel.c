/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thing lies at the level of the highest byte in which its due time differs
 * from the wheel's time, in the slot of that byte's value. So a slot's things
 * all fall below its level when the wheel's time reaches its start, and the
 * slots ahead of the time, lowest level first, are in order of time.
 *
 * A slot whose start has been reached but whose things did not all move down
 * yet (the budget ended) is the only kind with the number of the present byte
 * above level 0: it is emptied first.
 */
#include "qmgr/engine/wheel.h"

#include <assert.h>
#include <string.h>

/* A link to the slot itself, at either end of its list. */
#define END_FLAG 0x80000000u
#define WHEEL_SPAN_MS ((int64_t)1 << (WHEEL_LEVELS * WHEEL_BITS - 1))

static struct wheel_node *
node_at(const struct wheel *w, uint32_t item)
{
	return (struct wheel_node *)((uint8_t *)slab_at(w->slab, item) +
	    w->offset);
}

static unsigned
byte_of(int64_t ms, int level)
{
	return (unsigned)((uint64_t)ms >> (level * WHEEL_BITS)) &
	    (WHEEL_SLOTS - 1);
}

void
wheel_init(struct wheel *w, const struct slab *slab, size_t offset,
    int64_t now_ms)
{
	memset(w, 0, sizeof(*w));
	w->slab = slab;
	w->offset = offset;
	w->now_ms = now_ms;
}

static void
wheel_link(struct wheel *w, uint32_t item, struct wheel_node *n)
{
	int64_t due = n->due_ms;
	int level = 0;
	unsigned slot;
	uint64_t differ;
	struct wheel_slot *s;
	uint32_t end;

	if (due < w->now_ms)
		due = w->now_ms;
	if (due - w->now_ms > WHEEL_SPAN_MS)
		due = w->now_ms + WHEEL_SPAN_MS;
	differ = (uint64_t)(due ^ w->now_ms);
	if (differ != 0)
		level = (63 - __builtin_clzll(differ)) / WHEEL_BITS;
	/* The span keeps the level in range but for a carry at the top. */
	if (level >= WHEEL_LEVELS)
		level = WHEEL_LEVELS - 1;
	slot = byte_of(due, level);
	s = &w->slots[level][slot];
	end = END_FLAG | (uint32_t)(level * WHEEL_SLOTS) | slot;
	n->link.next = end;
	if (s->last == 0) {
		n->link.prev = end;
		s->first = item;
		w->used[level][slot / 64] |= (uint64_t)1 << (slot % 64);
	} else {
		n->link.prev = s->last;
		node_at(w, s->last)->link.next = item;
	}
	s->last = item;
}

static struct wheel_slot *
slot_at_end(struct wheel *w, uint32_t end)
{
	end &= ~END_FLAG;
	return &w->slots[end / WHEEL_SLOTS][end % WHEEL_SLOTS];
}

static void
wheel_unlink(struct wheel *w, struct wheel_node *n)
{
	uint32_t next = n->link.next, prev = n->link.prev, end;

	if (next & END_FLAG)
		slot_at_end(w, next)->last = prev & END_FLAG ? 0 : prev;
	else
		node_at(w, next)->link.prev = prev;
	if (prev & END_FLAG)
		slot_at_end(w, prev)->first = next & END_FLAG ? 0 : next;
	else
		node_at(w, prev)->link.next = next;
	if (next & END_FLAG && prev & END_FLAG) {
		end = next & ~END_FLAG;
		w->used[end / WHEEL_SLOTS][end % WHEEL_SLOTS / 64] &=
		    ~((uint64_t)1 << (end % 64));
	}
	n->link.next = n->link.prev = 0;
}

void
wheel_add(struct wheel *w, uint32_t item, int64_t due_ms)
{
	struct wheel_node *n = node_at(w, item);

	assert(n->link.next == 0 && n->link.prev == 0);
	n->due_ms = due_ms;
	wheel_link(w, item, n);
	w->count++;
}

void
wheel_del(struct wheel *w, uint32_t item)
{
	struct wheel_node *n = node_at(w, item);

	if (n->link.next == 0)
		return;
	wheel_unlink(w, n);
	w->count--;
}

bool
wheel_has(const struct wheel *w, uint32_t item)
{
	return node_at(w, item)->link.next != 0;
}

/* The first used slot of a level from `from` on, or -1. */
static int
slot_from(const struct wheel *w, int level, unsigned from)
{
	unsigned word = from / 64;
	uint64_t bits;

	if (from >= WHEEL_SLOTS)
		return -1;
	bits = w->used[level][word] & ~(uint64_t)0 << (from % 64);
	while (bits == 0) {
		if (++word == WHEEL_SLOTS / 64)
			return -1;
		bits = w->used[level][word];
	}
	return (int)(word * 64) + __builtin_ctzll(bits);
}

/* The next slot to do and its time, or false when the wheel is empty. */
static bool
wheel_find(const struct wheel *w, int *level_out, int *slot_out,
    int64_t *when_out)
{
	uint64_t low;
	int level, slot;

	if (w->count == 0)
		return false;
	for (level = WHEEL_LEVELS - 1; level > 0; level--) {
		slot = (int)byte_of(w->now_ms, level);
		if (w->slots[level][slot].first == 0)
			continue;
		*level_out = level;
		*slot_out = slot;
		*when_out = w->now_ms;
		return true;
	}
	for (level = 0; level < WHEEL_LEVELS; level++) {
		slot = slot_from(w, level, byte_of(w->now_ms, level));
		if (slot < 0)
			continue;
		low = ((uint64_t)1 << ((level + 1) * WHEEL_BITS)) - 1;
		*level_out = level;
		*slot_out = slot;
		*when_out = (int64_t)(((uint64_t)w->now_ms & ~low) |
		    (uint64_t)slot << (level * WHEEL_BITS));
		return true;
	}
	/*
	 * Only slots behind the present byte of the top level are left: they
	 * belong to its next turn, some 8,900 years on.
	 */
	return false;
}

uint32_t
wheel_pop(struct wheel *w, int64_t now_ms, uint32_t *budget)
{
	struct wheel_node *n;
	int64_t when;
	uint32_t item;
	int level, slot;

	while (wheel_find(w, &level, &slot, &when) && when <= now_ms) {
		if (when > w->now_ms)
			w->now_ms = when;
		while ((item = w->slots[level][slot].first) != 0) {
			if (*budget == 0)
				return 0;
			--*budget;
			n = node_at(w, item);
			wheel_unlink(w, n);
			if (level == 0 && n->due_ms <= w->now_ms) {
				w->count--;
				return item;
			}
			wheel_link(w, item, n);
		}
	}
	if (now_ms > w->now_ms)
		w->now_ms = now_ms;
	return 0;
}

int64_t
wheel_next_ms(const struct wheel *w)
{
	int64_t when;
	int level, slot;

	return wheel_find(w, &level, &slot, &when) ? when : INT64_MAX;
}
