/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A rate: N per period with a burst, by the generic cell rate algorithm. Its
 * state is one time, that at which all that was let through would have come
 * evenly spaced. Zero-initialised has let nothing through yet.
 */
#ifndef QMGR_ENGINE_THROTTLE_H
#define QMGR_ENGINE_THROTTLE_H

#include <stdint.h>

#include "lib/settings/option.h"

struct throttle {
	int64_t even_ns; /* the "theoretical arrival time" */
};

/* Milliseconds until one more may pass; 0: now. A spec not set passes all. */
int64_t throttle_wait_ms(const struct throttle *t,
    const struct throttle_spec *spec, int64_t now_ms);
/* Count one, whatever throttle_wait_ms says. */
void throttle_take(struct throttle *t, const struct throttle_spec *spec,
    int64_t now_ms);

#endif
