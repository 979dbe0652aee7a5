/* SPDX-License-Identifier: Apache-2.0 */
#include "smtp-out/plan.h"

#include <stdlib.h>

/* xorshift64*: order among equals is no secret, a seed makes it repeatable. */
static uint64_t
random_next(uint64_t *seed)
{
	uint64_t x = *seed != 0 ? *seed : 88172645463325252u;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*seed = x;
	return x * 2685821657736338717u;
}

void
plan_families(enum ip_lookup_strategy strategy, bool *v4_out, bool *v6_out)
{
	*v4_out = strategy != IPV6_ONLY;
	*v6_out = strategy != IPV4_ONLY;
}

/* Is an address of this family used, where a name has those two? */
static bool
family_wanted(enum ip_lookup_strategy strategy, uint8_t family, bool has_v4,
    bool has_v6)
{
	switch (strategy) {
	case IPV4_AND_IPV6:
		return true;
	case IPV4_ONLY:
		return family == IP_V4;
	case IPV6_ONLY:
		return family == IP_V6;
	case IPV6_THEN_IPV4:
		return family == (has_v6 ? IP_V6 : IP_V4);
	case IPV4_THEN_IPV6:
		return family == (has_v4 ? IP_V4 : IP_V6);
	}
	return false;
}

static uint16_t
port_of(const struct plan_rules *rules, const struct plan_host *h,
    const struct ip *addr)
{
	if (rules->remote_port != 0)
		return rules->remote_port;
	if (addr->port != 0)
		return addr->port;
	return h->port != 0 ? h->port : rules->smtp_port;
}

/* False when an address may not be used at all. */
static bool
plan_add_host(struct plan *p, const struct plan_rules *rules,
    const struct plan_host *h, bool *skipped, struct ip *bad_out)
{
	struct plan_entry *e;
	bool has_v4 = false, has_v6 = false;
	uint32_t i;

	for (i = 0; i < h->n_addrs; i++) {
		has_v4 |= h->addrs[i].family == IP_V4;
		has_v6 |= h->addrs[i].family == IP_V6;
	}
	for (i = 0; i < h->n_addrs; i++) {
		if (!h->is_literal && !family_wanted(rules->strategy,
		    h->addrs[i].family, has_v4, has_v6))
			continue;
		if (cidr_set_has(rules->prohibited, &h->addrs[i])) {
			*bad_out = h->addrs[i];
			return false;
		}
		if (cidr_set_has(rules->skip, &h->addrs[i])) {
			*skipped = true;
			continue;
		}
		if (p->n == PLAN_MAX)
			continue;
		e = &p->v[p->n++];
		e->name = h->name;
		e->addr = h->addrs[i];
		e->addr.port = port_of(rules, h, &h->addrs[i]);
		e->preference = h->preference;
		e->is_secure = h->is_secure;
	}
	return true;
}

static int
by_preference(const void *a, const void *b)
{
	const struct plan_host *x = *(const struct plan_host *const *)a;
	const struct plan_host *y = *(const struct plan_host *const *)b;

	if (x->preference != y->preference)
		return x->preference < y->preference ? -1 : 1;
	return x < y ? -1 : x > y;
}

static void
plan_shuffle(struct plan *p, uint64_t *seed)
{
	struct plan_entry swap;
	uint32_t from, to, i, j;

	for (from = 0; from < p->n; from = to) {
		for (to = from; to < p->n &&
		    p->v[to].preference == p->v[from].preference; to++)
			;
		for (i = to - 1; i > from; i--) {
			j = from + (uint32_t)(random_next(seed) %
			    (i - from + 1));
			swap = p->v[i];
			p->v[i] = p->v[j];
			p->v[j] = swap;
		}
	}
}

static uint32_t
plan_room(const struct plan_host *hosts, uint32_t n)
{
	uint64_t room = 0;
	uint32_t i;

	for (i = 0; i < n; i++)
		room += hosts[i].is_unix ? 1 : hosts[i].n_addrs;
	return room > PLAN_MAX ? PLAN_MAX : (uint32_t)room;
}

enum plan_result
plan_make(struct plan *p, const struct plan_rules *rules,
    const struct plan_host *hosts, uint32_t n, uint64_t *seed,
    struct arena *a, struct ip *bad_out)
{
	const struct plan_host **order =
	    arena_alloc(a, n * sizeof(struct plan_host *));
	bool skipped = false;
	uint32_t i;

	*p = (struct plan){ 0 };
	/* One more, so that the last host's addresses are all looked at. */
	p->v = arena_alloc(a, (plan_room(hosts, n) + 1) * sizeof(*p->v));
	for (i = 0; i < n; i++)
		order[i] = &hosts[i];
	if (!rules->keep_order && n > 1)
		qsort(order, n, sizeof(struct plan_host *), by_preference);
	for (i = 0; i < n; i++) {
		if (order[i]->is_unix) {
			if (p->n < PLAN_MAX)
				p->v[p->n++] = (struct plan_entry){
					.name = order[i]->name,
					.is_unix = true,
					.preference = order[i]->preference };
		} else if (!plan_add_host(p, rules, order[i], &skipped,
		    bad_out))
			return PLAN_PROHIBITED;
	}
	if (p->n == 0)
		return skipped ? PLAN_SKIPPED : PLAN_NO_ADDRESS;
	if (!rules->keep_order)
		plan_shuffle(p, seed);
	return PLAN_OK;
}
