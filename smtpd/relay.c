/* SPDX-License-Identifier: Apache-2.0 */
#include "smtpd/relay.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/settings/suite.h"
#include "smtpd/session.h"
#include "smtpd/smtpd.h"
#include "smtpd/transaction.h"

struct rights_cached {
	char *domain;
	size_t len;
	struct rights rights;
};

struct rights
rights_of(const struct listener_domain *d, const struct ip *peer)
{
	if (d == NULL)
		return (struct rights){ false, false };
	return (struct rights){ .relay_to = d->relay_to,
		.relay_from = cidr_set_has(&d->relay_from, peer) };
}

bool
rights_cached(const struct rights_cache *c, struct span domain,
    struct rights *out)
{
	unsigned i;

	for (i = 0; i < c->n; i++) {
		if (span_eq(span_make(c->v[i].domain, c->v[i].len), domain)) {
			*out = c->v[i].rights;
			return true;
		}
	}
	return false;
}

/* The oldest gives way. */
void
rights_cache_add(struct rights_cache *c, struct span domain, struct rights r)
{
	struct rights_cached *at;

	if (c->v == NULL)
		c->v = xcalloc(RIGHTS_MAX, sizeof(*c->v));
	at = &c->v[c->next];
	c->next = (c->next + 1) % RIGHTS_MAX;
	if (c->n < RIGHTS_MAX)
		c->n++;
	free(at->domain);
	at->domain = xmemdupz(domain.p, domain.len);
	at->len = domain.len;
	at->rights = r;
}

void
rights_cache_clear(struct rights_cache *c)
{
	unsigned i;

	for (i = 0; i < c->n; i++)
		free(c->v[i].domain);
	free(c->v);
	*c = (struct rights_cache){ 0 };
}

static struct rights
rights_by_suite(const struct session *s, struct span domain)
{
	struct listener_domain d;

	return rights_of(suite_domain(&s->smtpd->daemon.suite, domain, &d) ?
	    &d : NULL, &s->peer);
}

void
relay_decide(struct session *s, struct span domain,
    void (*done)(struct session *s, enum relay relay))
{
	bool ok = cidr_set_has(&s->params->relay_hosts, &s->peer) ||
	    rights_by_suite(s, domain).relay_to ||
	    (s->tx->sender_domain.len > 0 &&
	    rights_by_suite(s, s->tx->sender_domain).relay_from);

	done(s, ok ? RELAY_OK : RELAY_DENIED);
}
