/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "smtpd/transaction.h"

/* Recipients and batches as text: "a@x b@y" and "a@x,b@y c@z". */
struct row {
	const char *rcpts;
	bool by_domain;
	const char *want;
};

static const struct row rows[] = {
	{ "1@a", false, "1@a" },
	{ "1@a", true, "1@a" },
	{ "1@a 2@a 3@b", false, "1@a 2@a 3@b" },
	{ "1@a 2@a 3@b", true, "1@a,2@a 3@b" },
	{ "1@a 2@b 3@a 4@c 5@b", true, "1@a,3@a 2@b,5@b 4@c" },
	{ "1@a 1@a", true, "1@a,1@a" },
};

static void
test_batches(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct recipient rcpts[8];
		struct arena a = { 0 };
		struct span rest = span_of(rows[i].rcpts);
		char got[256] = "";
		struct batch *v;
		uint32_t n = 0, k, j;

		while (rest.len > 0) {
			ptrdiff_t at = span_find(rest, ' ');
			struct span one = span_make(rest.p, at < 0 ? rest.len :
			    (size_t)at);

			rcpts[n].text = one;
			rcpts[n++].domain = span_from(one,
			    (size_t)span_find(one, '@') + 1);
			rest = span_from(rest, at < 0 ? rest.len :
			    (size_t)at + 1);
		}
		v = batches_make(rcpts, n, rows[i].by_domain, &a, &k);
		for (j = 0; j < k; j++) {
			uint32_t m;

			assert_true(span_eq(v[j].domain, span_from(
			    v[j].rcpts[0], (size_t)span_find(v[j].rcpts[0],
			    '@') + 1)));
			for (m = 0; m < v[j].n; m++)
				snprintf(got + strlen(got), sizeof(got) -
				    strlen(got), "%s%.*s", m > 0 ? "," :
				    j > 0 ? " " : "",
				    SPAN_FMT(v[j].rcpts[m]));
		}
		if (strcmp(got, rows[i].want) != 0)
			fprintf(stderr, "row %zu: got \"%s\" want \"%s\"\n", i,
			    got, rows[i].want);
		assert_string_equal(got, rows[i].want);
		arena_free(&a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_batches) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
