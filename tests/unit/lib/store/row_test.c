/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "lib/store/row.h"

static struct span
sealed(uint8_t *out, enum row_kind kind, const char *text)
{
	size_t len = strlen(text);

	memcpy(out + ROW_HEAD, text, len);
	row_seal(out, kind, len);
	return span_make(out, ROW_HEAD + len);
}

static void
test_damage(void **state)
{
	uint8_t bytes[128], bad[128];
	struct span row = sealed(bytes, ROW_META, "some payload"), payload;
	size_t i;

	(void)state;
	assert_true(row_open(row, ROW_META, &payload));
	assert_true(span_eq_str(payload, "some payload"));
	assert_false(row_open(row, ROW_DATA, &payload));
	assert_int_equal(payload.len, 0);
	for (i = 0; i < row.len; i++) {
		memcpy(bad, bytes, row.len);
		bad[i] ^= 0x40;
		if (row_open(span_make(bad, row.len), ROW_META, &payload))
			fail_msg("byte %zu changed: want damaged, got a row",
			    i);
		if (row_open(span_make(bytes, i), ROW_META, &payload))
			fail_msg("cut at %zu: want damaged, got a row", i);
	}
	/* One byte too many. */
	assert_false(row_open(span_make(bytes, row.len + 1), ROW_META,
	    &payload));
}

static void
test_rows(void **state)
{
	struct sched_row in = { .commit = 7, .settled = 9, .due_ms = -5,
		.attempts = 3, .n_rcpts = 2, .size = 12345,
		.queue = SPAN_LIT("c:t@d") }, out;
	struct buf b = { 0 };
	size_t i;

	(void)state;
	sched_row_put(&b, &in);
	assert_true(sched_row_get(buf_span(&b), &out));
	assert_int_equal(out.commit, 7);
	assert_int_equal(out.settled, 9);
	assert_int_equal(out.due_ms, -5);
	assert_int_equal(out.attempts, 3);
	assert_int_equal(out.size, 12345);
	assert_true(span_eq_str(out.queue, "c:t@d"));
	for (i = 0; i < buf_len(&b); i++)
		assert_false(sched_row_get(span_make(buf_data(&b), i), &out));
	buf_free(&b);
}

static void
test_pieces(void **state)
{
	static const struct {
		uint64_t size;
		uint32_t want;
	} rows[] = {
		{ 0, 1 }, { 1, 1 }, { BODY_PIECE, 1 }, { BODY_PIECE + 1, 2 },
		{ 10 * (uint64_t)BODY_PIECE, 10 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (body_pieces(rows[i].size) != rows[i].want)
			fail_msg("%llu bytes: want %u pieces, got %u",
			    (unsigned long long)rows[i].size, rows[i].want,
			    body_pieces(rows[i].size));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
