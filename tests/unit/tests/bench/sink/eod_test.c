/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/sink/eod.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct row {
	const char *in;
	int end; /* bytes up to and with the end; -1: none */
} rows[] = {
	{ ".\r\n", 3 },
	{ "a\r\n.\r\nMAIL", 6 },
	{ "a\r\n..\r\n.\r\n", 10 },
	{ "a.\r\nb.\r\n", -1 },
	{ "a\n.\n", -1 },
	{ "a\r\n.\n", -1 },
	{ "a\n.\r\n", -1 },
	{ "a\r.\r", -1 },
	{ "a\r\n.\r\r\n", -1 },
	{ "a\r\r\n.\r\n", 7 },
	{ ".a\r\n.\r\n", 7 },
	{ "..\r\n", -1 },
	{ "line one. two.\r\n.three\r\nfour\r\n.\r\n", 33 },
	{ "", -1 },
};

/* Every way to cut the input in two or into pieces of one size. */
static int
scan(const char *in, size_t cut, size_t piece)
{
	enum eod at = EOD_START;
	size_t len = strlen(in), from = 0, used;

	while (from < len) {
		size_t n = from < cut ? cut - from : piece;

		n = n < len - from ? n : len - from;
		if (eod_scan(&at, in + from, n, &used))
			return (int)(from + used);
		assert_int_equal(used, n);
		from += n;
	}
	return -1;
}

static void
eod_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t cut = 0; cut <= strlen(rows[i].in); cut++)
			for (size_t piece = 1; piece < 40; piece++) {
				int got = scan(rows[i].in, cut, piece);

				if (got != rows[i].end)
					fail_msg("row %zu cut %zu piece %zu: "
						 "got %d want %d", i, cut,
					    piece, got, rows[i].end);
			}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(eod_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
