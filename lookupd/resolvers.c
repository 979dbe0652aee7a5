/* SPDX-License-Identifier: Apache-2.0 */
#include "lookupd/resolvers.h"

#include <stdlib.h>

#include "lib/base/alloc.h"
#include "lib/base/log.h"
#include "lib/dns/dns.h"
#include "lib/resolve/resolver.h"
#include "lib/settings/suite.h"

void
resolvers_open(struct resolvers *r, struct loop *loop,
    const struct suite *suite)
{
	struct resolver *one;
	char *why;
	size_t i;

	r->loop = loop;
	r->first = resolver_new(loop, &suite->dns, &why);
	if (r->first == NULL)
		fatalx("dns: %s", why);
	for (i = 0; i < suite->resolvers.n; i++) {
		one = resolver_new(loop, &suite->resolvers.v[i].config, &why);
		if (one == NULL)
			fatalx("resolver '%s': %s",
			    suite->resolvers.v[i].name, why);
		map_set(&r->named, span_of(suite->resolvers.v[i].name), one);
	}
}

static void
reload_one(struct resolvers *r, const struct suite_resolver *s)
{
	struct resolver *one = map_get(&r->named, span_of(s->name));
	char *label = xasprintf("resolver '%s'", s->name), *why;

	if (one != NULL) {
		resolver_reload(one, label, &s->config);
	} else if (dns_needs_files(&s->config)) {
		log_warnx("%s: it needs files that this process cannot open "
		    "any more: it is there from the next start", label);
	} else if ((one = resolver_new(r->loop, &s->config, &why)) != NULL) {
		map_set(&r->named, span_of(s->name), one);
	} else {
		log_warnx("%s: %s", label, why);
		free(why);
	}
	free(label);
}

/* Those that are named no more stay: a script under way may use them. */
void
resolvers_reload(struct resolvers *r, const struct suite *suite)
{
	size_t i;

	resolver_reload(r->first, "dns", &suite->dns);
	for (i = 0; i < suite->resolvers.n; i++)
		reload_one(r, &suite->resolvers.v[i]);
}

struct resolver *
resolvers_get(struct resolvers *r, struct span name)
{
	return name.len == 0 ? r->first : map_get(&r->named, name);
}
