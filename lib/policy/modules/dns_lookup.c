/* SPDX-License-Identifier: Apache-2.0 */
/* The look-ups of kumo.dns: asked through the door. */
#include "lib/policy/modules/dns.h"

#include <string.h>

#include "lib/base/ip.h"
#include "lib/policy/door_ask.h"
#include "lib/policy/library.h"
#include "lib/policy/state.h"

/* Pushes {name = text, resolver = the text at index}. */
static void
push_question(lua_State *L, struct span name, int resolver)
{
	lua_createtable(L, 0, 4);
	lua_pushlstring(L, name.p, name.len);
	lua_setfield(L, -2, "name");
	if (!lua_isnoneornil(L, resolver)) {
		lua_pushstring(L, luaL_checkstring(L, resolver));
		lua_setfield(L, -2, "resolver");
	}
}

static struct span
check_name(lua_State *L)
{
	size_t len;
	const char *p = luaL_checklstring(L, 1, &len);

	/* So that what is pushed is never taken for an argument. */
	lua_settop(L, 3);
	if (len == 0 || len > 1024 || memchr(p, 0, len) != NULL)
		where_error(L, "kumo.dns: '%.60s' is no name", p);
	return span_make(p, len);
}

/* ---- addresses ---------------------------------------------------------- */

static const struct {
	const char *name;
	bool v4, v6, v6_first, fallback;
} strategies[] = {
	{ "Ipv4AndIpv6", true, true, false, false },
	{ "Ipv4Only", true, false, false, false },
	{ "Ipv6Only", false, true, true, false },
	{ "Ipv4ThenIpv6", true, true, false, true },
	{ "Ipv6ThenIpv4", true, true, true, true },
};

static void
set_flag(lua_State *L, const char *name, bool flag)
{
	lua_pushboolean(L, flag);
	lua_setfield(L, -2, name);
}

int
dns_lookup_addr(lua_State *L)
{
	const char *strategy = luaL_optstring(L, 3, strategies[0].name);
	size_t i, n = sizeof(strategies) / sizeof(*strategies);

	for (i = 0; i < n && strcmp(strategies[i].name, strategy) != 0; i++)
		;
	if (i == n)
		return where_error(L, "kumo.dns.lookup_addr: '%.50s' is not "
		    "one of Ipv4AndIpv6, Ipv4Only, Ipv6Only, Ipv4ThenIpv6, "
		    "Ipv6ThenIpv4", strategy);
	push_question(L, check_name(L), 2);
	set_flag(L, "v4", strategies[i].v4);
	set_flag(L, "v6", strategies[i].v6);
	set_flag(L, "v6_first", strategies[i].v6_first);
	set_flag(L, "fallback", strategies[i].fallback);
	return door_ask(L, LOOKUP_DNS_ADDR, -1, NULL);
}

/* ---- mail exchangers ---------------------------------------------------- */

/* The answer on top: preferences beside hosts become preference -> hosts. */
static int
mx_finish(lua_State *L)
{
	int answer = lua_gettop(L), hosts, prefs, by_pref;
	lua_Integer i, n;

	lua_getfield(L, answer, "hosts");
	hosts = lua_gettop(L);
	lua_getfield(L, answer, "preferences");
	prefs = lua_gettop(L);
	lua_newtable(L);
	by_pref = lua_gettop(L);
	n = (lua_Integer)lua_rawlen(L, hosts);
	for (i = 1; i <= n; i++) {
		lua_rawgeti(L, prefs, i);
		lua_pushvalue(L, -1);
		if (lua_rawget(L, by_pref) == LUA_TNIL) {
			lua_pop(L, 1);
			lua_newtable(L);
			lua_pushvalue(L, -2);
			lua_pushvalue(L, -2);
			lua_rawset(L, by_pref);
		}
		lua_rawgeti(L, hosts, i);
		lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
		lua_pop(L, 2);
	}
	lua_setfield(L, answer, "by_pref");
	lua_pushnil(L);
	lua_setfield(L, answer, "preferences");
	lua_pushliteral(L, "None");
	lua_setfield(L, answer, "mta_sts");
	lua_settop(L, answer);
	return 1;
}

int
dns_lookup_mx(lua_State *L)
{
	push_question(L, check_name(L), 2);
	return door_ask(L, LOOKUP_DNS_MX, -1, mx_finish);
}

/* ---- names of addresses, texts, block lists ----------------------------- */

int
dns_lookup_ptr(lua_State *L)
{
	char name[DNS_REVERSED_MAX + sizeof(".in-addr.arpa")];
	struct span text = check_name(L);
	struct ip ip;

	if (ip_parse(text, &ip) == -1)
		return where_error(L, "kumo.dns.lookup_ptr: '%.60s' is no IP "
		    "address", text.p);
	strcpy(name + dns_reverse(&ip, name), dns_reverse_suffix(&ip));
	push_question(L, span_of(name), 2);
	return door_ask(L, LOOKUP_DNS_PTR, -1, NULL);
}

int
dns_lookup_txt(lua_State *L)
{
	push_question(L, check_name(L), 2);
	return door_ask(L, LOOKUP_DNS_TXT, -1, NULL);
}

static int
rbl_finish(lua_State *L)
{
	lua_getfield(L, -1, "address");
	lua_getfield(L, -2, "reason");
	return 2;
}

int
dns_rbl_lookup(lua_State *L)
{
	struct span text = check_name(L), base;
	char name[DNS_REVERSED_MAX + 256];
	struct ip ip;
	size_t at;

	base.p = luaL_checklstring(L, 2, &base.len);
	if (ip_parse(text, &ip) == -1 && ip_port_parse(text, &ip) == -1)
		return where_error(L, "kumo.dns.rbl_lookup: '%.60s' is no IP "
		    "address, with or without a port", text.p);
	if (base.len == 0 || base.len > 254)
		return where_error(L, "kumo.dns.rbl_lookup: the list's domain "
		    "has 1 to 254 bytes");
	at = dns_reverse(&ip, name);
	name[at++] = '.';
	memcpy(name + at, base.p, base.len);
	push_question(L, span_make(name, at + base.len), 3);
	return door_ask(L, LOOKUP_DNS_RBL, -1, rbl_finish);
}
