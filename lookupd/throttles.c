/* SPDX-License-Identifier: Apache-2.0 */
#include "lookupd/throttles.h"

#include <stdlib.h>

#include "lib/base/alloc.h"
#include "lib/base/map.h"
#include "lib/io/loop.h"
#include "lib/settings/option.h"
#include "lib/settings/throttle.h"
#include "lookupd/ask.h"
#include "lookupd/lookupd.h"
#include "lookupd/redis_throttle.h"

enum { SWEEP_MS = 60000 };

struct entry {
	struct throttle throttle;
	struct throttle_spec spec;
};

struct throttles {
	struct loop *loop;
	struct timer sweep;
	struct map entries; /* "name:limit:burst:period" */
};

/* A throttle at rest is one that was never used. */
static bool
at_rest(const struct entry *e, int64_t now_ms)
{
	return throttle_full_in_ms(&e->throttle, now_ms) == 0;
}

static void
throttles_sweep(void *arg)
{
	struct throttles *t = arg;
	int64_t now = loop_mono_ms(t->loop);
	struct map left = { .slots = NULL };
	struct span key;
	size_t at = 0;
	void *e;

	while (map_next(&t->entries, &at, &key, &e)) {
		if (at_rest(e, now))
			free(e);
		else
			map_set(&left, key, e);
	}
	map_free(&t->entries, NULL);
	t->entries = left;
	if (left.count > 0)
		timer_set(&t->sweep, SWEEP_MS);
}

struct throttles *
throttles_new(struct loop *loop)
{
	struct throttles *t = xcalloc(1, sizeof(*t));

	t->loop = loop;
	timer_init(&t->sweep, loop, throttles_sweep, t);
	return t;
}

void
throttles_free(struct throttles **tp)
{
	struct throttles *t = *tp;

	*tp = NULL;
	if (t == NULL)
		return;
	timer_done(&t->sweep);
	map_free(&t->entries, free);
	free(t);
}

static struct entry *
entry_get(struct throttles *t, struct span name,
    const struct throttle_spec *spec)
{
	struct buf key = { .base = NULL };
	struct entry *e;

	buf_addf(&key, "%.*s:%llu:%llu:%lld", SPAN_FMT(name),
	    (unsigned long long)spec->limit, (unsigned long long)spec->burst,
	    (long long)spec->period_ms);
	e = map_get(&t->entries, buf_span(&key));
	if (e == NULL) {
		e = xcalloc(1, sizeof(*e));
		e->spec = *spec;
		map_set(&t->entries, buf_span(&key), e);
		if (t->entries.count == 1)
			timer_set(&t->sweep, SWEEP_MS);
	}
	buf_free(&key);
	return e;
}

static int64_t
seconds_up(int64_t ms)
{
	return (ms + 999) / 1000;
}

static void
put_number(struct value *map, const char *name, int64_t n)
{
	value_map_add(map, 0, span_of(name), value_int(0, n));
}

void
throttles_ask(struct ask *a)
{
	struct throttles *t = a->l->throttles;
	struct throttle_spec spec;
	struct value *out;
	struct entry *e;
	int64_t now = loop_mono_ms(t->loop), wait;

	if (throttle_parse(ask_text(a, "spec"), &spec) != 0) {
		ask_fail(a, "the throttle's rate is not one");
		return;
	}
	if (buf_len(&a->l->throttles_redis) > 0 && !spec.local &&
	    spec.limit > 0) {
		redis_throttle_ask(a, &spec);
		return;
	}
	e = entry_get(t, ask_text(a, "name"), &spec);
	wait = throttle_wait_ms(&e->throttle, &spec, now);
	if (wait == 0)
		throttle_take(&e->throttle, &spec, now);
	out = value_map(0);
	value_map_add(out, 0, SPAN_LIT("throttled"), value_bool(0, wait > 0));
	put_number(out, "limit", (int64_t)throttle_at_once(&spec));
	put_number(out, "remaining",
	    throttle_left(&e->throttle, &spec, now));
	put_number(out, "reset_after",
	    seconds_up(throttle_full_in_ms(&e->throttle, now)));
	if (wait > 0)
		put_number(out, "retry_after", seconds_up(wait));
	ask_answer(a, out);
}

/* Only Redis keeps anybody waiting. */
void
throttles_cancel(struct ask *a)
{
	redis_throttle_cancel(a);
}
