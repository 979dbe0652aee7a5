/* SPDX-License-Identifier: Apache-2.0 */
#include "smtp-out/verdict.h"

#include "tests/support/check.h"

struct row {
	const char *name;
	enum phase phase;
	uint16_t code;
	enum fate fate;
	enum next next;
};

static const struct row rows[] = {
	{ "MAIL 250", PHASE_MAIL, 250, FATE_PENDING, NEXT_GO_ON },
	{ "MAIL 354", PHASE_MAIL, 354, FATE_DEFERRED, NEXT_KEEP },
	{ "MAIL 450", PHASE_MAIL, 450, FATE_DEFERRED, NEXT_KEEP },
	{ "MAIL 421", PHASE_MAIL, 421, FATE_DEFERRED, NEXT_CLOSE },
	{ "MAIL 503", PHASE_MAIL, 503, FATE_DEFERRED, NEXT_KEEP },
	{ "MAIL 550", PHASE_MAIL, 550, FATE_BOUNCED, NEXT_KEEP },
	{ "MAIL 552", PHASE_MAIL, 552, FATE_BOUNCED, NEXT_KEEP },
	{ "RCPT 251", PHASE_RCPT, 251, FATE_PENDING, NEXT_GO_ON },
	{ "RCPT 451", PHASE_RCPT, 451, FATE_DEFERRED, NEXT_KEEP },
	{ "RCPT 550", PHASE_RCPT, 550, FATE_BOUNCED, NEXT_KEEP },
	{ "RCPT 421", PHASE_RCPT, 421, FATE_DEFERRED, NEXT_CLOSE },
	{ "DATA 354", PHASE_DATA, 354, FATE_PENDING, NEXT_GO_ON },
	{ "DATA 250", PHASE_DATA, 250, FATE_DEFERRED, NEXT_CLOSE },
	{ "DATA 451", PHASE_DATA, 451, FATE_DEFERRED, NEXT_KEEP },
	{ "DATA 503", PHASE_DATA, 503, FATE_DEFERRED, NEXT_KEEP },
	{ "DATA 554", PHASE_DATA, 554, FATE_BOUNCED, NEXT_KEEP },
	{ "dot 250", PHASE_DOT, 250, FATE_DELIVERED, NEXT_GO_ON },
	{ "dot 354", PHASE_DOT, 354, FATE_DEFERRED, NEXT_CLOSE },
	{ "dot 452", PHASE_DOT, 452, FATE_DEFERRED, NEXT_KEEP },
	{ "dot 552", PHASE_DOT, 552, FATE_BOUNCED, NEXT_KEEP },
	{ "dot 421", PHASE_DOT, 421, FATE_DEFERRED, NEXT_CLOSE },
	{ "dot 199", PHASE_DOT, 199, FATE_DEFERRED, NEXT_CLOSE },
};

static void
test_rows(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		struct verdict v = verdict_of(rows[i].phase, rows[i].code);

		check_int(rows[i].name, v.fate, rows[i].fate);
		check_int(rows[i].name, v.next, rows[i].next);
	}
}

struct many_row {
	const char *name;
	uint16_t code;
	bool has_enhanced;
	uint16_t subject, detail;
	bool first, alone, was_cut;
	bool cuts;
};

static const struct many_row many[] = {
	{ "4.5.3", 452, true, 5, 3, false, false, false, true },
	{ "5.5.3, whatever the code", 550, true, 5, 3, false, false, false,
	    true },
	{ "4.5.3 again", 452, true, 5, 3, false, false, true, true },
	{ "4.5.3 for the first", 452, true, 5, 3, true, false, false, false },
	{ "4.5.3 for one alone", 452, true, 5, 3, false, true, false, false },
	{ "452 bare", 452, false, 0, 0, false, false, false, true },
	{ "552 bare", 552, false, 0, 0, false, false, false, true },
	{ "452 bare, again", 452, false, 0, 0, false, false, true, false },
	{ "452 with another code", 452, true, 2, 2, false, false, false,
	    false },
	{ "451", 451, false, 0, 0, false, false, false, false },
};

static void
test_too_many(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(many); i++) {
		enum too_many t = verdict_too_many(many[i].code,
		    many[i].has_enhanced, many[i].subject, many[i].detail);

		check_int(many[i].name, verdict_cuts(t, many[i].first,
		    many[i].alone, many[i].was_cut), many[i].cuts);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
