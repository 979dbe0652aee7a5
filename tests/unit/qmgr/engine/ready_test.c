/* SPDX-License-Identifier: Apache-2.0 */
/* Ready queues and sessions: limits, rates, failures, fairness. */
#include "bed.h"

static void
rate_set(struct throttle_spec *spec, const char *text)
{
	assert_int_equal(throttle_parse(span_of(text), spec), 0);
}

static void
add_many(struct bed *b, const char *queue, int n)
{
	while (n-- > 0)
		bed_add(b, queue, 0, 1000);
}

/* The connection limit, however many messages there are. */
static void
test_connections(void **state)
{
	static const struct {
		int messages;
		unsigned limit;
		size_t want;
	} rows[] = {
		/* Those already taken in hand count no more. */
		{ 1, 32, 1 }, { 10, 32, 7 }, { 1000, 32, 32 }, { 1000, 5, 5 },
		{ 1000, 0, 0 },
	};
	struct bed b;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bed_new(&b);
		b.start_sessions = false;
		b.path.connection_limit.limit = rows[i].limit;
		add_many(&b, "example.com", rows[i].messages);
		bed_run(&b);
		if (b.nsessions != rows[i].want)
			print_error("row %zu: got %zu, want %zu\n", i,
			    b.nsessions, rows[i].want);
		assert_int_equal(b.nsessions, rows[i].want);
		assert_int_equal(b.nhands, 0); /* none has started */
		bed_check_deep(&b);
		bed_free(&b);
	}
}

/* Two messages in a hand, a large one alone. */
static void
test_window(void **state)
{
	struct bed b;

	(void)state;
	bed_new(&b);
	b.path.connection_limit.limit = 1;
	add_many(&b, "example.com", 10);
	bed_run(&b);
	assert_int_equal(b.nhands, 2);
	engine_session_window(b.e, b.sessions[0].id, 5);
	bed_run(&b);
	assert_int_equal(b.nhands, 5);
	bed_free(&b);

	bed_new(&b);
	b.path.connection_limit.limit = 1;
	bed_add(&b, "example.com", 0, 1000);
	bed_add(&b, "example.com", 0, 300 * 1024);
	bed_add(&b, "example.com", 0, 1000);
	bed_add(&b, "example.com", 0, 1000);
	bed_run(&b);
	assert_int_equal(b.nhands, 1);
	bed_outcome(&b, 0, ENGINE_OUTCOME_DELIVERED);
	bed_run(&b);
	assert_int_equal(b.nhands, 1); /* the large one */
	bed_outcome(&b, 0, ENGINE_OUTCOME_DELIVERED);
	bed_run(&b);
	assert_int_equal(b.nhands, 2);
	bed_free(&b);
}

static void
test_idle_and_reuse(void **state)
{
	struct bed b;

	(void)state;
	bed_new(&b);
	add_many(&b, "example.com", 1);
	bed_deliver_all(&b);
	bed_pass(&b, 4000);
	add_many(&b, "example.com", 1);
	bed_deliver_all(&b);
	assert_int_equal(bed_totals(&b).counters.sessions_opened, 1);
	assert_int_equal(b.closes, 0);
	bed_pass(&b, 4900);
	assert_int_equal(b.closes, 0);
	bed_pass(&b, 200);
	assert_int_equal(b.closes, 1);
	assert_int_equal(b.sessions[0].why, CLOSE_IDLE);
	bed_close_told(&b);
	/* After ten idle minutes nothing is left of it. */
	assert_int_equal(bed_totals(&b).ready_queues, 1);
	bed_pass(&b, 12 * 60000);
	assert_int_equal(bed_totals(&b).ready_queues, 0);
	assert_int_equal(bed_totals(&b).queues, 0);
	assert_true(engine_next_wake_ms(b.e) == ENGINE_NEVER);
	bed_free(&b);
}

static void
test_max_deliveries(void **state)
{
	struct bed b;

	(void)state;
	bed_new(&b);
	b.path.connection_limit.limit = 1;
	b.path.max_deliveries_per_connection = 10;
	add_many(&b, "example.com", 100);
	bed_deliver_all(&b);
	assert_int_equal(bed_totals(&b).messages, 0);
	assert_int_equal(bed_totals(&b).counters.sessions_opened, 10);
	assert_int_equal(b.now, BED_START);
	bed_free(&b);
}

/* A count of connections that several sites share. */
static void
test_shared_limit(void **state)
{
	struct named_limit l = { (char *)(uintptr_t)"shared", { 4, false } };
	struct bed b;
	size_t i;
	char name[32];

	(void)state;
	bed_new(&b);
	b.path.additional_connection_limits.v = &l;
	b.path.additional_connection_limits.n = 1;
	for (i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "d%zu.example", i);
		add_many(&b, name, 30);
	}
	bed_run(&b);
	assert_int_equal(b.nsessions, 4);
	while (b.nhands > 0) {
		bed_outcome(&b, 0, ENGINE_OUTCOME_DELIVERED);
		bed_run(&b);
		if (b.nhands == 0)
			bed_pass(&b, 5000); /* idle ones close */
		bed_close_told(&b);
		bed_run(&b);
		assert_true(b.nsessions <= 4);
	}
	assert_int_equal(bed_totals(&b).messages, 0);
	bed_check_deep(&b);
	b.path.additional_connection_limits.v = NULL;
	b.path.additional_connection_limits.n = 0;
	bed_free(&b);
}

/* A short wait is waited in the session; a long one sends all back. */
static void
test_message_rate(void **state)
{
	struct bed b;

	(void)state;
	bed_new(&b);
	rate_set(&b.path.max_message_rate, "60/m,max_burst=1");
	add_many(&b, "example.com", 5);
	bed_deliver_all(&b);
	assert_int_equal(bed_totals(&b).counters.delivered, 1);
	bed_pass(&b, 999);
	assert_int_equal(b.nhands, 0);
	bed_pass(&b, 1);
	assert_int_equal(b.nhands, 1);
	bed_deliver_all(&b);
	while (bed_totals(&b).messages > 0) {
		bed_pass(&b, 1000);
		bed_deliver_all(&b);
	}
	assert_int_equal(bed_totals(&b).counters.sessions_opened, 1);
	assert_int_equal(b.now, BED_START + 4000);
	bed_free(&b);

	bed_new(&b);
	rate_set(&b.path.max_message_rate, "6/m,max_burst=1");
	add_many(&b, "example.com", 5);
	bed_deliver_all(&b);
	assert_int_equal(bed_totals(&b).counters.delivered, 1);
	assert_int_equal(bed_totals(&b).ready, 0);
	assert_int_equal(bed_totals(&b).waiting, 4);
	assert_int_equal(b.nsessions, 0);
	assert_int_equal(bed_totals(&b).counters.returned, 4);
	assert_int_equal(bed_settled(&b, ENGINE_SETTLE_DEFER,
	    ENGINE_RECORD_NONE), 0);
	bed_pass(&b, 9900);
	assert_int_equal(bed_totals(&b).counters.delivered, 1);
	while (bed_totals(&b).messages > 0) {
		bed_pass(&b, 500);
		bed_deliver_all(&b);
	}
	assert_true(b.now <= BED_START + 41000);
	assert_true(b.now >= BED_START + 40000);
	bed_free(&b);
}

/* A throttle that several sites share by name. */
static void
test_shared_rate(void **state)
{
	struct named_throttle t = { (char *)(uintptr_t)"shared", { 0 } };
	struct bed b;
	size_t i;
	char name[32];

	(void)state;
	bed_new(&b);
	rate_set(&t.spec, "10/s");
	b.path.additional_message_rate_throttles.v = &t;
	b.path.additional_message_rate_throttles.n = 1;
	for (i = 0; i < 10; i++) {
		snprintf(name, sizeof(name), "d%zu.example", i);
		add_many(&b, name, 10);
	}
	bed_deliver_all(&b);
	assert_int_equal(bed_totals(&b).counters.delivered, 10);
	for (i = 0; i < 40; i++) {
		bed_pass(&b, 100);
		bed_deliver_all(&b);
		assert_true(bed_totals(&b).counters.delivered <= 10 + i + 1);
	}
	assert_int_equal(bed_totals(&b).counters.delivered, 50);
	b.path.additional_message_rate_throttles.v = NULL;
	b.path.additional_message_rate_throttles.n = 0;
	bed_free(&b);
}

static void
test_connection_rate(void **state)
{
	struct bed b;

	(void)state;
	bed_new(&b);
	b.start_sessions = false;
	rate_set(&b.path.max_connection_rate, "3/s");
	add_many(&b, "example.com", 1000);
	bed_run(&b);
	assert_int_equal(b.nsessions, 3);
	bed_pass(&b, 1000);
	assert_int_equal(b.nsessions, 6);
	bed_free(&b);

	/* Without any session a long wait sends all back. */
	bed_new(&b);
	rate_set(&b.path.max_connection_rate, "1/m");
	b.path.max_deliveries_per_connection = 1;
	add_many(&b, "example.com", 3);
	bed_deliver_all(&b);
	assert_int_equal(bed_totals(&b).counters.delivered, 1);
	assert_int_equal(bed_totals(&b).waiting, 2);
	bed_pass(&b, 60000);
	bed_deliver_all(&b);
	assert_int_equal(bed_totals(&b).counters.delivered, 2);
	bed_free(&b);
}

/* Each failed plan costs one message an attempt; enough of them, all. */
static void
test_plan_failures(void **state)
{
	struct bed b;
	int i;

	(void)state;
	bed_new(&b);
	b.start_sessions = false;
	b.path.connection_limit.limit = 1;
	b.path.consecutive_connection_failures_before_delay = 5;
	add_many(&b, "example.com", 50);
	bed_run(&b);
	for (i = 1; i <= 5; i++) {
		assert_int_equal(b.nsessions, 1);
		bed_end(&b, b.sessions[0].id, ENGINE_SESSION_PLAN_FAILED,
		    "no route to any of them");
		bed_run(&b);
		assert_int_equal(b.nsettles, i < 5 ? i : 50);
		assert_int_equal(b.settles[i - 1].op, ENGINE_SETTLE_DEFER);
		assert_int_equal(b.settles[i - 1].code, 400);
		assert_int_equal(b.settles[i - 1].attempts, 1);
		assert_string_equal(b.settles[i - 1].text,
		    "no route to any of them");
		assert_string_equal(b.settles[i - 1].source, "unspecified");
		assert_string_equal(b.settles[i - 1].site, "example.com");
	}
	assert_int_equal(b.settles[49].code, 451);
	assert_string_equal(b.settles[49].enhanced, "4.4.1");
	assert_int_equal(b.settles[49].attempts, 1);
	assert_int_equal(bed_totals(&b).waiting, 50);
	assert_int_equal(b.nsessions, 0);
	bed_free(&b);
}

/* A worker that has told what became of its message: no other one pays. */
static void
test_plan_failure_paid(void **state)
{
	struct engine_outcome o = { .kind = ENGINE_OUTCOME_UNREACHED,
		.delay_ms = -1, .token = 7 };
	struct bed b;
	int i;

	(void)state;
	bed_new(&b);
	b.path.connection_limit.limit = 1;
	b.path.consecutive_connection_failures_before_delay = 5;
	add_many(&b, "example.com", 50);
	bed_run(&b);
	for (i = 1; i <= 5; i++) {
		assert_int_equal(b.nsessions, 1);
		assert_true(engine_outcome(b.e, b.sessions[0].id,
		    &b.hands[0].id, &o));
		b.nhands = 0;
		bed_end(&b, b.sessions[0].id, ENGINE_SESSION_PLAN_FAILED,
		    "no route to any of them");
		bed_run(&b);
		assert_int_equal(b.nsettles, i < 5 ? i : 50);
		assert_int_equal(b.settles[i - 1].op, ENGINE_SETTLE_DEFER);
		assert_int_equal(b.settles[i - 1].token, 7);
	}
	assert_int_equal(b.settles[49].code, 451);
	assert_int_equal(bed_totals(&b).waiting, 50);
	bed_free(&b);
}

static void
test_plan_failed_settled_once(void **state)
{
	struct bed b;

	(void)state;
	bed_new(&b);
	b.start_sessions = false;
	b.path.aggressive_connection_opening = true;
	add_many(&b, "example.com", 1);
	bed_run(&b);
	assert_int_equal(b.nsessions, 1);
	assert_int_equal(bed_totals(&b).ready, 1);
	bed_end(&b, b.sessions[0].id, ENGINE_SESSION_PLAN_FAILED, "no");
	bed_run(&b);
	assert_int_equal(b.nsettles, 1);
	assert_int_equal(bed_totals(&b).waiting, 1);
	bed_free(&b);
}

static void
test_whole_queue_verdicts(void **state)
{
	static const struct {
		enum engine_session_end how;
		enum settle_op op;
		enum record_kind record;
		uint16_t code;
		const char *enhanced;
	} rows[] = {
		{ ENGINE_SESSION_NO_HOSTS, ENGINE_SETTLE_DEFER,
		    ENGINE_RECORD_TRANSIENT_FAILURE, 451, "4.4.4" },
		{ ENGINE_SESSION_SKIPPED, ENGINE_SETTLE_DEFER,
		    ENGINE_RECORD_TRANSIENT_FAILURE, 451, "4.4.4" },
		{ ENGINE_SESSION_PROHIBITED, ENGINE_SETTLE_REMOVE,
		    ENGINE_RECORD_BOUNCE, 550, "5.4.4" },
		{ ENGINE_SESSION_NULL_MX, ENGINE_SETTLE_REMOVE,
		    ENGINE_RECORD_BOUNCE, 556, "5.1.10" },
	};
	struct bed b;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bed_new(&b);
		b.start_sessions = false;
		b.path.connection_limit.limit = 1;
		add_many(&b, "t1@example.com", 10);
		add_many(&b, "t2@example.com", 10);
		bed_run(&b);
		bed_end(&b, b.sessions[0].id, rows[i].how, "");
		bed_run(&b);
		assert_int_equal(b.nsettles, 20);
		assert_int_equal(bed_settled(&b, rows[i].op, rows[i].record),
		    20);
		assert_int_equal(b.settles[19].code, rows[i].code);
		assert_string_equal(b.settles[19].enhanced, rows[i].enhanced);
		bed_check_deep(&b);
		bed_free(&b);
	}
}

/* A peer that greets and leaves, again and again, does not keep us busy. */
static void
test_greets_and_leaves(void **state)
{
	struct bed b;
	int i;

	(void)state;
	bed_new(&b);
	b.path.connection_limit.limit = 1;
	add_many(&b, "example.com", 5);
	for (i = 0; i < 100; i++) {
		bed_run(&b);
		assert_int_equal(b.nsessions, 1);
		assert_int_equal(b.nsettles, 0);
		bed_end(&b, b.sessions[0].id, ENGINE_SESSION_LOST, "");
	}
	bed_run(&b);
	assert_int_equal(b.nsettles, 5);
	assert_int_equal(bed_totals(&b).waiting, 5);
	bed_free(&b);
}

/* A session that goes gives back what it held, in order, untried. */
static void
test_lost_session_and_worker(void **state)
{
	struct bed b;
	uint32_t first;

	(void)state;
	bed_new(&b);
	b.path.connection_limit.limit = 1;
	add_many(&b, "example.com", 5);
	bed_run(&b);
	assert_int_equal(b.nhands, 2);
	first = bed_number(&b.hands[0].id);
	bed_end(&b, b.sessions[0].id, ENGINE_SESSION_LOST, "");
	bed_run(&b);
	assert_int_equal(b.nhands, 2);
	assert_int_equal(bed_number(&b.hands[0].id), first);
	assert_int_equal(bed_number(&b.hands[1].id), first + 1);
	assert_int_equal(b.hands[0].attempts, 0);

	engine_worker_lost(b.e, 0);
	b.nsessions = b.nhands = 0;
	bed_run(&b);
	assert_int_equal(b.nsessions, 0);
	assert_int_equal(bed_totals(&b).ready, 5);
	engine_worker_up(b.e, 3, WORKER_SCRIPT); /* of the wrong kind */
	bed_run(&b);
	assert_int_equal(b.nsessions, 0);
	engine_worker_up(b.e, 7, WORKER_SMTP);
	bed_run(&b);
	assert_int_equal(b.nhands, 2);
	assert_int_equal(b.sessions[0].worker, 7);
	assert_int_equal(bed_number(&b.hands[0].id), first);
	assert_int_equal(b.nsettles, 0);
	bed_check_deep(&b);
	bed_free(&b);
}

static void
test_worker_by_load(void **state)
{
	unsigned of[3] = { 0 };
	struct bed b;
	size_t i;

	(void)state;
	bed_new(&b);
	engine_worker_up(b.e, 1, WORKER_SMTP);
	engine_worker_up(b.e, 2, WORKER_SMTP);
	b.path.connection_limit.limit = 30;
	add_many(&b, "example.com", 1000);
	bed_run(&b);
	for (i = 0; i < b.nsessions; i++)
		of[b.sessions[i].worker]++;
	assert_int_equal(of[0], 10);
	assert_int_equal(of[1], 10);
	assert_int_equal(of[2], 10);
	bed_free(&b);
}

/* max_ready and connection_limit may shrink under way. */
static void
test_live_limits(void **state)
{
	struct bed b;
	size_t i;

	(void)state;
	bed_new(&b);
	b.path.connection_limit.limit = 10;
	add_many(&b, "example.com", 1000);
	bed_run(&b);
	assert_int_equal(b.nsessions, 10);
	assert_int_equal(bed_totals(&b).ready, 980);
	b.path.max_ready = 100;
	b.path.connection_limit.limit = 2;
	b.path_wire++;
	engine_config_epoch(b.e, 1);
	bed_outcome(&b, 0, ENGINE_OUTCOME_DELIVERED);
	bed_run(&b);
	assert_int_equal(bed_totals(&b).ready, 100);
	assert_true(bed_settled(&b, ENGINE_SETTLE_KEEP,
	    ENGINE_RECORD_DELAYED) >= 870);
	for (i = 0; i < 60; i++) {
		bed_outcome(&b, 0, ENGINE_OUTCOME_DELIVERED);
		bed_run(&b);
		bed_close_told(&b);
	}
	assert_true(b.nsessions <= 3);
	for (i = 0; i < 100 && bed_totals(&b).messages > 0; i++) {
		bed_deliver_all(&b);
		bed_pass(&b, 1000);
	}
	assert_int_equal(bed_totals(&b).messages, 0);
	bed_check_deep(&b);
	bed_free(&b);
}

static void
test_suspended_ready(void **state)
{
	struct bed b;

	(void)state;
	bed_new(&b);
	b.path.connection_limit.limit = 1;
	add_many(&b, "example.com", 20);
	bed_run(&b);
	assert_int_equal(b.nhands, 2);
	assert_true(engine_suspend_ready(b.e,
	    SPAN_LIT("unspecified->example.com@smtp_client"), b.now + 300000));
	bed_run(&b);
	assert_int_equal(bed_totals(&b).waiting, 18);
	add_many(&b, "example.com", 1);
	bed_deliver_all(&b);
	assert_int_equal(bed_totals(&b).waiting, 19);
	assert_int_equal(b.nsessions, 0);
	bed_pass(&b, 299000);
	assert_int_equal(bed_totals(&b).waiting, 19);
	bed_pass(&b, 1000);
	bed_deliver_all(&b);
	assert_int_equal(bed_totals(&b).messages, 0);
	bed_free(&b);
}

/* One tenant has 100,000 messages, another 10: who waits for whom? */
static void
test_fairness(void **state)
{
	unsigned before = 0, small = 0;
	struct bed b;

	(void)state;
	bed_new(&b);
	b.path.max_ready = 200000;
	b.path.connection_limit.limit = 1;
	add_many(&b, "big@example.com", 100000);
	bed_run(&b);
	add_many(&b, "small@example.com", 10);
	bed_run(&b);
	while (small < 10) {
		assert_true(b.nhands > 0);
		if (b.hands[0].queue[0] == 's')
			small++;
		else
			before++;
		bed_outcome(&b, 0, ENGINE_OUTCOME_DELIVERED);
		bed_run(&b);
		bed_close_told(&b);
		bed_run(&b);
	}
	assert_true(before <= 30);
	bed_free(&b);
}

/* The share is by cost: large messages pay for their size. */
static void
test_fairness_by_size(void **state)
{
	uint64_t bytes[2] = { 0 };
	struct bed b;
	int i;

	(void)state;
	bed_new(&b);
	b.path.max_ready = 100000;
	b.path.connection_limit.limit = 1;
	for (i = 0; i < 1000; i++)
		bed_add(&b, "large@example.com", 0, 2000000);
	for (i = 0; i < 40000; i++)
		bed_add(&b, "small@example.com", 0, 60000);
	bed_run(&b);
	for (i = 0; i < 10000; i++) {
		bytes[b.hands[0].queue[0] == 's'] +=
		    b.hands[0].queue[0] == 's' ? 60000 : 2000000;
		bed_outcome(&b, 0, ENGINE_OUTCOME_DELIVERED);
		bed_run(&b);
		bed_close_told(&b);
		bed_run(&b);
	}
	assert_true(bytes[0] > bytes[1] * 8 / 10);
	assert_true(bytes[0] < bytes[1] * 12 / 10);
	bed_free(&b);
}

/* Steps of work for 1,000 live messages beside so many dead ones. */
static uint64_t
cost_of_live(int dead)
{
	uint64_t steps, live = 0;
	struct bed b;
	size_t i;

	bed_new(&b);
	b.start_sessions = false;
	b.path.max_ready = 1000000;
	add_many(&b, "dead.example", dead);
	bed_run(&b);
	b.start_sessions = true;
	steps = bed_totals(&b).steps;
	for (i = 0; i < 1000; i++) {
		bed_add(&b, "live.example", 0, 1000);
		bed_run(&b);
		while (b.nhands > 0) {
			live++;
			bed_outcome(&b, 0, ENGINE_OUTCOME_DELIVERED);
			bed_run(&b);
		}
		b.now += 3;
	}
	assert_int_equal(live, 1000);
	steps = bed_totals(&b).steps - steps;
	bed_free(&b);
	return steps;
}

static void
test_dead_destination_costs_nothing(void **state)
{
	uint64_t without = cost_of_live(0), with = cost_of_live(100000);

	(void)state;
	if (with > without + 100)
		print_error("steps: %llu beside 100,000 dead, %llu alone\n",
		    (unsigned long long)with, (unsigned long long)without);
	assert_true(with <= without + 100);
}

/* All of a dead destination going back is spread over ticks. */
static void
test_bounded_tick(void **state)
{
	struct engine_options o = { .seed = 1, .budget = 500 };
	struct bed b;
	struct action a;
	uint64_t steps;
	unsigned ticks = 0;

	(void)state;
	bed_new_with(&b, &o);
	b.start_sessions = false;
	b.path.connection_limit.limit = 1;
	b.path.max_ready = 1000000;
	add_many(&b, "dead.example", 50000);
	bed_run(&b);
	bed_end(&b, b.sessions[0].id, ENGINE_SESSION_NO_HOSTS, "");
	while (engine_next_wake_ms(b.e) <= b.now) {
		steps = bed_totals(&b).steps;
		engine_tick(b.e);
		ticks++;
		assert_true(bed_totals(&b).steps - steps <= 600);
		while (engine_next_action(b.e, &a))
			bed_do(&b, &a);
	}
	assert_true(ticks >= 100);
	assert_int_equal(bed_totals(&b).waiting, 50000);
	bed_free(&b);
}

static void
test_store(void **state)
{
	struct bed b;

	(void)state;
	bed_new(&b);
	b.path.connection_limit.limit = 1;
	add_many(&b, "example.com", 10);
	bed_run(&b);
	assert_int_equal(b.nhands, 2);
	engine_store_health(b.e, false);
	add_many(&b, "example.com", 1);
	bed_run(&b);
	assert_int_equal(bed_settled(&b, ENGINE_SETTLE_KEEP,
	    ENGINE_RECORD_DELAYED), 1);
	assert_string_equal(b.settles[0].enhanced, "4.3.0");
	bed_deliver_all(&b);
	bed_pass(&b, 300000);
	assert_int_equal(bed_totals(&b).counters.delivered, 2);
	assert_int_equal(bed_totals(&b).messages, 9);
	engine_store_health(b.e, true);
	bed_pass(&b, 100);
	bed_deliver_all(&b);
	assert_int_equal(bed_totals(&b).messages, 0);
	bed_free(&b);
}

static void
test_stop(void **state)
{
	struct bed b;

	(void)state;
	bed_new(&b);
	b.path.connection_limit.limit = 3;
	add_many(&b, "example.com", 1000);
	bed_run(&b);
	engine_stop(b.e);
	bed_run(&b);
	bed_deliver_all(&b);
	assert_int_equal(bed_totals(&b).sessions, 0);
	assert_int_equal(bed_totals(&b).counters.delivered, 6);
	add_many(&b, "example.com", 10);
	bed_run(&b);
	assert_int_equal(bed_totals(&b).sessions, 0);
	bed_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_connections),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_idle_and_reuse),
		cmocka_unit_test(test_max_deliveries),
		cmocka_unit_test(test_shared_limit),
		cmocka_unit_test(test_message_rate),
		cmocka_unit_test(test_shared_rate),
		cmocka_unit_test(test_connection_rate),
		cmocka_unit_test(test_plan_failures),
		cmocka_unit_test(test_plan_failure_paid),
		cmocka_unit_test(test_plan_failed_settled_once),
		cmocka_unit_test(test_whole_queue_verdicts),
		cmocka_unit_test(test_greets_and_leaves),
		cmocka_unit_test(test_lost_session_and_worker),
		cmocka_unit_test(test_worker_by_load),
		cmocka_unit_test(test_live_limits),
		cmocka_unit_test(test_suspended_ready),
		cmocka_unit_test(test_fairness),
		cmocka_unit_test(test_fairness_by_size),
		cmocka_unit_test(test_dead_destination_costs_nothing),
		cmocka_unit_test(test_bounded_tick),
		cmocka_unit_test(test_store),
		cmocka_unit_test(test_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
