/* SPDX-License-Identifier: Apache-2.0 */
#include "qmgr/engine/path.h"

#include <stdlib.h>

#include "lib/base/alloc.h"
#include "lib/base/buf.h"
#include "lib/settings/egress_path.h"
#include "qmgr/engine/names.h"
#include "qmgr/engine/ready.h"

static struct shared *
share_at(const struct engine *e, uint32_t i)
{
	return registry_at(&e->shares, i);
}

/* kind: 't' a throttle, 'c' a count of connections. */
static uint32_t
share_ref(struct engine *e, char kind, const char *name)
{
	struct buf key = { 0 };
	bool is_new;
	uint32_t i;

	buf_add_byte(&key, (uint8_t)kind);
	buf_add_str(&key, name);
	i = registry_get(&e->shares, buf_span(&key), &is_new);
	buf_free(&key);
	share_at(e, i)->named.refs++;
	return i;
}

static void
share_wake_one(struct engine *e, struct shared *s)
{
	uint32_t r = list_pop(&s->waiting, READY_LEASES(e));

	if (r == 0)
		return;
	ready_at(e, r)->lease = 0;
	ready_work(e, r);
}

static void
share_unref(struct engine *e, uint32_t i)
{
	struct shared *s = share_at(e, i);

	if (--s->named.refs > 0)
		return;
	while (s->waiting.count > 0)
		share_wake_one(e, s);
	registry_drop(&e->shares, i);
}

static struct share_rate *
rates_ref(struct engine *e, const struct named_throttles *from, uint32_t *n_out)
{
	struct share_rate *rates = NULL;
	size_t i;

	*n_out = (uint32_t)from->n;
	if (from->n == 0)
		return NULL;
	rates = xcalloc(from->n, sizeof(*rates));
	for (i = 0; i < from->n; i++) {
		rates[i].share = share_ref(e, 't', from->v[i].name);
		rates[i].spec = from->v[i].spec;
	}
	return rates;
}

static uint32_t
terms_ref(struct engine *e, const struct egress_path *from)
{
	struct buf terms = { 0 };
	uint32_t i;

	egress_path_terms(&terms, from);
	i = blob_ref(e, buf_span(&terms));
	buf_free(&terms);
	return i;
}

uint32_t
path_ref(struct engine *e, const struct egress_path *from, struct span wire)
{
	bool is_new;
	uint32_t i = registry_get(&e->paths, wire, &is_new);
	struct path *p = path_at(e, i);
	size_t k;

	p->named.refs++;
	if (!is_new)
		return i;
	p->terms = terms_ref(e, from);
	p->refresh_ms = from->refresh_interval;
	p->by_epoch = from->refresh_strategy == REFRESH_EPOCH;
	p->idle_ms = from->idle_timeout > 0 ? from->idle_timeout : 0;
	p->max_deliveries = from->max_deliveries_per_connection;
	p->max_ready = from->max_ready;
	p->max_connections = from->connection_limit.limit;
	p->failures_max = from->consecutive_connection_failures_before_delay;
	p->message_rate = from->max_message_rate;
	p->connection_rate = from->max_connection_rate;
	p->selection_rate = from->source_selection_rate;
	p->dial_early = from->aggressive_connection_opening;
	p->messages = rates_ref(e, &from->additional_message_rate_throttles,
	    &p->nmessages);
	p->selections = rates_ref(e, &from->additional_source_selection_rates,
	    &p->nselections);
	p->nleases = (uint32_t)from->additional_connection_limits.n;
	p->leases = xcalloc(p->nleases + 1, sizeof(*p->leases));
	for (k = 0; k < p->nleases; k++) {
		const struct named_limit *l =
		    &from->additional_connection_limits.v[k];

		p->leases[k].share = share_ref(e, 'c', l->name);
		p->leases[k].limit = l->spec.limit;
	}
	return i;
}

void
path_unref(struct engine *e, uint32_t i)
{
	struct path *p = path_at(e, i);
	uint32_t k;

	if (p == NULL || --p->named.refs > 0)
		return;
	for (k = 0; k < p->nmessages; k++)
		share_unref(e, p->messages[k].share);
	for (k = 0; k < p->nselections; k++)
		share_unref(e, p->selections[k].share);
	for (k = 0; k < p->nleases; k++)
		share_unref(e, p->leases[k].share);
	free(p->messages);
	free(p->selections);
	free(p->leases);
	blob_unref(e, p->terms);
	registry_drop(&e->paths, i);
}

/* ---- rates -------------------------------------------------------------- */

int64_t
path_message_wait_ms(const struct engine *e, const struct ready *r)
{
	const struct path *p = path_at(e, r->path);
	int64_t wait, longest;
	uint32_t i;

	longest = throttle_wait_ms(&r->messages, &p->message_rate, e->now_ms);
	for (i = 0; i < p->nmessages; i++) {
		wait = throttle_wait_ms(&share_at(e, p->messages[i].share)->
		    throttle, &p->messages[i].spec, e->now_ms);
		if (wait > longest)
			longest = wait;
	}
	return longest;
}

void
path_message_take(struct engine *e, struct ready *r)
{
	const struct path *p = path_at(e, r->path);
	uint32_t i;

	throttle_take(&r->messages, &p->message_rate, e->now_ms);
	for (i = 0; i < p->nmessages; i++)
		throttle_take(&share_at(e, p->messages[i].share)->throttle,
		    &p->messages[i].spec, e->now_ms);
}

int64_t
path_connection_wait_ms(const struct engine *e, const struct ready *r)
{
	return throttle_wait_ms(&r->connections,
	    &path_at(e, r->path)->connection_rate, e->now_ms);
}

/* ---- shared counts of connections --------------------------------------- */

void
path_lease_forget(struct engine *e, uint32_t ready)
{
	struct ready *r = ready_at(e, ready);

	if (r->lease == 0)
		return;
	list_del(&share_at(e, r->lease)->waiting, READY_LEASES(e), ready);
	r->lease = 0;
}

uint32_t
path_lease_full(const struct engine *e, const struct path *p)
{
	uint32_t i;

	for (i = 0; i < p->nleases; i++)
		if (share_at(e, p->leases[i].share)->count >=
		    p->leases[i].limit)
			return p->leases[i].share;
	return 0;
}

void
path_lease_take(struct engine *e, const struct path *p)
{
	uint32_t i;

	for (i = 0; i < p->nleases; i++)
		share_at(e, p->leases[i].share)->count++;
}

void
path_lease_drop(struct engine *e, const struct path *p)
{
	uint32_t i;

	for (i = 0; i < p->nleases; i++) {
		struct shared *s = share_at(e, p->leases[i].share);

		s->count--;
		share_wake_one(e, s);
	}
}

void
path_lease_pass(struct engine *e, const struct path *p)
{
	uint32_t i;

	for (i = 0; i < p->nleases; i++) {
		struct shared *s = share_at(e, p->leases[i].share);

		if (s->count < p->leases[i].limit)
			share_wake_one(e, s);
	}
}

void
paths_done(struct engine *e)
{
	uint32_t i;

	for (i = registry_next(&e->paths, 0); i != 0;
	     i = registry_next(&e->paths, i)) {
		struct path *p = path_at(e, i);

		free(p->messages);
		free(p->selections);
		free(p->leases);
	}
	registry_done(&e->paths);
	registry_done(&e->shares);
}
