/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/check.h"

#include "lib/settings/throttle.h"

#define START INT64_C(1700000000000)

static const struct {
	const char *spec;
	int64_t every_ms;    /* one is asked for so often */
	int64_t for_ms;
	unsigned want;       /* let through */
} rows[] = {
	/* At once: the burst; later: the rate. */
	{ "10/s", 0, 1, 10 },
	{ "10/s", 10, 1000, 10 + 9 },
	{ "10/s", 1, 10000, 10 + 99 },
	{ "1/s", 1, 10000, 1 + 9 },
	{ "100/h", 1000, 3600000, 100 + 99 },
	{ "100/h,max_burst=1", 1000, 3600000, 100 },
	{ "1,000/d,max_burst=5", 60000, 86400000, 5 + 999 },
	{ "5000/s,max_burst=1", 0, 1, 1 },
	{ "2/10s", 1000, 60000, 2 + 11 },
};

static void
test_rows(void **state)
{
	struct throttle_spec spec;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct throttle t = { 0 };
		int64_t now = START, end = now + rows[i].for_ms;
		unsigned n = 0, asks = 0;

		assert_int_equal(throttle_parse(span_of(rows[i].spec), &spec),
		    0);
		while (now < end && asks++ < 100000) {
			if (throttle_wait_ms(&t, &spec, now) == 0) {
				throttle_take(&t, &spec, now);
				n++;
			} else if (rows[i].every_ms == 0) {
				break;
			}
			now += rows[i].every_ms;
		}
		if (n != rows[i].want)
			print_error("%s every %d ms: got %u, want %u\n",
			    rows[i].spec, (int)rows[i].every_ms, n,
			    rows[i].want);
		assert_int_equal(n, rows[i].want);
	}
}

/* After exactly the wait it said, one passes; a millisecond before, none. */
static void
test_wait_is_exact(void **state)
{
	static const char *const specs[] = { "7/s", "3/m", "999/h", "1/d",
		"123456/h", "3000/s" };
	struct throttle_spec spec;
	size_t i;
	int k;

	(void)state;
	for (i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
		struct throttle t = { 0 };
		int64_t now = START, wait;

		assert_int_equal(throttle_parse(span_of(specs[i]), &spec), 0);
		for (k = 0; k < 20000; k++) {
			wait = throttle_wait_ms(&t, &spec, now);
			if (wait > 0) {
				assert_int_not_equal(throttle_wait_ms(&t,
				    &spec, now + wait - 1), 0);
				assert_int_equal(throttle_wait_ms(&t, &spec,
				    now + wait), 0);
				now += wait;
			}
			throttle_take(&t, &spec, now);
		}
	}
}

static void
test_not_set(void **state)
{
	struct throttle_spec spec = { 0 };
	struct throttle t = { 0 };
	int i;

	(void)state;
	for (i = 0; i < 1000; i++) {
		assert_int_equal(throttle_wait_ms(&t, &spec, START), 0);
		throttle_take(&t, &spec, START);
	}
}

/* No text makes it, but a struct could: nothing passes, nothing breaks. */
static void
test_zero(void **state)
{
	struct throttle_spec spec = { .set = true, .period_ms = 1000 };
	struct throttle t = { 0 };

	(void)state;
	throttle_take(&t, &spec, START);
	assert_int_equal(throttle_wait_ms(&t, &spec, START), 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_wait_is_exact),
		cmocka_unit_test(test_not_set),
		cmocka_unit_test(test_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
