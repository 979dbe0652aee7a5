/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/regex/set.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/support/check.h"

static void
first_added_wins(void **state)
{
	static const struct {
		const char *text;
		enum regex_result result;
		size_t index;
	} rows[] = {
		{ "550 unknown user", REGEX_FOUND, 1 },
		{ "550 full", REGEX_FOUND, 0 },
		{ "unknown", REGEX_FOUND, 1 },
		{ "other", REGEX_NONE, 0 },
		{ "", REGEX_NONE, 0 },
	};
	struct regex_set *set = regex_set_new(NULL);
	char why[REGEX_WHY_MAX];
	size_t i, index;

	(void)state;
	check_int("add", regex_set_add(set, SPAN_LIT("^550 full"), why), 0);
	check_int("add", regex_set_add(set, SPAN_LIT("unknown"), why), 0);
	check_int("add", regex_set_add(set, SPAN_LIT("^550"), why), 0);
	check_int("add", regex_set_add(set, SPAN_LIT("("), why), -1);
	assert_true(why[0] != '\0');
	for (i = 0; i < COUNT(rows); i++) {
		index = 0;
		check_int(rows[i].text, regex_set_find(set,
		    span_of(rows[i].text), INT64_MAX, &index),
		    rows[i].result);
		check_int(rows[i].text, index, rows[i].index);
	}
	regex_set_free(&set);
	assert_null(set);
	regex_set_free(&set);
}

static void
time_ends(void **state)
{
	struct regex_set *set = regex_set_new(NULL);
	char why[REGEX_WHY_MAX], pattern[32];
	size_t i, index;

	(void)state;
	for (i = 0; i < 200; i++) {
		snprintf(pattern, sizeof(pattern), "^%zu$", i);
		check_int(pattern, regex_set_add(set, span_of(pattern), why),
		    0);
	}
	check_int("last", regex_set_find(set, SPAN_LIT("199"), INT64_MAX,
	    &index), REGEX_FOUND);
	check_int("last", index, 199);
	check_int("over", regex_set_find(set, SPAN_LIT("199"), 0, &index),
	    REGEX_GAVE_UP);
	regex_set_free(&set);
}

/* Memory that is out at each step in turn leaks nothing and says so. */
struct purse {
	size_t left, held;
};

static void *
purse_take(size_t size, void *arg)
{
	struct purse *p = arg;

	if (p->left == 0)
		return NULL;
	p->left--;
	p->held++;
	return malloc(size);
}

static void
purse_give(void *memory, void *arg)
{
	struct purse *p = arg;

	p->held -= memory != NULL;
	free(memory);
}

static void
memory_ends(void **state)
{
	char why[REGEX_WHY_MAX];
	size_t n, made = 0;

	(void)state;
	for (n = 0; n < 40; n++) {
		struct purse purse = { n, 0 };
		struct regex_memory memory = { purse_take, purse_give,
			&purse };
		struct regex_set *set = regex_set_new(&memory);

		if (set != NULL) {
			if (regex_set_add(set, SPAN_LIT("(a+)(?<b>b)"),
			    why) == 0)
				made++;
			else
				check_str("why", why, "");
		}
		regex_set_free(&set);
		check_int("held", purse.held, 0);
	}
	assert_true(made > 0 && made < 40);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_added_wins),
		cmocka_unit_test(time_ends),
		cmocka_unit_test(memory_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
