/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/common/latency.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Values 1..n: the percentile is known, and at most 1/32 is lost. */
static void
percentiles_of_a_row(void **state)
{
	static const struct {
		uint64_t n;
		double percent;
		uint64_t want;
	} rows[] = {
		{ 50, 50, 25 }, { 50, 100, 50 }, { 1000, 50, 500 },
		{ 1000, 99, 990 }, { 100000, 90, 90000 }, { 1, 50, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct latency l = { 0 };
		uint64_t got;

		for (uint64_t v = 1; v <= rows[i].n; v++)
			latency_add(&l, v);
		got = latency_at_us(&l, rows[i].percent);
		if (got < rows[i].want ||
		    got > rows[i].want + rows[i].want / 32 + 1)
			fail_msg("row %zu: got %ju want %ju", i,
			    (uintmax_t)got, (uintmax_t)rows[i].want);
		assert_int_equal(l.max_us, rows[i].n);
	}
}

static void
extremes(void **state)
{
	struct latency l = { 0 };

	(void)state;
	assert_int_equal(latency_at_us(&l, 50), 0);
	latency_add(&l, 0);
	latency_add(&l, UINT64_MAX / 2);
	assert_int_equal(l.max_us, UINT64_MAX / 2);
	assert_true(latency_at_us(&l, 100) > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(percentiles_of_a_row),
		cmocka_unit_test(extremes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
