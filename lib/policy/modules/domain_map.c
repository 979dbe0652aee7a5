/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kumo.domain_map: values under names, with wildcards. All of it is a Lua
 * table, from lower-case names to values.
 */
#include "lib/policy/modules/modules.h"

#include <string.h>

#include "lib/base/text.h"
#include "lib/mail/domain.h"
#include "lib/policy/modules/args.h"
#include "lib/policy/state.h"

static const struct library_type type_domain_map;

/* A key in the form in which they compare; -1: no name is so long. */
static int
key_of(struct span name, char key[DOMAIN_MAX + 1], struct span *out)
{
	if (name.len > 1 && name.p[name.len - 1] == '.')
		name.len--;
	if (name.len > DOMAIN_MAX)
		return -1;
	memcpy(key, name.p, name.len);
	key[name.len] = '\0';
	ascii_lower_all(key, name.len);
	*out = span_make(key, name.len);
	return 0;
}

/* The map at 1, its table on top. */
static void
push_table(lua_State *L, int index)
{
	library_check(L, index, &type_domain_map);
	lua_getiuservalue(L, index, 1);
}

/* The value under the key in the table on top takes the top. */
static bool
look(lua_State *L, struct span key)
{
	push_span(L, key);
	if (lua_rawget(L, -2) != LUA_TNIL)
		return true;
	lua_pop(L, 1);
	return false;
}

/* (map, name): the name itself, then the wildcards above it. */
static int
get(lua_State *L)
{
	char text[DOMAIN_MAX + 1], wild[DOMAIN_MAX + 2];
	struct span key;
	ptrdiff_t dot;

	if (!lua_isstring(L, 2) || key_of(arg_span(L, 2), text, &key) == -1)
		return 0;
	push_table(L, 1);
	if (look(L, key))
		return 1;
	while ((dot = span_find(key, '.')) != -1) {
		key = span_from(key, (size_t)dot + 1);
		wild[0] = '*';
		wild[1] = '.';
		memcpy(wild + 2, key.p, key.len);
		if (key.len + 2 <= sizeof(wild) &&
		    look(L, span_make(wild, key.len + 2)))
			return 1;
	}
	return look(L, SPAN_LIT("*"));
}

/* The value on top under the name at index, into the map at `map`. */
static void
put(lua_State *L, int map, int index)
{
	char text[DOMAIN_MAX + 1];
	struct span key;

	if (!lua_isstring(L, index))
		where_error(L, "kumo.domain_map: a key must be a name, not %s",
		    luaL_typename(L, index));
	/* A number as a key of a table under way must stay one. */
	lua_pushvalue(L, index);
	if (key_of(arg_span(L, -1), text, &key) == -1)
		where_error(L, "kumo.domain_map: a name has at most %d bytes",
		    DOMAIN_MAX);
	lua_pop(L, 1);
	push_table(L, map);
	push_span(L, key);
	lua_pushvalue(L, -3);
	lua_rawset(L, -3);
	lua_pop(L, 1);
}

/* (map, name, value) */
static int
set(lua_State *L)
{
	put(L, 1, 2);
	return 0;
}

static int
new(lua_State *L)
{
	lua_settop(L, 1);
	if (!lua_isnil(L, 1))
		luaL_checktype(L, 1, LUA_TTABLE);
	library_new(L, &type_domain_map, 0);
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
	{ "new", new, "(seed?) -> map",
	    "A map from names to values, with what the table\n.Fa seed\n"
	    "has." },
	{ NULL, NULL, NULL, NULL },
};

static const struct library_type type_domain_map = {
	.name = "DomainMap",
	.about = "Values under names:\n.Ql map[name]\nreads one,\n"
	    ".Ql map[name] = value\nsets it,\n.Dv nil\ntakes it away.  A "
	    "name\n.Ql *.x\nstands for all names below\n.Ql x ,\nbut not for\n"
	    ".Ql x\nitself, and\n.Ql *\nfor all names.  The name itself goes "
	    "before wildcards, and of these the longest before others.  Case "
	    "and a dot at the end do not matter.",
	.index = get,
	.newindex = set,
};

static const struct library_type *const types[] = { &type_domain_map, NULL };

const struct library library_domain_map = {
	.name = "kumo.domain_map",
	.title = "values under names, with wildcards",
	.about = "Tables whose keys are names of domains.",
	.functions = functions,
	.types = types,
};
