/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/load/reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static const struct row {
	const char *line;
	int result;
	unsigned code;
	bool last;
	const char *text;
} rows[] = {
	{ "250 2.0.0 Ok", 0, 250, true, "2.0.0 Ok" },
	{ "250-PIPELINING", 0, 250, false, "PIPELINING" },
	{ "354", 0, 354, true, "" },
	{ "250 ", 0, 250, true, "" },
	{ "", -1, 0, false, "" },
	{ "25", -1, 0, false, "" },
	{ "25x ok", -1, 0, false, "" },
	{ "199 no", -1, 0, false, "" },
	{ "600 no", -1, 0, false, "" },
	{ "250ok", -1, 0, false, "" },
};

static void
reply_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct load_reply r = { 0 };
		int result = load_reply_parse(span_of(rows[i].line), &r);

		if (result != rows[i].result)
			fail_msg("'%s': got %d want %d", rows[i].line, result,
			    rows[i].result);
		if (result == -1)
			continue;
		if (r.code != rows[i].code || r.last != rows[i].last ||
		    !span_eq_str(r.text, rows[i].text))
			fail_msg("'%s': got %u %d '%.*s' want %u %d '%s'",
			    rows[i].line, r.code, r.last, SPAN_FMT(r.text),
			    rows[i].code, rows[i].last, rows[i].text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reply_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
