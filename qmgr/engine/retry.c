/* SPDX-License-Identifier: Apache-2.0 */
#include "qmgr/engine/retry.h"

#include <math.h>

int64_t
retry_delay_ms(int64_t interval_ms, int64_t max_ms, unsigned attempts)
{
	int64_t limit = max_ms >= 0 && max_ms < RETRY_MAX_MS ? max_ms :
							       RETRY_MAX_MS;
	int64_t delay = interval_ms;

	if (delay < 0)
		delay = 0;
	while (attempts-- > 0 && delay > 0 && delay < limit)
		delay *= 2;
	return delay < limit ? delay : limit;
}

int64_t
retry_jitter_ms(int64_t interval_ms, struct rng *rng)
{
	int64_t most = interval_ms / 20;

	if (most > 60 * 1000)
		most = 60 * 1000;
	most /= 2;
	if (most <= 0)
		return 0;
	return (int64_t)rng_below(rng, (uint64_t)(2 * most + 1)) - most;
}

uint32_t
wanted_connections(uint64_t limit, uint32_t n)
{
	double want;

	if (n == 0 || limit == 0)
		return 0;
	want = ceil((double)limit * (1.0 - exp(-0.023 * n)));
	return want >= n ? n : (uint32_t)want;
}
