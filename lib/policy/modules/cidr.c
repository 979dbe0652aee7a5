/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kumo.cidr: values under networks. All values are in a Lua table, by family,
 * length and bits of the network; beside it stands which lengths there are,
 * so that a look-up asks for these alone, the longest first.
 */
#include "lib/policy/modules/modules.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/ip.h"
#include "lib/base/text.h"
#include "lib/policy/modules/args.h"
#include "lib/policy/state.h"

enum { BITS_MAX = 128, KEY_LEN = 18 };

struct cidr_map {
	uint32_t v4[33], v6[BITS_MAX + 1]; /* networks of each length */
};

static const struct library_type type_cidr_map;

static struct cidr_map *
check(lua_State *L, int index)
{
	return library_check(L, index, &type_cidr_map);
}

static uint32_t *
lengths(struct cidr_map *m, const struct cidr *c)
{
	return c->net.family == IP_V4 ? m->v4 : m->v6;
}

/* ---- keys ---------------------------------------------------------------- */

/*
 * An address or network, an address between brackets, and either with a port
 * behind it, which does not matter.
 */
static int
read_key(struct span s, struct cidr *out)
{
	ptrdiff_t close = span_find(s, ']');
	size_t colon = s.len;

	if (cidr_parse(s, out) == 0)
		return 0;
	if (s.len > 0 && s.p[0] == '[' && close > 0)
		return cidr_parse(span_make(s.p + 1, (size_t)close - 1), out);
	while (colon > 0 && s.p[colon - 1] != ':')
		colon--;
	return colon == 0 ? -1 : cidr_parse(span_make(s.p, colon - 1), out);
}

/* Does a network's text have bits behind its length? */
static bool
has_host_bits(struct span s, const struct cidr *c)
{
	ptrdiff_t slash = span_find(s, '/');
	struct ip ip;

	return slash != -1 &&
	    ip_parse(span_make(s.p, (size_t)slash), &ip) == 0 &&
	    ip.family == c->net.family && !ip_eq(&ip, &c->net);
}

static void
push_key(lua_State *L, const struct cidr *c, unsigned bits)
{
	uint8_t key[KEY_LEN] = { c->net.family, (uint8_t)bits };
	unsigned whole = bits / 8;

	memcpy(key + 2, c->net.b, whole);
	if (bits % 8 != 0)
		key[2 + whole] = c->net.b[whole] &
		    (uint8_t)(0xff00 >> (bits % 8));
	lua_pushlstring(L, (const char *)key, sizeof(key));
}

/* ---- the object ---------------------------------------------------------- */

/* (map, key) */
static int
get(lua_State *L)
{
	struct cidr_map *m = check(L, 1);
	struct cidr c;
	const uint32_t *n;
	int bits;

	if (!lua_isstring(L, 2) || read_key(arg_span(L, 2), &c) == -1)
		return 0;
	n = lengths(m, &c);
	lua_getiuservalue(L, 1, 1);
	for (bits = c.net.family == IP_V4 ? 32 : BITS_MAX; bits >= 0; bits--) {
		if (n[bits] == 0)
			continue;
		push_key(L, &c, (unsigned)bits);
		if (lua_rawget(L, -2) != LUA_TNIL)
			return 1;
		lua_pop(L, 1);
	}
	return 0;
}

static struct cidr
check_key(lua_State *L, int index)
{
	char printable[80], net[IP_TEXT_MAX];
	struct cidr c;
	struct span s;

	if (!lua_isstring(L, index))
		where_error(L, "kumo.cidr: a key must be an address or network"
		    ", not %s", luaL_typename(L, index));
	lua_pushvalue(L, index);
	s = arg_span(L, -1);
	text_printable(s, printable, sizeof(printable));
	if (read_key(s, &c) == -1)
		where_error(L, "kumo.cidr: '%s' is no address or network",
		    printable);
	if (has_host_bits(s, &c))
		where_error(L, "kumo.cidr: '%s' has bits behind the network's "
		    "length, did you mean '%s'?", printable,
		    cidr_format(&c, net));
	lua_pop(L, 1);
	return c;
}

/* The value on top under the key at index, into the map at `map`. */
static void
put(lua_State *L, int map, int index)
{
	struct cidr_map *m = check(L, map);
	struct cidr c = check_key(L, index);
	uint32_t *n = &lengths(m, &c)[c.bits];
	bool was, is = !lua_isnil(L, -1);

	lua_getiuservalue(L, map, 1);
	push_key(L, &c, c.bits);
	was = lua_rawget(L, -2) != LUA_TNIL;
	lua_pop(L, 1);
	push_key(L, &c, c.bits);
	lua_pushvalue(L, -3);
	lua_rawset(L, -3);
	lua_pop(L, 1);
	*n = *n + is - was;
}

/* (map, key, value) */
static int
set(lua_State *L)
{
	put(L, 1, 2);
	return 0;
}

static int
make_map(lua_State *L)
{
	lua_settop(L, 1);
	if (!lua_isnil(L, 1))
		luaL_checktype(L, 1, LUA_TTABLE);
	library_new(L, &type_cidr_map, sizeof(struct cidr_map));
	lua_newtable(L);
	lua_setiuservalue(L, 2, 1);
	if (lua_isnil(L, 1))
		return 1;
	for (lua_pushnil(L); lua_next(L, 1) != 0; lua_pop(L, 1))
		put(L, 2, 3);
	lua_settop(L, 2);
	return 1;
}

static const struct library_function functions[] = {
	{ "make_map", make_map, "(seed?) -> map",
	    "A map from networks to values, with what the table\n.Fa seed\n"
	    "has." },
	{ NULL, NULL, NULL, NULL },
};

static const struct library_type type_cidr_map = {
	.name = "CidrMap",
	.about = "Values under addresses and networks:\n"
	    ".Ql map['10.0.0.0/8'] = value\nsets one,\n.Dv nil\ntakes it away, "
	    "and\n.Ql map[address]\nreads the one of the smallest network that "
	    "has the address.  Addresses may stand between brackets and have a "
	    "port behind them, which does not count.  What is no address gives"
	    "\n.Dv nil\nwhen read, and raises an error when set.",
	.index = get,
	.newindex = set,
};

static const struct library_type *const types[] = { &type_cidr_map, NULL };

const struct library library_cidr = {
	.name = "kumo.cidr",
	.title = "values under networks",
	.about = "Tables whose keys are networks.",
	.functions = functions,
	.types = types,
};
