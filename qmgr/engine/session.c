/* SPDX-License-Identifier: Apache-2.0 */
#include "qmgr/engine/session.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "qmgr/engine/action.h"
#include "qmgr/engine/flow.h"
#include "qmgr/engine/message.h"
#include "qmgr/engine/names.h"
#include "qmgr/engine/path.h"
#include "qmgr/engine/ready.h"
#include "qmgr/engine/route.h"

/* ---- workers ------------------------------------------------------------ */

uint32_t
worker_choose(const struct engine *e, enum worker_kind kind)
{
	uint32_t i, best = UINT32_MAX;

	for (i = 0; i < e->nworkers; i++) {
		if (!e->workers[i].up || e->workers[i].kind != kind)
			continue;
		if (best == UINT32_MAX || e->workers[i].sessions.count <
		    e->workers[best].sessions.count)
			best = i;
	}
	return best;
}

void
engine_worker_up(struct engine *e, uint32_t worker, enum worker_kind kind)
{
	if (worker >= WORKERS_MAX)
		return;
	if (worker >= e->nworkers) {
		e->workers = xreallocarray(e->workers, worker + 1,
		    sizeof(*e->workers));
		memset(e->workers + e->nworkers, 0,
		    (worker + 1 - e->nworkers) * sizeof(*e->workers));
		e->nworkers = worker + 1;
	}
	e->workers[worker].up = true;
	e->workers[worker].kind = kind;
	readies_resume(e);
}

/* ---- one session -------------------------------------------------------- */

static uint32_t
session_find(const struct engine *e, uint64_t id)
{
	uint32_t i = (uint32_t)id;

	if (i == 0 || i > e->sessions.top)
		return 0;
	if (session_at(e, i)->state == SESSION_FREE ||
	    session_at(e, i)->serial != (uint32_t)(id >> 32))
		return 0;
	return i;
}

static struct list *
session_list(struct ready *r, enum session_in in)
{
	return in == SESSION_IN_IDLE ? &r->idle : &r->partial;
}

/* Put it where the ready queue finds it by what it can take. */
static void
session_relist(struct engine *e, uint32_t i)
{
	struct session *s = session_at(e, i);
	struct ready *r = ready_at(e, s->ready);
	const struct path *p = path_at(e, s->path);
	enum session_in in = SESSION_IN_NONE;

	if (s->state == SESSION_ACTIVE && s->dispatched < p->max_deliveries) {
		if (s->hand.count == 0)
			in = SESSION_IN_IDLE;
		else if (s->large == 0 && s->hand.count < s->window)
			in = SESSION_IN_PARTIAL;
	}
	if (in == s->in)
		return;
	if (s->in != SESSION_IN_NONE)
		list_del(session_list(r, s->in), SESSION_LISTS(e), i);
	if (in != SESSION_IN_NONE)
		list_append(session_list(r, in), SESSION_LISTS(e), i);
	s->in = (uint8_t)in;
	if (in == SESSION_IN_IDLE) {
		s->idle_since_ms = e->now_ms;
		/* One that is set already looks again when it fires. */
		if (!wheel_has(&e->session_wheel, i))
			wheel_add(&e->session_wheel, i, e->now_ms + p->idle_ms);
	}
}

static struct span
pool_name(struct engine *e, const struct queue *q)
{
	const struct profile *p = profile_at(e, q->profile);

	return p == NULL || p->pool == 0 ? SPAN_LIT("unspecified") :
	    action_text(e, named_span(registry_at(&e->pools, p->pool)));
}

static void
session_dispatch(struct engine *e, uint32_t i, uint32_t message)
{
	const struct message *m = message_at(e, message);
	struct action *a = action_push(e, ACTION_DISPATCH);
	struct ready *r = ready_at(e, session_at(e, i)->ready);

	a->u.dispatch.session = session_id(e, i);
	a->u.dispatch.worker = session_at(e, i)->worker;
	a->u.dispatch.id = m->id;
	a->u.dispatch.size = m->size;
	a->u.dispatch.attempts = m->attempts;
	a->u.dispatch.nrcpt = m->nrcpt;
	/* Queues stay while actions wait, so this needs no copy. */
	a->u.dispatch.queue = named_span(queue_at(e, m->queue));
	a->u.dispatch.pool = pool_name(e, queue_at(e, m->queue));
	COUNT(e, r, dispatched);
}

void
session_give(struct engine *e, uint32_t i, uint32_t message)
{
	struct session *s = session_at(e, i);

	message_set_place(e, message, PLACE_HAND);
	message_at(e, message)->flags &= (uint8_t)~MSG_DELAY_LOGGED;
	list_append(&s->hand, MESSAGE_NODES(e), message);
	s->dispatched++;
	if (message_at(e, message)->size > LARGE_BYTES)
		s->large++;
	ready_at(e, s->ready)->in_hand++;
	if (s->state == SESSION_ACTIVE)
		session_dispatch(e, i, message);
	session_relist(e, i);
}

static void
session_drop(struct engine *e, uint32_t i, uint32_t message)
{
	struct session *s = session_at(e, i);

	list_del(&s->hand, MESSAGE_NODES(e), message);
	if (message_at(e, message)->size > LARGE_BYTES)
		s->large--;
	ready_at(e, s->ready)->in_hand--;
}

void
session_open(struct engine *e, uint32_t ready, uint32_t worker)
{
	uint32_t i = slab_new(&e->sessions), first = flow_peek(e, ready);
	struct session *s = session_at(e, i);
	struct ready *r = ready_at(e, ready);
	struct path *p = path_at(e, r->path);
	const struct source *source = registry_at(&e->sources, r->source);
	struct action_open *open;

	if (++e->serial == 0)
		e->serial = 1;
	s->serial = e->serial;
	s->ready = ready;
	s->path = r->path;
	p->named.refs++;
	s->worker = worker;
	s->window = WINDOW_DEFAULT;
	s->state = SESSION_OPENING;
	list_append(&r->sessions, SESSIONS_ALL(e), i);
	list_append(&e->workers[worker].sessions, SESSIONS_OF_WORKER(e), i);
	r->opening++;
	path_lease_take(e, p);
	throttle_take(&r->connections, &p->connection_rate, e->now_ms);
	COUNT(e, r, sessions_opened);

	open = &action_push(e, ACTION_OPEN_SESSION)->u.open;
	open->session = session_id(e, i);
	open->worker = worker;
	open->ready_queue = action_text(e, named_span(r));
	open->source = action_text(e, named_span(source));
	open->site = action_text(e, name_span(e, r->site));
	open->protocol = action_text(e, name_span(e, r->protocol));
	open->hosts = action_text(e, blob_span(e, r->hosts));
	open->path_wire = action_text(e, named_span(p));
	open->source_wire = action_text(e, blob_span(e, source->wire));
	open->terms = action_text(e, blob_span(e, r->terms));
	if (!p->dial_early) {
		path_message_take(e, r);
		flow_take(e, ready, first);
		session_give(e, i, first);
	}
}

static void
session_free(struct engine *e, uint32_t i)
{
	struct session *s = session_at(e, i);
	struct ready *r = ready_at(e, s->ready);
	uint32_t path = s->path;

	if (s->state == SESSION_OPENING)
		r->opening--;
	if (s->state == SESSION_ENDING || s->state == SESSION_CLOSING)
		r->closing--;
	s->state = SESSION_CLOSING;
	session_relist(e, i);
	wheel_del(&e->session_wheel, i);
	list_del(&r->sessions, SESSIONS_ALL(e), i);
	list_del(&e->workers[s->worker].sessions, SESSIONS_OF_WORKER(e), i);
	slab_free(&e->sessions, i);
	path_lease_drop(e, path_at(e, path));
	path_unref(e, path);
	r->idle_since_ms = e->now_ms;
}

static void
session_close(struct engine *e, uint32_t i, enum close_reason why)
{
	struct session *s = session_at(e, i);

	if (s->state == SESSION_OPENING)
		ready_at(e, s->ready)->opening--;
	if (s->state != SESSION_ENDING)
		ready_at(e, s->ready)->closing++;
	s->state = SESSION_CLOSING;
	session_relist(e, i);
	action_close(e, i, why);
}

/* What it has in hand was not tried: ready again, in the same order. */
static void
session_return_hand(struct engine *e, uint32_t i)
{
	struct session *s = session_at(e, i);
	uint32_t m;

	while ((m = s->hand.last) != 0) {
		session_drop(e, i, m);
		ready_reinsert(e, s->ready, m);
	}
}

void
session_end_soon(struct engine *e, uint32_t i, enum close_reason why)
{
	struct session *s = session_at(e, i);

	switch ((enum session_state)s->state) {
	case SESSION_FREE:
	case SESSION_ENDING:
	case SESSION_CLOSING:
		return;
	case SESSION_OPENING:
		session_return_hand(e, i);
		session_close(e, i, why);
		return;
	case SESSION_ACTIVE:
		break;
	}
	if (s->hand.count == 0) {
		session_close(e, i, why);
		return;
	}
	s->state = SESSION_ENDING;
	s->why = (uint8_t)why;
	ready_at(e, s->ready)->closing++;
	session_relist(e, i);
}

void
session_renew(struct engine *e, uint32_t i)
{
	struct session *s = session_at(e, i);
	const struct path *p = path_at(e, ready_at(e, s->ready)->path);
	uint32_t old = s->path;

	s->path = ready_at(e, s->ready)->path;
	((struct named *)registry_at(&e->paths, s->path))->refs++;
	path_lease_take(e, p);
	path_lease_drop(e, path_at(e, old));
	path_unref(e, old);
	session_relist(e, i);
	if (s->state != SESSION_ACTIVE || s->hand.count > 0)
		return;
	if (s->in == SESSION_IN_IDLE)
		timer_at_latest(&e->session_wheel, i,
		    s->idle_since_ms + p->idle_ms);
	else
		session_close(e, i, CLOSE_MAX_DELIVERIES);
}

void
session_timer(struct engine *e, uint32_t i)
{
	struct session *s = session_at(e, i);
	const struct ready *r = ready_at(e, s->ready);
	int64_t at;

	if (s->state != SESSION_ACTIVE || s->hand.count > 0)
		return;
	at = s->idle_since_ms + path_at(e, s->path)->idle_ms;
	/* With messages waiting for a throttle it is not idle, but held. */
	if (at <= e->now_ms && (r->count == 0 || s->in == SESSION_IN_NONE))
		session_close(e, i, CLOSE_IDLE);
	else
		wheel_add(&e->session_wheel, i,
		    at > e->now_ms ? at : e->now_ms + 1000);
}

/* ---- what the workers say ----------------------------------------------- */

void
engine_session_started(struct engine *e, uint64_t id)
{
	uint32_t i = session_find(e, id), m;
	struct session *s;

	if (i == 0 || session_at(e, i)->state != SESSION_OPENING)
		return;
	s = session_at(e, i);
	s->state = SESSION_ACTIVE;
	ready_at(e, s->ready)->opening--;
	for (m = s->hand.first; m != 0; m = message_at(e, m)->node.link.next)
		session_dispatch(e, i, m);
	session_relist(e, i);
	if (e->stopping)
		session_end_soon(e, i, CLOSE_STOPPING);
	ready_work(e, s->ready);
}

void
engine_session_window(struct engine *e, uint64_t id, uint32_t n)
{
	uint32_t i = session_find(e, id);

	if (i == 0)
		return;
	session_at(e, i)->window = n < 1 ? 1 : n > WINDOW_MAX ? WINDOW_MAX : n;
	session_relist(e, i);
	ready_work(e, session_at(e, i)->ready);
}

/* It has given an outcome: may it go on? */
static void
session_next(struct engine *e, uint32_t i)
{
	struct session *s = session_at(e, i);
	struct ready *r = ready_at(e, s->ready);
	const struct path *p = path_at(e, s->path);

	/* The limit may have been lowered since it was opened. */
	if (s->state == SESSION_ACTIVE && r->sessions.count - r->closing >
	    path_at(e, r->path)->max_connections)
		session_end_soon(e, i, CLOSE_LIMIT);
	session_relist(e, i);
	ready_work(e, s->ready);
	if (s->hand.count > 0)
		return;
	if (s->state == SESSION_ENDING)
		session_close(e, i, (enum close_reason)s->why);
	else if (s->state == SESSION_ACTIVE &&
	    s->dispatched >= p->max_deliveries)
		session_close(e, i, CLOSE_MAX_DELIVERIES);
	else if (s->state == SESSION_ACTIVE &&
	    r->closed_until_ms > e->now_ms)
		session_close(e, i, CLOSE_THROTTLED);
}

static bool
mark_outcome(struct engine *e, const struct uuid *id,
    const struct engine_outcome *o)
{
	struct span key = span_make(id, sizeof(*id));
	struct mark *mark = map_get(&e->marks, key);
	uint32_t m;

	if (mark == NULL || mark->worker != o->worker)
		return false;
	if (mark->message == 0 && o->kind != ENGINE_OUTCOME_RETURNED) {
		if (mark->has_outcome)
			return false;
		mark->has_outcome = true;
		mark->outcome = *o;
		return true;
	}
	m = mark->message;
	free(map_del(&e->marks, key));
	if (m != 0)
		message_outcome(e, m, NULL, o);
	return true;
}

bool
engine_outcome(struct engine *e, uint64_t session, const struct uuid *id,
    const struct engine_outcome *o)
{
	uint32_t i = session_find(e, session), m;
	struct session *s;
	struct ready *r;

	if (i == 0)
		return session == 0 && mark_outcome(e, id, o);
	s = session_at(e, i);
	r = ready_at(e, s->ready);
	for (m = s->hand.first; m != 0; m = message_at(e, m)->node.link.next)
		if (uuid_eq(&message_at(e, m)->id, id))
			break;
	if (m == 0 || s->state == SESSION_OPENING)
		return false;
	session_drop(e, i, m);
	if (o->kind == ENGINE_OUTCOME_RETURNED) {
		ready_reinsert(e, s->ready, m);
	} else {
		if (o->kind == ENGINE_OUTCOME_UNREACHED) {
			s->paid = true;
		} else {
			s->spoke = true;
			r->failures = 0;
		}
		message_outcome(e, m, r, o);
	}
	session_next(e, i);
	return true;
}

/* One message pays for the plan that failed. */
static void
session_plan_failed(struct engine *e, uint32_t i, struct span text)
{
	struct session *s = session_at(e, i);
	struct ready *r = ready_at(e, s->ready);
	struct verdict v = { ENGINE_RECORD_TRANSIENT_FAILURE, 400, "", text };
	struct going_back how = {
		.verdict = &v,
		.context = INSERT_TRANSIENT_FAILURE,
		.delay_ms = -1,
	};
	uint32_t m = s->hand.first;

	if (m != 0) {
		session_drop(e, i, m);
	} else if (r->count > 0) {
		m = flow_peek(e, s->ready);
		flow_take(e, s->ready, m);
	}
	if (m != 0)
		message_retry(e, m, r, &how);
}

static void
ready_count_failure(struct engine *e, uint32_t ready)
{
	struct ready *r = ready_at(e, ready);

	if (++r->failures >= path_at(e, r->path)->failures_max)
		ready_give_back(e, ready, GIVE_FAILURES, 0, SPAN_LIT(""));
}

void
engine_session_ended(struct engine *e, uint64_t id, enum engine_session_end how,
    struct span text)
{
	uint32_t i = session_find(e, id), ready;
	bool spoke, told, paid;

	if (i == 0)
		return;
	ready = session_at(e, i)->ready;
	spoke = session_at(e, i)->spoke;
	paid = session_at(e, i)->paid;
	told = session_at(e, i)->state == SESSION_CLOSING;
	/* A worker that dialled for a message has told what became of it. */
	if (how == ENGINE_SESSION_PLAN_FAILED && !told && !paid)
		session_plan_failed(e, i, text);
	session_return_hand(e, i);
	session_free(e, i);
	if (how != ENGINE_SESSION_CLOSED && how != ENGINE_SESSION_LOST)
		COUNT(e, ready_at(e, ready), sessions_failed);
	switch (how) {
	case ENGINE_SESSION_CLOSED:
		break;
	case ENGINE_SESSION_LOST:
		/* A peer that greets and leaves is no better than none. */
		if (!spoke && !told)
			ready_count_failure(e, ready);
		break;
	case ENGINE_SESSION_PLAN_FAILED:
		ready_count_failure(e, ready);
		break;
	case ENGINE_SESSION_NO_HOSTS:
		ready_give_back(e, ready, GIVE_NO_HOSTS, 0, text);
		break;
	case ENGINE_SESSION_SKIPPED:
		ready_give_back(e, ready, GIVE_SKIPPED, 0, text);
		break;
	case ENGINE_SESSION_PROHIBITED:
		ready_give_back(e, ready, GIVE_PROHIBITED, 0, text);
		break;
	case ENGINE_SESSION_NULL_MX:
		ready_give_back(e, ready, GIVE_NULL_MX, 0, text);
		break;
	}
	ready_work(e, ready);
}

/* Marks are few, and only there after a restart. */
static void
marks_of_worker_lost(struct engine *e, uint32_t worker)
{
	struct span key;
	struct uuid id;
	void *value;
	size_t at = 0;

	while (map_next(&e->marks, &at, &key, &value)) {
		struct mark *mark = value;
		uint32_t m = mark->message;

		if (mark->worker != worker || mark->has_outcome)
			continue;
		memcpy(&id, key.p, sizeof(id));
		free(map_del(&e->marks, span_make(&id, sizeof(id))));
		if (m != 0)
			message_due(e, m);
		at--; /* the gap was closed by another, perhaps */
	}
}

void
engine_worker_lost(struct engine *e, uint32_t worker)
{
	uint32_t i, ready;

	marks_of_worker_lost(e, worker);
	if (worker >= e->nworkers)
		return;
	e->workers[worker].up = false;
	while ((i = e->workers[worker].sessions.first) != 0) {
		ready = session_at(e, i)->ready;
		session_return_hand(e, i);
		session_free(e, i);
		ready_work(e, ready);
	}
}

void
sessions_done(struct engine *e)
{
	slab_done(&e->sessions);
	free(e->workers);
}
