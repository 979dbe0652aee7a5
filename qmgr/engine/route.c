/* SPDX-License-Identifier: Apache-2.0 */
#include "qmgr/engine/route.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/buf.h"
#include "lib/settings/egress_pool.h"
#include "lib/settings/egress_source.h"
#include "qmgr/engine/answer.h"
#include "qmgr/engine/names.h"
#include "qmgr/engine/queue.h"
#include "qmgr/engine/ready.h"

/* ---- destinations ------------------------------------------------------- */

static uint32_t
domain_key(struct engine *e, char kind, struct span name, bool *new_out)
{
	struct buf key = { 0 };
	uint32_t i;

	buf_add_byte(&key, (uint8_t)kind);
	buf_add_span(&key, name);
	i = registry_get(&e->domains, buf_span(&key), new_out);
	buf_free(&key);
	((struct domain *)registry_at(&e->domains, i))->named.refs++;
	return i;
}

static struct domain *
domain_at(const struct engine *e, uint32_t i)
{
	return registry_at(&e->domains, i);
}

uint32_t
domain_ref(struct engine *e, struct span name)
{
	bool is_new;

	return domain_key(e, 'd', name, &is_new);
}

static void
domain_set(struct engine *e, struct domain *d, struct span site,
    struct span hosts, struct span set)
{
	uint32_t old_site = d->site, old_hosts = d->hosts, old_set = d->set;

	d->site = site.len != 0 ? name_ref(e, site) : 0;
	d->hosts = blob_ref(e, hosts);
	d->set = blob_ref(e, set);
	name_unref(e, old_site);
	blob_unref(e, old_hosts);
	blob_unref(e, old_set);
}

uint32_t
domain_ref_fixed(struct engine *e, struct span site, struct span hosts)
{
	struct buf key = { 0 };
	struct domain *d;
	bool is_new;
	uint32_t i;

	buf_add_span(&key, site);
	buf_add_byte(&key, 0);
	buf_add_span(&key, hosts);
	i = domain_key(e, 's', buf_span(&key), &is_new);
	buf_free(&key);
	d = domain_at(e, i);
	domain_set(e, d, site, hosts, hosts);
	d->mx.known = KNOWN_YES;
	d->result = ENGINE_MX_FOUND;
	return i;
}

void
domain_unref(struct engine *e, uint32_t i)
{
	struct domain *d;

	if (i == 0 || --domain_at(e, i)->named.refs > 0)
		return;
	d = domain_at(e, i);
	answer_done(e, &d->mx);
	name_unref(e, d->site);
	blob_unref(e, d->hosts);
	blob_unref(e, d->set);
	registry_drop(&e->domains, i);
}

enum known
domain_want(struct engine *e, uint32_t i)
{
	struct domain *d = domain_at(e, i);

	if (d->named.text[0] == 's')
		return KNOWN_YES;
	return answer_want(e, &d->mx, ACTION_ASK_MX,
	    span_from(named_span(d), 1));
}

void
engine_mx(struct engine *e, struct span name, const struct engine_mx *mx)
{
	struct buf key = { 0 };
	struct domain *d;
	uint32_t i;

	buf_add_byte(&key, 'd');
	buf_add_span(&key, name);
	i = registry_find(&e->domains, buf_span(&key));
	buf_free(&key);
	if (i == 0)
		return;
	d = domain_at(e, i);
	d->result = (uint8_t)mx->result;
	/* A site without a name would be one place for all such domains. */
	if (mx->result == ENGINE_MX_FOUND && mx->site.len == 0)
		d->result = ENGINE_MX_FAILED;
	if (mx->result == ENGINE_MX_FOUND)
		domain_set(e, d, mx->site, mx->hosts, mx->set);
	answer_got(e, &d->mx, mx->ttl_ms, false);
	answer_why(e, &d->mx, mx->text);
}

/* ---- sources and pools -------------------------------------------------- */

static struct source *
source_at(const struct engine *e, uint32_t i)
{
	return registry_at(&e->sources, i);
}

uint32_t
source_ref(struct engine *e, struct span name)
{
	return registry_ref(&e->sources, name);
}

void
source_unref(struct engine *e, uint32_t i)
{
	struct source *s = source_at(e, i);

	if (--s->named.refs > 0)
		return;
	answer_done(e, &s->config);
	blob_unref(e, s->wire);
	blob_unref(e, s->terms);
	registry_drop(&e->sources, i);
}

void
engine_source(struct engine *e, struct span name,
    const struct egress_source *source, struct span wire)
{
	uint32_t i = registry_find(&e->sources, name), wire_was, terms_were;
	struct buf terms = { 0 };
	struct source *s;

	if (i == 0)
		return;
	s = source_at(e, i);
	wire_was = s->wire;
	terms_were = s->terms;
	egress_source_terms(&terms, source);
	s->wire = blob_ref(e, wire);
	s->terms = blob_ref(e, buf_span(&terms));
	if (terms_were != 0 && terms_were != s->terms)
		readies_source_changed(e, i);
	blob_unref(e, wire_was);
	blob_unref(e, terms_were);
	buf_free(&terms);
	answer_got(e, &s->config, source->ttl, false);
}

bool
engine_suspend_source(struct engine *e, struct span name, int64_t until_ms)
{
	uint32_t i = registry_find(&e->sources, name);

	if (i == 0)
		return false;
	source_at(e, i)->suspended_until_ms = until_ms;
	return true;
}

static struct pool *
pool_at(const struct engine *e, uint32_t i)
{
	return registry_at(&e->pools, i);
}

uint32_t
pool_ref(struct engine *e, struct span name)
{
	return registry_ref(&e->pools, name);
}

static void
pool_clear(struct engine *e, struct pool_member *members, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		source_unref(e, members[i].source);
	free(members);
}

void
pool_unref(struct engine *e, uint32_t i)
{
	struct pool *p = pool_at(e, i);

	if (--p->named.refs > 0)
		return;
	answer_done(e, &p->config);
	pool_clear(e, p->members, p->n);
	registry_drop(&e->pools, i);
}

static uint32_t
gcd(uint32_t a, uint32_t b)
{
	uint32_t t;

	while (b != 0) {
		t = a % b;
		a = b;
		b = t;
	}
	return a;
}

void
engine_pool(struct engine *e, struct span name, const struct egress_pool *pool)
{
	uint32_t i = registry_find(&e->pools, name), old_n;
	struct pool_member *old;
	struct pool *p;
	size_t k;

	if (i == 0)
		return;
	p = pool_at(e, i);
	old = p->members;
	old_n = p->n;
	p->n = p->step = p->most = 0;
	p->members = xcalloc(pool->entries.n + 1, sizeof(*p->members));
	for (k = 0; k < pool->entries.n; k++) {
		uint32_t weight = pool->entries.v[k].weight;

		if (weight == 0)
			continue;
		if (weight > INT32_MAX)
			weight = INT32_MAX;
		p->members[p->n++] = (struct pool_member){
			source_ref(e, span_of(pool->entries.v[k].name)),
			weight, 0,
		};
		p->step = gcd(p->step, weight);
		if (weight > p->most)
			p->most = weight;
	}
	pool_clear(e, old, old_n);
	answer_got(e, &p->config, pool->ttl, false);
}

/* ---- the choice --------------------------------------------------------- */

/* What keeps a source from being used, the best that was found. */
struct choice {
	uint32_t ready;    /* the first full one */
	int64_t wait_ms;   /* the shortest wait for a rate */
	uint32_t why;      /* the first failed one has no configuration */
	bool full, rate, failed;
};

static int64_t
selection_wait_ms(const struct engine *e, const struct ready *r)
{
	const struct path *p = path_at(e, r->path);
	int64_t wait, longest;
	uint32_t i;

	longest = throttle_wait_ms(&r->selections, &p->selection_rate,
	    e->now_ms);
	if (r->closed_until_ms - e->now_ms > longest)
		longest = r->closed_until_ms - e->now_ms;
	for (i = 0; i < p->nselections; i++) {
		const struct shared *s = registry_at(&e->shares,
		    p->selections[i].share);

		wait = throttle_wait_ms(&s->throttle, &p->selections[i].spec,
		    e->now_ms);
		if (wait > longest)
			longest = wait;
	}
	return longest;
}

static void
selection_take(struct engine *e, struct ready *r)
{
	const struct path *p = path_at(e, r->path);
	uint32_t i;

	throttle_take(&r->selections, &p->selection_rate, e->now_ms);
	for (i = 0; i < p->nselections; i++) {
		struct shared *s = registry_at(&e->shares,
		    p->selections[i].share);

		throttle_take(&s->throttle, &p->selections[i].spec, e->now_ms);
	}
}

static enum pick
choice_failed(struct choice *c, const struct answer *a)
{
	if (!c->failed)
		c->why = a->why;
	c->failed = true;
	return PICK_NONE;
}

/* PICK_NONE here means "not this one, try another". */
static enum pick
try_source(struct engine *e, uint32_t q, uint32_t source, struct choice *c,
    struct picked *out)
{
	struct source *s = source_at(e, source);
	struct ready *r;
	int64_t wait;

	switch (source == e->unspecified ? KNOWN_YES : answer_want(e,
	    &s->config, ACTION_ASK_SOURCE, named_span(s))) {
	case KNOWN_NOT:
		queue_wait_answer(e, q, &s->config);
		return PICK_PARKED;
	case KNOWN_FAILED:
		return choice_failed(c, &s->config);
	case KNOWN_YES:
		break;
	}
	if (s->suspended_until_ms > e->now_ms)
		return PICK_NONE;
	out->ready = ready_get(e, queue_at(e, q), source);
	r = ready_at(e, out->ready);
	switch (ready_want_path(e, r)) {
	case KNOWN_NOT:
		queue_wait_answer(e, q, &r->config);
		return PICK_PARKED;
	case KNOWN_FAILED:
		return choice_failed(c, &r->config);
	case KNOWN_YES:
		break;
	}
	if (r->suspended_until_ms > e->now_ms) {
		out->wait_ms = r->suspended_until_ms - e->now_ms;
		return PICK_SUSPENDED;
	}
	wait = selection_wait_ms(e, r);
	if (wait > 0) {
		if (!c->rate || wait < c->wait_ms)
			c->wait_ms = wait;
		c->rate = true;
		return PICK_NONE;
	}
	if (ready_is_full(e, r)) {
		if (!c->full)
			c->ready = out->ready;
		c->full = true;
		return PICK_NONE;
	}
	selection_take(e, r);
	return PICK_READY;
}

/* The next member by weight, as the Linux virtual server does it. */
static uint32_t
pool_next(struct queue *q, const struct pool *p)
{
	uint32_t i;

	for (;;) {
		i = q->wrr_at % p->n;
		if (q->wrr_weight > (int32_t)p->most)
			q->wrr_weight = (int32_t)p->most;
		if (i == 0) {
			q->wrr_weight -= (int32_t)p->step;
			if (q->wrr_weight <= 0)
				q->wrr_weight = (int32_t)p->most;
		}
		q->wrr_at = i + 1;
		if ((int64_t)p->members[i].weight >= q->wrr_weight)
			return i;
	}
}

static enum pick
pool_pick(struct engine *e, uint32_t qi, struct pool *p, struct choice *c,
    struct picked *out)
{
	struct queue *q = queue_at(e, qi);
	int32_t weight = q->wrr_weight;
	uint32_t at = q->wrr_at, tried = 0, steps, i;
	uint32_t round = ++p->round;
	enum pick pick;

	for (steps = 0; tried < p->n; steps++) {
		/* Heavy ones that cannot be used must not hide the others. */
		i = steps < 4 * p->n ? pool_next(q, p) : steps % p->n;
		if (p->members[i].round == round)
			continue;
		p->members[i].round = round;
		tried++;
		pick = try_source(e, qi, p->members[i].source, c, out);
		if (pick == PICK_PARKED) {
			q->wrr_at = at;
			q->wrr_weight = weight;
		}
		if (pick != PICK_NONE)
			return pick;
	}
	return PICK_NONE;
}

enum pick
route_pick(struct engine *e, uint32_t q, struct picked *out)
{
	const struct profile *profile = profile_at(e, queue_at(e, q)->profile);
	struct choice c = { 0 };
	struct pool *p;
	enum pick pick;

	if (profile->pool == 0) {
		pick = try_source(e, q, e->unspecified, &c, out);
	} else {
		p = pool_at(e, profile->pool);
		switch (answer_want(e, &p->config, ACTION_ASK_POOL,
		    named_span(p))) {
		case KNOWN_NOT:
			queue_wait_answer(e, q, &p->config);
			return PICK_PARKED;
		case KNOWN_FAILED:
			out->why = p->config.why;
			return PICK_FAILED;
		case KNOWN_YES:
			break;
		}
		pick = pool_pick(e, q, p, &c, out);
	}
	if (pick != PICK_NONE)
		return pick;
	*out = (struct picked){ c.ready, c.wait_ms, c.why };
	return c.full ? PICK_FULL : c.rate ? PICK_RATE :
	    c.failed ? PICK_FAILED : PICK_NONE;
}

void
routes_done(struct engine *e)
{
	uint32_t i;

	for (i = registry_next(&e->pools, 0); i != 0;
	     i = registry_next(&e->pools, i))
		free(pool_at(e, i)->members);
	registry_done(&e->pools);
	registry_done(&e->domains);
	registry_done(&e->sources);
	registry_done(&e->names);
	registry_done(&e->blobs);
}
