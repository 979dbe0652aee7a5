/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/mail/fold.h"

#include "tests/support/check.h"

static const struct {
	const char *text;
	size_t soft, hard;
	const char *want;
} rows[] = {
	{ "", 10, 20, "" },
	{ "  a\t\n b  ", 10, 20, "a b" },
	{ "aaa bbb ccc", 7, 20, "aaa bbb\r\n\tccc" },
	{ "aaaaaaaaaa b", 5, 20, "aaaaaaaaaa\r\n\tb" },
	{ "aaaaaa b", 2, 4, "aaaa\r\n\taa\r\n\tb" },
	{ "aaaaaa b", 4, 4, "aaaa\r\n\taa b" },
	{ "a \xc3\xa9\xc3\xa9", 3, 3, "a\r\n\t\xc3\xa9\r\n\t\xc3\xa9" },
	{ "aa bb", 100, 3, "aa\r\n\tbb" },
};

static void
folds(void **state)
{
	struct buf out = { .base = NULL };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		buf_clear(&out, 4096);
		fold_text(span_of(rows[i].text), rows[i].soft, rows[i].hard,
		    &out);
		check_span(rows[i].text, buf_span(&out),
		    span_of(rows[i].want));
	}
	buf_free(&out);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(folds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
