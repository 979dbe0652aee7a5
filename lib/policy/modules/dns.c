/* SPDX-License-Identifier: Apache-2.0 */
/* kumo.dns: how names are looked up, told to the loader; names as text. */
#include "lib/policy/modules/dns.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/dns/dns.h"
#include "lib/dns/resolv_conf.h"
#include "lib/policy/convert.h"
#include "lib/policy/modules/modules.h"
#include "lib/policy/state.h"

static struct suite *
dns_suite(lua_State *L, const char *what)
{
	struct policy *p = policy_of(L);

	if ((p->phase == PHASE_INIT || p->phase == PHASE_PRE_INIT) &&
	    p->suite != NULL)
		return p->suite;
	where_error(L, "kumo.dns.%s must be called inside "
	    "kumo.on('pre_init', function() ... end) or init", what);
	return NULL;
}

/* Take the new resolver; what is said of MX resolution stays. */
static void
dns_take(struct suite *s, struct dns_opts *fresh)
{
	fresh->mx_timeout = s->dns.mx_timeout;
	fresh->mx_concurrency_limit = s->dns.mx_concurrency_limit;
	fresh->mx_negative_cache_ttl = s->dns.mx_negative_cache_ttl;
	dns_opts_free(&s->dns);
	s->dns = *fresh;
}

/* Reads the value at index into fresh, or raises what is wrong with it. */
static void
opts_read(lua_State *L, int index, const char *what, struct dns_opts *fresh,
    int (*read)(struct dns_opts *, const struct value *, struct problems *))
{
	struct problems problems = { .v = NULL };
	struct value *v;
	const char *why;
	int line, status;

	where_script(L, &problems.file, &line);
	v = convert_value(L, index, line, &why);
	if (v == NULL)
		where_error(L, "kumo.dns.%s: %s", what, why);
	status = read(fresh, v, &problems);
	value_free(&v);
	if (status == -1)
		where_problems(L, &problems);
	problems_free(&problems);
}

static int
configure(lua_State *L, const char *what,
    int (*read)(struct dns_opts *, const struct value *, struct problems *))
{
	struct suite *s = dns_suite(L, what);
	struct dns_opts fresh;

	opts_read(L, 1, what, &fresh, read);
	dns_take(s, &fresh);
	return 0;
}

static int
kumo_configure_resolver(lua_State *L)
{
	return configure(L, "configure_resolver", dns_opts_read);
}

/* As {Unbound = options}. */
static int
unbound_read(struct dns_opts *d, const struct value *v, struct problems *p)
{
	int status = dns_opts_read(d, v, p);

	if (status == 0 && d->backend == DNS_SYSTEM)
		d->backend = DNS_ROOT;
	return status;
}

static int
kumo_configure_unbound_resolver(lua_State *L)
{
	return configure(L, "configure_unbound_resolver", unbound_read);
}

/* A list of zones, or {zones = list, servfail = list}. */
static int
test_read(struct dns_opts *d, const struct value *v, struct problems *p)
{
	struct value *whole;
	size_t i;
	int status = 0;

	if (v->kind == VALUE_MAP && v->u.map.n != 0) {
		whole = value_map(v->line);
		/* Only borrowed: taken out again below. */
		value_map_add(whole, v->line, SPAN_LIT("Test"),
		    (struct value *)v);
		status = dns_opts_read(d, whole, p);
		whole->u.map.v[0].value = value_null(v->line);
		value_free(&whole);
		return status;
	}
	dns_opts_defaults(d);
	d->backend = DNS_TEST;
	for (i = 0; v->kind == VALUE_LIST && i < v->u.list.n; i++) {
		if (dns_opts_add_zone(d, v->u.list.v[i], p) == -1)
			status = -1;
	}
	if (v->kind != VALUE_LIST && v->kind != VALUE_MAP) {
		problem_add(p, v->line, "kumo.dns.configure_test_resolver: "
		    "wanted a list of zones or {zones, servfail}");
		status = -1;
	}
	if (status == -1)
		dns_opts_free(d);
	return status;
}

static int
kumo_configure_test_resolver(lua_State *L)
{
	return configure(L, "configure_test_resolver", test_read);
}

static int
kumo_define_resolver(lua_State *L)
{
	struct suite *s = dns_suite(L, "define_resolver");
	const char *name = luaL_checkstring(L, 1);
	struct dns_opts fresh;

	if (*name == '\0' || strlen(name) > 255)
		return where_error(L, "kumo.dns.define_resolver: a name has 1 "
		    "to 255 bytes");
	if (suite_resolver(s, name) != NULL)
		return where_error(L, "kumo.dns.define_resolver: there is a "
		    "resolver '%s' already", name);
	opts_read(L, 2, "define_resolver", &fresh, dns_opts_read);
	suite_add_resolver(s, name, &fresh);
	return 0;
}

static void
set_number(lua_State *L, const char *name, int32_t n)
{
	if (n == -1)
		return;
	lua_pushinteger(L, n);
	lua_setfield(L, -2, name);
}

static void
push_text(lua_State *L, struct span text)
{
	lua_pushlstring(L, text.p, text.len);
}

/* In the shape that configure_resolver takes. */
static void
push_resolv_conf(lua_State *L, const struct resolv_conf *c)
{
	char text[IP_TEXT_MAX];
	size_t i;

	lua_createtable(L, 0, 4);
	lua_newtable(L);
	for (i = 0; i < c->n_servers; i++) {
		lua_pushstring(L, ip_port_format(&c->servers[i], text));
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
	lua_setfield(L, -2, "name_servers");
	if (c->domain.len != 0) {
		push_text(L, c->domain);
		lua_setfield(L, -2, "domain");
	}
	lua_newtable(L);
	for (i = 0; i < c->n_search; i++) {
		push_text(L, c->search[i]);
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
	lua_setfield(L, -2, "search");
	lua_newtable(L);
	set_number(L, "ndots", c->ndots);
	set_number(L, "timeout", c->timeout);
	set_number(L, "attempts", c->attempts);
	if (c->edns0) {
		lua_pushboolean(L, true);
		lua_setfield(L, -2, "edns0");
	}
	lua_setfield(L, -2, "options");
}

static int
kumo_load_resolv_conf(lua_State *L)
{
	struct policy *p = policy_of(L);
	const char *path = luaL_optstring(L, 1, "/etc/resolv.conf"), *why;
	const struct chunk *file = module_file(p, path);
	struct resolv_conf c;
	int line;

	if (file == NULL)
		return where_error(L, "kumo.dns.load_resolv_conf: %.1000s: "
		    "%s", path, p->mode == MODE_LOADER ? strerror(errno) :
		    "not read when the configuration was loaded");
	if (resolv_conf_read(span_make(file->p, file->len), &c, &line,
	    &why) == -1)
		return where_error(L, "kumo.dns.load_resolv_conf: "
		    "%.1000s:%d: %s", path, line, why);
	push_resolv_conf(L, &c);
	return 1;
}

static int
kumo_set_mx_timeout(lua_State *L)
{
	struct suite *s = dns_suite(L, "set_mx_timeout");

	s->dns.mx_timeout = library_duration(L, 1,
	    "kumo.dns.set_mx_timeout", 1);
	return 0;
}

static int
kumo_set_mx_negative_cache_ttl(lua_State *L)
{
	struct suite *s = dns_suite(L, "set_mx_negative_cache_ttl");

	s->dns.mx_negative_cache_ttl = library_duration(L, 1,
	    "kumo.dns.set_mx_negative_cache_ttl", 0);
	return 0;
}

static int
kumo_set_mx_concurrency_limit(lua_State *L)
{
	struct suite *s = dns_suite(L, "set_mx_concurrency_limit");
	lua_Integer n = luaL_checkinteger(L, 1);

	if (n < 1 || n > 65536)
		return where_error(L, "kumo.dns.set_mx_concurrency_limit: "
		    "wanted 1 to 65536");
	s->dns.mx_concurrency_limit = (uint32_t)n;
	return 0;
}

static int
kumo_set_mta_sts_enabled(lua_State *L)
{
	dns_suite(L, "set_mta_sts_enabled");
	if (lua_isnoneornil(L, 1) || lua_toboolean(L, 1))
		return where_error(L, "kumo.dns.set_mta_sts_enabled: MTA-STS "
		    "is not part of this version of Ekiden: it can only be "
		    "set to false");
	return 0;
}

/* ---- names of addresses ------------------------------------------------- */

static void
check_ip(lua_State *L, struct ip *out)
{
	size_t len;
	const char *p = luaL_checklstring(L, 1, &len);

	if (ip_parse(span_make(p, len), out) == -1)
		where_error(L, "'%.60s' is no IP address", p);
}

const char *
dns_reverse_suffix(const struct ip *ip)
{
	return ip->family == IP_V4 ? ".in-addr.arpa" : ".ip6.arpa";
}

size_t
dns_reverse(const struct ip *ip, char out[DNS_REVERSED_MAX])
{
	size_t at = 0;
	int i;

	if (ip->family == IP_V4)
		return (size_t)snprintf(out, DNS_REVERSED_MAX, "%u.%u.%u.%u",
		    ip->b[3], ip->b[2], ip->b[1], ip->b[0]);
	for (i = 15; i >= 0; i--)
		at += (size_t)snprintf(out + at, DNS_REVERSED_MAX - at,
		    "%s%x.%x", i < 15 ? "." : "", ip->b[i] & 15,
		    ip->b[i] >> 4);
	return at;
}

static int
push_reversed(lua_State *L, bool with_suffix)
{
	char out[DNS_REVERSED_MAX];
	struct ip ip;

	check_ip(L, &ip);
	lua_pushlstring(L, out, dns_reverse(&ip, out));
	if (with_suffix) {
		lua_pushstring(L, dns_reverse_suffix(&ip));
		lua_concat(L, 2);
	}
	return 1;
}

static int
kumo_reverse_ip(lua_State *L)
{
	return push_reversed(L, false);
}

static int
kumo_ptr_host(lua_State *L)
{
	return push_reversed(L, true);
}

/* ---- the module --------------------------------------------------------- */

static const struct library_function functions[] = {
	{ "configure_resolver", kumo_configure_resolver, "(options)",
	    "In\n.Fn pre_init\nor\n.Fn init :\n"
	    "how names are looked up; the options and other forms are those "
	    "of\n.Ic dns\nin\n.Xr ekiden.yaml 5 ." },
	{ "configure_unbound_resolver", kumo_configure_unbound_resolver,
	    "(options)",
	    "In\n.Fn pre_init\nor\n.Fn init :\n"
	    "the same options; without name servers it asks from the root "
	    "servers down." },
	{ "configure_test_resolver", kumo_configure_test_resolver, "(zones)",
	    "In\n.Fn pre_init\nor\n.Fn init :\n"
	    "answers from zones given as text, and asks nobody." },
	{ "define_resolver", kumo_define_resolver, "(name, options)",
	    "In\n.Fn pre_init\nor\n.Fn init :\n"
	    "another resolver, for the look-ups that name it.\n"
	    "The options are those of\n.Fn configure_resolver .\n"
	    "A name that is taken is an error." },
	{ "load_resolv_conf", kumo_load_resolv_conf,
	    "(path='/etc/resolv.conf') -> table",
	    "What a file in the form of\n.Xr resolv.conf 5\nsays, as a table "
	    "that\n.Fn configure_resolver\nand\n.Fn define_resolver\ntake: "
	    "its name servers, domain and search, and of its options ndots, "
	    "timeout, attempts and edns0.\nIt is read when the configuration "
	    "is loaded." },
	{ "set_mx_timeout", kumo_set_mx_timeout, "(duration)",
	    "In\n.Fn pre_init\nor\n.Fn init :\n"
	    "longest time for the resolution of a domain's MX records." },
	{ "set_mx_concurrency_limit", kumo_set_mx_concurrency_limit, "(n)",
	    "In\n.Fn pre_init\nor\n.Fn init :\n"
	    "most such resolutions at once." },
	{ "set_mx_negative_cache_ttl", kumo_set_mx_negative_cache_ttl,
	    "(duration)",
	    "In\n.Fn pre_init\nor\n.Fn init :\n"
	    "how long a failure of one is remembered." },
	{ "set_mta_sts_enabled", kumo_set_mta_sts_enabled, "(flag)",
	    "Takes false alone: MTA-STS is not part of this version." },
	{ "reverse_ip", kumo_reverse_ip, "(ip) -> string",
	    "The octets or nibbles of an address in reverse order." },
	{ "ptr_host", kumo_ptr_host, "(ip) -> string",
	    "The same with\n.Ql .in-addr.arpa\nor\n.Ql .ip6.arpa ." },
	{ "lookup_addr", dns_lookup_addr,
	    "(name, resolver?, strategy?) -> {address, ...}",
	    "The IPv4 and IPv6 addresses of a host as text.\n"
	    "The strategy is one of\n.Ql Ipv4AndIpv6 ,\nwhich is the "
	    "default,\n.Ql Ipv4Only , Ipv6Only , Ipv4ThenIpv6\nand\n"
	    ".Ql Ipv6ThenIpv4 ;\nthe last two give "
	    "the second family only when the first has no address.\n"
	    "A name that is not there is an error; one without addresses "
	    "gives an empty table." },
	{ "lookup_mx", dns_lookup_mx, "(domain, resolver?) -> table",
	    "The mail hosts of a domain, or of a literal such as\n"
	    ".Ql [192.0.2.1] :\n"
	    ".Va hosts\nin the order of their preference,\n.Va by_pref\n"
	    "as preference to hosts,\n.Va site_name , domain_name ,\n"
	    ".Va is_mx\n(false: the domain is its own host),\n"
	    ".Va is_domain_literal , is_secure\n(validated by DNSSEC) and\n"
	    ".Va mta_sts ,\nwhich is always\n.Ql None .\n"
	    "A domain that takes no mail (RFC 7505) has no hosts and an "
	    "empty\n.Va site_name .\nOne that is not there is an error." },
	{ "lookup_ptr", dns_lookup_ptr, "(ip, resolver?) -> {name, ...}",
	    "The names of an address; the table is empty when it has none." },
	{ "lookup_txt", dns_lookup_txt, "(domain, resolver?) -> {text, ...}",
	    "The TXT records of a name, the strings of each joined.\n"
	    "A name that is not there is an error." },
	{ "rbl_lookup", dns_rbl_lookup,
	    "(ip, base_domain, resolver?) -> address?, reason?",
	    "Asks a DNS block list (RFC 5782) about an address, which may "
	    "have a port.\n"
	    "Gives the address that stands for the listing and the list's "
	    "text about it, which may be nil; both are nil for one that is "
	    "not listed." },
	{ NULL, NULL, NULL, NULL },
};

/* A name that scripts for KumoMTA may know. */
static int
call_absent(lua_State *L)
{
	return where_error(L, "kumo.dns.configure_test_mta_sts is not part of "
	    "this version of Ekiden");
}

static void
open_absent(lua_State *L)
{
	lua_pushcfunction(L, call_absent);
	lua_setfield(L, -2, "configure_test_mta_sts");
}

const struct library library_dns = {
	.name = "kumo.dns",
	.title = "names looked up",
	.about = "How names are looked up, and looking them up.\n"
	    "The event that asks waits for the answer; answers are kept as "
	    "long as the DNS says.\n"
	    "A resolver is named by\n.Fn define_resolver\nor\n"
	    ".Ic resolvers\nin\n.Xr ekiden.yaml 5 ;\nwithout a name the "
	    "default one is asked.\n"
	    "What the DNS cannot say now is an error.",
	.functions = functions,
	.open = open_absent,
};
