/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/map.h"

#include <stdio.h>

#include "tests/support/check.h"

enum { KEYS = 500, STEPS = 200000 };

static char values[KEYS];

static struct span
key_of(unsigned n, char text[16])
{
	return span_make(text, (size_t)snprintf(text, 16, "key-%u", n));
}

/* What the model holds must be visited once each, and nothing else. */
static void
check_visit(const struct map *m, void *const model[KEYS])
{
	unsigned seen[KEYS] = { 0 }, i;
	size_t at = 0, n = 0;
	struct span key;
	char text[16];
	void *value;

	while (map_next(m, &at, &key, &value)) {
		n++;
		for (i = 0; i < KEYS; i++) {
			if (span_eq(key, key_of(i, text))) {
				seen[i]++;
				assert_ptr_equal(value, model[i]);
			}
		}
	}
	for (i = 0; i < KEYS; i++)
		check_int("visits", seen[i], model[i] != NULL);
	check_int("count", m->count, n);
}

static void
agrees_with_a_model(void **state)
{
	void *model[KEYS] = { NULL }, *value;
	unsigned random = 7, k, step;
	struct map m = { 0 };
	struct span key;
	char text[16];

	(void)state;
	for (step = 0; step < STEPS; step++) {
		random = random * 1664525 + 1013904223;
		k = (random >> 8) % KEYS;
		key = key_of(k, text);
		switch (random >> 28 & 3) {
		case 0:
			value = &values[random >> 16 & 255];
			assert_ptr_equal(map_set(&m, key, value), model[k]);
			model[k] = value;
			break;
		case 1:
			assert_ptr_equal(map_del(&m, key), model[k]);
			model[k] = NULL;
			break;
		default:
			assert_ptr_equal(map_get(&m, key), model[k]);
		}
		if (step % 20000 == 0)
			check_visit(&m, (void *const *)model);
	}
	map_free(&m, NULL);
	check_int("freed", m.count, 0);
}

static void
keys_are_bytes(void **state)
{
	struct map m = { 0 };
	int a, b, c;

	(void)state;
	assert_null(map_get(&m, SPAN_LIT("none")));
	assert_null(map_del(&m, SPAN_LIT("none")));
	map_set(&m, SPAN_LIT("a\0x"), &a);
	map_set(&m, SPAN_LIT("a\0y"), &b);
	map_set(&m, SPAN_LIT(""), &c);
	assert_ptr_equal(map_get(&m, SPAN_LIT("a\0x")), &a);
	assert_ptr_equal(map_get(&m, SPAN_LIT("a\0y")), &b);
	assert_ptr_equal(map_get(&m, span_of(NULL)), &c);
	assert_null(map_get(&m, SPAN_LIT("a")));
	map_free(&m, NULL);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_a_model),
		cmocka_unit_test(keys_are_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
