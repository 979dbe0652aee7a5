/* SPDX-License-Identifier: Apache-2.0 */
#include "qmgr/engine/ready.h"

#include <stdlib.h>

#include "lib/mail/queue_name.h"
#include "lib/base/buf.h"
#include "lib/settings/egress_path.h"
#include "qmgr/engine/answer.h"
#include "qmgr/engine/flow.h"
#include "qmgr/engine/message.h"
#include "qmgr/engine/names.h"
#include "qmgr/engine/path.h"
#include "qmgr/engine/queue.h"
#include "qmgr/engine/retry.h"
#include "qmgr/engine/route.h"
#include "qmgr/engine/session.h"

/* ---- finding and making ------------------------------------------------- */

struct ready_key {
	uint32_t source;
	uint32_t site;
	uint32_t set;
	uint32_t protocol;
	uint32_t terms;
};

static bool
same_ready(const void *of, uint32_t item, const void *key)
{
	const struct ready_key *k = key;
	const struct ready *r = slab_at(of, item);

	return r->source == k->source && r->site == k->site &&
	    r->set == k->set && r->protocol == k->protocol &&
	    r->terms == k->terms;
}

static uint32_t
ready_hash(const struct ready_key *k)
{
	uint64_t h = k->source * UINT64_C(0x9e3779b97f4a7c15);

	h = (h ^ k->site) * UINT64_C(0xbf58476d1ce4e5b9);
	h = (h ^ k->protocol) * UINT64_C(0x94d049bb133111eb);
	h = (h ^ k->set) * UINT64_C(0x9e3779b97f4a7c15);
	h = (h ^ k->terms) * UINT64_C(0xbf58476d1ce4e5b9);
	return (uint32_t)(h >> 32);
}

/*
 * A new one under a name of its own: what spells the same is told apart by
 * numbers, at last (names of sources may hold anything) by any that is free.
 */
static uint32_t
ready_named(struct engine *e, const struct ready_key *k)
{
	const char *source = ((struct named *)registry_at(&e->sources,
	    k->source))->text;
	const char *site = ((struct named *)registry_at(&e->names,
	    k->site))->text;
	const char *protocol = ((struct named *)registry_at(&e->names,
	    k->protocol))->text;
	struct buf name = { 0 };
	bool is_new = false;
	uint32_t i = 0;
	unsigned numbers;

	for (numbers = 0; !is_new; numbers++) {
		buf_clear(&name, 4096);
		buf_addf(&name, "%s->%s", source, site);
		if (numbers > 0)
			buf_addf(&name, "#%u", (unsigned)k->set);
		if (numbers > 1)
			buf_addf(&name, ".%u", (unsigned)k->terms);
		if (numbers > 2)
			buf_addf(&name, ".%u", numbers);
		buf_addf(&name, "@%s", protocol);
		i = registry_get(&e->readies, buf_span(&name), &is_new);
	}
	buf_free(&name);
	return i;
}

static void
blob_share(struct engine *e, uint32_t blob)
{
	if (blob != 0)
		((struct named *)registry_at(&e->blobs, blob))->refs++;
}

static uint32_t
ready_make(struct engine *e, const struct queue *q, const struct ready_key *k)
{
	uint32_t i = ready_named(e, k);
	struct ready *r = ready_at(e, i);

	r->source = k->source;
	r->site = k->site;
	r->set = k->set;
	r->protocol = k->protocol;
	r->terms = k->terms;
	((struct named *)registry_at(&e->sources, k->source))->refs++;
	((struct named *)registry_at(&e->names, k->site))->refs++;
	((struct named *)registry_at(&e->names, k->protocol))->refs++;
	blob_share(e, k->set);
	blob_share(e, k->terms);
	r->domain_name = name_ref(e, queue_name_route(named_span(q)));
	r->worker = profile_at(e, q->profile)->worker;
	r->idle_since_ms = e->now_ms;
	index_add(&e->ready_index, ready_hash(k), i);
	wheel_add(&e->ready_wheel, i, e->now_ms + READY_MAINTAIN_MS);
	return i;
}

uint32_t
ready_get(struct engine *e, const struct queue *q, uint32_t source)
{
	const struct domain *d = registry_at(&e->domains, q->domain);
	const struct profile *p = profile_at(e, q->profile);
	struct ready_key k = {
		source, d->site, d->set, p->protocol, p->terms,
	};
	struct ready *r;
	uint32_t i, old;

	i = index_find(&e->ready_index, ready_hash(&k), same_ready,
	    &e->readies.slab, &k);
	if (i == 0)
		i = ready_make(e, q, &k);
	r = ready_at(e, i);
	if (r->hosts != d->hosts) {
		old = r->hosts;
		r->hosts = d->hosts;
		blob_share(e, d->hosts);
		blob_unref(e, old);
	}
	return i;
}

static void
ready_free(struct engine *e, uint32_t i)
{
	struct ready *r = ready_at(e, i);
	struct ready_key k = { r->source, r->site, r->set, r->protocol,
		r->terms };

	index_del(&e->ready_index, ready_hash(&k), i);
	wheel_del(&e->ready_wheel, i);
	path_lease_forget(e, i);
	answer_done(e, &r->config);
	path_unref(e, r->path);
	source_unref(e, r->source);
	name_unref(e, r->site);
	name_unref(e, r->protocol);
	name_unref(e, r->domain_name);
	blob_unref(e, r->hosts);
	blob_unref(e, r->set);
	blob_unref(e, r->terms);
	free(r->give_text);
	registry_drop(&e->readies, i);
}

/* ---- its configuration -------------------------------------------------- */

enum known
ready_want_path(struct engine *e, struct ready *r)
{
	struct action *a;

	if (!answer_is_stale(e, &r->config))
		return r->config.known;
	if (!r->config.asked) {
		a = action_push(e, ACTION_ASK_PATH);
		a->u.ask.name = action_text(e, named_span(r));
		a->u.ask.domain = action_text(e, name_span(e,
		    r->domain_name));
		a->u.ask.source = action_text(e, named_span(registry_at(
		    &e->sources, r->source)));
		a->u.ask.site = action_text(e, name_span(e, r->site));
		r->config.asked = true;
		r->config.epoch = e->epoch;
	}
	return answer_meanwhile(e, &r->config);
}

/* A session keeps the terms that it was opened with; limits it need not. */
static void
ready_renew_sessions(struct engine *e, struct ready *r)
{
	uint32_t terms = path_at(e, r->path)->terms, s, next;

	for (s = r->sessions.first; s != 0; s = next) {
		next = session_at(e, s)->all.next;
		if (session_at(e, s)->path == r->path)
			continue;
		if (path_at(e, session_at(e, s)->path)->terms == terms)
			session_renew(e, s);
		else
			session_end_soon(e, s, CLOSE_OUTDATED);
	}
}

/* More sessions than the limit allows now: idle ones first, then the newest. */
static void
ready_end_surplus(struct engine *e, struct ready *r)
{
	uint64_t most = path_at(e, r->path)->max_connections;
	uint32_t s, before;

	while (r->idle.count > 0 && r->sessions.count - r->closing > most)
		session_end_soon(e, r->idle.first, CLOSE_LIMIT);
	for (s = r->sessions.last; s != 0 &&
	     r->sessions.count - r->closing > most; s = before) {
		before = session_at(e, s)->all.prev;
		session_end_soon(e, s, CLOSE_LIMIT);
	}
}

void
engine_path(struct engine *e, struct span ready_queue,
    const struct egress_path *path, struct span wire)
{
	uint32_t i = registry_find(&e->readies, ready_queue), old;
	const struct path *p;
	struct ready *r;

	if (i == 0)
		return;
	r = ready_at(e, i);
	old = r->path;
	r->path = path_ref(e, path, wire);
	p = path_at(e, r->path);
	answer_got(e, &r->config, p->refresh_ms, p->by_epoch);
	if (old != r->path) {
		r->shed = true;
		r->closed_until_ms = 0;
		path_lease_forget(e, i);
		ready_renew_sessions(e, r);
		ready_end_surplus(e, r);
		ready_work(e, i);
	}
	path_unref(e, old);
}

void
readies_source_changed(struct engine *e, uint32_t source)
{
	uint32_t i, s, next;

	for (i = registry_next(&e->readies, 0); i != 0;
	     i = registry_next(&e->readies, i)) {
		if (ready_at(e, i)->source != source)
			continue;
		for (s = ready_at(e, i)->sessions.first; s != 0; s = next) {
			next = session_at(e, s)->all.next;
			session_end_soon(e, s, CLOSE_OUTDATED);
		}
	}
}

bool
engine_suspend_ready(struct engine *e, struct span name, int64_t until_ms)
{
	uint32_t i = registry_find(&e->readies, name);

	if (i == 0)
		return false;
	ready_at(e, i)->suspended_until_ms = until_ms;
	ready_work(e, i);
	return true;
}

/* ---- coming in ---------------------------------------------------------- */

bool
ready_is_full(const struct engine *e, const struct ready *r)
{
	return r->count >= path_at(e, r->path)->max_ready ||
	    r->give != GIVE_NOTHING;
}

void
ready_insert(struct engine *e, uint32_t r, uint32_t message)
{
	flow_put(e, r, message, false);
	ready_work(e, r);
}

void
ready_reinsert(struct engine *e, uint32_t r, uint32_t message)
{
	flow_put(e, r, message, true);
	ready_work(e, r);
}

void
ready_work(struct engine *e, uint32_t i)
{
	struct ready *r = ready_at(e, i);

	if (r->working || r->stalled)
		return;
	r->working = true;
	list_append(&e->ready_work, READY_LINKS(e), i);
}

static void
ready_stall(struct engine *e, uint32_t i)
{
	struct ready *r = ready_at(e, i);

	if (r->working || r->stalled)
		return;
	r->stalled = true;
	list_append(&e->stalled, READY_LINKS(e), i);
}

void
readies_resume(struct engine *e)
{
	uint32_t n = e->stalled.count, i;

	while (n-- > 0) {
		i = list_pop(&e->stalled, READY_LINKS(e));
		ready_at(e, i)->stalled = false;
		ready_work(e, i);
	}
}

/* Queues that wait here may go on, as many as the room is worth. */
static void
ready_pass_room(struct engine *e, uint32_t i)
{
	struct ready *r = ready_at(e, i);
	uint64_t most, room, n;

	if (r->room.count == 0 || ready_is_full(e, r))
		return;
	most = path_at(e, r->path)->max_ready;
	room = most - r->count;
	/* In batches: a queue's turn is dear for one message. */
	if (room < most / 4 && r->count > 0)
		return;
	for (n = 1 + room / QUEUE_TURN; n > 0 && r->room.count > 0; n--)
		queue_room(e, r->room.first);
}

/* ---- giving back -------------------------------------------------------- */

void
ready_give_back(struct engine *e, uint32_t i, enum giving_back why,
    int64_t until_ms, struct span text)
{
	struct ready *r = ready_at(e, i);

	if (r->count == 0)
		return;
	free(r->give_text);
	r->give = (uint8_t)why;
	r->give_until_ms = until_ms;
	r->give_text = text.len != 0 ? span_dup(text) : NULL;
	ready_work(e, i);
}

/* The kinds of giving back that count an attempt, or end it. */
static const struct {
	struct verdict verdict;
	uint32_t context;
} give_verdicts[] = {
	[GIVE_FAILURES] = { { ENGINE_RECORD_TRANSIENT_FAILURE, 451, "4.4.1",
	    { "too many connections failed in a row", 36 } },
	    INSERT_CONNECTION_FAILURES | INSERT_TRANSIENT_FAILURE },
	[GIVE_NO_HOSTS] = { { ENGINE_RECORD_TRANSIENT_FAILURE, 451, "4.4.4",
	    { "the destination has no addresses", 32 } },
	    INSERT_NO_HOSTS | INSERT_TRANSIENT_FAILURE },
	[GIVE_SKIPPED] = { { ENGINE_RECORD_TRANSIENT_FAILURE, 451, "4.4.4",
	    { "skip_hosts leaves no address", 28 } },
	    INSERT_SKIPPED | INSERT_TRANSIENT_FAILURE },
	[GIVE_PROHIBITED] = { { ENGINE_RECORD_BOUNCE, 550, "5.4.4",
	    { "an address of the destination is prohibited", 43 } },
	    INSERT_PROHIBITED },
	[GIVE_NULL_MX] = { { ENGINE_RECORD_BOUNCE, 556, "5.1.10",
	    { "the domain takes no mail (null MX)", 34 } },
	    INSERT_NULL_MX },
};

static void
ready_give_one(struct engine *e, struct ready *r, uint32_t m)
{
	struct verdict v;
	struct going_back how = { .delay_ms = -1 };

	switch ((enum giving_back)r->give) {
	case GIVE_NOTHING:
		return;
	case GIVE_MESSAGE_RATE:
	case GIVE_CONNECTION_RATE:
	case GIVE_SUSPENDED:
		how.context = r->give == GIVE_SUSPENDED ?
		    INSERT_READY_SUSPENDED : r->give == GIVE_MESSAGE_RATE ?
		    INSERT_MESSAGE_RATE : INSERT_CONNECTION_RATE;
		how.delay_ms = r->give_until_ms > e->now_ms ?
		    r->give_until_ms - e->now_ms : 0;
		message_postpone(e, m, r, &how);
		return;
	case GIVE_FAILURES:
	case GIVE_NO_HOSTS:
	case GIVE_SKIPPED:
	case GIVE_PROHIBITED:
	case GIVE_NULL_MX:
		break;
	}
	v = give_verdicts[r->give].verdict;
	if (r->give_text != NULL)
		v.text = span_of(r->give_text);
	if (v.kind == ENGINE_RECORD_BOUNCE) {
		message_bounce(e, m, r, &v);
		return;
	}
	how.verdict = &v;
	how.context = give_verdicts[r->give].context;
	message_retry(e, m, r, &how);
}

/* False: more is left for the next tick. */
static bool
ready_give(struct engine *e, uint32_t i)
{
	struct ready *r = ready_at(e, i);
	uint32_t m;

	while (r->count > 0) {
		if (!engine_step(e))
			return false;
		m = flow_peek(e, i);
		flow_take(e, i, m);
		ready_give_one(e, r, m);
	}
	r->give = GIVE_NOTHING;
	free(r->give_text);
	r->give_text = NULL;
	return true;
}

static void
ready_end_sessions(struct engine *e, struct ready *r, enum close_reason why)
{
	uint32_t s, next;

	for (s = r->sessions.first; s != 0; s = next) {
		next = session_at(e, s)->all.next;
		/* The message kept for it has passed the throttle already. */
		if (why == CLOSE_THROTTLED &&
		    session_at(e, s)->state == SESSION_OPENING)
			continue;
		session_end_soon(e, s, why);
	}
}

/* More messages than max_ready allows now. False: more are left. */
static bool
ready_shed(struct engine *e, uint32_t i)
{
	static const struct verdict full = {
		ENGINE_RECORD_DELAYED, 451, "4.4.4",
		{ "max_ready was reduced", 21 } };
	struct ready *r = ready_at(e, i);
	struct going_back how = {
		.verdict = &full, .context = INSERT_MAX_READY_REDUCED,
	};

	while (r->shed && r->count > path_at(e, r->path)->max_ready) {
		if (!engine_step(e))
			return false;
		how.delay_ms = 1 + (int64_t)rng_below(&e->rng, FULL_DELAY_MS);
		message_postpone(e, flow_take_last(e, i), r, &how);
	}
	r->shed = false;
	return true;
}

/* ---- sending ------------------------------------------------------------ */

static void
ready_throttled(struct engine *e, uint32_t i, int64_t wait_ms,
    enum giving_back why)
{
	struct ready *r = ready_at(e, i);

	if (wait_ms <= path_at(e, r->path)->idle_ms) {
		timer_at_latest(&e->ready_wheel, i, e->now_ms + wait_ms);
		return;
	}
	r->closed_until_ms = e->now_ms + wait_ms;
	ready_end_sessions(e, r, CLOSE_THROTTLED);
	ready_give_back(e, i, why, e->now_ms + wait_ms, SPAN_LIT(""));
}

/* May a message go now? If not, it is seen to that it will. */
static bool
ready_may_send(struct engine *e, uint32_t i)
{
	struct ready *r = ready_at(e, i);
	int64_t wait = path_message_wait_ms(e, r);

	if (wait == 0)
		return true;
	COUNT(e, r, throttled_message);
	ready_throttled(e, i, wait, GIVE_MESSAGE_RATE);
	return false;
}

/* Fill the hands of sessions from this list. False: stop for now. */
static bool
ready_feed(struct engine *e, uint32_t i, struct list *sessions, bool idle)
{
	struct ready *r = ready_at(e, i);
	uint32_t m;

	while (r->count > 0 && sessions->count > 0) {
		m = flow_peek(e, i);
		/* A large one waits for an empty hand. */
		if (!idle && message_at(e, m)->size > LARGE_BYTES)
			return true;
		if (!engine_step(e)) {
			ready_work(e, i);
			return false;
		}
		if (!ready_may_send(e, i))
			return false;
		path_message_take(e, r);
		flow_take(e, i, m);
		session_give(e, sessions->first, m);
	}
	return true;
}

static bool
ready_wait_lease(struct engine *e, uint32_t i)
{
	struct ready *r = ready_at(e, i);
	uint32_t full = path_lease_full(e, path_at(e, r->path));

	if (full == 0)
		return false;
	if (r->lease == 0) {
		r->lease = full;
		list_append(&((struct shared *)registry_at(&e->shares,
		    full))->waiting, READY_LEASES(e), i);
	}
	return true;
}

/* One more connection, if it may be. False: not now. */
static bool
ready_dial_one(struct engine *e, uint32_t i)
{
	struct ready *r = ready_at(e, i);
	uint32_t worker = worker_choose(e, (enum worker_kind)r->worker);
	int64_t wait;

	if (worker == UINT32_MAX) {
		ready_stall(e, i);
		return false;
	}
	if (!engine_step(e)) {
		ready_work(e, i);
		return false;
	}
	if (ready_wait_lease(e, i) || !ready_may_send(e, i))
		return false;
	wait = path_connection_wait_ms(e, r);
	if (wait > 0) {
		COUNT(e, r, throttled_connection);
		/* What a session can carry stays; it only carries alone. */
		if (r->sessions.count == 0)
			ready_throttled(e, i, wait, GIVE_CONNECTION_RATE);
		else
			timer_at_latest(&e->ready_wheel, i, e->now_ms + wait);
		return false;
	}
	session_open(e, i, worker);
	return true;
}

static void
ready_dial(struct engine *e, uint32_t i)
{
	struct ready *r = ready_at(e, i);
	const struct path *p = path_at(e, r->path);
	uint32_t want;

	if (r->sessions.count < p->max_connections) {
		want = wanted_connections(p->max_connections,
		    r->count + r->opening);
		if (e->low_memory && want > LOW_MEMORY_CONNECTIONS)
			want = LOW_MEMORY_CONNECTIONS;
		while (r->count > 0 && r->sessions.count - r->closing < want &&
		    r->sessions.count < p->max_connections &&
		    r->lease == 0 && r->give == GIVE_NOTHING)
			if (!ready_dial_one(e, i))
				break;
	}
	path_lease_pass(e, p);
}

static void
ready_send(struct engine *e, uint32_t i)
{
	struct ready *r = ready_at(e, i);

	if (e->unhealthy || e->unsettled >= UNSETTLED_MAX) {
		ready_stall(e, i);
		return;
	}
	if (!ready_feed(e, i, &r->idle, true))
		return;
	if (r->count > 0)
		ready_dial(e, i);
	if (r->give == GIVE_NOTHING)
		ready_feed(e, i, &r->partial, false);
}

void
ready_run(struct engine *e, uint32_t i)
{
	struct ready *r = ready_at(e, i);

	r->working = false;
	if (r->path == 0)
		return;
	if (!engine_step(e)) {
		ready_work(e, i);
		return;
	}
	ready_want_path(e, r);
	if (e->stopping) {
		ready_end_sessions(e, r, CLOSE_STOPPING);
		return;
	}
	if (r->suspended_until_ms > e->now_ms) {
		ready_end_sessions(e, r, CLOSE_SUSPENDED);
		if (r->give == GIVE_NOTHING)
			ready_give_back(e, i, GIVE_SUSPENDED,
			    r->suspended_until_ms, SPAN_LIT(""));
	}
	if (r->give != GIVE_NOTHING) {
		if (!ready_give(e, i)) {
			ready_work(e, i);
			return;
		}
	}
	if (!ready_shed(e, i)) {
		ready_work(e, i);
		return;
	}
	if (r->count > 0)
		ready_send(e, i);
	ready_pass_room(e, i);
	if (r->count > 0 || r->sessions.count > 0)
		r->idle_since_ms = e->now_ms;
}

void
ready_timer(struct engine *e, uint32_t i)
{
	struct ready *r = ready_at(e, i);
	bool idle = r->count == 0 && r->sessions.count == 0;

	if (idle && r->idle_since_ms + READY_REAP_MS <= e->now_ms &&
	    !r->working && !r->stalled && r->room.count == 0 &&
	    r->config.waiters.count == 0 && !r->config.asked &&
	    r->suspended_until_ms <= e->now_ms && e->actions_count == 0) {
		ready_free(e, i);
		return;
	}
	wheel_add(&e->ready_wheel, i, e->now_ms + READY_MAINTAIN_MS);
	if (!idle || r->room.count > 0)
		ready_work(e, i);
}

void
readies_done(struct engine *e)
{
	uint32_t i;

	for (i = registry_next(&e->readies, 0); i != 0;
	     i = registry_next(&e->readies, i))
		free(ready_at(e, i)->give_text);
	registry_done(&e->readies);
	index_done(&e->ready_index);
}
