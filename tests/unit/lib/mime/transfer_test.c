/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/check.h"

#include "lib/mime/transfer.h"

static const struct {
	const char *body, *want;
	enum mime_encoding encoding;
} read[] = {
	{ "SGVsbG8=", "Hello", MIME_BASE64 },
	{ "SGVs\r\nbG8=\r\n", "Hello", MIME_BASE64 },
	{ " S!G V s*b G 8 = ", "Hello", MIME_BASE64 },
	{ "SGVsbG8", "Hello", MIME_BASE64 },
	{ "SGVsbA==SGVsbA==", "HellHell", MIME_BASE64 },
	{ "S", "", MIME_BASE64 },
	{ "====", "", MIME_BASE64 },
	{ "a=3Db=\r\nc", "a=bc", MIME_QUOTED_PRINTABLE },
	{ "a=3db= \t\r\nc", "a=bc", MIME_QUOTED_PRINTABLE },
	{ "blanks \t \r\nend  ", "blanks\r\nend", MIME_QUOTED_PRINTABLE },
	{ "in  side\n", "in  side\n", MIME_QUOTED_PRINTABLE },
	{ "=ZZ=4=", "=ZZ=4", MIME_QUOTED_PRINTABLE },
	{ "=\rx=\ny", "xy", MIME_QUOTED_PRINTABLE },
	{ "a=20\r\n", "a \r\n", MIME_QUOTED_PRINTABLE },
	{ "a=3D", "a=3D", MIME_7BIT },
	{ "a=3D", "a=3D", MIME_UNKNOWN_ENCODING },
};

static void
reading(void **state)
{
	struct buf out = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(read); i++) {
		buf_clear(&out, 100);
		buf_reserve(&out, 1);
		mime_decode(read[i].encoding, span_of(read[i].body), &out);
		check_span(read[i].body, buf_span(&out),
		    span_of(read[i].want));
	}
	buf_free(&out);
}

#define X25 "xxxxxxxxxxxxxxxxxxxxxxxxx"

static const struct {
	const char *text;
	enum mime_encoding encoding;
	const char *want;
} written[] = {
	{ "", MIME_7BIT, "" },
	{ "plain\nlines\r\n", MIME_7BIT, "plain\r\nlines\r\n" },
	{ X25 X25 X25 "123", MIME_7BIT, X25 X25 X25 "123" },
	{ X25 X25 X25 "1234", MIME_QUOTED_PRINTABLE,
	    X25 X25 X25 "=\r\n1234" },
	{ "-- \nsignature", MIME_7BIT, "-- \r\nsignature" },
	{ "--b\n--", MIME_QUOTED_PRINTABLE, "=2D-b\r\n=2D-" },
	/* The line that a soft break makes is none either. */
	{ X25 X25 X25 "--b1234567890", MIME_QUOTED_PRINTABLE,
	    X25 X25 X25 "=\r\n=2D-b1234567890" },
	{ "some more words and a=\xc3\xa9 \t\n", MIME_QUOTED_PRINTABLE,
	    "some more words and a=3D=C3=A9 =09\r\n" },
	{ "cr\ralone, and words that make it long", MIME_QUOTED_PRINTABLE,
	    "cr=0Dalone, and words that make it long" },
	{ "\xc3\xa9\n", MIME_BASE64, "w6kNCg==" },
	{ "\x7f and more than six octets", MIME_QUOTED_PRINTABLE,
	    "=7F and more than six octets" },
};

static void
writing(void **state)
{
	struct buf out = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(written); i++) {
		buf_clear(&out, 100);
		buf_reserve(&out, 1);
		check_int(written[i].text, mime_text_put(
		    span_of(written[i].text), &out), written[i].encoding);
		check_span(written[i].text, buf_span(&out),
		    span_of(written[i].want));
	}
	buf_clear(&out, 100);
	check_int("NUL", mime_text_put(SPAN_LIT("a\0b\n"), &out),
	    MIME_BASE64);
	check_span("NUL", buf_span(&out), SPAN_LIT("YQBiCg=="));
	buf_clear(&out, 100);
	mime_base64_put(span_of(X25 X25 "12345678"), &out);
	check_span("two lines", buf_span(&out),
	    SPAN_LIT("eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4"
	    "eHh4eHh4eHgxMjM0NTY3\r\nOA=="));
	buf_free(&out);
}

static void
names(void **state)
{
	(void)state;
	check_int("none", mime_encoding_of(span_of("")), MIME_7BIT);
	check_int("case", mime_encoding_of(span_of("BASE64")), MIME_BASE64);
	check_int("other", mime_encoding_of(span_of("x-uue")),
	    MIME_UNKNOWN_ENCODING);
	check_str("name", mime_encoding_name(MIME_QUOTED_PRINTABLE),
	    "quoted-printable");
}

static void
lines(void **state)
{
	struct mime_lines l;

	(void)state;
	mime_lines_read(SPAN_LIT("ab\r\nabc\r\n"), &l);
	check_int("longest", l.longest, 3);
	assert_false(l.bare || l.has_8bit || l.has_nul || l.control ||
	    l.delimiter);
	mime_lines_read(SPAN_LIT("\xff\0\a\r--x"), &l);
	assert_true(l.bare && l.has_8bit && l.has_nul && l.control &&
	    l.delimiter);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(reading),
		cmocka_unit_test(writing),
		cmocka_unit_test(names),
		cmocka_unit_test(lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
