/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/check.h"

#include <stdio.h>

#include "lib/mail/charset.h"
#include "lib/mail/header.h"

/* Each field as "name=value|", then why the scan ended and what follows. */
static const struct {
	const char *message, *fields;
	enum header_end end;
	const char *rest;
} scans[] = {
	{ "A: b\r\n\r\nbody", "A= b|", HEADER_BLANK, "body" },
	{ "A:b\r\nC: d\r\n", "A=b|C= d|", HEADER_EOF, "" },
	{ "A: b", "A= b|", HEADER_EOF, "" },
	{ "", "", HEADER_EOF, "" },
	{ "\r\nbody", "", HEADER_BLANK, "body" },
	{ "A: b\r\n c\r\n\td\r\n\r\nx", "A= b\r\n c\r\n\td|", HEADER_BLANK,
	    "x" },
	{ "A: b\r\n \r\n\r\nx", "A= b\r\n |", HEADER_BLANK, "x" },
	{ "A : b\r\n\r\n", "A= b|", HEADER_BLANK, "" },
	{ "A:\r\n\r\n", "A=|", HEADER_BLANK, "" },
	{ "A: b\nC: d\n\nx", "A= b|C= d|", HEADER_BLANK, "x" },
	{ "A: b\rC: d\r\rx", "A= b|C= d|", HEADER_BLANK, "x" },
	{ "A: b\r\n\nx", "A= b|", HEADER_BLANK, "x" },
	{ "A: b\r\nhello\r\nC: d\r\n", "A= b|", HEADER_MALFORMED,
	    "hello\r\nC: d\r\n" },
	{ " A: b\r\n", "", HEADER_MALFORMED, " A: b\r\n" },
	{ "A: b\r\n: c\r\n", "A= b|", HEADER_MALFORMED, ": c\r\n" },
	{ "A\xc3\xa9: b\r\n", "", HEADER_MALFORMED, "A\xc3\xa9: b\r\n" },
	{ "From x y\r\nA: b\r\n", "", HEADER_MALFORMED,
	    "From x y\r\nA: b\r\n" },
};

static void
scanned(void **state)
{
	struct buf got = { 0 };
	struct header_field f;
	struct header_scan s;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(scans); i++) {
		buf_clear(&got, 1000);
		buf_reserve(&got, 1);
		header_scan_init(&s, span_of(scans[i].message));
		while (header_next(&s, &f)) {
			buf_add_span(&got, f.name);
			buf_add_byte(&got, '=');
			buf_add_span(&got, f.value);
			buf_add_byte(&got, '|');
		}
		check_span(scans[i].message, buf_span(&got),
		    span_of(scans[i].fields));
		check_int(scans[i].message, s.end, scans[i].end);
		check_span(scans[i].message,
		    span_from(span_of(scans[i].message), s.at),
		    span_of(scans[i].rest));
		assert_false(header_next(&s, &f));
	}
	buf_free(&got);
}

static const struct refusal *
check_repeated(const char *field, unsigned n, struct header_section *out)
{
	const struct refusal *no;
	struct buf b = { 0 };
	unsigned i;

	for (i = 0; i < n; i++)
		buf_add_str(&b, field);
	buf_add_str(&b, "\r\nbody \xff");
	no = header_check(buf_span(&b), out);
	buf_free(&b);
	return no;
}

static void
limits(void **state)
{
	struct header_section s;
	const struct refusal *no;
	char line[1025];

	(void)state;
	assert_null(check_repeated("Received: x\r\n", 100, &s));
	check_int("received", s.received, 100);
	check_int("fields_len", s.fields_len, 1300);
	check_int("body_at", s.body_at, 1302);
	check_int("8 bit in the body", s.has_8bit, false);
	no = check_repeated("RECEIVED: x\r\n", 101, &s);
	check_str("loop", no->enhanced, "5.4.6");
	assert_null(check_repeated("A: x\r\n", 1000, &s));
	no = check_repeated("A: x\r\n", 1001, &s);
	check_int("fields", no->code, 552);
	memset(line, 'x', sizeof(line));
	memcpy(line, "A: ", 3);
	memcpy(line + 1022, "\r\n", 3);
	assert_null(check_repeated(line, 900, &s));
	memcpy(line, " : ", 3);
	no = check_repeated(line, 1, &s);
	check_int("malformed", s.end, HEADER_MALFORMED);
	assert_null(no);
	assert_null(check_repeated("A: \xc3\xa9\r\n", 1, &s));
	check_int("8 bit", s.has_8bit, true);
}

/* One field folded over more than the limit; then the same with CRs only. */
static void
too_long(void **state)
{
	struct header_section s;
	struct buf b = { 0 };
	int i;

	(void)state;
	buf_add_str(&b, "A: b");
	for (i = 0; i < 300000; i++)
		buf_add_str(&b, "\r\n c");
	buf_add_str(&b, "\r\n\r\nbody");
	check_int("folds", header_check(buf_span(&b), &s)->code, 552);
	buf_clear(&b, 10000000);
	buf_add_str(&b, "A: b");
	for (i = 0; i < 2000000; i++)
		buf_add_str(&b, "\r ");
	check_int("CRs", header_check(buf_span(&b), &s)->code, 552);
	buf_free(&b);
}

static const struct {
	const char *pattern, *name;
	bool match;
} matches[] = {
	{ "Subject", "subject", true },
	{ "Subject", "Subjects", false },
	{ "X-*", "x-foo", true },
	{ "X-*", "X-", true },
	{ "X-*", "X", false },
	{ "X-*", "YX-foo", false },
	{ "*", "anything", true },
	{ "", "a", false },
};

static void
found(void **state)
{
	struct header_field f;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(matches); i++)
		check_int(matches[i].pattern, header_match(
		    span_of(matches[i].pattern), span_of(matches[i].name)),
		    matches[i].match);
	assert_true(header_find(span_of("A: 1\r\nb: 2\r\nB: 3\r\n\r\n"),
	    span_of("B"), &f));
	check_span("find", f.value, SPAN_LIT(" 2"));
	check_span("find", f.whole, SPAN_LIT("b: 2\r\n"));
	assert_false(header_find(span_of("A: 1\r\n\r\nB: 2\r\n"),
	    span_of("B"), &f));
	assert_true(header_has_8bit(span_of("A: \xff\r\n\r\n")));
	assert_false(header_has_8bit(span_of("A: b\r\n\r\n\xff")));
}

static const struct {
	const char *value, *want;
} decoded[] = {
	{ " plain text ", "plain text" },
	{ " a\r\n b\r\n\tc\r\n", "a b\tc" },
	{ "=?utf-8?q?caf=C3=A9_au?= lait", "caf\xc3\xa9 au lait" },
	{ "=?UTF-8?B?Y2Fmw6k=?=", "caf\xc3\xa9" },
	{ "=?UTF-8*fr?B?Y2Fmw6k=?=", "caf\xc3\xa9" },
	{ "=?iso-8859-1?Q?caf=E9?=", "caf\xc3\xa9" },
	{ "=?windows-1252?Q?=80_=e9?=", "\xe2\x82\xac \xc3\xa9" },
	{ "=?iso-8859-15?Q?=A4?=", "\xe2\x82\xac" },
	{ "=?ISO-2022-JP?B?GyRCRnxLXBsoQg==?=", "\xe6\x97\xa5\xe6\x9c\xac" },
	{ "=?gb2312?B?1tDOxA==?=", "\xe4\xb8\xad\xe6\x96\x87" },
	{ "=?utf-8?q?a?= =?utf-8?q?b?=", "ab" },
	{ "=?utf-8?q?a?=\r\n =?utf-8?q?b?= c", "ab c" },
	{ "=?utf-8?q?=C3?= =?utf-8?q?=A9?=", "\xc3\xa9" },
	{ "=?utf-8?q?a?= =?iso-8859-1?q?=E9?=", "a\xc3\xa9" },
	{ "x =?utf-8?q?a?= y =?utf-8?q?b?= z", "x a y b z" },
	/* What cannot be decoded stays. */
	{ "=?utf-8?q?=FF?=", "=?utf-8?q?=FF?=" },
	{ "=?utf-8?b?!!?=", "=?utf-8?b?!!?=" },
	{ "=?utf-8?q?a?= =?utf-8?b?!!?=", "a =?utf-8?b?!!?=" },
	{ "=?x-none?q?a?=", "=?x-none?q?a?=" },
	{ "=?utf-8?x?a?=", "=?utf-8?x?a?=" },
	{ "=?utf-8?q?=G0?=", "=?utf-8?q?=G0?=" },
	{ "=?utf-8?q?a b?=", "=?utf-8?q?a b?=" },
	{ "=?utf-8?q?a", "=?utf-8?q?a" },
	{ "=?utf-8?q?a?", "=?utf-8?q?a?" },
	{ "=?=?=?=?", "=?=?=?=?" },
	{ "=??q?a?=", "=??q?a?=" },
	{ "a=?utf-8?q?b?=c", "abc" },
};

static void
words(void **state)
{
	struct charsets *cs = charsets_open();
	struct buf b = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(decoded); i++) {
		buf_clear(&b, 1000);
		header_decode(span_of(decoded[i].value), cs, &b);
		check_span(decoded[i].value, buf_span(&b),
		    span_of(decoded[i].want));
	}
	/* Without the system's converters. */
	buf_clear(&b, 1000);
	header_decode(span_of("=?iso-8859-15?Q?=A4?= =?iso-8859-1?Q?=E9?="),
	    NULL, &b);
	check_span("built in", buf_span(&b),
	    SPAN_LIT("=?iso-8859-15?Q?=A4?=\xc3\xa9"));
	buf_free(&b);
	charsets_free(&cs);
	assert_null(cs);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(scanned),
		cmocka_unit_test(limits),
		cmocka_unit_test(too_long),
		cmocka_unit_test(found),
		cmocka_unit_test(words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
