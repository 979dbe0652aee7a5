/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long the parts of policies took that they measure themselves: the
 * histogram user_lua_latency of this process. It outlives a policy.
 */
#ifndef LIB_POLICY_TIMING_H
#define LIB_POLICY_TIMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/map.h"
#include "lib/base/span.h"

enum {
	TIMING_BOUNDS = 11,
	TIMING_LABELS_MAX = 1000, /* more are counted as "other" */
	TIMING_LABEL_MAX = 128,   /* bytes; the rest is cut */
};

/* Seconds: what took at most so long is counted in buckets[i]. */
extern const double timing_bounds[TIMING_BOUNDS];

struct timing {
	uint64_t buckets[TIMING_BOUNDS]; /* each with those below it */
	uint64_t count;
	double sum_s;
};

struct timings {
	struct map by_label; /* struct timing */
};

struct timings *timings_of_process(void);
void timing_add(struct timings *all, struct span label, double seconds);
/* Visit all: start with *at = 0; false at the end. */
bool timing_next(const struct timings *all, size_t *at,
    struct span *label_out, const struct timing **out);
void timings_free(struct timings *all);

#endif
