/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server's replies: the same whole and in pieces, within limits; and any
 * text of ours comes out as one well-formed reply. First byte: size of pieces.
 */
#include <assert.h>
#include <string.h>

#include "lib/mail/ehlo.h"
#include "lib/mail/reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
reply_same(const struct reply *a, const struct reply *b)
{
	assert(a->code == b->code && a->has_enhanced == b->has_enhanced);
	assert(a->class == b->class && a->subject == b->subject &&
	    a->detail == b->detail);
	assert(span_eq(a->content, b->content));
	assert(reply_lines(a) == reply_lines(b));
}

static void
read_check(struct span in, size_t step)
{
	struct reply whole = { 0 }, pieces = { 0 };
	struct buf all = { 0 }, some = { 0 };
	struct ehlo e;
	const char *why;
	enum parse one, two = PARSE_MORE;
	struct span part;
	size_t i;

	buf_reserve(&all, 1);
	buf_reserve(&some, 1);
	buf_add_span(&all, in);
	one = reply_parse(&whole, &all, &why);
	while (in.len > 0 && two == PARSE_MORE) {
		part = span_make(in.p, in.len < step ? in.len : step);
		in = span_from(in, part.len);
		buf_add_span(&some, part);
		two = reply_parse(&pieces, &some, &why);
	}
	assert(one == two);
	if (one == PARSE_DONE) {
		reply_same(&whole, &pieces);
		assert(whole.code >= 200 && whole.code <= 599);
		assert(reply_lines(&whole) <= REPLY_LINES_MAX);
		assert(memchr(whole.content.p, '\n', whole.content.len) ==
		    NULL);
		for (i = 0; i < reply_lines(&whole); i++)
			assert(reply_line(&whole, (unsigned)i).len <=
			    REPLY_LINE_MAX);
		ehlo_parse(&whole, &e);
	}
	if (one == PARSE_BAD)
		assert(why != NULL);
	reply_free(&whole);
	reply_free(&pieces);
	buf_free(&all);
	buf_free(&some);
}

static void
write_check(struct span text)
{
	struct reply r = { 0 };
	struct buf out = { 0 };
	const char *why;
	enum parse rc;

	reply_put(&out, 550, text.len % 2 != 0 ? "5.7.1" : NULL, text);
	rc = reply_parse(&r, &out, &why);
	/* Only the limits of the reader may stop it. */
	assert(rc == PARSE_DONE || r.nlines == REPLY_LINES_MAX);
	assert(rc != PARSE_DONE || buf_len(&out) == 0);
	reply_free(&r);
	buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	read_check(span_make(data + 1, size - 1), data[0] % 64 + 1U);
	write_check(span_make(data + 1, size - 1));
	return 0;
}
