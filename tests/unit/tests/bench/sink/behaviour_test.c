/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/sink/behaviour.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static const struct row {
	const char *address;
	enum act act;
	unsigned code;
} rows[] = {
	{ "user@a.test", ACT_ACCEPT, 250 },
	{ "defer@a.test", ACT_REPLY, 451 },
	{ "DEFER-452@a.test", ACT_REPLY, 452 },
	{ "defer-421+x@a.test", ACT_REPLY, 421 },
	{ "defer-x@a.test", ACT_REPLY, 451 },
	{ "deferred@a.test", ACT_ACCEPT, 250 },
	{ "reject_7@a.test", ACT_REPLY, 550 },
	{ "user@reject-553.test", ACT_REPLY, 553 },
	{ "user@reject", ACT_REPLY, 550 },
	{ "data-554@a.test", ACT_DATA_REPLY, 554 },
	{ "drop@a.test", ACT_DROP, 0 },
	{ "drop-rcpt@a.test", ACT_DROP_RCPT, 0 },
	{ "tempfail-once+9@a.test", ACT_TEMPFAIL_ONCE, 0 },
	{ "slow@a.test", ACT_SLOW, 0 },
	{ "stall", ACT_STALL, 0 },
	{ "shutdown@a.test", ACT_REPLY_CLOSE, 421 },
	{ "", ACT_ACCEPT, 250 },
};

static void
behaviour_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct behaviour b = behaviour_of(span_of(rows[i].address));

		if (b.act != rows[i].act || b.code != rows[i].code)
			fail_msg("%s: got %d %u want %d %u", rows[i].address,
			    b.act, b.code, rows[i].act, rows[i].code);
	}
}

static void
seen_stays_flat(void **state)
{
	struct seen s = { 0 };
	char text[32];

	(void)state;
	assert_false(seen_before(&s, span_of("a@b")));
	assert_true(seen_before(&s, span_of("a@b")));
	for (int i = 0; i < SEEN_MAX; i++) {
		snprintf(text, sizeof(text), "u%d@b", i);
		seen_before(&s, span_of(text));
	}
	assert_true(s.count <= SEEN_MAX / 4 * 3);
	/* Full: whoever is new counts as met. */
	assert_true(seen_before(&s, span_of("new@b")));
	seen_free(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(behaviour_rows),
		cmocka_unit_test(seen_stays_flat),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
