/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/ipc/role.h"

#include "tests/support/check.h"

static const struct {
	enum role more, less;
} trust[] = {
	{ ROLE_MASTER, ROLE_SPOOLD }, { ROLE_MASTER, ROLE_LOADER },
	{ ROLE_SPOOLD, ROLE_SMTPD }, { ROLE_SPOOLD, ROLE_QMGR },
	{ ROLE_SPOOLD, ROLE_LOGGER }, { ROLE_READER, ROLE_LOGGER },
	{ ROLE_READER, ROLE_QMGR }, { ROLE_READER, ROLE_OUT },
	{ ROLE_READER, ROLE_LOCAL }, { ROLE_QMGR, ROLE_OUT },
	{ ROLE_QMGR, ROLE_LOCAL }, { ROLE_QMGR, ROLE_POLICY },
	{ ROLE_POLICY, ROLE_OUT }, { ROLE_POLICY, ROLE_LOOKUP },
	{ ROLE_LOOKUP, ROLE_SMTPD },
};

/* Every pair that talks has one that is trusted less, said either way. */
static void
knows_whom_to_trust(void **state)
{
	size_t i;
	int a, b;

	(void)state;
	for (i = 0; i < COUNT(trust); i++) {
		check_int(role_name(trust[i].more), role_less_trusted(
		    trust[i].more, trust[i].less), trust[i].less);
	}
	/* Two of one rank would each be less than the other. */
	for (a = 0; a < ROLE_COUNT; a++) {
		for (b = 0; b < ROLE_COUNT; b++)
			check_int(role_name((enum role)a),
			    role_less_trusted((enum role)a, (enum role)b),
			    role_less_trusted((enum role)b, (enum role)a));
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_whom_to_trust),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
