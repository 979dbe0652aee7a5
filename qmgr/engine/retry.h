/* SPDX-License-Identifier: Apache-2.0 */
/* When a message is tried again after a temporary failure. */
#ifndef QMGR_ENGINE_RETRY_H
#define QMGR_ENGINE_RETRY_H

#include <stdint.h>

#include "qmgr/engine/rng.h"

/* No delay is longer than this, whatever was asked for: ten years. */
#define RETRY_MAX_MS (INT64_C(3650) * 86400 * 1000)

/* interval x 2^attempts, at most max_ms unless that is -1, without jitter. */
int64_t retry_delay_ms(int64_t interval_ms, int64_t max_ms, unsigned attempts);
/* At most min(interval/20, 60 s)/2 either way. */
int64_t retry_jitter_ms(int64_t interval_ms, struct rng *rng);
/* How many connections n ready messages are worth. */
uint32_t wanted_connections(uint64_t limit, uint32_t n);

#endif
