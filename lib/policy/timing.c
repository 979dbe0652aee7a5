/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/policy/timing.h"

#include <stdlib.h>

#include "lib/base/alloc.h"

const double timing_bounds[TIMING_BOUNDS] = { 0.005, 0.01, 0.025, 0.05, 0.1,
	0.25, 0.5, 1, 2.5, 5, 10 };

struct timings *
timings_of_process(void)
{
	static struct timings all;

	return &all;
}

/* Bytes of label without a piece of a character at the end. */
static struct span
label_cut(struct span label)
{
	if (label.len <= TIMING_LABEL_MAX)
		return label;
	label.len = TIMING_LABEL_MAX;
	while (label.len > 0 && (label.p[label.len] & 0xc0) == 0x80)
		label.len--;
	return label;
}

void
timing_add(struct timings *all, struct span label, double seconds)
{
	struct timing *l;
	size_t i;

	label = label_cut(label);
	l = map_get(&all->by_label, label);
	if (l == NULL && all->by_label.count >= TIMING_LABELS_MAX) {
		label = SPAN_LIT("other");
		l = map_get(&all->by_label, label);
	}
	if (l == NULL) {
		l = xcalloc(1, sizeof(*l));
		map_set(&all->by_label, label, l);
	}
	l->count++;
	l->sum_s += seconds;
	for (i = 0; i < TIMING_BOUNDS; i++)
		l->buckets[i] += seconds <= timing_bounds[i];
}

bool
timing_next(const struct timings *all, size_t *at, struct span *label_out,
    const struct timing **out)
{
	void *value;

	if (!map_next(&all->by_label, at, label_out, &value))
		return false;
	*out = value;
	return true;
}

void
timings_free(struct timings *all)
{
	map_free(&all->by_label, free);
}
