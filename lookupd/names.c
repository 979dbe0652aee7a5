/* SPDX-License-Identifier: Apache-2.0 */
#include "lookupd/names.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/dns/dns.h"
#include "lib/ipc/policy.h"
#include "lib/mail/domain.h"
#include "lib/resolve/host.h"
#include "lib/resolve/mx.h"
#include "lib/resolve/resolver.h"
#include "lookupd/ask.h"
#include "lookupd/lookupd.h"

/* The resolver asked for; NULL when the ask was failed for want of it. */
static struct resolver *
resolver_of(struct ask *a)
{
	struct span name = ask_text(a, "resolver");
	struct resolver *r = resolvers_get(&a->l->resolvers, name);

	if (r == NULL)
		ask_fail(a, "there is no resolver '%.*s': define it with "
		    "kumo.dns.define_resolver in init",
		    (int)(name.len < 255 ? name.len : 255), name.p);
	return r;
}

/* As much of the name as an error shows. */
static char *
name_shown(struct ask *a, char out[300])
{
	return text_printable(ask_text(a, "name"), out, 300);
}

/* The name as the DNS has it, on the heap. */
static char *
name_asked(struct span name)
{
	char *ascii;

	if (text_has_8bit(name) && domain_normalise(name, &ascii) == 0)
		return ascii;
	return span_dup(name);
}

static void
fail_status(struct ask *a, const struct dns_answer *dns)
{
	char name[300];

	if (dns->status == DNS_NXDOMAIN)
		ask_fail(a, "%s: there is no such name (NXDOMAIN)",
		    name_shown(a, name));
	else
		ask_fail(a, "%s: %s", name_shown(a, name), dns->why);
}

/* ---- addresses ---------------------------------------------------------- */

static void
list_addresses(struct value *list, const struct host_result *r,
    uint8_t family)
{
	char text[IP_TEXT_MAX];
	uint32_t i;

	for (i = 0; i < r->n; i++) {
		if (r->addrs[i].family == family)
			value_list_add(list, value_text(0,
			    span_of(ip_format(&r->addrs[i], text))));
	}
}

static void
on_host(void *arg, const struct host_result *r)
{
	struct ask *a = arg;
	bool v6_first = ask_flag(a, "v6_first");
	struct value *list;
	char name[300];

	a->work = NULL;
	if (!r->ok || !r->exists) {
		ask_fail(a, "%s: %s", name_shown(a, name), r->ok ?
		    "there is no such name (NXDOMAIN)" : r->why);
		return;
	}
	list = value_list(0);
	list_addresses(list, r, v6_first ? IP_V6 : IP_V4);
	if (list->u.list.n == 0 || !ask_flag(a, "fallback"))
		list_addresses(list, r, v6_first ? IP_V4 : IP_V6);
	ask_answer(a, list);
}

/* "[192.0.2.1]" is the address within. */
static struct span
host_name(const struct ask *a)
{
	struct span name = ask_text(a, "name");

	if (name.len > 2 && name.p[0] == '[' && name.p[name.len - 1] == ']')
		return span_make(name.p + 1, name.len - 2);
	return name;
}

void
names_ask_addr(struct ask *a)
{
	struct resolver *r = resolver_of(a);
	struct host_ask *pending;
	char *name;

	if (r == NULL)
		return;
	name = name_asked(host_name(a));
	pending = host_ask(r->dns, span_of(name), ask_flag(a, "v4"),
	    ask_flag(a, "v6"), on_host, a);
	free(name);
	/* NULL: the ask is over. */
	if (pending != NULL)
		a->work = pending;
}

void
names_cancel_addr(struct ask *a)
{
	struct host_ask *pending = a->work;

	host_cancel(&pending);
}

/* ---- mail exchangers ---------------------------------------------------- */

/* mx_ask cannot be taken back: this outlives an ask that is cancelled. */
struct mx_wait {
	struct ask *ask; /* NULL: cancelled */
};

static void
put_text(struct value *map, const char *key, struct span text)
{
	value_map_add(map, 0, span_of(key), value_text(0, text));
}

static void
put_flag(struct value *map, const char *key, bool flag)
{
	value_map_add(map, 0, span_of(key), value_bool(0, flag));
}

/* A host, or the address of a literal. */
static struct value *
hop_name(const struct next_hop *hop)
{
	char text[IP_TEXT_MAX];

	if (hop->name.len != 0)
		return value_text(0, hop->name);
	return value_text(0, span_of(ip_format(&hop->addr, text)));
}

static void
put_domain(struct value *map, struct span name)
{
	struct buf b = { .base = NULL };
	char *ascii = name_asked(name);

	ascii_lower_all(ascii, strlen(ascii));
	buf_add_str(&b, ascii);
	free(ascii);
	if (name.len != 0 && name.p[0] != '[' &&
	    name.p[name.len - 1] != '.')
		buf_add_byte(&b, '.');
	put_text(map, "domain_name", buf_span(&b));
	buf_free(&b);
}

static struct value *
mx_value(struct span name, const struct mx_answer *answer)
{
	struct value *map = value_map(0), *hosts = value_list(0);
	struct value *prefs = value_list(0);
	bool secure = answer->n_hosts != 0, literal = false;
	uint32_t i;

	for (i = 0; i < answer->n_hosts; i++) {
		const struct next_hop *hop = &answer->hosts[i];

		value_list_add(hosts, hop_name(hop));
		value_list_add(prefs, value_int(0, hop->preference));
		secure = secure && hop->is_secure;
		literal = literal || hop->name.len == 0;
	}
	value_map_add(map, 0, SPAN_LIT("hosts"), hosts);
	value_map_add(map, 0, SPAN_LIT("preferences"), prefs);
	put_text(map, "site_name", answer->site);
	put_domain(map, name);
	put_flag(map, "is_mx", answer->is_mx);
	put_flag(map, "is_domain_literal", literal);
	put_flag(map, "is_secure", secure);
	return map;
}

static void
on_mx(void *arg, const struct mx_answer *answer)
{
	struct mx_wait *w = arg;
	struct ask *a = w->ask;

	free(w);
	if (a == NULL)
		return;
	a->work = NULL;
	/* A domain that takes no mail has no hosts: that is an answer. */
	if (answer->result == MX_OK || answer->result == MX_NULL)
		ask_answer(a, mx_value(ask_text(a, "name"), answer));
	else
		ask_fail(a, "%.*s", SPAN_FMT(answer->error));
}

void
names_ask_mx(struct ask *a)
{
	struct resolver *r = resolver_of(a);
	struct mx_wait *w;

	if (r == NULL)
		return;
	w = xcalloc(1, sizeof(*w));
	w->ask = a;
	a->work = w;
	mx_ask(r->mx, ask_text(a, "name"), on_mx, w);
}

void
names_cancel_mx(struct ask *a)
{
	((struct mx_wait *)a->work)->ask = NULL;
}

/* ---- one question of one type ------------------------------------------- */

/* The question under way, which names_cancel needs. */
struct work {
	struct dns *dns;
	uint64_t id;
	struct value *result; /* of RBL, while its second question runs */
};

static void
work_free(struct ask *a)
{
	struct work *w = a->work;

	a->work = NULL;
	if (w != NULL)
		value_free(&w->result);
	free(w);
}

static void
work_ask(struct ask *a, struct dns *dns, uint16_t type, dns_done_fn *done)
{
	struct work *w = a->work;
	char *name = name_asked(ask_text(a, "name"));
	uint64_t id;

	if (w == NULL)
		a->work = w = xcalloc(1, sizeof(*w));
	w->dns = dns;
	w->id = 0;
	id = dns_ask(dns, name, type, done, a);
	/* 0: it is answered, and the ask may be gone with it. */
	if (id != 0)
		w->id = id;
	free(name);
}

static void
start(struct ask *a, uint16_t type, dns_done_fn *done)
{
	struct resolver *r = resolver_of(a);

	if (r != NULL)
		work_ask(a, r->dns, type, done);
}

void
names_cancel(struct ask *a)
{
	struct work *w = a->work;

	dns_cancel(w->dns, w->id);
	work_free(a);
}

static void
on_ptr(void *arg, const struct dns_answer *dns)
{
	struct ask *a = arg;
	struct value *list;
	size_t i;

	work_free(a);
	if (dns->status == DNS_FAILED) {
		fail_status(a, dns);
		return;
	}
	list = value_list(0);
	for (i = 0; i < dns->n; i++)
		value_list_add(list, value_text(0, dns->v[i].name));
	ask_answer(a, list);
}

void
names_ask_ptr(struct ask *a)
{
	start(a, DNS_PTR, on_ptr);
}

static void
on_txt(void *arg, const struct dns_answer *dns)
{
	struct ask *a = arg;
	struct value *list;
	size_t i;

	work_free(a);
	if (dns->status == DNS_FAILED || dns->status == DNS_NXDOMAIN) {
		fail_status(a, dns);
		return;
	}
	list = value_list(0);
	for (i = 0; i < dns->n; i++)
		value_list_add(list, value_text(0, dns->v[i].data));
	ask_answer(a, list);
}

void
names_ask_txt(struct ask *a)
{
	start(a, DNS_TXT, on_txt);
}

/* ---- block lists (RFC 5782) --------------------------------------------- */

/* Without a reason it is listed all the same. */
static void
on_reason(void *arg, const struct dns_answer *dns)
{
	struct ask *a = arg;
	struct work *w = a->work;
	struct value *result = w->result;

	w->result = NULL;
	work_free(a);
	if (dns->status == DNS_OK)
		put_text(result, "reason", dns->v[0].data);
	ask_answer(a, result);
}

static void
on_listing(void *arg, const struct dns_answer *dns)
{
	struct ask *a = arg;
	struct work *w = a->work;
	char text[IP_TEXT_MAX];

	if (dns->status == DNS_FAILED) {
		work_free(a);
		fail_status(a, dns);
		return;
	}
	if (dns->status != DNS_OK) {
		work_free(a);
		ask_answer(a, value_map(0));
		return;
	}
	w->result = value_map(0);
	put_text(w->result, "address",
	    span_of(ip_format(&dns->v[0].addr, text)));
	work_ask(a, w->dns, DNS_TXT, on_reason);
}

void
names_ask_rbl(struct ask *a)
{
	start(a, DNS_A, on_listing);
}
