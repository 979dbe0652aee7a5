/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Double lists through the things of one slab, by number. A thing in a list
 * may have both links 0 (it is alone): who needs to know keeps a note.
 */
#ifndef QMGR_ENGINE_LIST_H
#define QMGR_ENGINE_LIST_H

#include <stdint.h>

#include "qmgr/engine/slab.h"

struct link {
	uint32_t next;
	uint32_t prev;
};

struct list {
	uint32_t first;
	uint32_t last;
	uint32_t count;
};

/* The links of one kind of list: which slab, where in its things. */
struct chain {
	const struct slab *slab;
	size_t offset;
};

static inline struct link *
chain_link(struct chain c, uint32_t item)
{
	return (struct link *)((uint8_t *)slab_at(c.slab, item) + c.offset);
}

static inline void
list_append(struct list *l, struct chain c, uint32_t item)
{
	struct link *n = chain_link(c, item);

	n->next = 0;
	n->prev = l->last;
	if (l->last != 0)
		chain_link(c, l->last)->next = item;
	else
		l->first = item;
	l->last = item;
	l->count++;
}

static inline void
list_prepend(struct list *l, struct chain c, uint32_t item)
{
	struct link *n = chain_link(c, item);

	n->prev = 0;
	n->next = l->first;
	if (l->first != 0)
		chain_link(c, l->first)->prev = item;
	else
		l->last = item;
	l->first = item;
	l->count++;
}

static inline void
list_del(struct list *l, struct chain c, uint32_t item)
{
	struct link *n = chain_link(c, item);

	if (n->prev != 0)
		chain_link(c, n->prev)->next = n->next;
	else
		l->first = n->next;
	if (n->next != 0)
		chain_link(c, n->next)->prev = n->prev;
	else
		l->last = n->prev;
	n->next = n->prev = 0;
	l->count--;
}

/* 0 when it is empty. */
static inline uint32_t
list_pop(struct list *l, struct chain c)
{
	uint32_t item = l->first;

	if (item != 0)
		list_del(l, c, item);
	return item;
}

/* All of `from` behind `to`, in one step. */
static inline void
list_splice(struct list *to, struct list *from, struct chain c)
{
	if (from->first == 0)
		return;
	chain_link(c, from->first)->prev = to->last;
	if (to->last != 0)
		chain_link(c, to->last)->next = from->first;
	else
		to->first = from->first;
	to->last = from->last;
	to->count += from->count;
	*from = (struct list){ 0 };
}

#endif
