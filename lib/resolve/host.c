/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/resolve/host.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/dns/dns.h"

enum { LITERAL_TTL_MS = 3600 * 1000, FAILURE_TTL_MS = 5000,
	NEGATIVE_TTL_MS = 60 * 1000 };

/* What was asked for one family of addresses. */
struct family {
	struct host_ask *ask;
	uint64_t question; /* 0: answered, or not asked */
	struct ip addrs[HOST_ADDRESSES_MAX];
	uint32_t n;
};

struct host_ask {
	struct dns *dns;
	struct family v4, v6;
	unsigned open;   /* answers that must still come */
	unsigned failed, absent;
	char why[256];   /* of the last failure */
	bool is_secure;
	int64_t ttl_ms;
	host_done_fn *done;
	void *arg;
};

static void
ask_finish(struct host_ask *ask)
{
	struct ip addrs[HOST_ADDRESSES_MAX];
	struct host_result r = { .addrs = addrs };
	uint32_t n4 = ask->v4.n, n6 = ask->v6.n;

	/* Neither family pushes the other one out. */
	if (n4 + n6 > HOST_ADDRESSES_MAX && n6 > HOST_ADDRESSES_MAX / 2)
		n6 = n4 > HOST_ADDRESSES_MAX / 2 ? HOST_ADDRESSES_MAX / 2 :
		    HOST_ADDRESSES_MAX - n4;
	if (n4 > HOST_ADDRESSES_MAX - n6)
		n4 = HOST_ADDRESSES_MAX - n6;
	memcpy(addrs, ask->v4.addrs, n4 * sizeof(*addrs));
	memcpy(addrs + n4, ask->v6.addrs, n6 * sizeof(*addrs));
	r.n = n4 + n6;
	/* Trouble with one family does not hide what the other has. */
	r.ok = ask->failed == 0 || r.n != 0;
	r.exists = ask->absent == 0 || r.n != 0;
	r.why = r.ok ? NULL : ask->why;
	r.is_secure = ask->is_secure;
	r.ttl_ms = ask->ttl_ms;
	if (!r.ok || r.ttl_ms < 1000)
		r.ttl_ms = r.ok ? 1000 : FAILURE_TTL_MS;
	ask->done(ask->arg, &r);
	free(ask);
}

static void
family_served(void *arg, const struct dns_answer *dns)
{
	struct family *f = arg;
	struct host_ask *ask = f->ask;
	int64_t ttl_ms = (int64_t)dns->ttl * 1000;
	size_t i;

	f->question = 0;
	if (dns->status == DNS_FAILED) {
		ask->failed++;
		strncpy(ask->why, dns->why, sizeof(ask->why) - 1);
	} else {
		if (dns->status == DNS_NXDOMAIN)
			ask->absent++;
		if (dns->status == DNS_OK)
			ask->is_secure = ask->is_secure && dns->secure;
		else if (ttl_ms == 0)
			ttl_ms = NEGATIVE_TTL_MS;
		if (ttl_ms < ask->ttl_ms)
			ask->ttl_ms = ttl_ms;
		for (i = 0; i < dns->n && f->n < HOST_ADDRESSES_MAX; i++)
			f->addrs[f->n++] = dns->v[i].addr;
	}
	if (--ask->open == 0)
		ask_finish(ask);
}

static void
answer_literal(const struct ip *ip, bool wanted, host_done_fn *done, void *arg)
{
	struct host_result r = { .ok = true, .exists = true, .addrs = ip,
		.n = wanted ? 1 : 0, .ttl_ms = LITERAL_TTL_MS };

	done(arg, &r);
}

static void
family_ask(struct host_ask *ask, struct family *f, const char *name,
    uint16_t type)
{
	f->ask = ask;
	ask->open++;
	f->question = dns_ask(ask->dns, name, type, family_served, f);
}

struct host_ask *
host_ask(struct dns *dns, struct span name, bool want_v4, bool want_v6,
    host_done_fn *done, void *arg)
{
	struct host_ask *ask;
	struct span bare = name;
	struct ip ip;
	char *text;

	if (bare.len != 0 && bare.p[bare.len - 1] == '.')
		bare.len--;
	if (ip_parse(bare, &ip) == 0) {
		answer_literal(&ip, ip.family == IP_V4 ? want_v4 : want_v6,
		    done, arg);
		return NULL;
	}
	ask = xcalloc(1, sizeof(*ask));
	ask->dns = dns;
	ask->is_secure = true;
	ask->ttl_ms = LITERAL_TTL_MS;
	ask->done = done;
	ask->arg = arg;
	text = span_dup(name);
	/* One more than is asked, so that an early answer ends nothing. */
	ask->open = 1;
	if (want_v4)
		family_ask(ask, &ask->v4, text, DNS_A);
	if (want_v6)
		family_ask(ask, &ask->v6, text, DNS_AAAA);
	free(text);
	if (--ask->open != 0)
		return ask;
	ask_finish(ask);
	return NULL;
}

void
host_cancel(struct host_ask **askp)
{
	struct host_ask *ask = *askp;

	*askp = NULL;
	if (ask == NULL)
		return;
	if (ask->v4.question != 0)
		dns_cancel(ask->dns, ask->v4.question);
	if (ask->v6.question != 0)
		dns_cancel(ask->dns, ask->v6.question);
	free(ask);
}
