/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Durations counted in buckets that grow with them: exact below 64 us, within
 * 1/32 above, whatever the number of values. Zero-initialised is empty.
 */
#ifndef TESTS_BENCH_COMMON_LATENCY_H
#define TESTS_BENCH_COMMON_LATENCY_H

#include <stdint.h>

enum { LATENCY_SUB = 32, LATENCY_BUCKETS = 40 * LATENCY_SUB };

struct latency {
	uint64_t count;
	uint64_t max_us;
	uint64_t buckets[LATENCY_BUCKETS];
};

void latency_add(struct latency *l, uint64_t us);
/* The duration that `percent` of the values do not exceed; 0 when empty. */
uint64_t latency_at_us(const struct latency *l, double percent);

#endif
