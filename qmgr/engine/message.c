/* SPDX-License-Identifier: Apache-2.0 */
#include "qmgr/engine/message.h"

#include <stdlib.h>

#include "qmgr/engine/queue.h"
#include "qmgr/engine/retry.h"

/* Until a queue's own configuration is known. */
#define MAX_AGE_DEFAULT_MS (INT64_C(7) * 86400 * 1000)
#define RETRY_DEFAULT_MS (INT64_C(20) * 60 * 1000)

void
message_set_place(struct engine *e, uint32_t i, enum place place)
{
	struct message *m = message_at(e, i);

	if (m->place != PLACE_FREE)
		e->places[m->place]--;
	m->place = (uint8_t)place;
	if (place != PLACE_FREE)
		e->places[place]++;
}

static struct span
expiry_key(const uint32_t *i)
{
	return span_make(i, sizeof(*i));
}

static int64_t
message_expires_ms(const struct engine *e, uint32_t i)
{
	const struct message *m = message_at(e, i);
	const struct profile *p;

	if (m->flags & MSG_EXPIRES)
		return (int64_t)(intptr_t)map_get(&e->expiries, expiry_key(&i));
	p = profile_at(e, queue_at(e, m->queue)->profile);
	return m->created_ms + (p != NULL ? p->max_age_ms : MAX_AGE_DEFAULT_MS);
}

bool
message_is_expired(const struct engine *e, uint32_t i, int64_t at_ms)
{
	return at_ms >= message_expires_ms(e, i);
}

static void
message_wait(struct engine *e, uint32_t i)
{
	int64_t due = message_at(e, i)->node.due_ms;

	if (due <= e->now_ms) {
		message_due(e, i);
		return;
	}
	message_set_place(e, i, PLACE_WAITING);
	wheel_add(&e->message_wheel, i, due);
}

void
message_due(struct engine *e, uint32_t i)
{
	uint32_t q = message_at(e, i)->queue;

	message_set_place(e, i, PLACE_DUE);
	list_append(&queue_at(e, q)->due, MESSAGE_NODES(e), i);
	queue_work(e, q);
}

void
message_remove(struct engine *e, uint32_t i, uint64_t token, struct ready *r,
    const struct verdict *v)
{
	struct message *m = message_at(e, i);
	struct queue *q = queue_at(e, m->queue);

	action_settle(e, m, ENGINE_SETTLE_REMOVE, 0, token, r, v);
	if (m->flags & MSG_EXPIRES)
		map_del(&e->expiries, expiry_key(&i));
	list_del(&q->messages, MESSAGE_SIBLINGS(e), i);
	if (q->messages.count == 0)
		queue_empty(e, m->queue);
	message_set_place(e, i, PLACE_FREE);
	slab_free(&e->messages, i);
}

void
message_bounce(struct engine *e, uint32_t i, struct ready *r,
    const struct verdict *v)
{
	COUNT(e, r, bounced);
	message_remove(e, i, 0, r, v);
}

void
message_expire(struct engine *e, uint32_t i, uint64_t token, struct ready *r)
{
	static const struct verdict expired = {
		ENGINE_RECORD_EXPIRATION, 551, "5.4.7",
		{ "the next attempt would be past the message's time limit",
		    55 },
	};

	COUNT(e, r, expired);
	message_remove(e, i, token, r, &expired);
}

void
message_retry(struct engine *e, uint32_t i, struct ready *r,
    const struct going_back *how)
{
	struct message *m = message_at(e, i);
	const struct profile *p;
	int64_t base, delay = how->delay_ms;

	p = profile_at(e, queue_at(e, m->queue)->profile);
	base = p != NULL ? p->retry_ms : RETRY_DEFAULT_MS;
	if (delay < 0) {
		delay = retry_delay_ms(base, p != NULL ? p->retry_max_ms : -1,
		    m->attempts) + retry_jitter_ms(base, &e->rng);
		if (delay < 0)
			delay = 0;
	} else if (delay > RETRY_MAX_MS) {
		delay = RETRY_MAX_MS;
	}
	if (m->attempts < UINT16_MAX)
		m->attempts++;
	if (how->nrcpt != 0)
		m->nrcpt = how->nrcpt;
	m->flags &= (uint8_t)~MSG_DELAY_LOGGED;
	m->node.due_ms = e->now_ms + delay;
	COUNT(e, r, transient);
	if (message_is_expired(e, i, m->node.due_ms)) {
		if (how->verdict != NULL)
			action_settle(e, m, ENGINE_SETTLE_KEEP, how->context,
			    0, r, how->verdict);
		message_expire(e, i, how->token, r);
		return;
	}
	action_settle(e, m, ENGINE_SETTLE_DEFER, how->context, how->token, r,
	    how->verdict);
	message_wait(e, i);
}

void
message_log_delay(struct engine *e, uint32_t i, struct ready *r,
    uint32_t context, const struct verdict *v)
{
	struct message *m = message_at(e, i);

	COUNT(e, r, delayed);
	if (m->flags & MSG_DELAY_LOGGED)
		return;
	m->flags |= MSG_DELAY_LOGGED;
	action_settle(e, m, ENGINE_SETTLE_KEEP, context, 0, r, v);
}

void
message_postpone(struct engine *e, uint32_t i, struct ready *r,
    const struct going_back *how)
{
	struct message *m = message_at(e, i);

	m->node.due_ms = e->now_ms + how->delay_ms;
	if (message_is_expired(e, i, m->node.due_ms)) {
		message_expire(e, i, how->token, r);
		return;
	}
	if (how->verdict != NULL)
		message_log_delay(e, i, r, how->context, how->verdict);
	else
		COUNT(e, r, returned);
	message_wait(e, i);
}

void
message_outcome(struct engine *e, uint32_t i, struct ready *r,
    const struct engine_outcome *o)
{
	struct going_back how = {
		.context = o->context | INSERT_TRANSIENT_FAILURE,
		.delay_ms = o->delay_ms,
		.token = o->token,
		.nrcpt = o->nrcpt,
	};

	switch (o->kind) {
	case ENGINE_OUTCOME_DELIVERED:
		COUNT(e, r, delivered);
		message_remove(e, i, o->token, r, NULL);
		break;
	case ENGINE_OUTCOME_BOUNCED:
		COUNT(e, r, bounced);
		message_remove(e, i, o->token, r, NULL);
		break;
	case ENGINE_OUTCOME_TRANSIENT:
	case ENGINE_OUTCOME_UNREACHED:
		message_retry(e, i, r, &how);
		break;
	case ENGINE_OUTCOME_RETURNED:
		message_due(e, i);
		break;
	}
}

static void
message_expiry_set(struct engine *e, uint32_t i, int64_t expires_ms)
{
	map_set(&e->expiries, expiry_key(&i), (void *)(intptr_t)expires_ms);
	message_at(e, i)->flags |= MSG_EXPIRES;
}

/* A worker has had it since before the start. */
static void
message_hold(struct engine *e, uint32_t i, struct mark *mark)
{
	struct uuid id = message_at(e, i)->id;
	struct engine_outcome o;

	if (mark->has_outcome) {
		o = mark->outcome;
		free(map_del(&e->marks, span_make(&id, sizeof(id))));
		message_outcome(e, i, NULL, &o);
		return;
	}
	mark->message = i;
	message_set_place(e, i, PLACE_HELD);
}

void
engine_add(struct engine *e, const struct engine_message *in)
{
	uint32_t i = slab_new(&e->messages), q = queue_get(e, in->queue);
	struct message *m = message_at(e, i);
	struct mark *mark;

	m->node.due_ms = in->due_ms;
	m->id = in->id;
	m->created_ms = in->created_ms != 0 ? in->created_ms :
					      uuid_time_ms(&in->id);
	m->queue = q;
	m->size = in->size;
	m->attempts = in->attempts;
	m->nrcpt = in->nrcpt;
	list_append(&queue_at(e, q)->messages, MESSAGE_SIBLINGS(e), i);
	COUNT(e, NULL, added);
	if (in->expires_ms != 0)
		message_expiry_set(e, i, in->expires_ms);
	mark = e->marks.count == 0 ? NULL :
	    map_get(&e->marks, span_make(&in->id, sizeof(in->id)));
	if (mark != NULL)
		message_hold(e, i, mark);
	else
		message_wait(e, i);
}
