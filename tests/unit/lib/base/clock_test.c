/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/clock.h"

#include <stdio.h>
#include <time.h>

#include "tests/support/check.h"

static const struct {
	int64_t us;
	const char *rfc3339, *rfc5322;
} rows[] = {
	{ 0, "1970-01-01T00:00:00.000000Z", "Thu, 01 Jan 1970 00:00:00 +0000" },
	{ -5, "1970-01-01T00:00:00.000000Z",
	    "Thu, 01 Jan 1970 00:00:00 +0000" },
	{ INT64_C(1795362239123456), "2026-11-22T15:43:59.123456Z",
	    "Sun, 22 Nov 2026 15:43:59 +0000" },
	{ INT64_C(951782400000000), "2000-02-29T00:00:00.000000Z",
	    "Tue, 29 Feb 2000 00:00:00 +0000" },
	{ INT64_C(4107542399999999), "2100-02-28T23:59:59.999999Z",
	    "Sun, 28 Feb 2100 23:59:59 +0000" },
};

static void
has_texts(void **state)
{
	char text[CLOCK_RFC3339_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		check_str("rfc3339", clock_rfc3339_us(rows[i].us, text),
		    rows[i].rfc3339);
		check_str("rfc5322", clock_rfc5322(rows[i].us, text),
		    rows[i].rfc5322);
	}
	clock_rfc3339_us(INT64_MAX, text);
	clock_rfc5322(INT64_MAX, text);
}

/* Every day of four centuries, as the C library has it. */
static void
agrees_with_gmtime(void **state)
{
	char want[40], got[CLOCK_RFC5322_MAX];
	int64_t day;
	struct tm tm;
	time_t t;

	(void)state;
	for (day = 0; day < 146097; day++) {
		t = (time_t)(day * 86400 + day % 86400);
		gmtime_r(&t, &tm);
		strftime(want, sizeof(want), "%a, %d %b %Y %H:%M:%S +0000",
		    &tm);
		check_str(want, clock_rfc5322(t * INT64_C(1000000), got), want);
	}
}

static void
runs(void **state)
{
	int64_t a = clock_mono_us(), b = clock_mono_us();

	(void)state;
	assert_true(b >= a);
	assert_true(clock_mono_ms() >= b / 1000);
	assert_true(clock_wall_ms() / 1000 - time(NULL) <= 1);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_texts),
		cmocka_unit_test(agrees_with_gmtime),
		cmocka_unit_test(runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
