/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A rate: N per period with a burst, by the generic cell rate algorithm. Its
 * state is one time, that at which all that was let through would have come
 * evenly spaced. Zero-initialised has let nothing through yet.
 */
#ifndef LIB_SETTINGS_THROTTLE_H
#define LIB_SETTINGS_THROTTLE_H

#include <stdint.h>

#include "lib/settings/option.h"

struct throttle {
	int64_t even_ns; /* the "theoretical arrival time" */
};

/* Milliseconds until one more may pass; 0: now. A spec not set passes all. */
int64_t throttle_wait_ms(const struct throttle *t,
    const struct throttle_spec *spec, int64_t now_ms);
/* How many may pass at once after a rest. */
uint64_t throttle_at_once(const struct throttle_spec *spec);
/* How many may pass at once now. */
int64_t throttle_left(const struct throttle *t,
    const struct throttle_spec *spec, int64_t now_ms);
/* Milliseconds until it is as if nothing had passed. */
int64_t throttle_full_in_ms(const struct throttle *t, int64_t now_ms);
/* Count one, whatever throttle_wait_ms says. */
void throttle_take(struct throttle *t, const struct throttle_spec *spec,
    int64_t now_ms);

#endif
