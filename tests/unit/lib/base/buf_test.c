/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/buf.h"

#include "tests/support/check.h"

/* Bytes go in at the end and come out in front, whatever moves in between. */
static void
is_a_queue(void **state)
{
	struct buf b = { 0 };
	uint32_t random = 1, put = 0, got = 0, n;

	(void)state;
	while (got < 200000) {
		random = random * 1664525 + 1013904223;
		for (n = random >> 16 & 255; n > 0; n--)
			buf_add_byte(&b, (uint8_t)(put++ * 7));
		random = random * 1664525 + 1013904223;
		for (n = random >> 16 & 255; n > 0 && buf_len(&b) > 0; n--) {
			check_int("byte", *buf_data(&b), (uint8_t)(got++ * 7));
			buf_take(&b, 1);
		}
		check_int("length", buf_len(&b), put - got);
	}
	buf_free(&b);
	check_int("freed", b.size, 0);
}

/*
 * A queue that stays full, one byte out and one in at a time: how often the
 * bytes move must not grow with the number of bytes that pass.
 */
static void
moves_seldom(void **state)
{
	struct buf b = { 0 };
	size_t start, i, moves = 0;
	const uint8_t *base;

	(void)state;
	for (i = 0; i < 65536; i++)
		buf_add_byte(&b, 'x');
	for (i = 0; i < 1000000; i++) {
		buf_take(&b, 1);
		start = b.start;
		base = b.base;
		buf_add_byte(&b, 'x');
		moves += b.start != start || b.base != base;
	}
	check_int("length", buf_len(&b), 65536);
	if (moves > 20)
		fail_msg("moved %zu times, want at most 20", moves);
	if (b.size > 65536 * 4)
		fail_msg("grown to %zu bytes", b.size);
	buf_free(&b);
}

static void
takes_and_clears(void **state)
{
	struct buf b = { 0 };

	(void)state;
	buf_addf(&b, "%s=%d", "key", 12);
	check_span("addf", buf_span(&b), SPAN_LIT("key=12"));
	buf_take(&b, 4);
	check_span("take", buf_span(&b), SPAN_LIT("12"));
	buf_take(&b, 99);
	check_int("take all", buf_len(&b), 0);
	buf_reserve(&b, 5000);
	assert_true(b.size >= 5000);
	buf_clear(&b, 5000);
	check_int("given back", b.size, 0);
	buf_add_str(&b, "kept");
	buf_clear(&b, 5000);
	check_int("emptied", buf_len(&b), 0);
	assert_true(b.size > 0);
	buf_free(&b);
	buf_free(&b);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_a_queue),
		cmocka_unit_test(moves_seldom),
		cmocka_unit_test(takes_and_clears),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
