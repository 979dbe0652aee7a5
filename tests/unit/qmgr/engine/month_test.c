/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A month of mail from a seed: arrivals, deliveries, dead and refusing
 * destinations, questions answered late or never well, workers that die, a
 * store that falls ill, limits that change, and restarts with messages in
 * flight. Every message must leave exactly once, and the account must be
 * right at every step.
 */
#include "bed.h"
#include "qmgr/engine/rng.h"

#define HOUR INT64_C(3600000)
#define DAY (24 * HOUR)

enum { MESSAGES = 100000, ORPHANS = 20000, ASKS = 4096 };

enum where { NOT_YET, IN_ENGINE, IN_HAND, GONE };

struct letter {
	int64_t created_ms;
	int64_t due_ms;
	uint16_t attempts;
	uint8_t where;
	char queue[32];
};

struct month {
	struct bed b;
	struct engine_options options;
	struct rng rng;
	struct letter *letters;
	uint32_t added, gone;
	uint32_t *orphans; /* in flight since before a restart */
	uint32_t norphans;
	struct action *asks; /* to be answered later; their names are copies */
	uint32_t nasks;
	unsigned steps, restarts, workers_lost;
};

static bool
chance(struct month *m, unsigned in)
{
	return rng_below(&m->rng, in) == 0;
}

/* ---- what the engine says ----------------------------------------------- */

static void
month_settle(struct month *m, const struct action_settle *s)
{
	struct letter *l = &m->letters[bed_number(&s->id)];

	assert_true(l->where == IN_ENGINE || l->where == IN_HAND);
	assert_true(s->attempts >= l->attempts);
	assert_true(s->attempts <= l->attempts + 1);
	l->where = IN_ENGINE;
	if (s->op == ENGINE_SETTLE_REMOVE) {
		l->where = GONE;
		m->gone++;
	} else if (s->op == ENGINE_SETTLE_DEFER) {
		assert_true(s->attempts == l->attempts + 1);
		l->attempts = s->attempts;
		l->due_ms = s->due_ms;
	}
	engine_settled(m->b.e, 1);
}

static void
month_do(struct month *m, const struct action *a)
{
	struct letter *l;

	if (a->kind == ACTION_SETTLE) {
		month_settle(m, &a->u.settle);
		return;
	}
	if (a->kind == ACTION_DISPATCH) {
		l = &m->letters[bed_number(&a->u.dispatch.id)];
		assert_int_equal(l->where, IN_ENGINE);
		assert_int_equal(l->attempts, a->u.dispatch.attempts);
		assert_true(span_eq_str(a->u.dispatch.queue, l->queue));
		l->where = IN_HAND;
	}
	if (a->kind <= ACTION_ASK_PATH && m->nasks < ASKS && chance(m, 4)) {
		m->asks[m->nasks] = *a;
		m->asks[m->nasks++].u.ask.name =
		    span_of(span_dup(a->u.ask.name));
		return;
	}
	m->b.fail = chance(m, 50) ? ~0u : 0;
	bed_do(&m->b, a);
}

static void
month_drain(struct month *m)
{
	struct action a;

	while (engine_next_action(m->b.e, &a))
		month_do(m, &a);
}

/* ---- what happens to it ------------------------------------------------- */

static void
month_arrive(struct month *m)
{
	static const char *const kinds[] = { "a", "b", "c", "d", "dead",
		"null", "nx", "slow", "flaky", "e" };
	struct letter *l = &m->letters[m->added];
	struct engine_message in = { .nrcpt = 1 };

	l->created_ms = l->due_ms = m->b.now;
	l->where = IN_ENGINE;
	snprintf(l->queue, sizeof(l->queue), "t%u@%s%u.example",
	    (unsigned)rng_below(&m->rng, 5), kinds[rng_below(&m->rng, 10)],
	    (unsigned)rng_below(&m->rng, 5));
	in.id = bed_id(l->created_ms, m->added++);
	in.queue = span_of(l->queue);
	in.due_ms = l->due_ms;
	in.size = (uint32_t)rng_below(&m->rng, chance(m, 20) ? 2000000 : 50000);
	engine_add(m->b.e, &in);
}

static enum engine_outcome_kind
random_outcome(struct month *m, const char *queue)
{
	unsigned dice = (unsigned)rng_below(&m->rng, 100);

	if (strstr(queue, "flaky") != NULL)
		return dice < 30 ? ENGINE_OUTCOME_DELIVERED : dice < 90 ?
		    ENGINE_OUTCOME_TRANSIENT : ENGINE_OUTCOME_BOUNCED;
	return dice < 85 ? ENGINE_OUTCOME_DELIVERED :
	    dice < 93 ? ENGINE_OUTCOME_TRANSIENT :
	    dice < 97 ? ENGINE_OUTCOME_BOUNCED : ENGINE_OUTCOME_RETURNED;
}

static void
month_outcome(struct month *m, size_t i)
{
	struct bed_hand h = m->b.hands[i];
	struct letter *l = &m->letters[bed_number(&h.id)];
	struct engine_outcome o = {
		.kind = random_outcome(m, l->queue),
		.delay_ms = chance(m, 10) ? 100000 : -1,
	};

	m->b.hands[i] = m->b.hands[--m->b.nhands];
	assert_int_equal(l->where, IN_HAND);
	if (o.kind == ENGINE_OUTCOME_RETURNED)
		l->where = IN_ENGINE;
	assert_true(engine_outcome(m->b.e, h.session, &h.id, &o));
	month_drain(m);
}

/* What a session has in hand goes back with it. */
static void
month_session_ends(struct month *m, size_t i, enum engine_session_end how)
{
	uint64_t id = m->b.sessions[i].id;
	size_t k;

	for (k = 0; k < m->b.nhands; k++)
		if (m->b.hands[k].session == id)
			m->letters[bed_number(&m->b.hands[k].id)].where =
			    IN_ENGINE;
	bed_end(&m->b, id, how, "because");
	month_drain(m);
}

static void
month_sessions(struct month *m)
{
	struct bed_session *s;
	size_t i;

	for (i = 0; i < m->b.nsessions; i++) {
		s = &m->b.sessions[i];
		if (s->told_to_close) {
			if (chance(m, 2))
				month_session_ends(m, i--,
				    ENGINE_SESSION_CLOSED);
		} else if (!s->started && chance(m, 3)) {
			if (strstr(s->ready, "dead") != NULL || chance(m, 50)) {
				month_session_ends(m, i--, chance(m, 30) ?
				    ENGINE_SESSION_NO_HOSTS :
				    ENGINE_SESSION_PLAN_FAILED);
				continue;
			}
			s->started = true;
			engine_session_started(m->b.e, s->id);
			month_drain(m);
		} else if (s->started && chance(m, 200)) {
			month_session_ends(m, i--, ENGINE_SESSION_LOST);
		}
	}
}

static void
month_worker_dies(struct month *m)
{
	uint32_t worker = (uint32_t)rng_below(&m->rng, 3), k;
	size_t i;

	for (i = 0; i < m->b.nsessions; i++)
		if (m->b.sessions[i].worker == worker) {
			for (k = 0; k < m->b.nhands; k++)
				if (m->b.hands[k].session ==
				    m->b.sessions[i].id)
					m->letters[bed_number(&m->b.hands[k].
					    id)].where = IN_ENGINE;
			bed_session_forget(&m->b, m->b.sessions[i].id);
			i--;
		}
	if (worker == 0) {
		for (i = 0; i < m->norphans; i++)
			m->letters[m->orphans[i]].where = IN_ENGINE;
		m->norphans = 0;
	}
	engine_worker_lost(m->b.e, worker);
	month_drain(m);
	engine_worker_up(m->b.e, worker, WORKER_SMTP);
	m->workers_lost++;
}

/* The queue manager starts again; the workers go on. */
static void
month_restart(struct month *m)
{
	struct engine_message in = { .nrcpt = 1, .size = 1000 };
	struct uuid id;
	uint32_t i;
	size_t k;

	month_drain(m);
	engine_free(&m->b.e);
	m->b.e = engine_new(&m->options, m->b.now);
	for (i = 0; i < 3; i++)
		engine_worker_up(m->b.e, i, WORKER_SMTP);
	for (k = 0; k < m->b.nhands; k++)
		m->orphans[m->norphans++] = bed_number(&m->b.hands[k].id);
	for (i = 0; i < m->norphans; i++) {
		id = bed_id(m->letters[m->orphans[i]].created_ms,
		    m->orphans[i]);
		engine_mark_in_flight(m->b.e, &id, 0);
	}
	for (i = 0; i < m->added; i++) {
		struct letter *l = &m->letters[i];

		if (l->where == GONE)
			continue;
		in.id = bed_id(l->created_ms, i);
		in.queue = span_of(l->queue);
		in.due_ms = l->due_ms;
		in.attempts = l->attempts;
		engine_add(m->b.e, &in);
	}
	engine_loaded(m->b.e);
	m->b.nhands = m->b.nsessions = 0;
	while (m->nasks > 0)
		free((char *)(uintptr_t)m->asks[--m->nasks].u.ask.name.p);
	m->restarts++;
}

static void
month_orphan(struct month *m)
{
	uint32_t k = (uint32_t)rng_below(&m->rng, m->norphans);
	uint32_t n = m->orphans[k];
	struct letter *l = &m->letters[n];
	struct uuid id = bed_id(l->created_ms, n);
	struct engine_outcome o = {
		.kind = random_outcome(m, l->queue), .delay_ms = -1,
	};

	m->orphans[k] = m->orphans[--m->norphans];
	assert_int_equal(l->where, IN_HAND);
	if (o.kind == ENGINE_OUTCOME_RETURNED)
		l->where = IN_ENGINE;
	assert_true(engine_outcome(m->b.e, 0, &id, &o));
	month_drain(m);
}

static void
month_trouble(struct month *m)
{
	struct bed *b = &m->b;
	char name[64];

	switch (rng_below(&m->rng, 8)) {
	case 0:
		month_worker_dies(m);
		break;
	case 1:
		engine_config_epoch(b->e, (uint32_t)m->steps);
		break;
	case 2:
		engine_store_health(b->e, !chance(m, 2));
		break;
	case 3:
		b->path.max_ready = 1 + rng_below(&m->rng, 500);
		b->path.connection_limit.limit = 1 + rng_below(&m->rng, 8);
		b->path.max_deliveries_per_connection =
		    1 + rng_below(&m->rng, 30);
		b->path_wire++;
		break;
	case 4:
		snprintf(name, sizeof(name), "t%u@a%u.example",
		    (unsigned)rng_below(&m->rng, 5),
		    (unsigned)rng_below(&m->rng, 5));
		engine_suspend_queue(b->e, span_of(name), b->now + HOUR);
		break;
	case 5:
		snprintf(name, sizeof(name), "%c->b%u.example@smtp_client",
		    (char)('a' + rng_below(&m->rng, 3)),
		    (unsigned)rng_below(&m->rng, 5));
		engine_suspend_ready(b->e, span_of(name), b->now + HOUR);
		break;
	case 6:
		engine_suspend_source(b->e, SPAN_LIT("b"), b->now + HOUR);
		break;
	case 7:
		b->path.max_message_rate.set = chance(m, 2);
		b->path.max_message_rate.limit = 1 + rng_below(&m->rng, 100);
		b->path.max_message_rate.burst = b->path.max_message_rate.limit;
		b->path.max_message_rate.period_ms = chance(m, 3) ? 60000 :
		    1000;
		b->path_wire++;
		break;
	}
}

/* ---- the course of time ------------------------------------------------- */

static void
month_check(struct month *m)
{
	struct engine_totals t = bed_totals(&m->b);

	assert_int_equal(t.messages, m->added - m->gone);
	assert_int_equal(t.messages,
	    t.waiting + t.due + t.ready + t.in_hand + t.held);
	assert_int_equal(t.held, m->norphans);
	assert_int_equal(t.sessions, m->b.nsessions);
	assert_true(t.in_hand >= m->b.nhands);
	if (++m->steps % 1000 == 0)
		bed_check_deep(&m->b);
}

static void
month_step(struct month *m, int64_t arrivals_end)
{
	struct bed *b = &m->b;
	int64_t wake = engine_next_wake_ms(b->e);
	uint32_t i;

	int64_t soon = b->now + (int64_t)rng_below(&m->rng, 20000);

	/* Not each millisecond for itself, and the peers answer soon. */
	if (wake < soon || b->nhands + m->norphans + m->nasks > 0)
		wake = soon;
	if (m->added < MESSAGES && wake > b->now + HOUR)
		wake = b->now + HOUR;
	if (wake > b->now && wake != ENGINE_NEVER)
		b->now = wake;
	engine_clock(b->e, b->now);
	/* In bursts, a little ahead of an even flow. */
	while (m->added < MESSAGES && (b->now >= arrivals_end ||
	    (b->now - BED_START) * MESSAGES / (arrivals_end - BED_START) >
	    m->added)) {
		for (i = 0; i < 50 && m->added < MESSAGES; i++)
			month_arrive(m);
	}
	engine_tick(b->e);
	month_drain(m);
	month_sessions(m);
	for (i = (uint32_t)b->nhands; i > 0 && b->nhands > 0; i--)
		if (!chance(m, 3))
			month_outcome(m, rng_below(&m->rng, b->nhands));
	for (i = 0; i < 20 && m->norphans > 0; i++)
		month_orphan(m);
	if (m->nasks > 0 && chance(m, 3)) {
		struct action a = m->asks[--m->nasks];

		m->b.fail = 0;
		bed_do(b, &a);
		free((char *)(uintptr_t)a.u.ask.name.p);
	}
	month_check(m);
}

static void
run_month(uint64_t seed, bool wait_for_room)
{
	struct month *m = xcalloc(1, sizeof(*m));
	int64_t trouble = BED_START, restart = BED_START + 3 * DAY;
	struct bed *b = &m->b;
	unsigned i;

	m->rng.state = seed;
	m->options.seed = seed;
	m->options.wait_for_room = wait_for_room;
	m->letters = xcalloc(MESSAGES, sizeof(*m->letters));
	m->orphans = xcalloc(ORPHANS, sizeof(*m->orphans));
	m->asks = xcalloc(ASKS, sizeof(*m->asks));
	bed_new_with(b, &m->options);
	b->start_sessions = false;
	engine_worker_up(b->e, 1, WORKER_SMTP);
	engine_worker_up(b->e, 2, WORKER_SMTP);
	b->queue.egress_pool = (char *)(uintptr_t)"pool";
	b->queue.max_age = 3 * DAY;
	for (i = 0; i < 3; i++) {
		b->entries[i].name = (char *)(uintptr_t)(i == 0 ? "a" :
		    i == 1 ? "b" : "c");
		b->entries[i].weight = i + 1;
	}
	b->nentries = 3;
	while (m->gone < MESSAGES) {
		if (b->now >= trouble && b->now < BED_START + 30 * DAY) {
			month_trouble(m);
			trouble += 1 + (int64_t)rng_below(&m->rng,
			    (uint64_t)(4 * HOUR));
		}
		if (b->now >= restart) {
			month_restart(m);
			restart += 3 * DAY;
		}
		if (b->now >= BED_START + 30 * DAY)
			engine_store_health(b->e, true);
		month_step(m, BED_START + 25 * DAY);
		assert_true(b->now < BED_START + 60 * DAY);
	}
	bed_check_deep(b);
	for (i = 0; i < MESSAGES; i++)
		assert_int_equal(m->letters[i].where, GONE);
	print_message("seed %llu: %u steps, %u restarts, %u workers lost, "
	    "%lld days\n", (unsigned long long)seed, m->steps, m->restarts,
	    m->workers_lost, (long long)((b->now - BED_START) / DAY));
	while (m->nasks > 0)
		free((char *)(uintptr_t)m->asks[--m->nasks].u.ask.name.p);
	bed_free(b);
	free(m->letters);
	free(m->orphans);
	free(m->asks);
	free(m);
}

static void
test_month(void **state)
{
	(void)state;
	run_month(1, false);
}

static void
test_month_waiting_for_room(void **state)
{
	(void)state;
	run_month(2, true);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_month),
		cmocka_unit_test(test_month_waiting_for_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
