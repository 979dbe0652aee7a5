/* SPDX-License-Identifier: Apache-2.0 */
#include "qmgr/engine/flow.h"

#include "qmgr/engine/message.h"

enum {
	COST_BYTES = 64 * 1024,
	COST_MAX = 64, /* bounds how often a flow is passed over */
	QUANTUM = 8,   /* small messages of one flow in a row */
};

struct flow_key {
	uint32_t queue;
	uint32_t ready;
};

static bool
same_flow(const void *of, uint32_t item, const void *key)
{
	const struct flow_key *k = key;
	const struct flow *f = slab_at(of, item);

	return f->queue == k->queue && f->ready == k->ready;
}

static uint32_t
flow_hash(uint32_t queue, uint32_t ready)
{
	uint64_t h = ((uint64_t)queue << 32 | ready) *
	    UINT64_C(0x9e3779b97f4a7c15);

	return (uint32_t)(h >> 32);
}

static uint32_t
flow_get(struct engine *e, uint32_t queue, uint32_t ready)
{
	struct flow_key key = { queue, ready };
	uint32_t hash = flow_hash(queue, ready), i;
	struct flow *f;

	i = index_find(&e->flow_index, hash, same_flow, &e->flows, &key);
	if (i != 0)
		return i;
	i = slab_new(&e->flows);
	f = flow_at(e, i);
	f->queue = queue;
	f->ready = ready;
	index_add(&e->flow_index, hash, i);
	list_append(&ready_at(e, ready)->flows, FLOW_RINGS(e), i);
	list_append(&queue_at(e, queue)->flows, FLOW_SIBLINGS(e), i);
	return i;
}

static void
flow_free(struct engine *e, uint32_t i)
{
	struct flow *f = flow_at(e, i);

	index_del(&e->flow_index, flow_hash(f->queue, f->ready), i);
	list_del(&ready_at(e, f->ready)->flows, FLOW_RINGS(e), i);
	list_del(&queue_at(e, f->queue)->flows, FLOW_SIBLINGS(e), i);
	slab_free(&e->flows, i);
}

void
flow_put(struct engine *e, uint32_t ready, uint32_t message, bool first)
{
	uint32_t i = flow_get(e, message_at(e, message)->queue, ready);

	if (first)
		list_prepend(&flow_at(e, i)->messages, MESSAGE_NODES(e),
		    message);
	else
		list_append(&flow_at(e, i)->messages, MESSAGE_NODES(e),
		    message);
	message_set_place(e, message, PLACE_READY);
	ready_at(e, ready)->count++;
}

static int32_t
message_cost(const struct engine *e, uint32_t message)
{
	uint32_t cost = 1 + message_at(e, message)->size / COST_BYTES;

	return (int32_t)(cost < COST_MAX ? cost : COST_MAX);
}

static void
flow_rotate(struct engine *e, struct ready *r)
{
	uint32_t i = list_pop(&r->flows, FLOW_RINGS(e));

	list_append(&r->flows, FLOW_RINGS(e), i);
}

uint32_t
flow_peek(struct engine *e, uint32_t ready)
{
	struct ready *r = ready_at(e, ready);
	struct flow *f;

	for (;;) {
		f = flow_at(e, r->flows.first);
		if (r->flows.count == 1) {
			/* No rival: nothing is saved up, nothing owed. */
			f->deficit = message_cost(e, f->messages.first);
			f->granted = true;
			return f->messages.first;
		}
		if (!f->granted) {
			f->deficit += QUANTUM;
			if (f->deficit > COST_MAX)
				f->deficit = COST_MAX;
			f->granted = true;
		}
		if (message_cost(e, f->messages.first) <= f->deficit)
			return f->messages.first;
		f->granted = false;
		flow_rotate(e, r);
	}
}

static void
flow_remove(struct engine *e, uint32_t i, uint32_t message)
{
	struct flow *f = flow_at(e, i);

	list_del(&f->messages, MESSAGE_NODES(e), message);
	ready_at(e, f->ready)->count--;
	if (f->messages.count == 0)
		flow_free(e, i);
}

void
flow_take(struct engine *e, uint32_t ready, uint32_t message)
{
	uint32_t i = ready_at(e, ready)->flows.first;

	flow_at(e, i)->deficit -= message_cost(e, message);
	flow_remove(e, i, message);
}

uint32_t
flow_take_last(struct engine *e, uint32_t ready)
{
	struct ready *r = ready_at(e, ready);
	uint32_t i, message;

	flow_rotate(e, r);
	i = r->flows.last;
	flow_at(e, i)->granted = false;
	message = flow_at(e, i)->messages.last;
	flow_remove(e, i, message);
	return message;
}
