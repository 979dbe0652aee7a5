/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/policy/timing.h"

#include <stdio.h>

#include "tests/support/check.h"

static const struct timing *
find(const struct timings *all, const char *label)
{
	const struct timing *l;
	struct span each;
	size_t at = 0;

	while (timing_next(all, &at, &each, &l)) {
		if (span_eq_str(each, label))
			return l;
	}
	fail_msg("no label %s", label);
	return NULL;
}

static void
counts(void **state)
{
	struct timings all = { .by_label = { .count = 0 } };
	const struct timing *l;

	(void)state;
	timing_add(&all, SPAN_LIT("a"), 0.005);
	timing_add(&all, SPAN_LIT("a"), 0.3);
	timing_add(&all, SPAN_LIT("a"), 60);
	timing_add(&all, SPAN_LIT("b"), 0);
	l = find(&all, "a");
	check_int("count", l->count, 3);
	check_int("sum", l->sum_s * 1000, 60305);
	check_int("0.005", l->buckets[0], 1);
	check_int("0.25", l->buckets[5], 1);
	check_int("0.5", l->buckets[6], 2);
	check_int("10", l->buckets[TIMING_BOUNDS - 1], 2);
	check_int("b", find(&all, "b")->buckets[0], 1);
	timings_free(&all);
}

static void
labels_are_bounded(void **state)
{
	struct timings all = { .by_label = { .count = 0 } };
	char label[TIMING_LABEL_MAX + 10];
	int i;

	(void)state;
	memset(label, 'x', sizeof(label));
	timing_add(&all, span_make(label, sizeof(label)), 1);
	label[TIMING_LABEL_MAX] = '\0';
	check_int("cut", find(&all, label)->count, 1);
	label[TIMING_LABEL_MAX] = '\x80';
	label[TIMING_LABEL_MAX - 1] = '\xc3';
	timing_add(&all, span_make(label, sizeof(label)), 1);
	label[TIMING_LABEL_MAX - 1] = '\0';
	check_int("cut before a character", find(&all, label)->count, 1);
	for (i = 0; i < 2 * TIMING_LABELS_MAX; i++) {
		snprintf(label, sizeof(label), "label %d", i);
		timing_add(&all, span_of(label), 1);
	}
	check_int("labels", all.by_label.count, TIMING_LABELS_MAX + 1);
	check_int("other", find(&all, "other")->count, TIMING_LABELS_MAX + 2);
	timings_free(&all);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts),
		cmocka_unit_test(labels_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
