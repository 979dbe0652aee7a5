/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/date.h"

#include "tests/support/check.h"

/* Seconds by `date -u +%s`. */
static const struct {
	int year;
	unsigned month, day, hour, minute, second;
	int64_t s;
	unsigned weekday, year_day;
} dates[] = {
	{ 1970, 1, 1, 0, 0, 0, 0, 4, 0 },
	{ 1969, 12, 31, 23, 59, 59, -1, 3, 364 },
	{ 2000, 2, 29, 12, 0, 0, 951825600, 2, 59 },
	{ 2000, 12, 31, 0, 0, 0, 978220800, 0, 365 },
	{ 1900, 3, 1, 0, 0, 0, -2203891200, 4, 59 },
	{ 0, 1, 1, 0, 0, 0, DATE_MIN, 6, 0 },
	{ 9999, 12, 31, 23, 59, 59, DATE_MAX, 5, 364 },
};

static void
dates_are_seconds(void **state)
{
	struct date d;
	int64_t s;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(dates); i++) {
		date_from_seconds(dates[i].s, &d);
		check_int("year", d.year, dates[i].year);
		check_int("month", d.month, dates[i].month);
		check_int("day", d.day, dates[i].day);
		check_int("hour", d.hour, dates[i].hour);
		check_int("minute", d.minute, dates[i].minute);
		check_int("second", d.second, dates[i].second);
		check_int("weekday", d.weekday, dates[i].weekday);
		check_int("year day", d.year_day, dates[i].year_day);
		check_int("back", date_to_seconds(&d, &s), 0);
		check_int("seconds", s, dates[i].s);
	}
}

/* Each day of 800 years follows the one before it. */
static void
days_follow(void **state)
{
	struct date last, d;
	int64_t day, s;

	(void)state;
	date_from_seconds(-86400 * INT64_C(146097), &last);
	for (day = -146096; day < 146097; day++) {
		date_from_seconds(day * 86400, &d);
		assert_int_equal(date_to_seconds(&d, &s), 0);
		assert_int_equal(s, day * 86400);
		assert_int_equal(d.weekday, (last.weekday + 1) % 7);
		if (d.day != last.day + 1)
			assert_int_equal(d.day, 1);
		last = d;
	}
}

static void
moments_add_up(void **state)
{
	static const struct {
		struct moment a, b, sum, difference;
	} rows[] = {
		{ { 1, 600000000 }, { 2, 700000000 }, { 4, 300000000 },
		    { -2, 900000000 } },
		{ { 5, 0 }, { -2, 500000000 }, { 3, 500000000 },
		    { 6, 500000000 } },
		{ { 0, 0 }, { 0, 0 }, { 0, 0 }, { 0, 0 } },
	};
	static const struct moment max = { INT64_MAX, 999999999 },
	    min = { INT64_MIN, 0 }, least = { 0, 1 };
	struct moment m;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		check_int("sum", moment_add(&rows[i].a, &rows[i].b, &m), 0);
		check_int("sum", m.s, rows[i].sum.s);
		check_int("sum", m.ns, rows[i].sum.ns);
		check_int("difference", moment_subtract(&rows[i].a, &rows[i].b,
		    &m), 0);
		check_int("difference", m.s, rows[i].difference.s);
		check_int("difference", m.ns, rows[i].difference.ns);
	}
	check_int("above", moment_add(&max, &least, &m), -1);
	check_int("below", moment_subtract(&min, &least, &m), -1);
	check_int("apart", moment_subtract(&max, &min, &m), -1);
}

static void
moments_have_units(void **state)
{
	static const struct {
		struct moment m;
		int64_t ms, ns;
	} rows[] = {
		{ { 1, 999999 }, 1000, 1000999999 },
		{ { -1, 500000000 }, -500, -500000000 },
		{ { -2, 1 }, -1999, -1999999999 },
		{ { 9223372036, 854775807 }, 9223372036854, INT64_MAX },
	};
	static const struct moment far = { 9223372036, 854775808 };
	int64_t value;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		check_int("ms", moment_in(&rows[i].m, 1000, &value), 0);
		check_int("ms", value, rows[i].ms);
		check_int("ns", moment_in(&rows[i].m, 1000000000, &value), 0);
		check_int("ns", value, rows[i].ns);
	}
	check_int("far", moment_in(&far, 1000000000, &value), -1);
}

static void
durations(void **state)
{
	static const struct {
		const char *text;
		struct moment m;
		const char *format;
	} rows[] = {
		{ "1h", { 3600, 0 }, "1h" },
		{ "1d2h3m4s5ms6us7ns", { 93784, 5006007 },
		    "1day 2h 3m 4s 5ms 6us 7ns" },
		{ "1500\xc2\xb5s", { 0, 1500000 }, "1ms 500us" },
		{ "0.000000001s", { 0, 1 }, "1ns" },
		{ "0.5y", { 15778800, 0 }, "5months 30days 10h 12m" },
		{ "18446744073709551615ns", { -1, 0 }, NULL },
		{ "9223372036854775807s", { -1, 0 }, NULL },
		{ "4611686018427387903s", { INT64_C(4611686018427387903), 0 },
		    "146135511522years 7months 26days 17h 49m 51s" },
		{ "1 h 1 h", { 7200, 0 }, "2h" },
		{ "1H", { -1, 0 }, NULL },
		{ "h", { -1, 0 }, NULL },
		{ "1..5s", { -1, 0 }, NULL },
	};
	char text[DURATION_TEXT_MAX];
	static const struct moment least = { INT64_MIN, 1 };
	struct moment m;
	size_t i;
	int status;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		status = duration_parse(span_of(rows[i].text), &m);
		check_int(rows[i].text, status, rows[i].format == NULL ? -1 :
		    0);
		if (status == -1)
			continue;
		check_int(rows[i].text, m.s, rows[i].m.s);
		check_int(rows[i].text, m.ns, rows[i].m.ns);
		check_str(rows[i].text, duration_format(&m, text),
		    rows[i].format);
	}
	assert_true(strlen(duration_format(&least, text)) <
	    DURATION_TEXT_MAX - 1);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(dates_are_seconds),
		cmocka_unit_test(days_follow),
		cmocka_unit_test(moments_add_up),
		cmocka_unit_test(moments_have_units),
		cmocka_unit_test(durations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
