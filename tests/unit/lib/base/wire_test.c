/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/wire.h"

#include <stdlib.h>

#include "tests/support/check.h"

static void
write_all_kinds(struct buf *b)
{
	put_u8(b, 0xfe);
	put_u16(b, 0xfedc);
	put_u32(b, 0xfedcba98);
	put_u64(b, UINT64_C(0xfedcba9876543210));
	put_i64(b, -2);
	put_bool(b, true);
	put_bytes(b, "raw", 3);
	put_span(b, SPAN_LIT("a\0b"));
	put_str(b, "text");
	put_str(b, NULL);
	put_u32(b, 0);
	put_u32_at(b, buf_len(b) - 4, 7);
}

static void
comes_back(void **state)
{
	struct buf b = { 0 };
	struct reader r;
	char raw[3];
	char *text;

	(void)state;
	write_all_kinds(&b);
	check_int("little-endian", buf_data(&b)[1], 0xdc);
	reader_init(&r, buf_span(&b));
	check_int("u8", reader_u8(&r), 0xfe);
	check_int("u16", reader_u16(&r), 0xfedc);
	check_int("u32", reader_u32(&r), 0xfedcba98);
	check_int("u64", reader_u64(&r), UINT64_C(0xfedcba9876543210));
	check_int("i64", reader_i64(&r), -2);
	check_int("bool", reader_bool(&r), 1);
	reader_bytes(&r, raw, 3);
	check_span("bytes", span_make(raw, 3), SPAN_LIT("raw"));
	check_span("span", reader_span(&r, 3), SPAN_LIT("a\0b"));
	text = reader_str(&r, 4);
	check_str("str", text, "text");
	free(text);
	check_span("null", reader_span(&r, 0), SPAN_LIT(""));
	assert_false(reader_end(&r));
	check_int("patched", reader_u32(&r), 7);
	assert_true(reader_end(&r));
	buf_free(&b);
}

/* One byte short anywhere: an error, then zeros for ever. */
static void
remembers_errors(void **state)
{
	struct buf b = { 0 };
	struct reader r;
	size_t cut;

	(void)state;
	write_all_kinds(&b);
	for (cut = 0; cut < buf_len(&b); cut++) {
		reader_init(&r, span_make(buf_data(&b), cut));
		reader_take(&r, buf_len(&b));
		assert_false(reader_ok(&r));
		check_int("u8", reader_u8(&r), 0);
		check_int("u64", reader_u64(&r), 0);
		check_int("bool", reader_bool(&r), 0);
		check_int("span", reader_span(&r, 100).len, 0);
		check_int("count", reader_count(&r, 1), 0);
		check_int("left", reader_left(&r), 0);
		assert_false(reader_end(&r));
	}
	buf_free(&b);
}

static const struct {
	const char *row;
	struct span in;
	char what; /* b: bool, s: span of 4, t: str, c: count of 4s, m: max 9 */
	bool ok;
} limits[] = {
	{ "bool 1", SPAN_LIT("\1"), 'b', true },
	{ "bool 2", SPAN_LIT("\2"), 'b', false },
	{ "span of max", SPAN_LIT("\4\0\0\0abcd"), 's', true },
	{ "span above max", SPAN_LIT("\5\0\0\0abcde"), 's', false },
	{ "span past the end", SPAN_LIT("\4\0\0\0abc"), 's', false },
	{ "span of 4 GiB", SPAN_LIT("\xff\xff\xff\xff" "abc"), 's', false },
	{ "str", SPAN_LIT("\3\0\0\0abc"), 't', true },
	{ "str with NUL", SPAN_LIT("\3\0\0\0a\0c"), 't', false },
	{ "count that fits", SPAN_LIT("\1\0\0\0abcd"), 'c', true },
	{ "count that does not", SPAN_LIT("\2\0\0\0abcdefg"), 'c', false },
	{ "count of 4 G", SPAN_LIT("\xff\xff\xff\xff" "abc"), 'c', false },
	{ "count of none", SPAN_LIT("\0\0\0\0"), 'c', true },
	{ "max", SPAN_LIT("\x09\0\0\0"), 'm', true },
	{ "above max", SPAN_LIT("\x0a\0\0\0"), 'm', false },
};

static void
checks_limits(void **state)
{
	struct reader r;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(limits); i++) {
		reader_init(&r, limits[i].in);
		switch (limits[i].what) {
		case 'b':
			reader_bool(&r);
			break;
		case 's':
			reader_span(&r, 4);
			break;
		case 't':
			free(reader_str(&r, 4));
			break;
		case 'c':
			reader_count(&r, 4);
			break;
		case 'm':
			reader_u32_max(&r, 9);
			break;
		}
		check_int(limits[i].row, reader_ok(&r), limits[i].ok);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_back),
		cmocka_unit_test(remembers_errors),
		cmocka_unit_test(checks_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
