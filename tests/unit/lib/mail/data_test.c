/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/check.h"

#include <stdio.h>

#include "lib/mail/data.h"

enum { BARE = 1, NUL = 2, LONG = 4, BIG = 8, EIGHT = 16 };

/* Input whole; `used` is where the data ends, 0 when it does not. */
static const struct {
	const char *name;
	struct span in;
	size_t used;
	struct span raw, fixed; /* content under Deny and Allow; under Fix */
	unsigned is;
} rows[] = {
#define ROW(name, in, used, raw, fixed, is)                                   \
	{ name, { in, sizeof(in) - 1 }, used, { raw, sizeof(raw) - 1 },       \
	    { fixed, sizeof(fixed) - 1 }, is }
	ROW("empty", ".\r\n", 3, "", "", 0),
	ROW("one line", "a\r\n.\r\n", 6, "a\r\n", "a\r\n", 0),
	ROW("pipelined", "a\r\n.\r\nQUIT\r\n", 6, "a\r\n", "a\r\n", 0),
	ROW("two ends", "a\r\n.\r\n.\r\n", 6, "a\r\n", "a\r\n", 0),
	ROW("stuffed", "..a\r\n..\r\n...\r\n.\r\n", 17,
	    ".a\r\n.\r\n..\r\n", ".a\r\n.\r\n..\r\n", 0),
	ROW("dot lost", ".a\r\n.\r\n", 7, "a\r\n", "a\r\n", 0),
	ROW("dot inside", "a.\r\n.b.\r\n.\r\n", 12, "a.\r\nb.\r\n",
	    "a.\r\nb.\r\n", 0),
	ROW("8 bit", "\xc3\xa9\r\n.\r\n", 7, "\xc3\xa9\r\n", "\xc3\xa9\r\n",
	    EIGHT),
	ROW("8 bit behind", "a\r\n.\r\n\xc3\xa9", 6, "a\r\n", "a\r\n", 0),
	ROW("LF.LF", "a\n.\nb\r\n.\r\n", 10, "a\n.\nb\r\n",
	    "a\r\n.\r\nb\r\n", BARE),
	ROW("CR.CR", "a\r.\rb\r\n.\r\n", 10, "a\r.\rb\r\n",
	    "a\r\n.\r\nb\r\n", BARE),
	ROW("LF.CRLF", "a\n.\r\nb\r\n.\r\n", 11, "a\n.\r\nb\r\n",
	    "a\r\n.\r\nb\r\n", BARE),
	ROW("CR.CRLF", "a\r.\r\nb\r\n.\r\n", 11, "a\r.\r\nb\r\n",
	    "a\r\n.\r\nb\r\n", BARE),
	ROW("CRLF.LF", "a\r\n.\nb\r\n.\r\n", 11, "a\r\n\nb\r\n",
	    "a\r\n\r\nb\r\n", BARE),
	ROW("CRLF.CR", "a\r\n.\rb\r\n.\r\n", 11, "a\r\n\rb\r\n",
	    "a\r\n\r\nb\r\n", BARE),
	ROW("CRLF.CRCRLF", "a\r\n.\r\r\nb\r\n.\r\n", 13, "a\r\n\r\r\nb\r\n",
	    "a\r\n\r\n\r\nb\r\n", BARE),
	ROW("CRCRLF.CRLF", "a\r\r\n.\r\n", 7, "a\r\r\n", "a\r\n\r\n", BARE),
	ROW("CRLF.NUL", "a\r\n.\0\r\nb\r\n.\r\n", 13, "a\r\n\0\r\nb\r\n",
	    "a\r\n\0\r\nb\r\n", NUL),
	ROW("CRLF.CRNULLF", "a\r\n.\r\0\nb\r\n.\r\n", 13,
	    "a\r\n\r\0\nb\r\n", "a\r\n\r\n\0\r\nb\r\n", NUL | BARE),
	ROW("CRLFNUL.CRLF", "a\r\n\0.\r\nb\r\n.\r\n", 13,
	    "a\r\n\0.\r\nb\r\n", "a\r\n\0.\r\nb\r\n", NUL),
	ROW("CRNULLF.CRLF", "a\r\0\n.\r\nb\r\n.\r\n", 13,
	    "a\r\0\n.\r\nb\r\n", "a\r\n\0\r\n.\r\nb\r\n", NUL | BARE),
	ROW("LFCR.", "a\n\r.\r\nb\r\n.\r\n", 12, "a\n\r.\r\nb\r\n",
	    "a\r\n\r\n.\r\nb\r\n", BARE),
	ROW("long", "1234567890x\r\n.\r\n", 16, "1234567890x\r\n",
	    "1234567890x\r\n", LONG),
	ROW("not long", ".1234567890\r\n1234567890\r\n.\r\n", 28,
	    "1234567890\r\n1234567890\r\n", "1234567890\r\n1234567890\r\n", 0),
	ROW("size reached", "1234567\r\n1234567\r\n123456789\n1\r\n.\r\n", 34,
	    "1234567\r\n1234567\r\n123456789\n1",
	    "1234567\r\n1234567\r\n123456789\r\n", BARE | BIG),
	ROW("no end", "a\r\n.", 0, "a\r\n", "a\r\n", 0),
	ROW("no end yet", "a\r\n.\r", 0, "a\r\n", "a\r\n", 0),
};

enum { TEST_LINE_MAX = 10, TEST_SIZE_MAX = 29 };

static unsigned
flags_of(const struct data_in *d)
{
	return (d->has_bare ? BARE : 0) | (d->has_nul ? NUL : 0) |
	    (d->line_long ? LONG : 0) | (d->too_big ? BIG : 0) |
	    (d->has_8bit ? EIGHT : 0);
}

static const char *
answer(const struct data_in *d)
{
	const struct refusal *r = data_in_refusal(d);
	static char text[32];

	if (r == NULL)
		return "ok";
	snprintf(text, sizeof(text), "%u %s", r->code, r->enhanced);
	return text;
}

static const char *
wanted(unsigned is, enum line_endings mode)
{
	if (is & BIG)
		return "552 5.3.4";
	if ((is & NUL) || ((is & BARE) && mode == LINE_ENDINGS_DENY))
		return "550 5.5.2";
	return is & LONG ? "500 5.5.2" : "ok";
}

/* The row in pieces of `step` bytes, or cut once at `at`. */
static void
row_check(size_t i, enum line_endings mode, size_t step, size_t at)
{
	struct data_in d;
	struct buf out = { 0 };
	struct span in = rows[i].in, piece;
	enum parse rc = PARSE_MORE;
	size_t used, total = 0;

	buf_reserve(&out, 1);
	data_in_init(&d, mode, TEST_LINE_MAX, TEST_SIZE_MAX);
	while (total < in.len && rc == PARSE_MORE) {
		piece = span_from(in, total);
		if (step != 0 && piece.len > step)
			piece.len = step;
		if (step == 0 && total < at)
			piece.len = at - total;
		rc = data_in_feed(&d, piece, &out, &used);
		total += used;
		if (rc == PARSE_MORE)
			check_int(rows[i].name, used, piece.len);
	}
	check_int(rows[i].name, rc,
	    rows[i].used != 0 ? PARSE_DONE : PARSE_MORE);
	check_int(rows[i].name, total,
	    rows[i].used != 0 ? rows[i].used : in.len);
	check_span(rows[i].name, buf_span(&out),
	    mode == LINE_ENDINGS_FIX ? rows[i].fixed : rows[i].raw);
	check_int(rows[i].name, flags_of(&d), rows[i].is);
	check_str(rows[i].name, answer(&d), wanted(rows[i].is, mode));
	buf_free(&out);
}

static void
received(void **state)
{
	static const enum line_endings modes[] = { LINE_ENDINGS_DENY,
		LINE_ENDINGS_ALLOW, LINE_ENDINGS_FIX };
	size_t i, m, at, step;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		for (m = 0; m < COUNT(modes); m++) {
			for (step = 1; step <= rows[i].in.len; step++)
				row_check(i, modes[m], step, 0);
			for (at = 1; at < rows[i].in.len; at++)
				row_check(i, modes[m], 0, at);
		}
	}
}

/* Discarding goes on for size_max octets more, in flat memory, then ends. */
static void
flood(void **state)
{
	char text[1000];
	struct data_in d;
	struct buf out = { 0 };
	size_t used;
	int i;

	(void)state;
	memset(text, 'x', sizeof(text));
	data_in_init(&d, LINE_ENDINGS_DENY, 0, 10000);
	for (i = 0; i < 20; i++)
		check_int("more", data_in_feed(&d, span_make(text,
		    sizeof(text)), &out, &used), PARSE_MORE);
	check_int("kept", buf_len(&out), 10000);
	check_int("bad", data_in_feed(&d, span_make(text, 1), &out, &used),
	    PARSE_BAD);
	check_str("answer", answer(&d), "552 5.3.4");
	buf_free(&out);
}

static void
chunks(void **state)
{
	struct data_in d;
	struct buf out = { 0 };

	(void)state;
	data_in_init(&d, LINE_ENDINGS_DENY, 998, 0);
	check_int("dots", data_in_chunk(&d, SPAN_LIT("..a\r\n.\r"), &out),
	    PARSE_MORE);
	check_int("more", data_in_chunk(&d, SPAN_LIT("\nb"), &out),
	    PARSE_MORE);
	data_in_chunk_last(&d, &out);
	check_span("content", buf_span(&out), SPAN_LIT("..a\r\n.\r\nb"));
	check_str("answer", answer(&d), "ok");
	buf_clear(&out, 1000);

	data_in_init(&d, LINE_ENDINGS_FIX, 998, 0);
	data_in_chunk(&d, SPAN_LIT(".\na\r"), &out);
	data_in_chunk(&d, SPAN_LIT("b\r"), &out);
	data_in_chunk_last(&d, &out);
	check_span("fixed", buf_span(&out), SPAN_LIT(".\r\na\r\nb\r\n"));
	check_str("answer", answer(&d), "ok");
	buf_clear(&out, 1000);

	data_in_init(&d, LINE_ENDINGS_DENY, 998, 0);
	data_in_chunk(&d, SPAN_LIT("a\r\nb\r"), &out);
	data_in_chunk_last(&d, &out);
	check_str("CR at the end", answer(&d), "550 5.5.2");
	buf_free(&out);
}

static const struct {
	const char *prefix, *body, *want;
} outs[] = {
	{ "", "", ".\r\n" },
	{ "", "a\r\n", "a\r\n.\r\n" },
	{ "", "a", "a\r\n.\r\n" },
	{ "", "a\r", "a\r\n.\r\n" },
	{ "", "a\n", "a\r\n.\r\n" },
	{ "", ".", "..\r\n.\r\n" },
	{ "", ".a\r\n.\r\n..\r\n", "..a\r\n..\r\n...\r\n.\r\n" },
	{ "", "a.\r\n", "a.\r\n.\r\n" },
	{ "", "a\n.\nb", "a\r\n..\r\nb\r\n.\r\n" },
	{ "", "a\r.\rb", "a\r\n..\r\nb\r\n.\r\n" },
	{ "", "a\r\r\n.\r\n", "a\r\n\r\n..\r\n.\r\n" },
	{ "", "\n\n\r\r", "\r\n\r\n\r\n\r\n.\r\n" },
	{ "X: y\r\n", "a\r\n", "X: y\r\na\r\n.\r\n" },
	{ "X: y\r\n", ".a\r\n", "X: y\r\n..a\r\n.\r\n" },
	{ "X: y", ".a\r\n", "X: y.a\r\n.\r\n" },
	{ "X: y\r", "\n.a", "X: y\r\n..a\r\n.\r\n" },
	{ "X: y\r", ".a", "X: y\r\n..a\r\n.\r\n" },
	{ "X: y\n", ".a", "X: y\r\n..a\r\n.\r\n" },
};

static void
sent(void **state)
{
	struct iovec v[64];
	struct data_out o;
	struct buf out = { 0 };
	size_t i, j;

	(void)state;
	for (i = 0; i < COUNT(outs); i++) {
		buf_clear(&out, 1000);
		data_out_to_buf(&o, &out);
		data_out_add(&o, span_of(outs[i].prefix));
		data_out_add(&o, span_of(outs[i].body));
		check_int(outs[i].body, data_out_end(&o), 0);
		check_span(outs[i].body, buf_span(&out), span_of(outs[i].want));
		check_int(outs[i].body, o.bytes, strlen(outs[i].want));

		buf_clear(&out, 1000);
		data_out_to_iov(&o, v, COUNT(v));
		data_out_add(&o, span_of(outs[i].prefix));
		data_out_add(&o, span_of(outs[i].body));
		check_int(outs[i].body, data_out_end(&o), 0);
		for (j = 0; j < o.n; j++)
			buf_add(&out, v[j].iov_base, v[j].iov_len);
		check_span(outs[i].body, buf_span(&out), span_of(outs[i].want));
	}
	data_out_to_iov(&o, v, 3);
	data_out_add(&o, span_of("X: y\r\n"));
	data_out_add(&o, span_of("a\r\nb\r\n"));
	check_int("clean content is one piece", data_out_end(&o), 0);
	data_out_to_iov(&o, v, 3);
	data_out_add(&o, span_of(".\r\n.\r\n.\r\n"));
	check_int("too many pieces", data_out_end(&o), -1);
	buf_free(&out);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(received),
		cmocka_unit_test(flood),
		cmocka_unit_test(chunks),
		cmocka_unit_test(sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
