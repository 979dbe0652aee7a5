/* SPDX-License-Identifier: Apache-2.0 */
#include "lookupd/counters.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/map.h"
#include "lib/io/loop.h"
#include "lookupd/ask.h"
#include "lookupd/lookupd.h"

enum { BUCKETS_MAX = 100000, SERIES_MAX = 100000 };

struct series {
	uint32_t n;
	int64_t bucket_s;
	int64_t at; /* number of the newest bucket since the epoch of time */
	uint64_t v[];
};

struct counters {
	struct map series;
};

struct counters *
counters_new(void)
{
	return xcalloc(1, sizeof(struct counters));
}

void
counters_free(struct counters **cp)
{
	struct counters *c = *cp;

	*cp = NULL;
	if (c == NULL)
		return;
	map_free(&c->series, free);
	free(c);
}

static uint64_t *
bucket(struct series *s, int64_t at)
{
	return &s->v[(uint64_t)at % s->n];
}

/* Empty what time has passed over. */
static void
series_turn(struct series *s, int64_t now_s)
{
	int64_t now = now_s / s->bucket_s;

	if (now - s->at >= s->n)
		memset(s->v, 0, s->n * sizeof(*s->v));
	else
		for (; s->at < now; s->at++)
			*bucket(s, s->at + 1) = 0;
	s->at = now;
}

static struct series *
series_get(struct counters *c, const struct ask *a, int64_t now_s)
{
	int64_t n = ask_number(a, "buckets", 1);
	int64_t bucket_s = ask_number(a, "bucket_s", 1);
	struct span name = ask_text(a, "name");
	struct series *s = map_get(&c->series, name);

	if (n < 1 || n > BUCKETS_MAX || bucket_s < 1)
		return NULL;
	if (s != NULL && s->n == n && s->bucket_s == bucket_s)
		return s;
	if (s == NULL && c->series.count >= SERIES_MAX)
		return NULL;
	free(s);
	s = xcalloc(1, sizeof(*s) + (size_t)n * sizeof(*s->v));
	s->n = (uint32_t)n;
	s->bucket_s = bucket_s;
	s->at = now_s / bucket_s;
	*bucket(s, s->at) = (uint64_t)ask_number(a, "initial", 0);
	map_set(&c->series, name, s);
	return s;
}

static void
add(uint64_t *v, int64_t n)
{
	if (n < 0)
		*v -= (uint64_t)-n > *v ? *v : (uint64_t)-n;
	else
		*v = (uint64_t)n > UINT64_MAX - *v ? UINT64_MAX :
		    *v + (uint64_t)n;
}

static uint64_t
sum(struct series *s, int64_t n)
{
	uint64_t out = 0, one;
	int64_t i;

	if (n <= 0 || n > s->n)
		n = s->n;
	for (i = 0; i < n; i++) {
		one = *bucket(s, s->at - i + s->n);
		out = one > UINT64_MAX - out ? UINT64_MAX : out + one;
	}
	return out;
}

void
counters_ask(struct ask *a)
{
	int64_t now = loop_mono_ms(a->l->daemon.loop) / 1000;
	struct series *s = series_get(a->l->counters, a, now);
	struct span what = ask_text(a, "what");
	struct value *out = NULL;
	uint64_t total;

	if (s == NULL) {
		ask_fail(a, "too many series, or too many buckets in one");
		return;
	}
	series_turn(s, now);
	if (span_eq_str(what, "add"))
		add(bucket(s, s->at), ask_number(a, "n", 0));
	else if (span_eq_str(what, "observe"))
		*bucket(s, s->at) = (uint64_t)ask_number(a, "n", 0);
	else if (span_eq_str(what, "sum")) {
		total = sum(s, ask_number(a, "n", 0));
		out = value_int(0, total > INT64_MAX ? INT64_MAX :
		    (int64_t)total);
	}
	ask_answer(a, out);
}
