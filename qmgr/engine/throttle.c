/* SPDX-License-Identifier: Apache-2.0 */
#include "qmgr/engine/throttle.h"

#define NS_PER_MS INT64_C(1000000)

/* Nanoseconds, because a rate may be above a thousand a second. */
static int64_t
interval_ns(const struct throttle_spec *spec)
{
	int64_t ns = spec->period_ms * NS_PER_MS / (int64_t)spec->limit;

	return ns > 0 ? ns : 1;
}

int64_t
throttle_wait_ms(const struct throttle *t, const struct throttle_spec *spec,
    int64_t now_ms)
{
	int64_t now = now_ms * NS_PER_MS, interval, slack, early;
	__int128 room;

	if (!spec->set)
		return 0;
	if (spec->limit == 0 || spec->limit > INT64_MAX)
		return spec->limit == 0 ? spec->period_ms : 0;
	interval = interval_ns(spec);
	/* How far ahead of even spacing a burst may run. */
	room = (__int128)interval *
	    (spec->burst == 0 ? 0 : (int64_t)(spec->burst - 1));
	slack = room > INT64_MAX / 4 ? INT64_MAX / 4 : (int64_t)room;
	early = t->even_ns - slack - now;
	return early <= 0 ? 0 : (early + NS_PER_MS - 1) / NS_PER_MS;
}

void
throttle_take(struct throttle *t, const struct throttle_spec *spec,
    int64_t now_ms)
{
	int64_t now = now_ms * NS_PER_MS;

	if (!spec->set || spec->limit == 0 || spec->limit > INT64_MAX)
		return;
	if (t->even_ns < now)
		t->even_ns = now;
	t->even_ns += interval_ns(spec);
}
