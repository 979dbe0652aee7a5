/* SPDX-License-Identifier: Apache-2.0 */
#include "smtpd/relay.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/settings/suite.h"
#include "smtpd/conf.h"
#include "smtpd/events.h"
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

static bool
relay_finish(struct session *s, enum relay relay)
{
	s->tx->relay.over = true;
	s->tx->relay.done(s, relay);
	return false;
}

/* False when the last word is said. */
static bool
relay_weigh(struct session *s, struct rights r)
{
	struct relay_asking *a = &s->tx->relay;

	switch (a->whose) {
	case RELAY_RECIPIENT:
		if (r.relay_to)
			return relay_finish(s, RELAY_OK);
		a->whose = s->tx->sender_domain.len > 0 ? RELAY_SENDER :
		    RELAY_NOBODY;
		break;
	case RELAY_SENDER:
		if (r.relay_from)
			return relay_finish(s, RELAY_OK);
		a->whose = RELAY_NOBODY;
		break;
	case RELAY_NOBODY:
		break;
	}
	return a->whose != RELAY_NOBODY || relay_finish(s, RELAY_DENIED);
}

static void relay_go_on(struct session *s);

static void
relay_told(void *arg, const struct policy_verdict *v,
    const struct listener_domain *domain)
{
	struct session *s = arg;
	struct relay_asking *a = &s->tx->relay;
	bool calling = a->calling;

	events_answered(s);
	if (v->result != POLICY_OK) {
		if (events_refuse(s, v, s->tx->asked_line))
			relay_finish(s, RELAY_ANSWERED);
		else
			a->over = true;
	} else
		rights_cache_add(&s->rights, a->whose == RELAY_SENDER ?
		    s->tx->sender_domain : s->tx->asked.domain,
		    rights_of(domain, &s->peer));
	if (calling)
		return;
	relay_go_on(s);
	session_input(s);
}

/* False when the answer is to come. */
static bool
relay_ask(struct session *s, struct span domain)
{
	struct relay_asking *a = &s->tx->relay;
	char listener[IP_TEXT_MAX];
	uint64_t call;

	a->calling = true;
	call = policy_listener_domain(s->conf->policy, domain, span_of(
	    ip_port_format(&s->at->params.listen, listener)),
	    events_conn(s), relay_told, s);
	a->calling = false;
	if (call != 0)
		events_wait(s, call);
	return call == 0;
}

static void
relay_go_on(struct session *s)
{
	struct relay_asking *a = &s->tx->relay;
	struct rights r;

	while (!a->over) {
		struct span domain = a->whose == RELAY_SENDER ?
		    s->tx->sender_domain : s->tx->asked.domain;

		if (!s->conf->on.listener_domain)
			r = rights_by_suite(s, domain);
		else if (!rights_cached(&s->rights, domain, &r)) {
			if (!relay_ask(s, domain))
				return;
			continue;
		}
		if (!relay_weigh(s, r))
			return;
	}
}

void
relay_decide(struct session *s, relay_done *done)
{
	s->tx->relay = (struct relay_asking){ .done = done };
	if (cidr_set_has(&s->params->relay_hosts, &s->peer))
		done(s, RELAY_OK);
	else
		relay_go_on(s);
}
