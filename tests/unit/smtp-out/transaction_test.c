/* SPDX-License-Identifier: Apache-2.0 */
#include "smtp-out/transaction.h"

#include <stdlib.h>

#include "lib/base/alloc.h"
#include "smtp-out/mail.h"
#include "tests/support/check.h"

struct step_row {
	const char *name;
	bool rset;
	uint32_t n, at;
	enum step step;
	uint32_t rcpt;
};

static const struct step_row steps[] = {
	{ "RSET goes first", true, 2, 0, STEP_RSET, 0 },
	{ "then MAIL", true, 2, 1, STEP_MAIL, 0 },
	{ "MAIL at once", false, 2, 0, STEP_MAIL, 0 },
	{ "first recipient", false, 2, 1, STEP_RCPT, 0 },
	{ "last recipient", true, 2, 3, STEP_RCPT, 1 },
	{ "DATA", false, 2, 3, STEP_DATA, 0 },
	{ "DATA after RSET", true, 2, 4, STEP_DATA, 0 },
	{ "end", false, 2, 4, STEP_END, 0 },
};

static void
test_steps(void **state)
{
	uint32_t rcpt;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(steps); i++) {
		check_int(steps[i].name, tx_step(steps[i].rset, steps[i].n,
		    steps[i].at, &rcpt), steps[i].step);
		check_int(steps[i].name, rcpt, steps[i].rcpt);
	}
}

struct batch_row {
	const char *name;
	const char *fates; /* p, d, b, t: pending, delivered, ... */
	uint64_t max;
	const char *want;  /* indices as digits */
};

static const struct batch_row batches[] = {
	{ "all fit", "ppp", 10, "012" },
	{ "two at a time", "ppp", 2, "01" },
	{ "the rest", "dbp", 2, "2" },
	{ "deferred wait", "tpp", 2, "12" },
	{ "none", "dbt", 2, "" },
	{ "zero is one", "pp", 0, "0" },
};

static void
test_batches(void **state)
{
	uint32_t rcpts[TX_RCPTS_MAX], n, k;
	struct mail_rcpt list[8];
	char got[16];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(batches); i++) {
		struct mail *m = xcalloc(1, sizeof(*m));

		memset(list, 0, sizeof(list));
		m->rcpts = list;
		m->env.n_rcpts = (uint32_t)strlen(batches[i].fates);
		for (k = 0; k < m->env.n_rcpts; k++)
			list[k].fate = batches[i].fates[k] == 'p' ?
			    FATE_PENDING : batches[i].fates[k] == 'd' ?
			    FATE_DELIVERED : batches[i].fates[k] == 'b' ?
			    FATE_BOUNCED : FATE_DEFERRED;
		n = tx_batch(m, batches[i].max, rcpts);
		for (k = 0; k < n; k++)
			got[k] = (char)('0' + rcpts[k]);
		got[n] = '\0';
		check_str(batches[i].name, got, batches[i].want);
		free(m);
	}
}

static void
test_batch_is_bounded(void **state)
{
	uint32_t rcpts[TX_RCPTS_MAX];
	struct mail *m = xcalloc(1, sizeof(*m));

	(void)state;
	m->env.n_rcpts = TX_RCPTS_MAX * 3;
	m->rcpts = xcalloc(m->env.n_rcpts, sizeof(*m->rcpts));
	check_int("batch", tx_batch(m, UINT64_MAX, rcpts), TX_RCPTS_MAX);
	free(m->rcpts);
	free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_batches),
		cmocka_unit_test(test_batch_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
