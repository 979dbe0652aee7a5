/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/text.h"

#include <math.h>
#include <stdlib.h>

#include "tests/support/check.h"

static const struct {
	const char *text;
	int rc;
	uint64_t min, max, value;
} numbers[] = {
	{ "0", 0, 0, 9, 0 },
	{ "007", 0, 0, 9, 7 },
	{ "18446744073709551615", 0, 0, UINT64_MAX, UINT64_MAX },
	{ "18446744073709551616", -1, 0, UINT64_MAX, 0 },
	{ "99999999999999999999999", -1, 0, UINT64_MAX, 0 },
	{ "10", -1, 0, 9, 0 },
	{ "1", -1, 2, 9, 0 },
	{ "", -1, 0, 9, 0 },
	{ "+1", -1, 0, 9, 0 },
	{ "-1", -1, 0, 9, 0 },
	{ " 1", -1, 0, 9, 0 },
	{ "1 ", -1, 0, 9, 0 },
	{ "0x1", -1, 0, 9, 0 },
};

static void
reads_numbers(void **state)
{
	uint64_t v;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(numbers); i++) {
		v = 0;
		check_int(numbers[i].text, text_u64(span_of(numbers[i].text),
		    numbers[i].min, numbers[i].max, &v), numbers[i].rc);
		check_int(numbers[i].text, v, numbers[i].value);
	}
}

static const struct {
	const char *text;
	int rc;
	int64_t ms;
} durations[] = {
	{ "5 minutes", 0, 300000 },
	{ "1h 30m", 0, 5400000 },
	{ "1h30m", 0, 5400000 },
	{ "300s", 0, 300000 },
	{ "250ms", 0, 250 },
	{ "1 day 2 hours", 0, 93600000 },
	{ "1W", 0, 604800000 },
	{ "90", 0, 90000 },
	{ "1.5", 0, 1500 },
	{ "0.25h", 0, 900000 },
	{ "0.0001s", 0, 0 },
	{ " 7 d ", 0, 604800000 },
	{ "", -1, 0 },
	{ " ", -1, 0 },
	{ "5 5m", -1, 0 },
	{ "5m 5", -1, 0 },
	{ "m", -1, 0 },
	{ "-5m", -1, 0 },
	{ "5 parsecs", -1, 0 },
	{ "1.m", -1, 0 },
	{ ".5m", -1, 0 },
	{ "5m,", -1, 0 },
	{ "9223372036854775807", -1, 0 },
	{ "9223372036w 9223372036w", -1, 0 },
};

static void
reads_durations(void **state)
{
	int64_t ms;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(durations); i++) {
		ms = 0;
		check_int(durations[i].text, text_duration_ms(
		    span_of(durations[i].text), &ms), durations[i].rc);
		check_int(durations[i].text, ms, durations[i].ms);
	}
}

static const struct {
	int64_t ms;
	const char *text;
} formats[] = {
	{ 0, "0s" }, { -5, "0s" }, { 1, "1ms" }, { 250, "250ms" },
	{ 45000, "45s" }, { 300000, "5m" }, { 5400000, "1h30m" },
	{ 604800000, "7d" }, { 90061001, "1d1h1m1s1ms" },
	{ INT64_MAX, "106751991167d7h12m55s807ms" },
};

static void
writes_durations(void **state)
{
	int64_t back;
	char *text;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(formats); i++) {
		text = text_duration_format(formats[i].ms);
		check_str(formats[i].text, text, formats[i].text);
		check_int(text, text_duration_ms(span_of(text), &back),
		    formats[i].ms == INT64_MAX ? -1 : 0);
		if (formats[i].ms > 0 && formats[i].ms != INT64_MAX)
			check_int(text, back, formats[i].ms);
		free(text);
	}
}

static const struct {
	const char *row;
	struct span in;
	size_t max;
	const char *out;
} printables[] = {
	{ "plain", SPAN_LIT("abc"), 16, "abc" },
	{ "controls", SPAN_LIT("a\r\n\t\0\x7f\x1b"), 64,
	    "a\\x0d\\x0a\\x09\\x00\\x7f\\x1b" },
	{ "backslash", SPAN_LIT("a\\b"), 16, "a\\\\b" },
	{ "utf8", SPAN_LIT("\xc3\xa9\xe9\xa7\x85\xf0\x9f\x98\x80"), 32,
	    "\xc3\xa9\xe9\xa7\x85\xf0\x9f\x98\x80" },
	{ "lone byte", SPAN_LIT("a\xffz"), 16, "a\\xffz" },
	{ "overlong", SPAN_LIT("\xc0\xaf"), 16, "\\xc0\\xaf" },
	{ "surrogate", SPAN_LIT("\xed\xa0\x80"), 32, "\\xed\\xa0\\x80" },
	{ "C1 control", SPAN_LIT("\xc2\x9b" "2J\xc2\xa0"), 32,
	    "\\xc2\\x9b2J\xc2\xa0" },
	{ "cut short", SPAN_LIT("abc\xe9"), 32, "abc\\xe9" },
	{ "fits exactly", SPAN_LIT("abcdefg"), 8, "abcdefg" },
	{ "one too many", SPAN_LIT("abcdefgh"), 8, "abcd..." },
	{ "wide end fits", SPAN_LIT("abcde\xc3\xa9"), 8, "abcde\xc3\xa9" },
	{ "wide end cut", SPAN_LIT("abcdef\xc3\xa9"), 8, "abcd..." },
	{ "tiny", SPAN_LIT("abc"), 3, ".." },
	{ "one", SPAN_LIT("abc"), 1, "" },
	{ "empty", SPAN_LIT(""), 1, "" },
};

static void
makes_printable(void **state)
{
	char out[80];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(printables); i++) {
		memset(out, '#', sizeof(out));
		text_printable(printables[i].in, out, printables[i].max);
		check_str(printables[i].row, out, printables[i].out);
		check_int(printables[i].row, out[printables[i].max], '#');
	}
}

static const struct {
	const char *text;
	bool is_utf8;
} encodings[] = {
	{ "", true }, { "plain ascii that is longer than a word", true },
	{ "\xc2\x80", true }, { "\xdf\xbf", true }, { "\xe0\xa0\x80", true },
	{ "\xef\xbf\xbf", true }, { "\xf4\x8f\xbf\xbf", true },
	{ "\x80", false }, { "\xc1\xbf", false }, { "\xe0\x9f\xbf", false },
	{ "\xed\xa0\x80", false }, { "\xf0\x8f\xbf\xbf", false },
	{ "\xf4\x90\x80\x80", false }, { "\xf5\x80\x80\x80", false },
	{ "\xe2\x82", false }, { "12345678\xe2\x28\xa1", false },
};

static void
knows_utf8(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(encodings); i++)
		check_int(encodings[i].text, text_is_utf8(
		    span_of(encodings[i].text)), encodings[i].is_utf8);
	check_int("8bit", text_has_8bit(SPAN_LIT("1234567\x80")), true);
	check_int("8bit", text_has_8bit(SPAN_LIT("12345678\x80")), true);
	check_int("7bit", text_has_8bit(SPAN_LIT("12345678 \x7f")), false);
}

static const struct {
	const char *a, *b;
	unsigned distance;
} distances[] = {
	{ "", "", 0 }, { "a", "", 1 }, { "", "abc", 3 },
	{ "kitten", "sitting", 3 }, { "Size", "size", 0 },
	{ "max_age", "max_agee", 1 }, { "ab", "ba", 2 },
};

static void
finds_the_nearest(void **state)
{
	static const char *const names[] = { "max_age", "max_size",
		"retry_interval" };
	char far[80];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(distances); i++)
		check_int(distances[i].a, text_distance(
		    span_of(distances[i].a), span_of(distances[i].b)),
		    distances[i].distance);
	memset(far, 'x', sizeof(far));
	check_int("too long", text_distance(span_make(far, sizeof(far)),
	    SPAN_LIT("x")), 64);
	check_str("near", text_nearest(SPAN_LIT("maxage"), names,
	    COUNT(names)), "max_age");
	assert_null(text_nearest(SPAN_LIT("listen"), names, COUNT(names)));
}

static const struct {
	double v;
	const char *text;
} doubles[] = {
	{ 0, "0.0" }, { -0.0, "-0.0" }, { 1, "1.0" }, { 10, "10.0" },
	{ 0.1, "0.1" }, { -1.5, "-1.5" }, { 100, "100.0" },
	{ 123456.789, "123456.789" }, { 1e15, "1000000000000000.0" },
	{ 1e16, "1e16" }, { 1.5e16, "1.5e16" }, { 1e21, "1e21" },
	{ 1e-5, "0.00001" }, { 1e-6, "1e-6" }, { -1.25e-7, "-1.25e-7" },
	{ 5e-324, "5e-324" }, { 1.7976931348623157e308,
	    "1.7976931348623157e308" },
	{ 2.0 / 3, "0.6666666666666666" }, { NAN, "nan" },
	{ INFINITY, "inf" }, { -INFINITY, "-inf" },
};

static void
writes_doubles(void **state)
{
	char text[TEXT_DOUBLE_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(doubles); i++)
		check_str(doubles[i].text, text_double(doubles[i].v, text),
		    doubles[i].text);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_numbers),
		cmocka_unit_test(reads_durations),
		cmocka_unit_test(writes_durations),
		cmocka_unit_test(makes_printable),
		cmocka_unit_test(knows_utf8),
		cmocka_unit_test(finds_the_nearest),
		cmocka_unit_test(writes_doubles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
