/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/policy/convert.h"

#include <lauxlib.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "lib/policy/state.h"

#define LIST_MARK "ekiden.list"

enum { HOLES_MAX = 16 }; /* in short lists; in others every other item */

struct converter {
	lua_State *L;
	int line;
	bool exact; /* 10.0 is no 10 */
	size_t nodes;
	const char *why;
};

static struct value *convert_at(struct converter *c, int index,
    unsigned depth);

static struct span
text_at(lua_State *L, int index)
{
	size_t len;
	const char *p = lua_tolstring(L, index, &len);

	return span_make(p, len);
}

static bool
is_marked(lua_State *L, int index)
{
	bool marked;

	if (!lua_getmetatable(L, index))
		return false;
	luaL_getmetatable(L, LIST_MARK);
	marked = lua_rawequal(L, -1, -2);
	lua_pop(L, 2);
	return marked;
}

/*
 * The length of a list, or 0 for what is none or empty. A marked one may have
 * holes that Lua's own length does not see over.
 */
static lua_Unsigned
list_length(lua_State *L, int index, bool marked)
{
	lua_Unsigned n = lua_rawlen(L, index), max = 0, count = 0, at;

	for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
		at = lua_isinteger(L, -2) ?
		    (lua_Unsigned)lua_tointeger(L, -2) : 0;
		if (at < 1 || at > (marked ? INT_MAX : n)) {
			lua_pop(L, 2);
			return 0;
		}
		count++;
		if (at > max)
			max = at;
	}
	if (!marked)
		return n;
	return max <= 2 * count + HOLES_MAX ? max : 0;
}

static bool
is_empty(lua_State *L, int index)
{
	lua_pushnil(L);
	if (!lua_next(L, index))
		return true;
	lua_pop(L, 2);
	return false;
}

void
convert_mark_list(lua_State *L)
{
	luaL_newmetatable(L, LIST_MARK);
	lua_setmetatable(L, -2);
}

static struct value *
convert_list(struct converter *c, int index, lua_Unsigned n, unsigned depth)
{
	struct value *list = value_list(c->line), *item;
	lua_Unsigned i;

	for (i = 1; i <= n; i++) {
		lua_rawgeti(c->L, index, (lua_Integer)i);
		item = convert_at(c, lua_gettop(c->L), depth + 1);
		lua_pop(c->L, 1);
		if (item == NULL) {
			value_free(&list);
			return NULL;
		}
		value_list_add(list, item);
	}
	return list;
}

static struct span
key_at(struct converter *c, char number[32])
{
	if (lua_type(c->L, -2) == LUA_TSTRING)
		return text_at(c->L, -2);
	if (lua_isinteger(c->L, -2)) {
		snprintf(number, 32, "%lld",
		    (long long)lua_tointeger(c->L, -2));
		return span_of(number);
	}
	c->why = "the keys of a table must be text";
	return span_of(NULL);
}

static struct value *
convert_map(struct converter *c, int index, unsigned depth)
{
	struct value *map = value_map(c->line), *item;
	char number[32];
	struct span key;

	for (lua_pushnil(c->L); lua_next(c->L, index); lua_pop(c->L, 1)) {
		key = key_at(c, number);
		item = c->why != NULL ? NULL :
		    convert_at(c, lua_gettop(c->L), depth + 1);
		if (item != NULL &&
		    value_map_add(map, c->line, key, item) == 0)
			continue;
		if (c->why == NULL)
			c->why = "a key is there twice or holds a NUL";
		lua_pop(c->L, 2);
		value_free(&map);
		return NULL;
	}
	return map;
}

static struct value *
convert_table(struct converter *c, int index, unsigned depth)
{
	bool marked = is_marked(c->L, index);
	lua_Unsigned n = list_length(c->L, index, marked);

	if (n > 0 || (marked && is_empty(c->L, index)))
		return convert_list(c, index, n, depth);
	return convert_map(c, index, depth);
}

static struct value *
convert_number(struct converter *c, int index)
{
	lua_Number real;

	if (lua_isinteger(c->L, index))
		return value_int(c->line, lua_tointeger(c->L, index));
	real = lua_tonumber(c->L, index);
	/* 10.0 where a whole number is meant. */
	if (!c->exact && real == floor(real) && fabs(real) < 9007199254740992.0)
		return value_int(c->line, (int64_t)real);
	return value_float(c->line, real);
}

static struct value *
convert_at(struct converter *c, int index, unsigned depth)
{
	if (++c->nodes > CONVERT_NODES_MAX || depth >= CONVERT_DEPTH_MAX ||
	    !lua_checkstack(c->L, 8)) {
		c->why = "the table is too deep or too large";
		return NULL;
	}
	switch (lua_type(c->L, index)) {
	case LUA_TNIL:
		return value_null(c->line);
	case LUA_TBOOLEAN:
		return value_bool(c->line, lua_toboolean(c->L, index));
	case LUA_TNUMBER:
		return convert_number(c, index);
	case LUA_TSTRING:
		return value_text(c->line, text_at(c->L, index));
	case LUA_TTABLE:
		return convert_table(c, index, depth);
	case LUA_TUSERDATA:
		/* An address is its text, which it keeps beside it. */
		if (luaL_testudata(c->L, index, "ekiden.address") != NULL) {
			struct value *v;

			lua_getiuservalue(c->L, index, 1);
			v = value_text(c->line, text_at(c->L, -1));
			lua_pop(c->L, 1);
			return v;
		}
		break;
	}
	c->why = "functions and objects are no data";
	return NULL;
}

struct value *
convert_value(lua_State *L, int index, int line, const char **why_out)
{
	struct converter c = { .L = L, .line = line };
	struct value *v = convert_at(&c, lua_absindex(L, index), 0);

	*why_out = c.why;
	return v;
}

struct value *
convert_data(lua_State *L, int index, const char **why_out)
{
	struct converter c = { .L = L, .exact = true };
	struct value *v = convert_at(&c, lua_absindex(L, index), 0);

	if (v != NULL)
		value_sort(v);
	*why_out = c.why;
	return v;
}

int
convert_to_json(lua_State *L, int index, struct buf *out,
    const char **why_out)
{
	struct value *v = convert_value(L, index, 0, why_out);
	struct jout j;

	if (v == NULL)
		return -1;
	jout_init(&j, out);
	value_to_json(&j, v);
	value_free(&v);
	return 0;
}

static void
push_list(lua_State *L, const struct value *v)
{
	bool mark = v->u.list.n == 0;
	size_t i;

	lua_createtable(L, v->u.list.n > 65536 ? 65536 : (int)v->u.list.n, 0);
	for (i = 0; i < v->u.list.n; i++) {
		convert_push_value(L, v->u.list.v[i]);
		lua_rawseti(L, -2, (lua_Integer)i + 1);
		mark = mark || v->u.list.v[i]->kind == VALUE_NULL;
	}
	if (mark)
		convert_mark_list(L);
}

static void
push_map(lua_State *L, const struct value *v)
{
	size_t i;

	lua_createtable(L, 0, v->u.map.n > 65536 ? 65536 : (int)v->u.map.n);
	for (i = 0; i < v->u.map.n; i++) {
		lua_pushstring(L, v->u.map.v[i].key);
		convert_push_value(L, v->u.map.v[i].value);
		lua_rawset(L, -3);
	}
}

void
convert_push_value(lua_State *L, const struct value *v)
{
	luaL_checkstack(L, 8, "the value is too deep");
	switch (v->kind) {
	case VALUE_NULL:
		lua_pushnil(L);
		break;
	case VALUE_BOOL:
		lua_pushboolean(L, v->u.flag);
		break;
	case VALUE_INT:
		lua_pushinteger(L, v->u.number);
		break;
	case VALUE_FLOAT:
		lua_pushnumber(L, v->u.real);
		break;
	case VALUE_TEXT:
		lua_pushlstring(L, v->u.text.p, v->u.text.len);
		break;
	case VALUE_LIST:
		push_list(L, v);
		break;
	case VALUE_MAP:
		push_map(L, v);
		break;
	}
}

static int
holder_gc(lua_State *L)
{
	struct value **v = lua_touserdata(L, 1);

	value_free(v);
	return 0;
}

struct value **
convert_push_holder(lua_State *L)
{
	struct value **v = lua_newuserdatauv(L, sizeof(struct value *), 0);

	*v = NULL;
	if (luaL_newmetatable(L, "ekiden.tree")) {
		lua_pushcfunction(L, holder_gc);
		lua_setfield(L, -2, "__gc");
	}
	lua_setmetatable(L, -2);
	return v;
}
