/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/common/latency.h"

/* Values of 2^n..2^(n+1) share a row of LATENCY_SUB buckets. */
static unsigned
bucket_of(uint64_t us)
{
	unsigned shift = 0, at;

	while (us >> shift >= 2 * LATENCY_SUB)
		shift++;
	at = shift * LATENCY_SUB + (unsigned)(us >> shift);
	return at < LATENCY_BUCKETS ? at : LATENCY_BUCKETS - 1;
}

/* The largest value that falls into the bucket. */
static uint64_t
bucket_top(unsigned at)
{
	unsigned shift;

	if (at < 2 * LATENCY_SUB)
		return at;
	shift = at / LATENCY_SUB - 1;
	return ((uint64_t)(at - shift * LATENCY_SUB + 1) << shift) - 1;
}

void
latency_add(struct latency *l, uint64_t us)
{
	l->count++;
	l->buckets[bucket_of(us)]++;
	if (us > l->max_us)
		l->max_us = us;
}

uint64_t
latency_at_us(const struct latency *l, double percent)
{
	uint64_t seen = 0, want = (uint64_t)((double)l->count * percent / 100);

	for (unsigned i = 0; i < LATENCY_BUCKETS; i++) {
		seen += l->buckets[i];
		if (l->buckets[i] != 0 && seen >= want) {
			uint64_t top = bucket_top(i);

			return top < l->max_us ? top : l->max_us;
		}
	}
	return l->max_us;
}
