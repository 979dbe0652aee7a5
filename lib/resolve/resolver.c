/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/resolve/resolver.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/log.h"
#include "lib/dns/dns.h"
#include "lib/resolve/mx.h"
#include "lib/settings/dns_opts.h"

static struct mx_limits
limits_of(const struct dns_opts *opts)
{
	return (struct mx_limits){
		.timeout_ms = opts->mx_timeout,
		.negative_ttl_ms = opts->mx_negative_cache_ttl,
		.concurrency = opts->mx_concurrency_limit,
	};
}

/* The limits of MX resolution aside, which are no part of the resolver. */
static void
put_configuration(struct buf *out, const struct dns_opts *opts)
{
	struct dns_opts copy = *opts; /* borrows */

	memset(&copy.set, 0, sizeof(copy.set));
	copy.mx_timeout = 0;
	copy.mx_concurrency_limit = 0;
	copy.mx_negative_cache_ttl = 0;
	dns_opts_put(out, &copy);
}

struct resolver *
resolver_new(struct loop *loop, const struct dns_opts *opts, char **why_out)
{
	struct dns *dns = dns_new(loop, opts, why_out);
	struct mx_limits limits = limits_of(opts);
	struct resolver *r;

	if (dns == NULL)
		return NULL;
	r = xcalloc(1, sizeof(*r));
	r->loop = loop;
	r->dns = dns;
	r->mx = mx_new(loop, dns, &limits);
	put_configuration(&r->made_from, opts);
	return r;
}

static bool
is_made_from(const struct resolver *r, const struct dns_opts *opts)
{
	struct buf b = { .base = NULL };
	bool same;

	put_configuration(&b, opts);
	same = span_eq(buf_span(&b), buf_span(&r->made_from));
	buf_free(&b);
	return same;
}

void
resolver_reload(struct resolver *r, const char *name,
    const struct dns_opts *opts)
{
	struct mx_limits limits = limits_of(opts);
	struct dns *fresh, *before = r->dns;
	char *why;

	mx_set_limits(r->mx, &limits);
	if (is_made_from(r, opts))
		return;
	if (dns_needs_files(opts)) {
		log_warnx("%s: the new resolver needs files that this "
		    "process cannot open any more: it takes effect at the "
		    "next start", name);
		return;
	}
	fresh = dns_new(r->loop, opts, &why);
	if (fresh == NULL) {
		log_warnx("%s: the old resolver stays: %s", name, why);
		free(why);
		return;
	}
	buf_clear(&r->made_from, 4096);
	put_configuration(&r->made_from, opts);
	/* Who asks again because of it is to ask the new one. */
	r->dns = fresh;
	mx_set_dns(r->mx, fresh);
	dns_fail_all(before);
	dns_free(&before);
}

void
resolver_free(struct resolver **rp)
{
	struct resolver *r = *rp;

	*rp = NULL;
	if (r == NULL)
		return;
	mx_free(&r->mx);
	dns_free(&r->dns);
	buf_free(&r->made_from);
	free(r);
}
