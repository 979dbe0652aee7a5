/* SPDX-License-Identifier: Apache-2.0 */
/* kumo.dns: how names are looked up, told to the loader; names as text. */
#include <stdio.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/dns/dns.h"
#include "lib/policy/convert.h"
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

/* Problems or a resolver, from the value at index 1. */
static int
configure(lua_State *L, const char *what,
    int (*read)(struct dns_opts *, const struct value *, struct problems *))
{
	struct suite *s = dns_suite(L, what);
	struct problems problems = { .v = NULL };
	struct dns_opts fresh;
	struct value *v;
	const char *why;
	int line, status;

	where_script(L, &problems.file, &line);
	v = convert_value(L, 1, line, &why);
	if (v == NULL)
		return where_error(L, "kumo.dns.%s: %s", what, why);
	status = read(&fresh, v, &problems);
	value_free(&v);
	if (status == -1)
		return where_problems(L, &problems);
	dns_take(s, &fresh);
	problems_free(&problems);
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

/* A duration as text or a number of seconds, in ms. */
static int64_t
check_duration(lua_State *L, const char *what, int64_t min_ms)
{
	int64_t ms = -1;
	size_t len;
	const char *p;

	if (lua_type(L, 1) == LUA_TNUMBER) {
		lua_Number n = lua_tonumber(L, 1);

		if (n >= 0 && n <= 86400)
			ms = (int64_t)(n * 1000);
	} else {
		p = luaL_checklstring(L, 1, &len);
		if (text_duration_ms(span_make(p, len), &ms) == -1)
			ms = -1;
	}
	if (ms < min_ms || ms > INT64_C(86400000))
		where_error(L, "kumo.dns.%s: wanted a duration of at most a "
		    "day, such as '5s'", what);
	return ms;
}

static int
kumo_set_mx_timeout(lua_State *L)
{
	struct suite *s = dns_suite(L, "set_mx_timeout");

	s->dns.mx_timeout = check_duration(L, "set_mx_timeout", 1);
	return 0;
}

static int
kumo_set_mx_negative_cache_ttl(lua_State *L)
{
	struct suite *s = dns_suite(L, "set_mx_negative_cache_ttl");

	s->dns.mx_negative_cache_ttl = check_duration(L,
	    "set_mx_negative_cache_ttl", 0);
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

static int
push_reversed(lua_State *L, bool with_suffix)
{
	char out[96];
	struct ip ip;
	size_t at = 0;
	int i;

	check_ip(L, &ip);
	if (ip.family == IP_V4) {
		at = (size_t)snprintf(out, sizeof(out), "%u.%u.%u.%u",
		    ip.b[3], ip.b[2], ip.b[1], ip.b[0]);
	} else {
		for (i = 15; i >= 0; i--)
			at += (size_t)snprintf(out + at, sizeof(out) - at,
			    "%s%x.%x", i < 15 ? "." : "", ip.b[i] & 15,
			    ip.b[i] >> 4);
	}
	lua_pushlstring(L, out, at);
	if (with_suffix) {
		lua_pushstring(L, ip.family == IP_V4 ? ".in-addr.arpa" :
		    ".ip6.arpa");
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

static int
call_absent(lua_State *L)
{
	return where_error(L, "kumo.dns.%s is not part of this version of "
	    "Ekiden", lua_tostring(L, lua_upvalueindex(1)));
}

void
kumo_dns(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "configure_resolver", kumo_configure_resolver },
		{ "configure_unbound_resolver",
		    kumo_configure_unbound_resolver },
		{ "configure_test_resolver", kumo_configure_test_resolver },
		{ "set_mx_timeout", kumo_set_mx_timeout },
		{ "set_mx_negative_cache_ttl",
		    kumo_set_mx_negative_cache_ttl },
		{ "set_mx_concurrency_limit", kumo_set_mx_concurrency_limit },
		{ "set_mta_sts_enabled", kumo_set_mta_sts_enabled },
		{ "reverse_ip", kumo_reverse_ip },
		{ "ptr_host", kumo_ptr_host },
		{ NULL, NULL },
	};
	static const char *const absent[] = {
		"configure_test_mta_sts", "define_resolver",
		"load_resolv_conf", "lookup_addr", "lookup_mx", "lookup_ptr",
		"lookup_txt", "rbl_lookup",
	};
	size_t i;

	luaL_newlib(L, functions);
	for (i = 0; i < sizeof(absent) / sizeof(*absent); i++) {
		lua_pushstring(L, absent[i]);
		lua_pushcclosure(L, call_absent, 1);
		lua_setfield(L, -2, absent[i]);
	}
	/* `require 'kumo.dns'` is the same table. */
	lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
	lua_pushvalue(L, -2);
	lua_setfield(L, -2, "kumo.dns");
	lua_pop(L, 1);
	lua_setfield(L, -2, "dns");
}
