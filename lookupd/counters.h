/* SPDX-License-Identifier: Apache-2.0 */
/* kumo.counter_series: rolling counters that are one for the suite. */
#ifndef LOOKUPD_COUNTERS_H
#define LOOKUPD_COUNTERS_H

struct ask;
struct counters;

struct counters *counters_new(void);
void counters_free(struct counters **c);
/*
 * LOOKUP_COUNTER: {what, name, buckets, bucket_s, initial, n}. Every question
 * defines the series; another shape replaces it and zeroes it. "add" n (may
 * be negative), "observe" n, "sum" over the newest n buckets (0: all).
 */
void counters_ask(struct ask *a);

#endif
