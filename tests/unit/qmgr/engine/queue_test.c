/* SPDX-License-Identifier: Apache-2.0 */
/* Scheduled queues: when a message is tried again, and when no more. */
#include "bed.h"

#define MINUTE INT64_C(60000)
#define DAY (INT64_C(86400) * 1000)

/* Twenty minutes, forty, eighty ..., each within its jitter, then the end. */
static void
test_retries_until_expiry(void **state)
{
	struct bed b;
	int64_t delay = 20 * MINUTE, due;
	unsigned n = 0;

	(void)state;
	bed_new(&b);
	bed_add(&b, "example.com", 0, 1000);
	for (;;) {
		bed_run(&b);
		assert_int_equal(b.nhands, 1);
		assert_int_equal(b.hands[0].attempts, n);
		bed_outcome(&b, 0, ENGINE_OUTCOME_TRANSIENT);
		bed_run(&b);
		bed_pass(&b, 6000);
		bed_close_told(&b);
		assert_int_equal(b.nsettles, ++n);
		assert_int_equal(b.settles[n - 1].token, 7);
		assert_int_equal(b.settles[n - 1].attempts, n);
		if (b.settles[n - 1].op == ENGINE_SETTLE_REMOVE)
			break;
		assert_int_equal(b.settles[n - 1].op, ENGINE_SETTLE_DEFER);
		assert_int_equal(b.settles[n - 1].record, ENGINE_RECORD_NONE);
		assert_true(b.settles[n - 1].context &
		    INSERT_TRANSIENT_FAILURE);
		due = b.settles[n - 1].due_ms;
		assert_in_range(due - (b.now - 6000), delay - 30000,
		    delay + 30000);
		b.now = due;
		delay *= 2;
	}
	/* 20 x (2^9 - 1) minutes are 7.1 days: the ninth try is the last. */
	assert_int_equal(n, 9);
	assert_int_equal(b.settles[n - 1].record, ENGINE_RECORD_EXPIRATION);
	assert_int_equal(b.settles[n - 1].code, 551);
	assert_string_equal(b.settles[n - 1].enhanced, "5.4.7");
	assert_int_equal(bed_totals(&b).counters.expired, 1);
	assert_int_equal(bed_totals(&b).messages, 0);
	bed_free(&b);
}

static void
test_expiry(void **state)
{
	static const struct {
		int64_t created_ago, expires_in, max_age;
		bool tried;   /* at all */
		bool expires; /* at the first failure */
	} rows[] = {
		{ 0, 0, DAY, true, false },
		{ DAY - 10 * MINUTE, 0, DAY, true, true },
		{ 2 * DAY, 0, DAY, false, true },
		{ 2 * DAY, DAY, DAY, true, false },
		{ 0, 10 * MINUTE, DAY, true, true },
	};
	struct bed b;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct engine_message m = {
			.queue = SPAN_LIT("example.com"), .nrcpt = 1,
		};

		bed_new(&b);
		b.queue.max_age = rows[i].max_age;
		m.id = bed_id(b.now - rows[i].created_ago, 1);
		if (rows[i].expires_in != 0)
			m.expires_ms = b.now + rows[i].expires_in;
		engine_add(b.e, &m);
		bed_run(&b);
		assert_int_equal(b.nhands, rows[i].tried);
		if (b.nhands > 0)
			bed_outcome(&b, 0, ENGINE_OUTCOME_TRANSIENT);
		bed_run(&b);
		assert_int_equal(b.nsettles, 1);
		assert_int_equal(b.settles[0].op, rows[i].expires ?
		    ENGINE_SETTLE_REMOVE : ENGINE_SETTLE_DEFER);
		assert_int_equal(b.settles[0].record, rows[i].expires ?
		    ENGINE_RECORD_EXPIRATION : ENGINE_RECORD_NONE);
		bed_free(&b);
	}
}

static void
test_outcome_delay(void **state)
{
	struct engine_outcome o = { .kind = ENGINE_OUTCOME_TRANSIENT,
		.delay_ms = 1234, .nrcpt = 3, .token = 99 };
	struct bed b;

	(void)state;
	bed_new(&b);
	bed_add(&b, "example.com", 0, 1000);
	bed_run(&b);
	assert_true(engine_outcome(b.e, b.hands[0].session, &b.hands[0].id,
	    &o));
	/* It is said once only. */
	assert_false(engine_outcome(b.e, b.hands[0].session, &b.hands[0].id,
	    &o));
	assert_false(engine_outcome(b.e, 12345, &b.hands[0].id, &o));
	assert_false(engine_outcome(b.e, 0, &b.hands[0].id, &o));
	bed_run(&b);
	assert_int_equal(b.settles[0].due_ms, b.now + 1234);
	assert_int_equal(b.settles[0].token, 99);
	o.delay_ms = INT64_MAX;
	b.nhands = 0;
	bed_pass(&b, 2000);
	assert_true(engine_outcome(b.e, b.hands[0].session, &b.hands[0].id,
	    &o));
	bed_run(&b);
	assert_int_equal(b.settles[1].record, ENGINE_RECORD_EXPIRATION);
	bed_free(&b);
}

/* The queue's own rate: the others wait behind the first. */
static void
test_queue_rate(void **state)
{
	struct bed b;
	int i;

	(void)state;
	bed_new(&b);
	assert_int_equal(throttle_parse(SPAN_LIT("60/m,max_burst=10"),
	    &b.queue.max_message_rate), 0);
	for (i = 0; i < 5000; i++)
		bed_add(&b, "slow@example.com", 0, 1000);
	bed_deliver_all(&b);
	assert_int_equal(bed_totals(&b).counters.delivered, 10);
	assert_int_equal(bed_totals(&b).due, 4990);
	for (i = 0; i < 60; i++) {
		bed_pass(&b, 1000);
		bed_deliver_all(&b);
	}
	assert_int_equal(bed_totals(&b).counters.delivered, 70);
	/* Work by what moves, not by what waits. */
	assert_true(bed_totals(&b).steps < 5000 * 2);
	assert_int_equal(bed_settled(&b, ENGINE_SETTLE_DEFER,
	    ENGINE_RECORD_NONE), 0);
	assert_int_equal(bed_totals(&b).counters.transient, 0);
	bed_check_deep(&b);
	bed_free(&b);
}

static void
test_suspended(void **state)
{
	struct bed b;

	(void)state;
	bed_new(&b);
	bed_add(&b, "t@example.com", MINUTE, 1000);
	bed_run(&b);
	assert_true(engine_suspend_queue(b.e, SPAN_LIT("t@example.com"),
	    b.now + 5 * MINUTE));
	assert_false(engine_suspend_queue(b.e, SPAN_LIT("x@example.com"), 1));
	bed_pass(&b, MINUTE);
	assert_int_equal(b.nhands, 0);
	assert_int_equal(b.settles[0].op, ENGINE_SETTLE_DEFER);
	assert_int_equal(b.settles[0].code, 451);
	assert_string_equal(b.settles[0].enhanced, "4.4.4");
	bed_pass(&b, 21 * MINUTE);
	assert_int_equal(b.nhands, 1);
	bed_free(&b);
}

/* What comes from the spool keeps its attempts and its time. */
static void
test_restart(void **state)
{
	struct engine_message m = { .queue = SPAN_LIT("example.com"),
		.attempts = 3, .nrcpt = 2, .size = 77 };
	struct bed b;

	(void)state;
	bed_new(&b);
	m.id = bed_id(b.now - DAY, 1);
	m.due_ms = b.now + 10 * MINUTE;
	engine_add(b.e, &m);
	bed_pass(&b, 10 * MINUTE - 1);
	assert_int_equal(b.nhands, 0);
	bed_pass(&b, 1);
	assert_int_equal(b.nhands, 1);
	assert_int_equal(b.hands[0].attempts, 3);
	bed_outcome(&b, 0, ENGINE_OUTCOME_TRANSIENT);
	bed_run(&b);
	assert_int_equal(b.settles[0].attempts, 4);
	assert_in_range(b.settles[0].due_ms - b.now, 159 * MINUTE,
	    161 * MINUTE);
	bed_free(&b);
}

static void
mark_and_add(struct bed *b, uint32_t n, uint32_t worker)
{
	struct uuid id = bed_id(b->now, n);

	engine_mark_in_flight(b->e, &id, worker);
}

/* Messages that a worker has since before this process started. */
static void
test_held(void **state)
{
	struct engine_outcome done = { .kind = ENGINE_OUTCOME_DELIVERED,
		.delay_ms = -1, .token = 50 };
	struct engine_outcome later = { .kind = ENGINE_OUTCOME_TRANSIENT,
		.delay_ms = -1, .token = 51 };
	struct uuid id;
	struct bed b;
	uint32_t i;

	(void)state;
	bed_new(&b);
	for (i = 0; i < 6; i++)
		mark_and_add(&b, i, i == 5 ? 9 : 0);
	/* An outcome may be there before the message. */
	id = bed_id(b.now, 0);
	assert_true(engine_outcome(b.e, 0, &id, &done));
	assert_false(engine_outcome(b.e, 0, &id, &done));
	for (i = 0; i < 3; i++)
		bed_add(&b, "example.com", 0, 100);
	bed_run(&b);
	assert_int_equal(b.nsettles, 1);
	assert_int_equal(b.settles[0].op, ENGINE_SETTLE_REMOVE);
	assert_int_equal(b.settles[0].token, 50);
	assert_int_equal(bed_totals(&b).held, 2);
	id = bed_id(b.now, 1);
	assert_true(engine_outcome(b.e, 0, &id, &later));
	bed_run(&b);
	assert_int_equal(b.settles[1].op, ENGINE_SETTLE_DEFER);
	assert_int_equal(b.settles[1].attempts, 1);
	assert_int_equal(b.settles[1].token, 51);
	/* Marks for what the store no longer has. */
	id = bed_id(b.now, 3);
	assert_true(engine_outcome(b.e, 0, &id, &done));
	engine_loaded(b.e);
	bed_run(&b);
	assert_int_equal(b.nsettles, 3);
	assert_int_equal(b.settles[2].op, ENGINE_SETTLE_REMOVE);
	assert_true(uuid_eq(&b.settles[2].id, &id));
	assert_false(engine_outcome(b.e, 0, &id, &done));
	/* The worker goes: due at once, no attempt. */
	assert_int_equal(bed_totals(&b).held, 1);
	assert_int_equal(b.nhands, 0);
	engine_worker_lost(b.e, 0);
	engine_worker_up(b.e, 0, WORKER_SMTP);
	bed_run(&b);
	assert_int_equal(b.nhands, 1);
	assert_int_equal(bed_number(&b.hands[0].id), 2);
	assert_int_equal(b.hands[0].attempts, 0);
	bed_check_deep(&b);
	bed_free(&b);
}

static void
test_unsettled(void **state)
{
	struct engine_options o = { .seed = 3, .wait_for_room = true };
	struct bed b;
	int i;

	(void)state;
	bed_new_with(&b, &o);
	b.settle_held = true;
	for (i = 0; i < UNSETTLED_MAX + 500; i++)
		bed_add(&b, "example.com", 0, 100);
	bed_deliver_all(&b);
	bed_pass(&b, 200000);
	bed_deliver_all(&b);
	/* The store is behind: no more is sent until it catches up. */
	assert_true(bed_totals(&b).unsettled >= UNSETTLED_MAX);
	assert_true(bed_totals(&b).messages > 0);
	b.settle_held = false;
	engine_settled(b.e, bed_totals(&b).unsettled);
	bed_deliver_all(&b);
	assert_int_equal(bed_totals(&b).messages, 0);
	bed_free(&b);
}

/* A million messages at rest. */
static void
test_memory(void **state)
{
	struct engine_message m = { .queue = SPAN_LIT("example.com"),
		.nrcpt = 1 };
	struct bed b;
	uint32_t i;

	(void)state;
	bed_new(&b);
	for (i = 0; i < 1000000; i++) {
		m.id = bed_id(b.now, i);
		m.due_ms = b.now + 1000 + (int64_t)i * 60;
		engine_add(b.e, &m);
	}
	assert_int_equal(bed_totals(&b).waiting, 1000000);
	assert_in_range(bed_totals(&b).memory, 64000000, 66000000);
	bed_free(&b);
}

static void
test_listing(void **state)
{
	struct engine_queue_info q;
	uint32_t at = 0, n = 0, count = 0;
	struct bed b;

	(void)state;
	bed_new(&b);
	bed_add(&b, "a@example.com", MINUTE, 1);
	b.now += 1000;
	engine_clock(b.e, b.now);
	bed_add(&b, "a@example.com", MINUTE, 1);
	bed_add(&b, "b@example.com", MINUTE, 1);
	while (engine_queue_next(b.e, &at, &q)) {
		n++;
		count += q.count;
	}
	assert_int_equal(n, 2);
	assert_int_equal(count, 3);
	assert_true(engine_queue_get(b.e, SPAN_LIT("a@example.com"), &q));
	assert_int_equal(q.count, 2);
	assert_int_equal(q.oldest_ms, BED_START);
	assert_false(engine_queue_get(b.e, SPAN_LIT("c@example.com"), &q));
	assert_string_equal(insert_context_name(INSERT_BIT_SOURCE_SUSPENDED),
	    "SourceIsUnhealthyAndSuspended");
	bed_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_retries_until_expiry),
		cmocka_unit_test(test_expiry),
		cmocka_unit_test(test_outcome_delay),
		cmocka_unit_test(test_queue_rate),
		cmocka_unit_test(test_suspended),
		cmocka_unit_test(test_restart),
		cmocka_unit_test(test_held),
		cmocka_unit_test(test_unsettled),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_listing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
