/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/check.h"

#include "lib/mail/ehlo.h"
#include "lib/mail/mechanism.h"
#include "lib/mail/reply.h"

static const struct {
	unsigned code;
	const char *enhanced, *text, *want;
} writes[] = {
	{ 250, "2.0.0", "OK", "250 2.0.0 OK\r\n" },
	{ 354, NULL, "Go on", "354 Go on\r\n" },
	{ 250, NULL, "", "250 \r\n" },
	{ 250, NULL, "me\nPIPELINING\nSIZE 1\n",
	    "250-me\r\n250-PIPELINING\r\n250 SIZE 1\r\n" },
	{ 550, "5.7.1", "one\r\ntwo", "550-5.7.1 one\r\n550 5.7.1 two\r\n" },
	{ 550, NULL, "5.7.1 one\ntwo", "550-5.7.1 one\r\n550 5.7.1 two\r\n" },
	{ 550, NULL, "5.7.1 one\n5.7.1 two",
	    "550-5.7.1 one\r\n550 5.7.1 two\r\n" },
	{ 550, NULL, "5.7.1", "550 5.7.1 \r\n" },
	{ 550, NULL, "5.7.1000 x", "550 5.7.1000 x\r\n" },
	{ 451, "4.3.0", "a\rb\tc\x7f", "451 4.3.0 a b c \r\n" },
	{ 451, "4.3.0", "\xc3\xa9", "451 4.3.0 \xc3\xa9\r\n" },
	{ 451, "4.3.0", "\xc3\xa9\xff", "451 4.3.0 ???\r\n" },
};

static void
written(void **state)
{
	static const struct refusal no = { 501, "5.5.4", "Bad" };
	struct buf b = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(writes); i++) {
		reply_put(&b, writes[i].code, writes[i].enhanced,
		    span_of(writes[i].text));
		check_span(writes[i].text, buf_span(&b),
		    span_of(writes[i].want));
		buf_clear(&b, 10000);
	}
	reply_put_refusal(&b, &no);
	check_span("refusal", buf_span(&b), SPAN_LIT("501 5.5.4 Bad\r\n"));
	buf_free(&b);
}

/* Long lines are broken within 512 octets and lose nothing but a space. */
static void
written_long(void **state)
{
	struct buf b = { 0 }, text = { 0 };
	struct reply r = { 0 };
	const char *why;
	struct span rest;
	ptrdiff_t at;
	int i;

	(void)state;
	for (i = 0; i < 300; i++)
		buf_add_str(&text, "word\xe2\x82\xac ");
	for (i = 0; i < 300; i++)
		buf_add_str(&text, "\xe2\x82\xac");
	reply_put(&b, 550, "5.7.1", buf_span(&text));
	for (rest = buf_span(&b); rest.len > 0; rest = span_from(rest,
	    (size_t)at + 1)) {
		at = span_find(rest, '\n');
		assert_true(at >= 0 && at < 512);
	}
	check_int("read", reply_parse(&r, &b, &why), PARSE_DONE);
	check_int("lines", reply_lines(&r) > 5, true);
	check_int("UTF-8", memchr(r.content.p, '?', r.content.len) == NULL,
	    true);
	buf_free(&b);
	buf_free(&text);
	reply_free(&r);
}

static const struct {
	const char *text;
	enum parse rc;
	unsigned code, enhanced; /* 571 for 5.7.1 */
	const char *content;
	unsigned lines;
} reads[] = {
	{ "250 OK\r\n", PARSE_DONE, 250, 0, "OK", 1 },
	{ "250\r\n", PARSE_DONE, 250, 0, "", 1 },
	{ "250 \r\n", PARSE_DONE, 250, 0, "", 1 },
	{ "571 no\r\n", PARSE_DONE, 571, 0, "no", 1 },
	{ "550 5.7.1 no\r\n", PARSE_DONE, 550, 571, "no", 1 },
	{ "550 5.7.1\r\n", PARSE_DONE, 550, 571, "", 1 },
	{ "452 4.5.3 many\r\n", PARSE_DONE, 452, 453, "many", 1 },
	{ "550 6.7.1 no\r\n", PARSE_DONE, 550, 0, "6.7.1 no", 1 },
	{ "550 5.7.1x no\r\n", PARSE_DONE, 550, 0, "5.7.1x no", 1 },
	{ "550 5.7 no\r\n", PARSE_DONE, 550, 0, "5.7 no", 1 },
	{ "550-5.7.1 a\r\n550-5.7.1 b\r\n550 5.7.1 c\r\n", PARSE_DONE, 550,
	    571, "a b c", 3 },
	{ "550-5.7.1 a\r\n550-5.7.2 b\r\n550 c\r\n", PARSE_DONE, 550, 571,
	    "a 5.7.2 b c", 3 },
	{ "550-a\r\n550 5.7.1 b\r\n", PARSE_DONE, 550, 0, "a 5.7.1 b", 2 },
	{ "550-5.7.1 a\r\n550 5.7.1\r\n", PARSE_DONE, 550, 571, "a ", 2 },
	{ "", PARSE_MORE, 0, 0, NULL, 0 },
	{ "250", PARSE_MORE, 0, 0, NULL, 0 },
	{ "250 OK\r", PARSE_MORE, 0, 0, NULL, 0 },
	{ "250-OK\r\n", PARSE_MORE, 0, 0, NULL, 0 },
	{ "250-OK\r\n250", PARSE_MORE, 0, 0, NULL, 0 },
	{ "250 OK\n", PARSE_BAD, 0, 0, NULL, 0 },
	{ "250 O\rK\r\n", PARSE_BAD, 0, 0, NULL, 0 },
	{ "250 OK\r\r\n", PARSE_BAD, 0, 0, NULL, 0 },
	{ "\r\n", PARSE_BAD, 0, 0, NULL, 0 },
	{ "25\r\n", PARSE_BAD, 0, 0, NULL, 0 },
	{ "25 OK\r\n", PARSE_BAD, 0, 0, NULL, 0 },
	{ "2500 OK\r\n", PARSE_BAD, 0, 0, NULL, 0 },
	{ "250:OK\r\n", PARSE_BAD, 0, 0, NULL, 0 },
	{ "150 OK\r\n", PARSE_BAD, 0, 0, NULL, 0 },
	{ "600 OK\r\n", PARSE_BAD, 0, 0, NULL, 0 },
	{ "2x0 OK\r\n", PARSE_BAD, 0, 0, NULL, 0 },
	{ " 250 OK\r\n", PARSE_BAD, 0, 0, NULL, 0 },
	{ "250-a\r\n251 b\r\n", PARSE_BAD, 0, 0, NULL, 0 },
	{ "250-a\r\nhello\r\n", PARSE_BAD, 0, 0, NULL, 0 },
	{ "HTTP/1.1 400 Bad\r\n", PARSE_BAD, 0, 0, NULL, 0 },
};

static void
read_check(const char *row, const struct reply *r, size_t i)
{
	check_int(row, r->code, reads[i].code);
	check_int(row, r->has_enhanced ? r->class * 100 + r->subject * 10 +
	    r->detail : 0, reads[i].enhanced);
	check_span(row, r->content, span_of(reads[i].content));
	check_int(row, reply_lines(r), reads[i].lines);
}

/* In one piece with a reply behind it, and byte by byte; one struct for all. */
static void
read_all(void **state)
{
	struct reply r = { 0 };
	struct buf in = { 0 };
	const char *why, *p;
	enum parse rc;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(reads); i++) {
		reply_free(&r);
		buf_clear(&in, 10000);
		buf_add_str(&in, reads[i].text);
		if (reads[i].rc == PARSE_DONE)
			buf_add_str(&in, "220 next\r\n");
		check_int(reads[i].text, reply_parse(&r, &in, &why),
		    reads[i].rc);
		if (reads[i].rc == PARSE_BAD)
			assert_non_null(why);
		if (reads[i].rc == PARSE_DONE) {
			read_check(reads[i].text, &r, i);
			check_span(reads[i].text, buf_span(&in),
			    SPAN_LIT("220 next\r\n"));
			check_int("next", reply_parse(&r, &in, &why),
			    PARSE_DONE);
			check_span("next", r.content, SPAN_LIT("next"));
		}
		reply_free(&r);
		buf_clear(&in, 10000);
		rc = PARSE_MORE;
		for (p = reads[i].text; *p != '\0' && rc == PARSE_MORE; p++) {
			buf_add(&in, p, 1);
			rc = reply_parse(&r, &in, &why);
		}
		check_int(reads[i].text, rc, reads[i].rc);
		if (rc == PARSE_DONE)
			read_check(reads[i].text, &r, i);
	}
	reply_free(&r);
	buf_free(&in);
}

static enum parse
read_lines(unsigned lines, size_t line_len, const char **why)
{
	struct reply r = { 0 };
	struct buf in = { 0 };
	enum parse rc;
	unsigned i;
	size_t j;

	for (i = 0; i < lines; i++) {
		buf_add_str(&in, i + 1 < lines ? "250-" : "250 ");
		for (j = 6; j < line_len; j++)
			buf_add_byte(&in, 'x');
		buf_add_str(&in, "\r\n");
	}
	rc = reply_parse(&r, &in, why);
	reply_free(&r);
	buf_free(&in);
	return rc;
}

static void
limits(void **state)
{
	struct reply r = { 0 };
	struct buf in = { 0 };
	const char *why;

	(void)state;
	check_int("100 lines", read_lines(100, 20, &why), PARSE_DONE);
	check_int("101 lines", read_lines(101, 20, &why), PARSE_BAD);
	check_int("2048 a line", read_lines(1, 2048, &why), PARSE_DONE);
	check_int("2049 a line", read_lines(1, 2049, &why), PARSE_BAD);
	check_int("64 KiB", read_lines(32, 2048, &why), PARSE_DONE);
	check_int("over 64 KiB", read_lines(33, 2048, &why), PARSE_BAD);
	memset(buf_reserve(&in, 2048), 'x', 2048);
	buf_commit(&in, 2048);
	check_int("no line end", reply_parse(&r, &in, &why), PARSE_BAD);
	buf_clear(&in, 10000);
	buf_add(&in, "250 a\0b\r\n", 9);
	check_int("NUL", reply_parse(&r, &in, &why), PARSE_BAD);
	reply_free(&r);
	buf_free(&in);
}

static void
ehlo_read(struct ehlo *e, const char *text)
{
	struct reply r = { 0 };
	struct buf in = { 0 };
	const char *why;

	buf_add_str(&in, text);
	check_int(text, reply_parse(&r, &in, &why), PARSE_DONE);
	ehlo_parse(&r, e);
	reply_free(&r);
	buf_free(&in);
}

static void
capabilities(void **state)
{
	struct ehlo e;

	(void)state;
	ehlo_read(&e, "250-STARTTLS\r\n250-pipelining\r\n250-SIZE 1000 \r\n"
	    "250-8BITMIME\r\n250-SMTPUTF8\r\n250-ENHANCEDSTATUSCODES\r\n"
	    "250-AUTH PLAIN  FOO login\r\n250-AUTH=CRAM-MD5\r\n250-X-OWN y\r\n"
	    "250-DSN\r\n250 CHUNKING\r\n");
	assert_false(e.starttls);
	assert_true(e.pipelining && e.eight_bit_mime && e.smtputf8 &&
	    e.enhanced_codes && e.chunking && e.dsn && e.has_size);
	check_int("size", e.size, 1000);
	check_int("auth", e.mechanisms, MECHANISM_PLAIN | MECHANISM_LOGIN |
	    MECHANISM_CRAM_MD5);
	ehlo_read(&e, "250-x\r\n250-SIZE\r\n250-STARTTLS\r\n"
	    "250 PIPELININGX\r\n");
	assert_true(e.has_size && e.starttls && !e.pipelining);
	check_int("size", e.size, 0);
	ehlo_read(&e, "250-x\r\n250-\r\n250 SIZE 99999999999999999999\r\n");
	check_int("size", e.size, 0);
	ehlo_read(&e, "550-x\r\n550 STARTTLS\r\n");
	assert_false(e.starttls);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(written),
		cmocka_unit_test(written_long),
		cmocka_unit_test(read_all),
		cmocka_unit_test(limits),
		cmocka_unit_test(capabilities),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
