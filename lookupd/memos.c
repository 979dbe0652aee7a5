/* SPDX-License-Identifier: Apache-2.0 */
#include "lookupd/memos.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/map.h"
#include "lib/io/loop.h"
#include "lookupd/ask.h"
#include "lookupd/lookupd.h"

enum {
	BYTES_MAX = 256 * 1024 * 1024, /* values of all caches */
	CACHES_MAX = 1000,
};

struct cache;

/* A key; with a value, or somebody who computes it, or both. */
struct memo {
	struct cache *cache;
	struct memo *older, *newer;
	char *key;
	size_t key_len;
	struct value *value;
	size_t bytes;
	int64_t until_ms;
	const struct channel *owner; /* who computes; NULL: nobody */
	struct timer overdue;
	struct ask **waiting;
	size_t n_waiting;
};

struct cache {
	struct memos *memos;
	struct map entries;
	struct memo *oldest, *newest;
};

struct memos {
	struct loop *loop;
	struct map caches;
	size_t bytes;
};

struct memos *
memos_new(struct loop *loop)
{
	struct memos *m = xcalloc(1, sizeof(*m));

	m->loop = loop;
	return m;
}

/* ---- entries ------------------------------------------------------------ */

static void
memo_unlink(struct memo *e)
{
	struct cache *c = e->cache;

	if (e->older != NULL)
		e->older->newer = e->newer;
	else
		c->oldest = e->newer;
	if (e->newer != NULL)
		e->newer->older = e->older;
	else
		c->newest = e->older;
}

static void
memo_newest(struct memo *e)
{
	struct cache *c = e->cache;

	e->newer = NULL;
	e->older = c->newest;
	if (c->newest != NULL)
		c->newest->newer = e;
	else
		c->oldest = e;
	c->newest = e;
}

static void
memo_value_drop(struct memo *e)
{
	e->cache->memos->bytes -= e->bytes;
	e->bytes = 0;
	value_free(&e->value);
}

static void
memo_free(struct memo *e)
{
	memo_value_drop(e);
	map_del(&e->cache->entries, span_make(e->key, e->key_len));
	memo_unlink(e);
	timer_done(&e->overdue);
	free(e->waiting);
	free(e->key);
	free(e);
}

static bool
memo_busy(const struct memo *e)
{
	return e->owner != NULL || e->n_waiting > 0;
}

/* What nobody computes and that was used longest ago goes first. */
static void
cache_trim(struct cache *c, size_t capacity)
{
	struct memo *e = c->oldest, *next;

	for (; e != NULL && (c->entries.count > capacity ||
	    c->memos->bytes > BYTES_MAX); e = next) {
		next = e->newer;
		if (!memo_busy(e))
			memo_free(e);
	}
}

void
memos_free(struct memos **mp)
{
	struct memos *m = *mp;
	struct cache *c;
	struct span key;
	size_t at = 0;
	void *v;

	*mp = NULL;
	if (m == NULL)
		return;
	while (map_next(&m->caches, &at, &key, &v)) {
		c = v;
		while (c->oldest != NULL)
			memo_free(c->oldest);
		map_free(&c->entries, NULL);
		free(c);
	}
	map_free(&m->caches, NULL);
	free(m);
}

/* ---- answers ------------------------------------------------------------ */

static void
answer_state(struct ask *a, const char *state)
{
	struct value *out = value_map(0);

	value_map_add(out, 0, SPAN_LIT("state"), value_text(0,
	    span_of(state)));
	ask_answer(a, out);
}

static void
answer_value(struct ask *a, const struct memo *e, int64_t now)
{
	struct value *out = value_map(0);
	int64_t left = e->until_ms - now;

	value_map_add(out, 0, SPAN_LIT("state"), value_text(0,
	    SPAN_LIT("here")));
	value_map_add(out, 0, SPAN_LIT("left"), value_int(0,
	    left > 0 ? left : 0));
	value_map_add(out, 0, SPAN_LIT("value"), value_copy(e->value));
	ask_answer(a, out);
}

static void
waiting_add(struct memo *e, struct ask *a)
{
	e->waiting = xreallocarray(e->waiting, e->n_waiting + 1,
	    sizeof(*e->waiting));
	e->waiting[e->n_waiting++] = a;
	a->work = e;
}

static void
waiting_answer(struct memo *e, const char *state)
{
	struct ask **v = e->waiting;
	size_t i, n = e->n_waiting;
	int64_t now = loop_mono_ms(e->cache->memos->loop);

	e->waiting = NULL;
	e->n_waiting = 0;
	for (i = 0; i < n; i++) {
		v[i]->work = NULL;
		if (state == NULL)
			answer_value(v[i], e, now);
		else
			answer_state(v[i], state);
	}
	free(v);
}

/* ---- who computes ------------------------------------------------------- */

static void
owner_set(struct memo *e, struct ask *a)
{
	e->owner = a->ch;
	timer_set(&e->overdue, ask_number(a, "populate", 120000));
	answer_state(a, "yours");
}

/* Nobody computes any more: the next who waits does. */
static void
owner_gone(struct memo *e)
{
	struct ask *next;

	e->owner = NULL;
	timer_cancel(&e->overdue);
	if (e->n_waiting == 0) {
		if (e->value == NULL)
			memo_free(e);
		return;
	}
	next = e->waiting[0];
	memmove(e->waiting, e->waiting + 1,
	    --e->n_waiting * sizeof(*e->waiting));
	next->work = NULL;
	owner_set(e, next);
}

static void
owner_overdue(void *arg)
{
	struct memo *e = arg;

	e->owner = NULL;
	waiting_answer(e, "late");
	if (e->value == NULL)
		memo_free(e);
}

/* ---- questions ---------------------------------------------------------- */

static struct cache *
cache_get(struct memos *m, struct span name)
{
	struct cache *c = map_get(&m->caches, name);

	if (c != NULL || m->caches.count >= CACHES_MAX)
		return c;
	c = xcalloc(1, sizeof(*c));
	c->memos = m;
	map_set(&m->caches, name, c);
	return c;
}

static struct memo *
memo_get(struct cache *c, struct span key)
{
	struct memo *e = map_get(&c->entries, key);

	if (e != NULL) {
		memo_unlink(e);
		memo_newest(e);
		return e;
	}
	e = xcalloc(1, sizeof(*e));
	e->cache = c;
	e->key = xmemdupz(key.p, key.len);
	e->key_len = key.len;
	timer_init(&e->overdue, c->memos->loop, owner_overdue, e);
	map_set(&c->entries, key, e);
	memo_newest(e);
	return e;
}

static void
memos_get(struct memo *e, struct ask *a)
{
	int64_t now = loop_mono_ms(e->cache->memos->loop);
	bool fresh = e->value != NULL && e->until_ms > now;

	if (fresh || (e->value != NULL && e->owner != NULL &&
	    ask_flag(a, "stale")))
		answer_value(a, e, now);
	else if (e->owner == NULL)
		owner_set(e, a);
	else
		waiting_add(e, a);
}

static void
memos_put(struct memo *e, struct ask *a)
{
	struct cache *c = e->cache;
	const struct value *value = value_get(a->args, "value");
	size_t capacity = (size_t)ask_number(a, "capacity", 1);

	memo_value_drop(e);
	e->value = value == NULL ? value_null(0) : value_copy(value);
	e->bytes = value_bytes(e->value);
	c->memos->bytes += e->bytes;
	e->until_ms = loop_mono_ms(c->memos->loop) + ask_number(a, "ttl", 0);
	e->owner = NULL;
	timer_cancel(&e->overdue);
	ask_answer(a, NULL);
	waiting_answer(e, NULL);
	cache_trim(c, capacity);
}

void
memos_ask(struct ask *a)
{
	struct cache *c = cache_get(a->l->memos, ask_text(a, "name"));
	struct span what = ask_text(a, "what");
	struct memo *e;

	if (c == NULL) {
		/* Too many names: each process for itself. */
		answer_state(a, "local");
		return;
	}
	e = memo_get(c, ask_text(a, "key"));
	if (span_eq_str(what, "get"))
		memos_get(e, a);
	else if (span_eq_str(what, "put"))
		memos_put(e, a);
	else if (span_eq_str(what, "local")) {
		e->owner = NULL;
		timer_cancel(&e->overdue);
		waiting_answer(e, "local");
		ask_answer(a, NULL);
		if (e->value == NULL)
			memo_free(e);
	} else {
		ask_answer(a, NULL);
		owner_gone(e);
	}
}

/* It waited; or its process is gone, which may have been computing. */
void
memos_cancel(struct ask *a)
{
	struct memo *e = a->work;
	size_t i;

	for (i = 0; e != NULL && i < e->n_waiting; i++) {
		if (e->waiting[i] == a) {
			memmove(e->waiting + i, e->waiting + i + 1,
			    (--e->n_waiting - i) * sizeof(*e->waiting));
			return;
		}
	}
}

void
memos_forget_peer(struct memos *m, const struct channel *ch)
{
	struct memo *e, *next;
	struct span key;
	size_t at = 0;
	void *c;

	while (map_next(&m->caches, &at, &key, &c)) {
		for (e = ((struct cache *)c)->oldest; e != NULL; e = next) {
			next = e->newer;
			if (e->owner == ch)
				owner_gone(e);
		}
	}
}
