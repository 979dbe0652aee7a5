/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connection plan of a session: every address that may be tried, in order.
 * Pure: what was resolved comes in, the list comes out. Hosts go by preference;
 * within one preference the addresses are shuffled, unless the operator gave
 * the order.
 */
#ifndef SMTP_OUT_PLAN_H
#define SMTP_OUT_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/arena.h"
#include "lib/base/ip.h"
#include "lib/base/span.h"
#include "lib/settings/egress_path.h"

enum { PLAN_MAX = 512 };

/* A host of SESSION_OPEN together with what its name resolved to. */
struct plan_host {
	struct span name;      /* "" when only the address is known */
	uint16_t preference;
	uint16_t port;         /* 0: not said */
	bool is_secure, is_unix, is_literal;
	const struct ip *addrs;
	uint32_t n_addrs;
};

/* What decides over a plan; from the egress path and source. */
struct plan_rules {
	enum ip_lookup_strategy strategy;
	const struct cidr_set *prohibited, *skip;
	uint16_t remote_port;  /* 0: none */
	uint16_t smtp_port;
	bool keep_order;
};

struct plan_entry {
	struct span name;
	struct ip addr;        /* with its port; IP_NONE for a unix socket */
	uint16_t preference;
	bool is_secure, is_unix;
	bool clear;            /* without TLS, after a failed handshake */
};

enum plan_result {
	PLAN_OK,
	PLAN_PROHIBITED, /* bad_out is in prohibited_hosts */
	PLAN_SKIPPED,    /* skip_hosts left none */
	PLAN_NO_ADDRESS,
};

struct plan {
	struct plan_entry *v;
	uint32_t n;
	uint32_t at;           /* the next one to try */
};

enum plan_result plan_make(struct plan *p, const struct plan_rules *rules,
    const struct plan_host *hosts, uint32_t n, uint64_t *seed,
    struct arena *a, struct ip *bad_out);
/* Which families to ask for. */
void plan_families(enum ip_lookup_strategy strategy, bool *v4_out,
    bool *v6_out);

#endif
