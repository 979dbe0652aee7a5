/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A test bed around one engine: answers its questions, plays the workers, and
 * keeps account of what it was told to do. Included by one test at a time.
 */
#ifndef TESTS_UNIT_QMGR_ENGINE_BED_H
#define TESTS_UNIT_QMGR_ENGINE_BED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lib/base/alloc.h"
#include "lib/settings/egress_path.h"
#include "lib/settings/egress_pool.h"
#include "lib/settings/egress_source.h"
#include "lib/settings/queue_config.h"
#include "qmgr/engine/engine.h"
#include "qmgr/engine/state.h"

#define BED_START INT64_C(1700000000000)

struct bed_hand {
	uint64_t session;
	struct uuid id;
	char queue[64];
	uint16_t attempts;
};

struct bed_session {
	uint64_t id;
	uint32_t worker;
	bool started;
	bool told_to_close;
	enum close_reason why;
	char ready[96];
	char terms[16];
};

struct bed_settle {
	struct uuid id;
	enum settle_op op;
	uint16_t attempts;
	int64_t due_ms;
	uint64_t token;
	uint32_t context;
	enum record_kind record;
	uint16_t code;
	char enhanced[8];
	char text[96];
	char source[32];
	char site[64];
	char pool[32];
};

struct bed {
	struct engine *e;
	int64_t now;
	uint32_t made; /* ids */

	/* Answers. wire numbers change whenever the test changes a value. */
	struct egress_path path;
	unsigned path_wire;
	struct queue_config queue;
	unsigned queue_wire;
	const char *terms;    /* of the protocol */
	struct pool_entry entries[16];
	unsigned nentries;
	unsigned mute; /* bits of action kinds: not answered */
	unsigned fail; /* answered with failure */
	enum engine_mx_result mx;
	const char *one_site; /* NULL: each domain its own */
	bool own_sets;        /* the hosts are each domain's own, too */
	bool start_sessions;  /* as soon as they are opened */
	bool settle_held;     /* settlements are not acknowledged */

	unsigned asked[ACTION_SETTLE + 1];
	char last_ask[128];
	struct bed_hand *hands;
	size_t nhands, hands_size;
	struct bed_session *sessions;
	size_t nsessions, sessions_size;
	struct bed_settle *settles;
	size_t nsettles, settles_size;
	unsigned closes;
};

#define BED_PUSH(array, n, size)                                               \
	((n) == (size) ? (void)((array) = xreallocarray((array),               \
	    (size) = (size) == 0 ? 64 : (size) * 2, sizeof(*(array)))) :       \
			 (void)0,                                              \
	    &(array)[(n)++])

static inline void
bed_copy(char *out, size_t size, struct span s)
{
	snprintf(out, size, "%.*s", SPAN_FMT(s));
}

static inline void
bed_new_with(struct bed *b, const struct engine_options *o)
{
	memset(b, 0, sizeof(*b));
	b->now = BED_START;
	b->e = engine_new(o, b->now);
	b->start_sessions = true;
	egress_path_defaults(&b->path);
	queue_config_defaults(&b->queue);
	engine_worker_up(b->e, 0, WORKER_SMTP);
}

static inline void
bed_new(struct bed *b)
{
	struct engine_options o = { .seed = 1 };

	bed_new_with(b, &o);
}

static inline void
bed_free(struct bed *b)
{
	engine_free(&b->e);
	b->queue.egress_pool = NULL;
	egress_path_free(&b->path);
	queue_config_free(&b->queue);
	free(b->hands);
	free(b->sessions);
	free(b->settles);
}

static inline struct uuid
bed_id(int64_t created_ms, uint32_t n)
{
	struct uuid id = { 0 };
	int i;

	for (i = 0; i < 6; i++)
		id.b[i] = (uint8_t)(created_ms >> (40 - 8 * i));
	memcpy(id.b + 12, &n, sizeof(n));
	return id;
}

static inline uint32_t
bed_number(const struct uuid *id)
{
	uint32_t n;

	memcpy(&n, id->b + 12, sizeof(n));
	return n;
}

/* A message due in so many ms; its number. */
static inline uint32_t
bed_add(struct bed *b, const char *queue, int64_t in_ms, uint32_t size)
{
	struct engine_message m = {
		.id = bed_id(b->now, b->made),
		.queue = span_of(queue),
		.due_ms = b->now + in_ms,
		.size = size,
		.nrcpt = 1,
	};

	engine_add(b->e, &m);
	return b->made++;
}

static inline void
bed_answer(struct bed *b, const struct action *a)
{
	char name[160], wire[32], site[160];
	struct span n;
	struct egress_source source;
	struct egress_pool pool;

	bed_copy(name, sizeof(name), a->u.ask.name);
	n = span_of(name);
	bed_copy(b->last_ask, sizeof(b->last_ask), n);
	b->asked[a->kind]++;
	if (b->mute & 1u << a->kind)
		return;
	if (a->kind != ACTION_ASK_MX && b->fail & 1u << a->kind) {
		engine_no_answer(b->e, a->kind, n,
		    SPAN_LIT("the answer failed"));
		return;
	}
	if (a->kind == ACTION_ASK_QUEUE_CONFIG) {
		struct engine_queue_config c = {
			.config = &b->queue,
			.protocol = SPAN_LIT("smtp_client"),
		};

		snprintf(wire, sizeof(wire), "q%u%s", b->queue_wire,
		    b->terms != NULL ? b->terms : "");
		c.wire = span_of(wire);
		c.terms = span_of(b->terms);
		engine_queue_config(b->e, n, &c);
	} else if (a->kind == ACTION_ASK_PATH) {
		snprintf(wire, sizeof(wire), "p%u", b->path_wire);
		engine_path(b->e, n, &b->path, span_of(wire));
	} else if (a->kind == ACTION_ASK_SOURCE) {
		memset(&source, 0, sizeof(source));
		source.ttl = 60000;
		engine_source(b->e, n, &source, n);
	} else if (a->kind == ACTION_ASK_POOL) {
		memset(&pool, 0, sizeof(pool));
		pool.ttl = 60000;
		pool.entries.v = b->entries;
		pool.entries.n = b->nentries;
		engine_pool(b->e, n, &pool);
	} else {
		struct engine_mx mx = {
			.result = b->mx, .hosts = SPAN_LIT("hosts"),
			.ttl_ms = 300000,
		};

		snprintf(site, sizeof(site), "%s", b->one_site != NULL ?
		    b->one_site : name);
		mx.site = span_of(site);
		mx.set = b->own_sets ? n : mx.site;
		if (strncmp(name, "null", 4) == 0)
			mx.result = ENGINE_MX_NULL;
		if (strncmp(name, "nx", 2) == 0)
			mx.result = ENGINE_MX_NXDOMAIN;
		engine_mx(b->e, n, &mx);
	}
}

static inline void
bed_settle(struct bed *b, const struct action_settle *s)
{
	struct bed_settle *k = BED_PUSH(b->settles, b->nsettles,
	    b->settles_size);

	memset(k, 0, sizeof(*k));
	k->id = s->id;
	k->op = s->op;
	k->attempts = s->attempts;
	k->due_ms = s->due_ms;
	k->token = s->token;
	k->context = s->context;
	if (s->record != NULL) {
		k->record = s->record->kind;
		k->code = s->record->code;
		snprintf(k->enhanced, sizeof(k->enhanced), "%s",
		    s->record->enhanced);
		bed_copy(k->text, sizeof(k->text), s->record->text);
		bed_copy(k->source, sizeof(k->source), s->record->source);
		bed_copy(k->site, sizeof(k->site), s->record->site);
		bed_copy(k->pool, sizeof(k->pool), s->record->pool);
	}
	if (!b->settle_held)
		engine_settled(b->e, 1);
}

static inline struct bed_session *
bed_session(struct bed *b, uint64_t id)
{
	size_t i;

	for (i = 0; i < b->nsessions; i++)
		if (b->sessions[i].id == id)
			return &b->sessions[i];
	return NULL;
}

static inline void
bed_session_forget(struct bed *b, uint64_t id)
{
	struct bed_session *s = bed_session(b, id);
	size_t i;

	if (s != NULL)
		*s = b->sessions[--b->nsessions];
	for (i = 0; i < b->nhands;)
		if (b->hands[i].session == id)
			b->hands[i] = b->hands[--b->nhands];
		else
			i++;
}

static inline void
bed_do(struct bed *b, const struct action *a)
{
	struct bed_session *s;
	struct bed_hand *h;

	switch (a->kind) {
	case ACTION_ASK_QUEUE_CONFIG:
	case ACTION_ASK_POOL:
	case ACTION_ASK_SOURCE:
	case ACTION_ASK_MX:
	case ACTION_ASK_PATH:
		bed_answer(b, a);
		break;
	case ACTION_OPEN_SESSION:
		s = BED_PUSH(b->sessions, b->nsessions, b->sessions_size);
		memset(s, 0, sizeof(*s));
		s->id = a->u.open.session;
		s->worker = a->u.open.worker;
		bed_copy(s->ready, sizeof(s->ready), a->u.open.ready_queue);
		bed_copy(s->terms, sizeof(s->terms), a->u.open.terms);
		if (b->start_sessions) {
			s->started = true;
			engine_session_started(b->e, s->id);
		}
		break;
	case ACTION_DISPATCH:
		h = BED_PUSH(b->hands, b->nhands, b->hands_size);
		h->session = a->u.dispatch.session;
		h->id = a->u.dispatch.id;
		h->attempts = a->u.dispatch.attempts;
		bed_copy(h->queue, sizeof(h->queue), a->u.dispatch.queue);
		break;
	case ACTION_CLOSE_SESSION:
		b->closes++;
		s = bed_session(b, a->u.close.session);
		assert_non_null(s);
		s->told_to_close = true;
		s->why = a->u.close.why;
		break;
	case ACTION_SETTLE:
		bed_settle(b, &a->u.settle);
		break;
	}
}

/* Work until there is nothing more to do at this time. */
static inline void
bed_run(struct bed *b)
{
	struct action a;
	bool again;

	do {
		engine_clock(b->e, b->now);
		engine_tick(b->e);
		again = engine_next_wake_ms(b->e) <= b->now;
		while (engine_next_action(b->e, &a)) {
			bed_do(b, &a);
			again = true;
		}
	} while (again);
}

/* Let time pass, from wake to wake. */
static inline void
bed_pass(struct bed *b, int64_t ms)
{
	int64_t until = b->now + ms, wake;

	for (;;) {
		bed_run(b);
		wake = engine_next_wake_ms(b->e);
		if (wake > until)
			break;
		b->now = wake;
	}
	b->now = until;
	bed_run(b);
}

static inline void
bed_outcome(struct bed *b, size_t hand, enum engine_outcome_kind kind)
{
	struct bed_hand h = b->hands[hand];
	struct engine_outcome o = { .kind = kind, .delay_ms = -1, .token = 7 };

	/* In order of dispatch, as the tests of order need it. */
	memmove(b->hands + hand, b->hands + hand + 1,
	    (--b->nhands - hand) * sizeof(h));
	assert_true(engine_outcome(b->e, h.session, &h.id, &o));
}

static inline void
bed_end(struct bed *b, uint64_t session, enum engine_session_end how,
    const char *text)
{
	bed_session_forget(b, session);
	engine_session_ended(b->e, session, how, span_of(text));
}

/* Sessions told to close do so. */
static inline void
bed_close_told(struct bed *b)
{
	size_t i;

	for (i = 0; i < b->nsessions;)
		if (b->sessions[i].told_to_close)
			bed_end(b, b->sessions[i].id,
			    ENGINE_SESSION_CLOSED, "");
		else
			i++;
}

/* Deliver all there is, as it comes. */
static inline void
bed_deliver_all(struct bed *b)
{
	bed_run(b);
	while (b->nhands > 0) {
		bed_outcome(b, 0, ENGINE_OUTCOME_DELIVERED);
		bed_run(b);
		bed_close_told(b);
		bed_run(b);
	}
}

static inline unsigned
bed_settled(const struct bed *b, enum settle_op op, enum record_kind record)
{
	unsigned n = 0;
	size_t i;

	for (i = 0; i < b->nsettles; i++)
		n += b->settles[i].op == op && b->settles[i].record == record;
	return n;
}

static inline struct engine_totals
bed_totals(const struct bed *b)
{
	struct engine_totals t;

	engine_totals(b->e, &t);
	return t;
}

/* Walk everything: do the counts and lists agree? */
static inline void
bed_check_deep(const struct bed *b)
{
	const struct engine *e = b->e;
	uint32_t i, m, f, s, places[PLACES] = { 0 }, in_queues = 0;
	uint32_t ready = 0, in_hand = 0, sessions = 0;

	for (i = registry_next(&e->queues, 0); i != 0;
	     i = registry_next(&e->queues, i)) {
		uint32_t n = 0, due = 0;

		for (m = queue_at(e, i)->messages.first; m != 0;
		     m = message_at(e, m)->siblings.next) {
			n++;
			assert_int_equal(message_at(e, m)->queue, i);
			places[message_at(e, m)->place]++;
		}
		for (m = queue_at(e, i)->due.first; m != 0;
		     m = message_at(e, m)->node.link.next) {
			due++;
			assert_int_equal(message_at(e, m)->place, PLACE_DUE);
		}
		assert_int_equal(n, queue_at(e, i)->messages.count);
		assert_int_equal(due, queue_at(e, i)->due.count);
		in_queues += n;
		if (due > 0) /* somebody will see to it, if soon */
			assert_true(queue_at(e, i)->in != IN_NONE ||
			    queue_at(e, i)->halted ||
			    (wheel_has(&e->queue_wheel, i) &&
			    queue_at(e, i)->timer.due_ms <= e->now_ms));
		if (queue_at(e, i)->halted)
			assert_true(wheel_has(&e->queue_wheel, i));
	}
	assert_int_equal(in_queues, e->messages.live);
	for (i = registry_next(&e->readies, 0); i != 0;
	     i = registry_next(&e->readies, i)) {
		const struct ready *r = ready_at(e, i);
		uint32_t count = 0, hand = 0, n = 0, opening = 0, closing = 0;

		for (f = r->flows.first; f != 0; f = flow_at(e, f)->ring.next) {
			assert_true(flow_at(e, f)->messages.count > 0);
			assert_int_equal(flow_at(e, f)->ready, i);
			for (m = flow_at(e, f)->messages.first; m != 0;
			     m = message_at(e, m)->node.link.next)
				count++;
		}
		for (s = r->sessions.first; s != 0;
		     s = session_at(e, s)->all.next) {
			n++;
			hand += session_at(e, s)->hand.count;
			opening += session_at(e, s)->state == SESSION_OPENING;
			closing += session_at(e, s)->state >= SESSION_ENDING;
		}
		assert_int_equal(count, r->count);
		assert_int_equal(hand, r->in_hand);
		assert_int_equal(n, r->sessions.count);
		assert_int_equal(opening, r->opening);
		assert_int_equal(closing, r->closing);
		assert_true(wheel_has(&e->ready_wheel, i));
		ready += count;
		in_hand += hand;
		sessions += n;
	}
	assert_int_equal(ready, places[PLACE_READY]);
	assert_int_equal(in_hand, places[PLACE_HAND]);
	assert_int_equal(sessions, e->sessions.live);
	assert_int_equal(e->message_wheel.count, places[PLACE_WAITING]);
	for (i = 1; i < PLACES; i++)
		assert_int_equal(places[i], e->places[i]);
}

#endif
