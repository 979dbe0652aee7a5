/* SPDX-License-Identifier: Apache-2.0 */
#include "qmgr/engine/engine.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "qmgr/engine/action.h"
#include "qmgr/engine/flow.h"
#include "qmgr/engine/message.h"
#include "qmgr/engine/names.h"
#include "qmgr/engine/path.h"
#include "qmgr/engine/queue.h"
#include "qmgr/engine/ready.h"
#include "qmgr/engine/route.h"
#include "qmgr/engine/session.h"
#include "qmgr/engine/state.h"

const char *
insert_context_name(enum insert_context_bit bit)
{
	static const char *const names[] = {
#define X(name, text) text,
		INSERT_CONTEXTS(X)
#undef X
	};

	return bit < INSERT_BITS ? names[bit] : "";
}

/* ---- life --------------------------------------------------------------- */

struct engine *
engine_new(const struct engine_options *o, int64_t now_ms)
{
	struct engine *e = xcalloc(1, sizeof(*e));

	e->now_ms = now_ms;
	e->budget = o->budget != 0 ? o->budget : BUDGET_DEFAULT;
	e->wait_for_room = o->wait_for_room;
	e->rng.state = o->seed;
	/* A worker may still hold sessions of an engine before this one. */
	e->serial = (uint32_t)(o->seed * UINT64_C(0x9e3779b97f4a7c15) >> 32);
	slab_init(&e->messages, sizeof(struct message));
	slab_init(&e->flows, sizeof(struct flow));
	slab_init(&e->sessions, sizeof(struct session));
	registry_init(&e->queues, sizeof(struct queue));
	registry_init(&e->readies, sizeof(struct ready));
	registry_init(&e->profiles, sizeof(struct profile));
	registry_init(&e->paths, sizeof(struct path));
	registry_init(&e->pools, sizeof(struct pool));
	registry_init(&e->sources, sizeof(struct source));
	registry_init(&e->domains, sizeof(struct domain));
	registry_init(&e->shares, sizeof(struct shared));
	registry_init(&e->names, sizeof(struct named));
	registry_init(&e->blobs, sizeof(struct named));
	wheel_init(&e->message_wheel, &e->messages,
	    offsetof(struct message, node), now_ms);
	wheel_init(&e->queue_wheel, &e->queues.slab,
	    offsetof(struct queue, timer), now_ms);
	wheel_init(&e->ready_wheel, &e->readies.slab,
	    offsetof(struct ready, timer), now_ms);
	wheel_init(&e->session_wheel, &e->sessions,
	    offsetof(struct session, timer), now_ms);
	e->unspecified = source_ref(e, SPAN_LIT("unspecified"));
	return e;
}

void
engine_free(struct engine **ep)
{
	struct engine *e = *ep;

	if (e == NULL)
		return;
	sessions_done(e);
	readies_done(e);
	queues_done(e);
	paths_done(e);
	routes_done(e);
	slab_done(&e->flows);
	slab_done(&e->messages);
	index_done(&e->flow_index);
	map_free(&e->marks, free);
	map_free(&e->expiries, NULL);
	arena_free(&e->texts);
	free(e->actions);
	free(e);
	*ep = NULL;
}

void
engine_clock(struct engine *e, int64_t now_ms)
{
	if (now_ms > e->now_ms)
		e->now_ms = now_ms;
}

/* ---- the tick ----------------------------------------------------------- */

static void
run_timers(struct engine *e)
{
	uint32_t i;

	while ((i = wheel_pop(&e->session_wheel, e->now_ms, &e->left)) != 0)
		session_timer(e, i);
	while ((i = wheel_pop(&e->ready_wheel, e->now_ms, &e->left)) != 0)
		ready_timer(e, i);
	while ((i = wheel_pop(&e->queue_wheel, e->now_ms, &e->left)) != 0)
		queue_timer(e, i);
}

/* A flood of due messages gets half of the work, the rest goes on. */
static void
run_messages(struct engine *e)
{
	uint32_t half = e->left / 2, i;
	uint32_t budget = half;

	while ((i = wheel_pop(&e->message_wheel, e->now_ms, &budget)) != 0)
		message_due(e, i);
	e->left -= half - budget;
	e->steps += half - budget;
}

void
engine_tick(struct engine *e)
{
	uint32_t i;

	e->left = e->budget;
	run_timers(e);
	run_messages(e);
	while (e->left > 0) {
		i = list_pop(&e->queue_work, QUEUE_LINKS(e));
		if (i != 0)
			queue_run(e, i);
		else if (e->ready_work.count == 0)
			break;
		i = list_pop(&e->ready_work, READY_LINKS(e));
		if (i != 0)
			ready_run(e, i);
	}
}

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int64_t
engine_next_wake_ms(const struct engine *e)
{
	int64_t at;

	if (e->queue_work.count > 0 || e->ready_work.count > 0)
		return e->now_ms;
	at = wheel_next_ms(&e->message_wheel);
	at = earlier(at, wheel_next_ms(&e->queue_wheel));
	at = earlier(at, wheel_next_ms(&e->ready_wheel));
	return earlier(at, wheel_next_ms(&e->session_wheel));
}

/* ---- the rest of the machine -------------------------------------------- */

void
engine_config_epoch(struct engine *e, uint32_t epoch)
{
	if (e->epoch == epoch)
		return;
	e->epoch = epoch;
	/* What could not go on as configured may be able to now. */
	queues_unhalt(e);
}

void
engine_settled(struct engine *e, uint32_t n)
{
	bool full = e->unsettled >= UNSETTLED_MAX;

	e->unsettled -= n < e->unsettled ? n : e->unsettled;
	if (full && e->unsettled < UNSETTLED_MAX)
		readies_resume(e);
}

void
engine_store_health(struct engine *e, bool healthy)
{
	bool was_unhealthy = e->unhealthy;

	e->unhealthy = !healthy;
	if (was_unhealthy && healthy) {
		readies_resume(e);
		queues_unhalt(e);
	}
}

void
engine_low_memory(struct engine *e, bool low)
{
	e->low_memory = low;
}

void
engine_stop(struct engine *e)
{
	uint32_t i;

	e->stopping = true;
	for (i = registry_next(&e->readies, 0); i != 0;
	     i = registry_next(&e->readies, i))
		if (ready_at(e, i)->sessions.count > 0)
			ready_work(e, i);
	readies_resume(e);
}

void
engine_mark_in_flight(struct engine *e, const struct uuid *id, uint32_t worker)
{
	struct span key = span_make(id, sizeof(*id));
	struct mark *m = map_get(&e->marks, key);

	/* Said twice it is the same mark: it may know its message by now. */
	if (m == NULL) {
		m = xcalloc(1, sizeof(*m));
		map_set(&e->marks, key, m);
	}
	m->worker = worker;
}

void
engine_loaded(struct engine *e)
{
	struct message ghost = { 0 };
	struct span key;
	struct mark *mark;
	void *value;
	size_t at = 0;

	while (map_next(&e->marks, &at, &key, &value)) {
		mark = value;
		if (mark->message != 0)
			continue;
		memcpy(&ghost.id, key.p, sizeof(ghost.id));
		/* Its record is owed still, though the message is gone. */
		if (mark->has_outcome)
			action_settle(e, &ghost, ENGINE_SETTLE_REMOVE, 0,
			    mark->outcome.token, NULL, NULL);
		free(map_del(&e->marks,
		    span_make(&ghost.id, sizeof(ghost.id))));
		at--; /* the gap was closed by another, perhaps */
	}
}

/* ---- looking in --------------------------------------------------------- */

void
engine_totals(const struct engine *e, struct engine_totals *t)
{
	*t = (struct engine_totals){
		.counters = e->counters,
		.messages = e->messages.live,
		.waiting = e->places[PLACE_WAITING],
		.due = e->places[PLACE_DUE],
		.ready = e->places[PLACE_READY],
		.in_hand = e->places[PLACE_HAND],
		.held = e->places[PLACE_HELD],
		.queues = e->queues.slab.live,
		.ready_queues = e->readies.slab.live,
		.sessions = e->sessions.live,
		.unsettled = e->unsettled,
		.steps = e->steps,
	};
	t->memory = sizeof(*e) + slab_memory(&e->messages) +
	    slab_memory(&e->flows) + slab_memory(&e->sessions) +
	    registry_memory(&e->queues) + registry_memory(&e->readies) +
	    registry_memory(&e->profiles) + registry_memory(&e->paths) +
	    registry_memory(&e->pools) + registry_memory(&e->sources) +
	    registry_memory(&e->domains) + registry_memory(&e->shares) +
	    registry_memory(&e->names) + registry_memory(&e->blobs) +
	    index_memory(&e->flow_index) + index_memory(&e->ready_index) +
	    e->actions_size * sizeof(*e->actions);
}

static void
queue_info(const struct engine *e, uint32_t i, struct engine_queue_info *out)
{
	const struct queue *q = queue_at(e, i);

	*out = (struct engine_queue_info){
		.name = named_span(q),
		.count = q->messages.count,
		.due = q->due.count,
		.suspended_until_ms = q->suspended_until_ms,
		.configured = q->profile != 0,
	};
	if (q->messages.first != 0)
		out->oldest_ms = message_at(e, q->messages.first)->created_ms;
}

static void
ready_info(const struct engine *e, uint32_t i, struct engine_ready_info *out)
{
	const struct ready *r = ready_at(e, i);
	const struct path *p = path_at(e, r->path);

	*out = (struct engine_ready_info){
		.name = named_span(r),
		.source = named_span(registry_at(&e->sources, r->source)),
		.site = name_span(e, r->site),
		.protocol = name_span(e, r->protocol),
		.ready = r->count,
		.in_hand = r->in_hand,
		.sessions = r->sessions.count,
		.failures = r->failures,
		.suspended_until_ms = r->suspended_until_ms,
		.counters = r->counters,
	};
	if (p != NULL) {
		out->connection_limit = p->max_connections;
		out->max_ready = p->max_ready;
	}
}

bool
engine_queue_next(const struct engine *e, uint32_t *at,
    struct engine_queue_info *info_out)
{
	*at = registry_next(&e->queues, *at);
	if (*at == 0)
		return false;
	queue_info(e, *at, info_out);
	return true;
}

bool
engine_ready_next(const struct engine *e, uint32_t *at,
    struct engine_ready_info *info_out)
{
	*at = registry_next(&e->readies, *at);
	if (*at == 0)
		return false;
	ready_info(e, *at, info_out);
	return true;
}

bool
engine_queue_get(const struct engine *e, struct span name,
    struct engine_queue_info *info_out)
{
	uint32_t i = registry_find(&e->queues, name);

	if (i != 0)
		queue_info(e, i, info_out);
	return i != 0;
}

bool
engine_ready_get(const struct engine *e, struct span name,
    struct engine_ready_info *info_out)
{
	uint32_t i = registry_find(&e->readies, name);

	if (i != 0)
		ready_info(e, i, info_out);
	return i != 0;
}
