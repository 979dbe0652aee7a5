/* SPDX-License-Identifier: Apache-2.0 */
#include "qmgr/engine/queue.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mail/queue_name.h"
#include "lib/base/buf.h"
#include "lib/settings/egress_path.h"
#include "lib/settings/queue_config.h"
#include "qmgr/engine/answer.h"
#include "qmgr/engine/message.h"
#include "qmgr/engine/names.h"
#include "qmgr/engine/ready.h"
#include "qmgr/engine/route.h"

/* What a turn did to the message at the head of the due list. */
enum turn {
	TURN_NEXT,   /* it is elsewhere now */
	TURN_PARKED, /* the queue waits in a list */
	TURN_HALTED, /* the queue waits for its timer */
};

uint32_t
queue_get(struct engine *e, struct span name)
{
	bool is_new;
	uint32_t i = registry_get(&e->queues, name, &is_new);

	if (is_new)
		queue_empty(e, i);
	return i;
}

static int64_t
reap_ms(const struct engine *e, const struct queue *q)
{
	const struct profile *p = profile_at(e, q->profile);

	return p != NULL ? p->reap_ms : INT64_C(10) * 60 * 1000;
}

void
queue_empty(struct engine *e, uint32_t i)
{
	struct queue *q = queue_at(e, i);

	q->empty_since_ms = e->now_ms;
	/* An earlier timer looks at this again when it fires. */
	if (!wheel_has(&e->queue_wheel, i))
		wheel_add(&e->queue_wheel, i, e->now_ms + reap_ms(e, q));
}

void
queue_work(struct engine *e, uint32_t i)
{
	struct queue *q = queue_at(e, i);

	if (q->in != IN_NONE || q->halted)
		return;
	q->in = IN_WORK;
	list_append(&e->queue_work, QUEUE_LINKS(e), i);
}

void
queue_wait_answer(struct engine *e, uint32_t i, struct answer *a)
{
	struct queue *q = queue_at(e, i);

	if (q->in != IN_NONE)
		return;
	q->in = IN_ANSWER;
	list_append(&a->waiters, QUEUE_LINKS(e), i);
}

static void
queue_halt(struct engine *e, uint32_t i, int64_t delay_ms)
{
	queue_at(e, i)->halted = true;
	timer_at_latest(&e->queue_wheel, i, e->now_ms + delay_ms);
}

/* In turn with the others, but not for ever: that queue may be stuck. */
static void
queue_wait_room(struct engine *e, uint32_t i, uint32_t r)
{
	struct queue *q = queue_at(e, i);

	if (q->in == IN_NONE) {
		q->in = IN_ROOM;
		q->room_in = r;
		list_append(&ready_at(e, r)->room, QUEUE_LINKS(e), i);
	}
	timer_at_latest(&e->queue_wheel, i, e->now_ms + 1 +
	    (int64_t)rng_below(&e->rng, FULL_DELAY_MS));
}

/* Out of the list it waits for room in, if it is in one. */
static void
queue_leave_room(struct engine *e, uint32_t i)
{
	struct queue *q = queue_at(e, i);

	if (q->in != IN_ROOM)
		return;
	list_del(&ready_at(e, q->room_in)->room, QUEUE_LINKS(e), i);
	q->in = IN_NONE;
}

void
queue_room(struct engine *e, uint32_t i)
{
	queue_leave_room(e, i);
	queue_work(e, i);
}

/* ---- the turn ----------------------------------------------------------- */

static uint32_t
queue_take_due(struct engine *e, struct queue *q)
{
	return list_pop(&q->due, MESSAGE_NODES(e));
}

static enum turn
turn_postpone(struct engine *e, struct queue *q, struct ready *r,
    int64_t delay_ms, uint32_t context, const struct verdict *v)
{
	struct going_back how = {
		.verdict = v, .context = context, .delay_ms = delay_ms,
	};

	message_postpone(e, queue_take_due(e, q), r, &how);
	return TURN_NEXT;
}

static enum turn
turn_retry(struct engine *e, struct queue *q, uint32_t context,
    const char *enhanced, struct span text)
{
	struct verdict v = { ENGINE_RECORD_TRANSIENT_FAILURE, 451, enhanced,
		text };
	struct going_back how = {
		.verdict = &v,
		.context = context | INSERT_TRANSIENT_FAILURE,
		.delay_ms = -1,
	};

	message_retry(e, queue_take_due(e, q), NULL, &how);
	return TURN_NEXT;
}

static enum turn
turn_full(struct engine *e, uint32_t i, uint32_t r)
{
	static const struct verdict full = {
		ENGINE_RECORD_DELAYED, 451, "4.4.4",
		{ "the ready queue is full", 23 } };
	struct queue *q = queue_at(e, i);

	COUNT(e, ready_at(e, r), ready_full);
	if (!e->wait_for_room)
		return turn_postpone(e, q, ready_at(e, r),
		    (int64_t)rng_below(&e->rng, FULL_DELAY_MS + 1),
		    INSERT_READY_FULL, &full);
	message_log_delay(e, q->due.first, ready_at(e, r), INSERT_READY_FULL,
	    &full);
	queue_wait_room(e, i, r);
	return TURN_PARKED;
}

/* What holds the first message holds all behind it: the queue waits. */
static enum turn
turn_halt(struct engine *e, uint32_t i, int64_t wait_ms, uint32_t context,
    const struct verdict *v)
{
	message_log_delay(e, queue_at(e, i)->due.first, NULL, context, v);
	queue_halt(e, i, wait_ms);
	return TURN_HALTED;
}

/* The policy was asked and had no answer: its words say why. */
static enum turn
turn_no_settings(struct engine *e, uint32_t i, uint32_t why, int64_t wait_ms)
{
	struct verdict v = { ENGINE_RECORD_DELAYED, 451, "4.4.4",
		blob_span(e, why) };

	if (v.text.len == 0)
		v.text = SPAN_LIT("no settings for the way out");
	return turn_halt(e, i, wait_ms, INSERT_READY_INSERT_FAILED, &v);
}

/* Has the destination refused? True when the message was dealt with. */
static bool
turn_destination(struct engine *e, struct queue *q)
{
	static const struct verdict null_mx = {
		ENGINE_RECORD_BOUNCE, 556, "5.1.10",
		{ "the domain takes no mail (null MX)", 34 } };
	const struct domain *d = registry_at(&e->domains, q->domain);
	struct span why = blob_span(e, d->mx.why);

	switch ((enum engine_mx_result)d->result) {
	case ENGINE_MX_FOUND:
		return false;
	case ENGINE_MX_NULL:
		message_bounce(e, queue_take_due(e, q), NULL, &null_mx);
		return true;
	case ENGINE_MX_NXDOMAIN:
		turn_retry(e, q, INSERT_NO_HOSTS, "4.4.4", why.len != 0 ? why :
		    SPAN_LIT("the domain does not exist"));
		return true;
	case ENGINE_MX_FAILED:
		turn_retry(e, q, INSERT_NO_HOSTS, "4.4.4", why.len != 0 ? why :
		    SPAN_LIT("the domain could not be resolved"));
		return true;
	}
	return false;
}

static enum turn
turn_route(struct engine *e, uint32_t i)
{
	static const struct verdict slow = {
		ENGINE_RECORD_DELAYED, 451, "4.4.4",
		{ "throttled by the queue's max_message_rate", 41 } };
	static const struct verdict rate = {
		ENGINE_RECORD_DELAYED, 451, "4.4.4",
		{ "throttled by source_selection_rate", 34 } };
	static const struct verdict suspended = {
		ENGINE_RECORD_DELAYED, 451, "4.4.4",
		{ "the ready queue is suspended", 28 } };
	struct queue *q = queue_at(e, i);
	const struct profile *p = profile_at(e, q->profile);
	int64_t wait = throttle_wait_ms(&q->rate, &p->rate, e->now_ms);
	struct picked to = { 0 };

	if (wait > 0) {
		COUNT(e, NULL, throttled_queue);
		return turn_halt(e, i, wait, INSERT_MESSAGE_RATE, &slow);
	}
	switch (route_pick(e, i, &to)) {
	case PICK_READY:
		throttle_take(&q->rate, &p->rate, e->now_ms);
		ready_insert(e, to.ready, queue_take_due(e, q));
		return TURN_NEXT;
	case PICK_PARKED:
		return TURN_PARKED;
	case PICK_FULL:
		return turn_full(e, i, to.ready);
	case PICK_RATE:
		return turn_halt(e, i, to.wait_ms, INSERT_MESSAGE_RATE, &rate);
	case PICK_SUSPENDED:
		return turn_postpone(e, q, ready_at(e, to.ready), to.wait_ms,
		    INSERT_READY_SUSPENDED, &suspended);
	case PICK_FAILED:
		return turn_no_settings(e, i, to.why, NEGATIVE_MS);
	case PICK_NONE:
		break;
	}
	return turn_retry(e, q, INSERT_SOURCE_SUSPENDED, "4.4.4",
	    SPAN_LIT("no source of the pool is eligible"));
}

/* The message at the head of the due list; q->profile may be 0. */
static enum turn
turn_first(struct engine *e, uint32_t i)
{
	static const struct verdict sick = {
		ENGINE_RECORD_DELAYED, 451, "4.3.0",
		{ "the spool is unhealthy", 22 } };
	struct queue *q = queue_at(e, i);

	if (e->unhealthy)
		return turn_halt(e, i, 1 +
		    (int64_t)rng_below(&e->rng, FULL_DELAY_MS),
		    INSERT_SPOOL_UNHEALTHY, &sick);
	switch (answer_want(e, &q->config, ACTION_ASK_QUEUE_CONFIG,
	    named_span(q))) {
	case KNOWN_NOT:
		queue_wait_answer(e, i, &q->config);
		return TURN_PARKED;
	case KNOWN_FAILED:
		return turn_no_settings(e, i, q->config.why,
		    q->config.expires_ms - e->now_ms);
	case KNOWN_YES:
		break;
	}
	/* It may have grown too old while it had to wait here, or on disk. */
	if (message_is_expired(e, q->due.first, e->now_ms)) {
		message_expire(e, queue_take_due(e, q), 0, NULL);
		return TURN_NEXT;
	}
	if (q->suspended_until_ms > e->now_ms)
		return turn_retry(e, q, 0, "4.4.4",
		    SPAN_LIT("the scheduled queue is suspended"));
	if (domain_want(e, q->domain) == KNOWN_NOT) {
		struct domain *d = registry_at(&e->domains, q->domain);

		queue_wait_answer(e, i, &d->mx);
		return TURN_PARKED;
	}
	if (turn_destination(e, q))
		return TURN_NEXT;
	return turn_route(e, i);
}

void
queue_run(struct engine *e, uint32_t i)
{
	struct queue *q = queue_at(e, i);
	unsigned n;

	q->in = IN_NONE;
	for (n = 0; n < QUEUE_TURN && q->due.count > 0; n++) {
		if (!engine_step(e))
			break;
		if (turn_first(e, i) != TURN_NEXT)
			return;
	}
	if (q->due.count > 0)
		queue_work(e, i);
}

static void
queue_free(struct engine *e, uint32_t i)
{
	struct queue *q = queue_at(e, i);

	wheel_del(&e->queue_wheel, i);
	profile_unref(e, q->profile);
	domain_unref(e, q->domain);
	answer_done(e, &q->config);
	registry_drop(&e->queues, i);
}

void
queues_unhalt(struct engine *e)
{
	uint32_t i;

	for (i = registry_next(&e->queues, 0); i != 0;
	     i = registry_next(&e->queues, i)) {
		if (!queue_at(e, i)->halted)
			continue;
		queue_at(e, i)->halted = false;
		if (queue_at(e, i)->due.count > 0)
			queue_work(e, i);
	}
}

void
queue_timer(struct engine *e, uint32_t i)
{
	struct queue *q = queue_at(e, i);
	int64_t reap;

	q->halted = false;
	if (q->due.count > 0) {
		/* Waiting for room or not, it may try. */
		queue_leave_room(e, i);
		queue_work(e, i);
	}
	if (q->messages.count > 0)
		return;
	reap = q->empty_since_ms + reap_ms(e, q);
	if (reap <= e->now_ms && q->in == IN_NONE && e->actions_count == 0)
		queue_free(e, i);
	else
		wheel_add(&e->queue_wheel, i,
		    reap > e->now_ms ? reap : e->now_ms + 1000);
}

/* ---- configuration ------------------------------------------------------ */

static void
profile_free(struct engine *e, uint32_t i)
{
	struct profile *p = profile_at(e, i);

	if (p->pool != 0)
		pool_unref(e, p->pool);
	name_unref(e, p->protocol);
	blob_unref(e, p->terms);
	registry_drop(&e->profiles, i);
}

void
profile_unref(struct engine *e, uint32_t i)
{
	if (i != 0 && --profile_at(e, i)->named.refs == 0)
		profile_free(e, i);
}

static int64_t
at_least(int64_t v, int64_t least)
{
	return v > least ? v : least;
}

static uint32_t
profile_ref(struct engine *e, const struct engine_queue_config *c)
{
	const struct queue_config *q = c->config;
	struct buf key = { 0 };
	struct profile *p;
	uint32_t i;
	bool is_new;

	buf_add_span(&key, c->protocol);
	buf_add_byte(&key, 0);
	buf_add_byte(&key, (uint8_t)c->worker);
	buf_add_span(&key, c->wire);
	i = registry_get(&e->profiles, buf_span(&key), &is_new);
	buf_free(&key);
	p = profile_at(e, i);
	p->named.refs++;
	if (!is_new)
		return i;
	p->max_age_ms = at_least(q->max_age, 0);
	p->retry_ms = at_least(q->retry_interval, 1);
	p->retry_max_ms = q->max_retry_interval;
	p->reap_ms = at_least(q->reap_interval, 1);
	p->refresh_ms = at_least(q->refresh_interval, 1);
	p->by_epoch = q->refresh_strategy == REFRESH_EPOCH;
	p->rate = q->max_message_rate;
	p->protocol = name_ref(e, c->protocol);
	p->terms = blob_ref(e, c->terms);
	p->worker = (uint8_t)c->worker;
	if (q->egress_pool != NULL && strcmp(q->egress_pool, "unspecified"))
		p->pool = pool_ref(e, span_of(q->egress_pool));
	return i;
}

void
engine_queue_config(struct engine *e, struct span name,
    const struct engine_queue_config *c)
{
	uint32_t i = registry_find(&e->queues, name);
	uint32_t old_profile, old_domain;
	const struct profile *p;
	struct queue *q;

	if (i == 0)
		return;
	q = queue_at(e, i);
	old_profile = q->profile;
	old_domain = q->domain;
	q->profile = profile_ref(e, c);
	q->domain = c->site.len != 0 ?
	    domain_ref_fixed(e, c->site, c->hosts) :
	    domain_ref(e, queue_name_route(named_span(q)));
	profile_unref(e, old_profile);
	domain_unref(e, old_domain);
	p = profile_at(e, q->profile);
	answer_got(e, &q->config, p->refresh_ms, p->by_epoch);
	/* A throttle or reap interval may be another now. */
	if (q->halted || q->messages.count == 0)
		timer_at_latest(&e->queue_wheel, i, e->now_ms);
	if (q->halted) {
		q->halted = false;
		if (q->due.count > 0)
			queue_work(e, i);
	}
}

bool
engine_suspend_queue(struct engine *e, struct span name, int64_t until_ms)
{
	uint32_t i = registry_find(&e->queues, name);

	if (i == 0)
		return false;
	queue_at(e, i)->suspended_until_ms = until_ms;
	return true;
}

void
queues_done(struct engine *e)
{
	registry_done(&e->queues);
	registry_done(&e->profiles);
}
