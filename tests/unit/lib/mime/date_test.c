/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/check.h"

#include "lib/mime/date.h"

/* Seconds as Python's email package has them. */
static const struct {
	const char *text;
	long long seconds;
	const char *rfc3339;
} good[] = {
	{ "Thu, 7 Jul 1994 17:16:05 -0400", 773615765,
	    "1994-07-07T21:16:05Z" },
	{ "1 Jan 2020 00:00 +0000", 1577836800, "2020-01-01T00:00:00Z" },
	{ "Tue, 08 Mar 05 14:00:00 EST", 1110308400, "2005-03-08T19:00:00Z" },
	{ "31 Dec 1969 23:59:59 GMT", -1, "1969-12-31T23:59:59Z" },
	{ "Fri,  1 Jan 2100 00:00:00 -0000", 4102444800,
	    "2100-01-01T00:00:00Z" },
	{ "29 Feb 2024 12:00:00 UTC", 1709208000, "2024-02-29T12:00:00Z" },
	{ "Thu, 02 Jul 26 18:55:38 UTC", 1783018538, "2026-07-02T18:55:38Z" },
	{ "Mon (a day) , 1\r\n (x) July 2003 10:52:37 +0200 (CEST)",
	    1057049557, "2003-07-01T08:52:37Z" },
	{ "1-Jul-2003 10:52:37 Z", 1057056757, "2003-07-01T10:52:37Z" },
	{ "1 Jul 2003 10:52:37", 1057056757, "2003-07-01T10:52:37Z" },
	{ "1 Jan 99 00:00 GMT", 915148800, "1999-01-01T00:00:00Z" },
	{ "30 Jun 2015 23:59:60 GMT", 1435708800, "2015-07-01T00:00:00Z" },
	{ "1 Jan 2024 00:00 XYZ", 1704067200, "2024-01-01T00:00:00Z" },
	{ "1 Jan 102 00:00 GMT", 1009843200, "2002-01-01T00:00:00Z" },
};

static const char *const bad[] = {
	"", "x", "Thu", "30 Feb 2024 00:00 GMT", "29 Feb 2023 00:00 GMT",
	"0 Jan 2024 00:00 GMT", "1 Foo 2024 00:00 GMT", "1 Jan 2024 24:00 GMT",
	"1 Jan 2024 00:60 GMT", "1 Jan 2024 00:00:61 GMT", "1 Jan 2024",
	"1 Jan 2024 00:00 +2", "1 Jan 2024 00:00 +0061",
	"1 Jan 2024 00:00 GMT x",
	"2024-01-01T00:00:00Z",
};

static void
reading(void **state)
{
	char text[MIME_DATE_MAX];
	int64_t seconds;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(good); i++) {
		check_int(good[i].text, mime_date_parse(span_of(good[i].text),
		    &seconds), 0);
		check_int(good[i].text, seconds, good[i].seconds);
		check_str(good[i].text, mime_date_rfc3339(seconds, text),
		    good[i].rfc3339);
	}
	for (i = 0; i < COUNT(bad); i++)
		check_int(bad[i], mime_date_parse(span_of(bad[i]), &seconds),
		    -1);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(reading),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
