/* SPDX-License-Identifier: Apache-2.0 */
#include "lookupd/redis_throttle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/log.h"
#include "lib/redis/script.h"
#include "lib/settings/redis_opts.h"
#include "lib/settings/throttle.h"
#include "lookupd/ask.h"
#include "lookupd/lookupd.h"
#include "lookupd/redis.h"

/*
 * The generic cell rate algorithm of lib/settings/throttle.c by the server's
 * clock, in microseconds: they stay exact in the doubles of its Lua until the
 * year 2255. Gives {throttled, left, retry, reset}.
 */
static const char script[] =
    "local t = redis.call('TIME')\n"
    "local now = t[1] * 1000000 + t[2]\n"
    "local interval = ARGV[2] * 1000 / ARGV[1]\n"
    "local at_once = tonumber(ARGV[3])\n"
    "local even = tonumber(redis.call('GET', KEYS[1]) or '0')\n"
    "if even < now then even = now end\n"
    "local retry = math.ceil(even - interval * (at_once - 1) - now)\n"
    "local throttled = 1\n"
    "if retry <= 0 then\n"
    "  throttled = 0\n"
    "  retry = 0\n"
    "  even = even + interval\n"
    "  redis.call('SET', KEYS[1], string.format('%.0f', even), 'PX',\n"
    "    string.format('%.0f', math.ceil((even - now) / 1000)))\n"
    "end\n"
    "local left = at_once - math.ceil((even - now) / interval)\n"
    "if left < 0 then left = 0 end\n"
    "return { throttled, left, retry, math.ceil(even - now) }\n";

enum step { STEP_PROBE, STEP_COMMAND, STEP_SCRIPT, STEP_SCRIPT_WHOLE };

/* One question on its way. */
struct question {
	struct ask *ask;
	struct redis_call *call;
	struct throttle_spec spec;
	enum step step;
	bool again; /* the probe was of old and has been made anew */
};

static void question_send(struct question *q, enum step step);

static void
question_end(struct question *q, const char *error)
{
	struct ask *a = q->ask;

	free(q);
	a->work = NULL;
	ask_fail(a, "redis: %s", error);
}

static void
put_number(struct value *map, const char *name, int64_t n)
{
	value_map_add(map, 0, span_of(name), value_int(0, n));
}

/* Times in seconds; retry below 0: not throttled. */
static void
question_answer(struct question *q, int64_t left, int64_t retry,
    int64_t reset)
{
	struct value *out = value_map(0);
	struct ask *a = q->ask;

	value_map_add(out, 0, SPAN_LIT("throttled"),
	    value_bool(0, retry >= 0));
	put_number(out, "limit", (int64_t)throttle_at_once(&q->spec));
	put_number(out, "remaining", left);
	put_number(out, "reset_after", reset);
	if (retry >= 0)
		put_number(out, "retry_after", retry);
	free(q);
	a->work = NULL;
	ask_answer(a, out);
}

/* A list of n whole numbers? */
static bool
numbers(const struct value *v, int64_t *out, size_t n)
{
	size_t i;

	if (v == NULL || v->kind != VALUE_LIST || v->u.list.n < n)
		return false;
	for (i = 0; i < n; i++) {
		if (v->u.list.v[i]->kind != VALUE_INT)
			return false;
		out[i] = v->u.list.v[i]->u.number;
	}
	return true;
}

static int64_t
seconds_up(int64_t us)
{
	return us / 1000000 + (us % 1000000 > 0 ? 1 : 0);
}

static void
on_script(struct question *q, struct redis_reply *reply, const char *error)
{
	int64_t n[4];

	if (reply == NULL && q->step == STEP_SCRIPT &&
	    strstr(error, "NOSCRIPT") != NULL)
		question_send(q, STEP_SCRIPT_WHOLE);
	else if (reply == NULL)
		question_end(q, error);
	else if (!numbers(reply->value, n, 4))
		question_end(q, "the script gave no four numbers");
	else
		question_answer(q, n[1], n[0] != 0 ? seconds_up(n[2]) : -1,
		    seconds_up(n[3]));
}

/* CL.THROTTLE gives {throttled, limit, left, retry or -1, reset}. */
static void
on_command(struct question *q, struct redis_reply *reply, const char *error)
{
	struct lookupd *l = q->ask->l;
	int64_t n[5];

	if (reply == NULL && !q->again &&
	    strstr(error, "unknown command") != NULL) {
		/* Another server took its place. */
		l->throttle_cell = THROTTLE_CELL_UNKNOWN;
		q->again = true;
		question_send(q, STEP_PROBE);
	} else if (reply == NULL)
		question_end(q, error);
	else if (!numbers(reply->value, n, 5))
		question_end(q, "CL.THROTTLE gave no five numbers");
	else
		question_answer(q, n[2], n[0] != 0 && n[3] >= 0 ? n[3] : -1,
		    n[4]);
}

/* COMMAND INFO gives a list of one, which is null for what it lacks. */
static void
on_probe(struct question *q, struct redis_reply *reply, const char *error)
{
	const struct value *v = reply == NULL ? NULL : reply->value;
	struct lookupd *l = q->ask->l;

	if (v == NULL) {
		question_end(q, error);
		return;
	}
	l->throttle_cell = v->kind == VALUE_LIST && v->u.list.n == 1 &&
	    v->u.list.v[0]->kind == VALUE_LIST ? THROTTLE_CELL_THERE :
	    THROTTLE_CELL_ABSENT;
	question_send(q, l->throttle_cell == THROTTLE_CELL_THERE ?
	    STEP_COMMAND : STEP_SCRIPT);
}

static void
on_done(void *arg, struct redis_reply *reply, const char *error)
{
	struct question *q = arg;

	q->call = NULL;
	switch (q->step) {
	case STEP_PROBE:
		on_probe(q, reply, error);
		break;
	case STEP_COMMAND:
		on_command(q, reply, error);
		break;
	case STEP_SCRIPT:
	case STEP_SCRIPT_WHOLE:
		on_script(q, reply, error);
		break;
	}
}

/* ---- the words ---------------------------------------------------------- */

enum { WORDS = 7, NUMBER_SIZE = 24 };

struct words {
	struct span v[WORDS];
	size_t n;
	char numbers[3][NUMBER_SIZE];
	struct buf key;
};

static struct span
number(struct words *w, unsigned i, uint64_t n)
{
	snprintf(w->numbers[i], NUMBER_SIZE, "%llu", (unsigned long long)n);
	return span_of(w->numbers[i]);
}

static void
words_key(struct words *w, const struct question *q)
{
	struct span name = ask_text(q->ask, "name");

	buf_add_span(&w->key, name);
	buf_addf(&w->key, ":%llu:%llu:%lld", (unsigned long long)q->spec.limit,
	    (unsigned long long)q->spec.burst, (long long)q->spec.period_ms);
}

static void
words_command(struct words *w, const struct question *q)
{
	int64_t seconds = q->spec.period_ms / 1000;

	w->v[0] = SPAN_LIT("CL.THROTTLE");
	w->v[1] = buf_span(&w->key);
	w->v[2] = number(w, 0, throttle_at_once(&q->spec) - 1);
	w->v[3] = number(w, 1, q->spec.limit);
	w->v[4] = number(w, 2, (uint64_t)(seconds > 0 ? seconds : 1));
	w->n = 5;
}

static void
words_script(struct words *w, const struct question *q)
{
	w->v[0] = q->step == STEP_SCRIPT ? SPAN_LIT("EVALSHA") :
	    SPAN_LIT("EVAL");
	w->v[1] = q->step == STEP_SCRIPT ?
	    span_of(q->ask->l->throttle_sha1) :
	    span_make(script, sizeof(script) - 1);
	w->v[2] = SPAN_LIT("1");
	w->v[3] = buf_span(&w->key);
	w->v[4] = number(w, 0, q->spec.limit);
	w->v[5] = number(w, 1, (uint64_t)q->spec.period_ms);
	w->v[6] = number(w, 2, throttle_at_once(&q->spec));
	w->n = 7;
}

static void
words_make(struct words *w, const struct question *q)
{
	memset(w, 0, sizeof(*w));
	words_key(w, q);
	switch (q->step) {
	case STEP_PROBE:
		w->v[0] = SPAN_LIT("COMMAND");
		w->v[1] = SPAN_LIT("INFO");
		w->v[2] = SPAN_LIT("CL.THROTTLE");
		w->n = 3;
		break;
	case STEP_COMMAND:
		words_command(w, q);
		break;
	case STEP_SCRIPT:
	case STEP_SCRIPT_WHOLE:
		words_script(w, q);
		break;
	}
}

static void
question_send(struct question *q, enum step step)
{
	struct lookupd *l = q->ask->l;
	struct redis_call *call;
	struct words w;

	q->step = step;
	words_make(&w, q);
	call = redis_send(l->redis, buf_span(&l->throttles_redis), w.v, w.n,
	    on_done, q);
	buf_free(&w.key);
	/* Without a call the question is gone. */
	if (call != NULL)
		q->call = call;
}

void
redis_throttle_ask(struct ask *a, const struct throttle_spec *spec)
{
	static const enum step steps[] = {
		[THROTTLE_CELL_UNKNOWN] = STEP_PROBE,
		[THROTTLE_CELL_THERE] = STEP_COMMAND,
		[THROTTLE_CELL_ABSENT] = STEP_SCRIPT,
	};
	struct question *q = xcalloc(1, sizeof(*q));

	q->ask = a;
	q->spec = *spec;
	a->work = q;
	question_send(q, steps[a->l->throttle_cell]);
}

void
redis_throttle_cancel(struct ask *a)
{
	struct question *q = a->work;

	if (q == NULL)
		return;
	if (q->call != NULL)
		redis_cancel(q->call);
	free(q);
}

/* ---- which server ------------------------------------------------------- */

static void
on_ping(void *arg, struct redis_reply *reply, const char *error)
{
	(void)arg;
	if (reply != NULL)
		log_info("throttles redis=up");
	else
		log_warnx("throttles redis=away: %s: throttles fail until it "
		    "is there", error);
}

void
redis_throttles_configure(struct lookupd *l, const struct redis_opts *o)
{
	const struct span ping = SPAN_LIT("PING");
	struct buf fresh = { .base = NULL };

	if (o->node.n > 0)
		redis_opts_put(&fresh, o);
	if (span_eq(buf_span(&fresh), buf_span(&l->throttles_redis))) {
		buf_free(&fresh);
		return;
	}
	buf_free(&l->throttles_redis);
	l->throttles_redis = fresh;
	l->throttle_cell = THROTTLE_CELL_UNKNOWN;
	redis_script_sha1(span_make(script, sizeof(script) - 1),
	    l->throttle_sha1);
	if (buf_len(&fresh) > 0)
		redis_send(l->redis, buf_span(&fresh), &ping, 1, on_ping, l);
}
