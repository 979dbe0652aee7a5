/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/arena.h"

#include <stdalign.h>

#include "tests/support/check.h"

/* Zeroed, aligned, and none overlaps another. */
static void
hands_out(void **state)
{
	static const size_t sizes[] = { 1, 16, 0, 100, 2047, 2048, 2049, 3,
		100000, 7, 1500, 1500 };
	unsigned char *v[COUNT(sizes)];
	struct arena a = { 0 };
	size_t i, k, round;

	(void)state;
	for (round = 0; round < 3; round++) {
		for (i = 0; i < COUNT(sizes); i++) {
			v[i] = arena_alloc(&a, sizes[i]);
			check_int("alignment", (uintptr_t)v[i] %
			    alignof(max_align_t), 0);
			for (k = 0; k < sizes[i]; k++)
				check_int("zeroed", v[i][k], 0);
			memset(v[i], (int)i + 1, sizes[i]);
		}
		for (i = 0; i < COUNT(sizes); i++) {
			for (k = 0; k < sizes[i]; k++)
				check_int("own", v[i][k], i + 1);
		}
		assert_true(a.total >= 107000);
		arena_reset(&a);
		check_int("total", a.total, 0);
	}
	arena_free(&a);
	arena_free(&a);
	assert_null(a.blocks);
}

static void
copies_text(void **state)
{
	struct arena a = { 0 };
	struct span s;

	(void)state;
	s = arena_span(&a, SPAN_LIT("a\0b"));
	check_span("span", s, SPAN_LIT("a\0b"));
	check_int("terminated", s.p[3], 0);
	check_str("str", arena_str(&a, span_of(NULL)), "");
	check_str("printf", arena_printf(&a, "%05d", 42), "00042");
	arena_free(&a);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(hands_out),
		cmocka_unit_test(copies_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
