/* SPDX-License-Identifier: Apache-2.0 */
/* Destinations, pools and sources: where a due message goes. */
#include "bed.h"

static void
pool_set(struct bed *b, unsigned n, ...)
{
	static char names[16][2];
	va_list ap;
	unsigned i;

	va_start(ap, n);
	for (i = 0; i < n; i++) {
		names[i][0] = (char)('a' + i);
		memset(&b->entries[i], 0, sizeof(b->entries[i]));
		b->entries[i].name = names[i];
		b->entries[i].weight = va_arg(ap, unsigned);
	}
	va_end(ap);
	b->nentries = n;
	b->queue.egress_pool = (char *)(uintptr_t)"pool";
	b->path.connection_limit.limit = 0; /* they stay in their queues */
}

/* Which source each of n messages went to, one after the other. */
static char *
route_each(struct bed *b, unsigned n, char *out)
{
	struct engine_ready_info info;
	uint32_t before[16] = { 0 }, at;
	unsigned i;

	for (at = 0; engine_ready_next(b->e, &at, &info);)
		before[(info.source.p[0] - 'a') & 15] = info.ready;
	for (i = 0; i < n; i++) {
		bed_add(b, "example.com", 0, 1000);
		bed_run(b);
		out[i] = '-';
		for (at = 0; engine_ready_next(b->e, &at, &info);) {
			unsigned k = (unsigned)(info.source.p[0] - 'a') & 15;

			if (info.ready != before[k]) {
				out[i] = info.source.p[0];
				before[k] = info.ready;
			}
		}
	}
	out[n] = '\0';
	return out;
}

static void
test_weights(void **state)
{
	static const struct {
		unsigned w[3];
		const char *want;
	} rows[] = {
		{ { 1, 1, 1 }, "abcabcabcabc" },
		{ { 4, 2, 1 }, "aaababcaaaba" },
		{ { 0, 1, 1 }, "bcbcbcbcbcbc" },
		{ { 0, 0, 5 }, "cccccccccccc" },
		{ { 10, 10, 20 }, "cabccabccabc" },
		{ { 3, 0, 1 }, "aaacaaacaaac" },
	};
	char got[32];
	struct bed b;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bed_new(&b);
		pool_set(&b, 3, rows[i].w[0], rows[i].w[1], rows[i].w[2]);
		route_each(&b, 12, got);
		if (strcmp(got, rows[i].want) != 0)
			print_error("row %zu: got %s, want %s\n", i, got,
			    rows[i].want);
		assert_string_equal(got, rows[i].want);
		bed_check_deep(&b);
		bed_free(&b);
	}
}

/* Each scheduled queue goes its own round. */
static void
test_round_per_queue(void **state)
{
	struct engine_ready_info info;
	struct bed b;
	char name[32];
	int i;

	(void)state;
	bed_new(&b);
	pool_set(&b, 2, 1u, 1u);
	b.one_site = "mx";
	for (i = 0; i < 5; i++) {
		snprintf(name, sizeof(name), "t%d@example.com", i);
		bed_add(&b, name, 0, 100);
	}
	bed_run(&b);
	assert_true(engine_ready_get(b.e, SPAN_LIT("a->mx@smtp_client"),
	    &info));
	assert_int_equal(info.ready, 5);
	assert_int_equal(b.asked[ACTION_ASK_POOL], 1);
	assert_int_equal(b.asked[ACTION_ASK_SOURCE], 1);
	assert_int_equal(b.asked[ACTION_ASK_PATH], 1);
	bed_free(&b);
}

static void
test_suspended_source(void **state)
{
	char got[32];
	struct bed b;

	(void)state;
	bed_new(&b);
	pool_set(&b, 3, 1u, 1u, 1u);
	route_each(&b, 3, got);
	assert_true(engine_suspend_source(b.e, SPAN_LIT("b"),
	    b.now + 60000));
	assert_false(engine_suspend_source(b.e, SPAN_LIT("z"), b.now));
	assert_string_equal(route_each(&b, 4, got), "acac");
	b.now += 60000;
	route_each(&b, 3, got);
	assert_non_null(strchr(got, 'b'));
	bed_free(&b);
}

static void
test_no_eligible_source(void **state)
{
	struct bed b;

	(void)state;
	bed_new(&b);
	pool_set(&b, 2, 0u, 0u);
	bed_add(&b, "example.com", 0, 100);
	bed_run(&b);
	assert_int_equal(b.nsettles, 1);
	assert_int_equal(b.settles[0].op, ENGINE_SETTLE_DEFER);
	assert_int_equal(b.settles[0].record, ENGINE_RECORD_TRANSIENT_FAILURE);
	assert_int_equal(b.settles[0].code, 451);
	assert_string_equal(b.settles[0].enhanced, "4.4.4");
	assert_string_equal(b.settles[0].pool, "pool");
	assert_int_equal(b.settles[0].attempts, 1);
	bed_free(&b);
}

/* A full one is tried last; all full: a random delay, no attempt. */
static void
test_full(void **state)
{
	char got[32];
	struct bed b;

	(void)state;
	bed_new(&b);
	pool_set(&b, 2, 1u, 1u);
	b.path.max_ready = 3;
	assert_string_equal(route_each(&b, 7, got), "ababab-");
	assert_int_equal(b.nsettles, 1);
	assert_int_equal(b.settles[0].op, ENGINE_SETTLE_KEEP);
	assert_int_equal(b.settles[0].record, ENGINE_RECORD_DELAYED);
	assert_int_equal(b.settles[0].attempts, 0);
	assert_true(b.settles[0].context & INSERT_READY_FULL);
	assert_true(b.settles[0].due_ms >= b.now &&
	    b.settles[0].due_ms <= b.now + 60000);
	/* It tries again and again, but says so once. */
	bed_pass(&b, 600000);
	assert_int_equal(b.nsettles, 1);
	assert_int_equal(bed_totals(&b).messages, 7);
	assert_true(bed_totals(&b).counters.ready_full > 5);
	bed_check_deep(&b);
	bed_free(&b);
}

/* Waiting in place: as soon as there is room, in turn with the others. */
static void
test_wait_for_room(void **state)
{
	struct engine_options o = { .seed = 1, .wait_for_room = true };
	unsigned of[3] = { 0 };
	struct bed b;
	char name[32];
	int i;

	(void)state;
	bed_new_with(&b, &o);
	b.path.max_ready = 64;
	b.path.connection_limit.limit = 1;
	b.one_site = "mx";
	for (i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "t%d@example.com",
		    i < 2980 ? 0 : i % 2 + 1);
		bed_add(&b, name, 0, 100);
	}
	bed_run(&b);
	for (i = 0; i < 200; i++) {
		of[b.hands[0].queue[1] - '0']++;
		bed_outcome(&b, 0, ENGINE_OUTCOME_DELIVERED);
		bed_run(&b);
	}
	/* The two small ones are through, no time has passed. */
	assert_int_equal(of[1], 10);
	assert_int_equal(of[2], 10);
	bed_check_deep(&b);
	bed_deliver_all(&b);
	bed_close_told(&b);
	bed_deliver_all(&b);
	assert_int_equal(bed_totals(&b).messages, 0);
	assert_int_equal(b.now, BED_START);
	bed_free(&b);
}

static void
test_selection_rate(void **state)
{
	char got[32];
	struct bed b;

	(void)state;
	bed_new(&b);
	pool_set(&b, 2, 1u, 1u);
	assert_int_equal(throttle_parse(SPAN_LIT("2/m"),
	    &b.path.source_selection_rate), 0);
	assert_string_equal(route_each(&b, 6, got), "abab--");
	/* Late, but not tried: the rest goes as the rate allows. */
	assert_int_equal(bed_settled(&b, ENGINE_SETTLE_KEEP,
	    ENGINE_RECORD_DELAYED), 1);
	assert_int_equal(bed_totals(&b).ready, 4);
	bed_pass(&b, 29000);
	assert_int_equal(bed_totals(&b).ready, 4);
	bed_pass(&b, 2000);
	assert_int_equal(bed_totals(&b).ready, 6);
	bed_free(&b);
}

static void
test_destinations(void **state)
{
	static const struct {
		const char *queue;
		enum settle_op op;
		enum record_kind record;
		uint16_t code;
		const char *enhanced;
	} rows[] = {
		{ "nullmx.example", ENGINE_SETTLE_REMOVE,
		    ENGINE_RECORD_BOUNCE, 556, "5.1.10" },
		{ "nx.example", ENGINE_SETTLE_DEFER,
		    ENGINE_RECORD_TRANSIENT_FAILURE, 451, "4.4.4" },
		{ "c:t@example.com!nullmx.example", ENGINE_SETTLE_REMOVE,
		    ENGINE_RECORD_BOUNCE, 556, "5.1.10" },
	};
	struct bed b;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bed_new(&b);
		bed_add(&b, rows[i].queue, 0, 100);
		bed_run(&b);
		assert_int_equal(b.nsettles, 1);
		assert_int_equal(b.settles[0].op, rows[i].op);
		assert_int_equal(b.settles[0].record, rows[i].record);
		assert_int_equal(b.settles[0].code, rows[i].code);
		assert_string_equal(b.settles[0].enhanced, rows[i].enhanced);
		bed_free(&b);
	}
}

/* A question is asked once; who waits for it keeps nobody else waiting. */
static void
test_asking(void **state)
{
	struct engine_mx mx = { .result = ENGINE_MX_FOUND,
		.site = SPAN_LIT("slow"), .ttl_ms = 1000 };
	struct bed b;
	int i;

	(void)state;
	bed_new(&b);
	bed_add(&b, "fast.example", 0, 100);
	bed_run(&b);
	b.mute = 1u << ACTION_ASK_MX;
	for (i = 0; i < 50; i++)
		bed_add(&b, i % 2 ? "t1@slow.example" : "t2@slow.example", 0,
		    100);
	bed_add(&b, "fast.example", 0, 100);
	bed_run(&b);
	assert_int_equal(b.asked[ACTION_ASK_MX], 2);
	assert_int_equal(b.asked[ACTION_ASK_QUEUE_CONFIG], 3);
	assert_int_equal(b.nhands, 2);
	bed_pass(&b, 100000);
	assert_int_equal(b.asked[ACTION_ASK_MX], 2);
	bed_check_deep(&b);
	engine_mx(b.e, SPAN_LIT("slow.example"), &mx);
	bed_run(&b);
	assert_int_equal(bed_totals(&b).due, 0);
	/* It grows old: asked again, but nobody waits for that. */
	b.now += 2000;
	bed_add(&b, "t1@slow.example", 0, 100);
	bed_run(&b);
	assert_int_equal(b.asked[ACTION_ASK_MX], 3);
	assert_int_equal(bed_totals(&b).due, 0);
	bed_free(&b);
}

static void
test_failed_questions(void **state)
{
	static const enum action_kind kinds[] = { ACTION_ASK_QUEUE_CONFIG,
		ACTION_ASK_POOL, ACTION_ASK_SOURCE, ACTION_ASK_PATH };
	struct bed b;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		bed_new(&b);
		pool_set(&b, 1, 1u);
		b.fail = 1u << kinds[i];
		bed_add(&b, "example.com", 0, 100);
		bed_run(&b);
		assert_int_equal(b.asked[kinds[i]], 1);
		/* The message is told why it waits, once. */
		assert_int_equal(b.nsettles, 1);
		assert_int_equal(b.settles[0].record, ENGINE_RECORD_DELAYED);
		assert_string_equal(b.settles[0].text, "the answer failed");
		bed_pass(&b, 30000);
		assert_int_equal(b.asked[kinds[i]], 1);
		/* No attempt was made, no message lost; it is asked again. */
		assert_int_equal(bed_settled(&b, ENGINE_SETTLE_DEFER,
		    ENGINE_RECORD_TRANSIENT_FAILURE), 0);
		bed_pass(&b, 40000);
		assert_int_equal(b.asked[kinds[i]], 2);
		assert_int_equal(b.nsettles, 1);
		b.fail = 0;
		bed_pass(&b, 130000);
		assert_int_equal(bed_totals(&b).ready, 1);
		bed_free(&b);
	}
}

static void
test_epoch(void **state)
{
	struct bed b;

	(void)state;
	bed_new(&b);
	b.queue.refresh_strategy = REFRESH_EPOCH;
	b.path.refresh_strategy = REFRESH_EPOCH;
	bed_add(&b, "example.com", 0, 100);
	bed_deliver_all(&b);
	bed_pass(&b, 400000);
	bed_add(&b, "example.com", 0, 100);
	bed_deliver_all(&b);
	assert_int_equal(b.asked[ACTION_ASK_QUEUE_CONFIG], 1);
	assert_int_equal(b.asked[ACTION_ASK_PATH], 1);
	engine_config_epoch(b.e, 1);
	bed_add(&b, "example.com", 0, 100);
	bed_deliver_all(&b);
	assert_int_equal(b.asked[ACTION_ASK_QUEUE_CONFIG], 2);
	assert_int_equal(b.asked[ACTION_ASK_PATH], 2);
	bed_free(&b);
}

/* What counts after a reload is the new configuration, not the old one while
 * it is asked for. */
static void
test_epoch_waits(void **state)
{
	struct bed b;

	(void)state;
	bed_new(&b);
	bed_add(&b, "example.com", 0, 100);
	bed_deliver_all(&b);
	b.mute = 1u << ACTION_ASK_QUEUE_CONFIG | 1u << ACTION_ASK_PATH;
	engine_config_epoch(b.e, 1);
	bed_add(&b, "example.com", 0, 100);
	bed_add(&b, "example.com", 0, 100);
	bed_run(&b);
	assert_int_equal(b.nhands, 0);
	assert_int_equal(bed_totals(&b).due, 2);
	b.mute = 0;
	engine_queue_config(b.e, SPAN_LIT("example.com"),
	    &(struct engine_queue_config){ .config = &b.queue,
	    .wire = SPAN_LIT("q0"), .protocol = SPAN_LIT("smtp_client") });
	bed_run(&b);
	assert_int_equal(b.nhands, 2);
	bed_free(&b);
}

/* A queue that could not be configured tries after a reload at once. */
static void
test_epoch_unhalts(void **state)
{
	struct bed b;

	(void)state;
	bed_new(&b);
	b.fail = 1u << ACTION_ASK_QUEUE_CONFIG;
	bed_add(&b, "example.com", 0, 100);
	bed_run(&b);
	bed_pass(&b, 1000);
	assert_int_equal(b.nhands, 0);
	b.fail = 0;
	engine_config_epoch(b.e, 1);
	bed_run(&b);
	assert_int_equal(b.nhands, 1);
	bed_free(&b);
}

/* Hosts that spell the same site are no reason to share a ready queue. */
static void
test_same_spelling(void **state)
{
	struct engine_ready_info info;
	struct bed b;
	uint32_t at = 0, n = 0, numbered = 0;

	(void)state;
	bed_new(&b);
	b.one_site = "(a|b).(x|y).test";
	b.own_sets = true;
	bed_add(&b, "one.com", 0, 100);
	bed_add(&b, "two.com", 0, 100);
	bed_add(&b, "t@two.com", 0, 100);
	bed_run(&b);
	assert_int_equal(b.nhands, 3);
	while (engine_ready_next(b.e, &at, &info)) {
		n++;
		numbered += span_starts(info.name,
		    "unspecified->(a|b).(x|y).test#");
	}
	assert_int_equal(n, 2);
	assert_int_equal(numbered, 1);
	bed_deliver_all(&b);
	bed_free(&b);
}

static const char *
terms_of_hand(struct bed *b, const char *queue)
{
	size_t i;

	for (i = 0; i < b->nhands; i++)
		if (strcmp(b->hands[i].queue, queue) == 0)
			return bed_session(b, b->hands[i].session)->terms;
	return "none";
}

/* One site and protocol, but each queue's messages on that queue's terms. */
static void
test_terms(void **state)
{
	static const struct {
		const char *queue;
		const char *terms;
		unsigned ready_queues; /* then */
	} rows[] = {
		{ "one.com", NULL, 1 },
		{ "two.com", "0640", 2 },
		{ "three.com", "0600", 3 },
		{ "four.com", "0640", 3 },
		{ "five.com", NULL, 3 },
	};
	struct bed b;
	size_t i;

	(void)state;
	bed_new(&b);
	b.one_site = "site.test";
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		b.terms = rows[i].terms;
		bed_add(&b, rows[i].queue, 0, 100);
		bed_run(&b);
		if (bed_totals(&b).ready_queues != rows[i].ready_queues)
			print_error("%s: got %u, want %u\n", rows[i].queue,
			    bed_totals(&b).ready_queues, rows[i].ready_queues);
		assert_int_equal(bed_totals(&b).ready_queues,
		    rows[i].ready_queues);
	}
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(terms_of_hand(&b, rows[i].queue),
		    rows[i].terms != NULL ? rows[i].terms : "");
	bed_deliver_all(&b);
	bed_check_deep(&b);
	bed_pass(&b, 6000);
	bed_close_told(&b);
	bed_pass(&b, 12 * 60000);
	assert_int_equal(bed_totals(&b).ready_queues, 0);
	bed_free(&b);
}

struct change {
	const char *option;
	const char *value;
	size_t open;           /* of 3 sessions, those that stay */
	enum close_reason why; /* of the others */
};

static void
change_path(struct bed *b, const struct change *c)
{
	struct value *map = value_map(1);
	struct problems problems = { 0 };

	value_map_add(map, 1, span_of(c->option),
	    value_from_plain(1, span_of(c->value)));
	assert_int_equal(option_fill(&egress_path_table, &b->path, map,
	    &problems), 0);
	problems_free(&problems);
	value_free(&map);
	b->path_wire++;
}

static size_t
sessions_open(const struct bed *b, enum close_reason why)
{
	size_t i, n = 0;

	for (i = 0; i < b->nsessions; i++) {
		if (!b->sessions[i].told_to_close)
			n++;
		else
			assert_int_equal(b->sessions[i].why, why);
	}
	return n;
}

/* What sessions stand on makes new ones; limits and rates hold at once. */
static void
test_path_changes(void **state)
{
	static const struct change rows[] = {
		{ "connection_limit", "100", 3, CLOSE_LIMIT },
		{ "connection_limit", "2", 2, CLOSE_LIMIT },
		{ "connection_limit", "0", 0, CLOSE_LIMIT },
		{ "max_message_rate", "5/s", 3, CLOSE_THROTTLED },
		{ "max_connection_rate", "5/s", 3, CLOSE_THROTTLED },
		{ "max_ready", "7", 3, CLOSE_LIMIT },
		{ "max_deliveries_per_connection", "1", 0,
		    CLOSE_MAX_DELIVERIES },
		{ "max_deliveries_per_connection", "500", 3,
		    CLOSE_MAX_DELIVERIES },
		{ "idle_timeout", "1s", 3, CLOSE_IDLE },
		{ "refresh_interval", "7s", 3, CLOSE_LIMIT },
		{ "smtp_port", "26", 0, CLOSE_OUTDATED },
		{ "ehlo_domain", "other.test", 0, CLOSE_OUTDATED },
		{ "enable_tls", "Disabled", 0, CLOSE_OUTDATED },
		{ "use_lmtp", "true", 0, CLOSE_OUTDATED },
		{ "data_timeout", "7s", 0, CLOSE_OUTDATED },
		{ "enable_dane", "true", 0, CLOSE_OUTDATED },
	};
	struct bed b;
	size_t i, k, open;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bed_new(&b);
		b.path.connection_limit.limit = 3;
		for (k = 0; k < 100; k++)
			bed_add(&b, "example.com", 0, 100);
		bed_run(&b);
		while (b.nhands > 0) {
			bed_outcome(&b, 0, ENGINE_OUTCOME_DELIVERED);
			bed_run(&b);
		}
		assert_int_equal(sessions_open(&b, CLOSE_LIMIT), 3);
		change_path(&b, &rows[i]);
		b.now += 500;
		engine_clock(b.e, b.now);
		engine_path(b.e,
		    SPAN_LIT("unspecified->example.com@smtp_client"), &b.path,
		    span_of(rows[i].value));
		bed_run(&b);
		open = sessions_open(&b, rows[i].why);
		if (open != rows[i].open)
			print_error("%s = %s: got %zu, want %zu\n",
			    rows[i].option, rows[i].value, open, rows[i].open);
		assert_int_equal(open, rows[i].open);
		bed_check_deep(&b);
		bed_pass(&b, 600);
		/* One second after the last outcome. */
		if (rows[i].why == CLOSE_IDLE)
			assert_int_equal(sessions_open(&b, CLOSE_IDLE), 0);
		bed_free(&b);
	}
}

/* A session holds its place in the shared counts of its new path. */
static void
test_shared_limit_changes(void **state)
{
	struct named_limit first = { (char *)(uintptr_t)"first", { 9, false } };
	struct named_limit other = { (char *)(uintptr_t)"other", { 1, false } };
	struct bed b;

	(void)state;
	bed_new(&b);
	b.path.additional_connection_limits.v = &first;
	b.path.additional_connection_limits.n = 1;
	bed_add(&b, "one.com", 0, 100);
	bed_run(&b);
	assert_int_equal(b.nhands, 1);
	b.path.additional_connection_limits.v = &other;
	engine_path(b.e, SPAN_LIT("unspecified->one.com@smtp_client"), &b.path,
	    SPAN_LIT("renewed"));
	b.path_wire++;
	bed_add(&b, "two.com", 0, 100);
	bed_run(&b);
	assert_int_equal(b.nsessions, 1);
	assert_false(b.sessions[0].told_to_close);
	bed_outcome(&b, 0, ENGINE_OUTCOME_DELIVERED);
	bed_pass(&b, 6000);
	bed_close_told(&b);
	bed_run(&b);
	assert_int_equal(b.nhands, 1);
	assert_string_equal(b.hands[0].queue, "two.com");
	bed_check_deep(&b);
	b.path.additional_connection_limits.v = NULL;
	b.path.additional_connection_limits.n = 0;
	bed_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_weights),
		cmocka_unit_test(test_round_per_queue),
		cmocka_unit_test(test_suspended_source),
		cmocka_unit_test(test_no_eligible_source),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_wait_for_room),
		cmocka_unit_test(test_selection_rate),
		cmocka_unit_test(test_destinations),
		cmocka_unit_test(test_asking),
		cmocka_unit_test(test_failed_questions),
		cmocka_unit_test(test_epoch),
		cmocka_unit_test(test_epoch_waits),
		cmocka_unit_test(test_epoch_unhalts),
		cmocka_unit_test(test_same_spelling),
		cmocka_unit_test(test_terms),
		cmocka_unit_test(test_path_changes),
		cmocka_unit_test(test_shared_limit_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
