/* SPDX-License-Identifier: Apache-2.0 */
/*
 * May this client send mail from here to there? The rights of a domain come
 * from the configuration or from a policy; what was learnt is kept for the
 * session.
 */
#ifndef SMTPD_RELAY_H
#define SMTPD_RELAY_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/ip.h"
#include "lib/base/span.h"

struct listener_domain;
struct session;

/* Rights of one domain as they concern one client. */
struct rights {
	bool relay_to;   /* mail for the domain is taken */
	bool relay_from; /* the client may send for it, anywhere */
};

enum { RIGHTS_MAX = 16 };

/* The domains asked last; zero-initialised is empty. */
struct rights_cache {
	struct rights_cached *v; /* RIGHTS_MAX of them, or NULL */
	unsigned n, next;
};

/* d may be NULL: no rights. */
struct rights rights_of(const struct listener_domain *d,
    const struct ip *peer);
bool rights_cached(const struct rights_cache *c, struct span domain,
    struct rights *out);
void rights_cache_add(struct rights_cache *c, struct span domain,
    struct rights r);
void rights_cache_clear(struct rights_cache *c);

enum relay {
	RELAY_OK,
	RELAY_DENIED,
	RELAY_ANSWERED, /* a policy refused, the client has its reply */
};

typedef void relay_done(struct session *s, enum relay relay);

/* What is being decided; part of a transaction, zero-initialised. */
struct relay_asking {
	relay_done *done;
	enum { RELAY_RECIPIENT, RELAY_SENDER, RELAY_NOBODY } whose;
	bool calling; /* the policy may answer before the call returns */
	bool over;    /* it has said the last word */
};

/*
 * Decide on the transaction's `asked` recipient and call done, at once or
 * later; not at all when the session ends first.
 */
void relay_decide(struct session *s, relay_done *done);

#endif
