/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Content in and out. In: the end is the first CRLF.CRLF and no other, and
 * nothing depends on how the input is cut. Out: CRLF line ends only, one
 * end of data, and it reads back. First byte: mode and size of pieces.
 */
#include <assert.h>
#include <string.h>

#include "lib/mail/data.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LINE_MAX_HERE = 20, SIZE_MAX_HERE = 200, PIECES = 64 };

/* Where the data ends by the book: bytes up to and with the end, or 0. */
static size_t
true_end(struct span in)
{
	const char *at;

	if (in.len >= 3 && memcmp(in.p, ".\r\n", 3) == 0)
		return 3;
	at = in.len != 0 ? memmem(in.p, in.len, "\r\n.\r\n", 5) : NULL;
	return at != NULL ? (size_t)(at - in.p) + 5 : 0;
}

static enum parse
feed(struct data_in *d, struct span in, size_t step, struct buf *out,
    size_t *total)
{
	enum parse rc = PARSE_MORE;
	struct span part;
	size_t used;

	*total = 0;
	while (in.len > 0 && rc == PARSE_MORE) {
		part = span_make(in.p, in.len < step ? in.len : step);
		rc = data_in_feed(d, part, out, &used);
		assert(used == part.len || rc != PARSE_MORE);
		in = span_from(in, used);
		*total += used;
	}
	return rc;
}

static void
in_check(struct span in, enum line_endings mode, size_t step)
{
	struct data_in a, b;
	struct buf one = { 0 }, two = { 0 };
	size_t total_a, total_b, end = true_end(in);
	enum parse rc_a, rc_b;

	buf_reserve(&one, 1);
	buf_reserve(&two, 1);
	data_in_init(&a, mode, LINE_MAX_HERE, SIZE_MAX_HERE);
	data_in_init(&b, mode, LINE_MAX_HERE, SIZE_MAX_HERE);
	rc_a = feed(&a, in, in.len, &one, &total_a);
	rc_b = feed(&b, in, step, &two, &total_b);
	assert(rc_a == rc_b);
	assert(span_eq(buf_span(&one), buf_span(&two)));
	assert(buf_len(&one) <= SIZE_MAX_HERE);
	assert(data_in_refusal(&a) == data_in_refusal(&b));
	if (rc_a != PARSE_BAD) {
		assert(rc_a == (end != 0 ? PARSE_DONE : PARSE_MORE));
		assert(total_a == (end != 0 ? end : in.len));
		assert(total_a == total_b);
		assert(a.has_8bit == b.has_8bit && a.size == b.size);
	}
	if (rc_a == PARSE_DONE && mode == LINE_ENDINGS_FIX && !a.too_big)
		assert(buf_len(&one) == 0 || (buf_len(&one) >= 2 &&
		    memcmp(one.base + one.end - 2, "\r\n", 2) == 0));
	buf_free(&one);
	buf_free(&two);
}

static void
chunk_check(struct span in, enum line_endings mode, size_t step)
{
	struct data_in a, b;
	struct buf one = { 0 }, two = { 0 };
	struct span part;

	buf_reserve(&one, 1);
	buf_reserve(&two, 1);
	data_in_init(&a, mode, LINE_MAX_HERE, 0);
	data_in_init(&b, mode, LINE_MAX_HERE, 0);
	assert(data_in_chunk(&a, in, &one) == PARSE_MORE);
	data_in_chunk_last(&a, &one);
	if (mode != LINE_ENDINGS_FIX)
		assert(span_eq(buf_span(&one), in));
	while (in.len > 0) {
		part = span_make(in.p, in.len < step ? in.len : step);
		data_in_chunk(&b, part, &two);
		in = span_from(in, part.len);
	}
	data_in_chunk_last(&b, &two);
	assert(span_eq(buf_span(&one), buf_span(&two)));
	assert(data_in_refusal(&a) == data_in_refusal(&b));
	buf_free(&one);
	buf_free(&two);
}

static void
out_check(struct span in, size_t cut)
{
	struct iovec v[PIECES];
	struct data_out o;
	struct data_in d;
	struct buf wire = { 0 }, list = { 0 }, back = { 0 };
	struct span head = span_make(in.p, cut < in.len ? cut : in.len);
	size_t i, used;

	buf_reserve(&list, 1);
	buf_reserve(&back, 1);
	data_out_to_buf(&o, &wire);
	data_out_add(&o, head);
	data_out_add(&o, span_from(in, head.len));
	assert(data_out_end(&o) == 0 && o.bytes == buf_len(&wire));
	data_out_to_iov(&o, v, PIECES);
	data_out_add(&o, head);
	data_out_add(&o, span_from(in, head.len));
	if (data_out_end(&o) == 0) {
		for (i = 0; i < o.n; i++)
			buf_add(&list, v[i].iov_base, v[i].iov_len);
		assert(span_eq(buf_span(&list), buf_span(&wire)));
	}
	assert(true_end(buf_span(&wire)) == buf_len(&wire));
	data_in_init(&d, LINE_ENDINGS_DENY, 0, 0);
	assert(data_in_feed(&d, buf_span(&wire), &back, &used) == PARSE_DONE);
	assert(used == buf_len(&wire) && !d.has_bare);
	/* Clean content comes back as it went, but for an open last line. */
	data_in_init(&d, LINE_ENDINGS_DENY, 0, 0);
	buf_clear(&list, SIZE_MAX);
	data_in_chunk(&d, in, &list);
	data_in_chunk_last(&d, &list);
	if (!d.has_bare) {
		assert(buf_len(&back) >= in.len);
		assert(memcmp(buf_data(&back), in.p, in.len) == 0);
		assert(buf_len(&back) - in.len <= 2);
	}
	buf_free(&wire);
	buf_free(&list);
	buf_free(&back);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum line_endings mode;
	struct span in;
	size_t step;

	if (size < 2)
		return 0;
	mode = (enum line_endings)(data[0] % 3);
	step = data[0] / 3 % 16 + 1U;
	in = span_make(data + 1, size - 1);
	in_check(in, mode, step);
	chunk_check(in, mode, step);
	out_check(in, step);
	return 0;
}
