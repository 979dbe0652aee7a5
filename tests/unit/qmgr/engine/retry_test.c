/* SPDX-License-Identifier: Apache-2.0 */
#include "bed.h"
#include "qmgr/engine/retry.h"

#define MIN INT64_C(60000)

static const struct {
	int64_t interval, max;
	unsigned attempts;
	int64_t want;
} delays[] = {
	{ 20 * MIN, -1, 0, 20 * MIN },
	{ 20 * MIN, -1, 1, 40 * MIN },
	{ 20 * MIN, -1, 5, 640 * MIN },
	{ 20 * MIN, 60 * MIN, 0, 20 * MIN },
	{ 20 * MIN, 60 * MIN, 1, 40 * MIN },
	{ 20 * MIN, 60 * MIN, 2, 60 * MIN },
	{ 20 * MIN, 60 * MIN, 65535, 60 * MIN },
	{ 20 * MIN, 10 * MIN, 0, 10 * MIN },
	{ 20 * MIN, -1, 65535, RETRY_MAX_MS },
	{ 10000, 0, 3, 0 },
	{ 0, -1, 65535, 0 },
	{ INT64_MAX, -1, 3, RETRY_MAX_MS },
};

static void
test_delays(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(delays) / sizeof(delays[0]); i++) {
		int64_t got = retry_delay_ms(delays[i].interval, delays[i].max,
		    delays[i].attempts);

		if (got != delays[i].want)
			print_error("row %zu: got %lld, want %lld\n", i,
			    (long long)got, (long long)delays[i].want);
		assert_true(got == delays[i].want);
	}
}

static void
test_jitter(void **state)
{
	static const struct {
		int64_t interval, most;
	} rows[] = { { 20 * MIN, 30000 }, { 10 * MIN, 15000 }, { 10000, 250 },
		{ 100 * 60 * MIN, 30000 }, { 10, 0 }, { 0, 0 } };
	struct rng rng = { 9 };
	size_t i;
	int k;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t low = 0, high = 0;

		for (k = 0; k < 10000; k++) {
			int64_t j = retry_jitter_ms(rows[i].interval, &rng);

			low = j < low ? j : low;
			high = j > high ? j : high;
		}
		assert_true(low >= -rows[i].most && high <= rows[i].most);
		/* Both ways, and nearly all of it. */
		assert_true(high >= rows[i].most * 9 / 10);
		assert_true(low <= -rows[i].most * 9 / 10);
	}
}

static void
test_connections(void **state)
{
	static const struct {
		uint64_t limit;
		uint32_t n, want;
	} rows[] = {
		{ 32, 0, 0 }, { 32, 1, 1 }, { 32, 2, 2 }, { 32, 10, 7 },
		{ 32, 30, 16 }, { 32, 100, 29 }, { 32, 1000, 32 },
		{ 1, 1, 1 }, { 1, 1000, 1 }, { 0, 1000, 0 }, { 1000, 3, 3 },
		{ 10, 4, 1 }, { UINT64_MAX, 5, 5 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t got = wanted_connections(rows[i].limit, rows[i].n);

		if (got != rows[i].want)
			print_error("limit %llu, %u messages: got %u, want "
			    "%u\n", (unsigned long long)rows[i].limit,
			    rows[i].n, got, rows[i].want);
		assert_int_equal(got, rows[i].want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_delays),
		cmocka_unit_test(test_jitter),
		cmocka_unit_test(test_connections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
