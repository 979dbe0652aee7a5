/* SPDX-License-Identifier: Apache-2.0 */
/* What the sink has seen since it started or since they were cleared. */
#ifndef TESTS_BENCH_SINK_COUNTERS_H
#define TESTS_BENCH_SINK_COUNTERS_H

#include <stdint.h>

struct counters {
	uint64_t connections;
	uint64_t open; /* connections now; clearing leaves it */
	uint64_t tls;
	uint64_t messages; /* acknowledged */
	uint64_t recipients;
	uint64_t bytes; /* content of acknowledged messages */
	uint64_t rcpt_refused;
	uint64_t data_refused;
	uint64_t dropped;
	int64_t first_us; /* wall time of the first and last acknowledged */
	int64_t last_us;
	int64_t cpu_from_us; /* CPU time when they were cleared */
};

void counters_clear(struct counters *c);
/* One line of JSON on stdout. */
void counters_print(const struct counters *c);

#endif
