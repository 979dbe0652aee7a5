/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/settings/throttle.h"

#define NS_PER_MS INT64_C(1000000)

/* Nanoseconds, because a rate may be above a thousand a second. */
static int64_t
interval_ns(const struct throttle_spec *spec)
{
	int64_t ns = spec->period_ms * NS_PER_MS / (int64_t)spec->limit;

	return ns > 0 ? ns : 1;
}

uint64_t
throttle_at_once(const struct throttle_spec *spec)
{
	if (spec->limit == 0)
		return 0;
	return spec->burst == 0 ? 1 : spec->burst;
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
	room = (__int128)interval * (int64_t)(throttle_at_once(spec) - 1);
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

int64_t
throttle_full_in_ms(const struct throttle *t, int64_t now_ms)
{
	int64_t ahead = t->even_ns - now_ms * NS_PER_MS;

	return ahead <= 0 ? 0 : (ahead + NS_PER_MS - 1) / NS_PER_MS;
}

int64_t
throttle_left(const struct throttle *t, const struct throttle_spec *spec,
    int64_t now_ms)
{
	int64_t ahead = t->even_ns - now_ms * NS_PER_MS, used;

	if (!spec->set || spec->limit == 0 || spec->limit > INT64_MAX)
		return 0;
	if (ahead < 0)
		ahead = 0;
	used = (ahead + interval_ns(spec) - 1) / interval_ns(spec);
	return used >= (int64_t)throttle_at_once(spec) ? 0 :
	    (int64_t)throttle_at_once(spec) - used;
}
