/* SPDX-License-Identifier: Apache-2.0 */
/* JSON text straight onto the Lua stack. */
#include "lib/policy/convert.h"

#include <lauxlib.h>

#include "lib/data/json_read.h"

/* What is being filled lies on the Lua stack, above it a waiting key. */
struct pusher {
	lua_State *L;
	size_t depth;
	struct {
		bool is_map, holes;
		lua_Integer n;
	} open[JSON_READ_DEPTH_MAX];
};

/* The value on top goes where it belongs. */
static void
place(struct pusher *p)
{
	if (p->depth == 0)
		return;
	if (p->open[p->depth - 1].is_map)
		lua_rawset(p->L, -3);
	else
		lua_rawseti(p->L, -2, ++p->open[p->depth - 1].n);
}

static void
push_null(void *arg)
{
	struct pusher *p = arg;

	lua_pushnil(p->L);
	if (p->depth > 0)
		p->open[p->depth - 1].holes = true;
	place(p);
}

static void
push_boolean(void *arg, bool v)
{
	struct pusher *p = arg;

	lua_pushboolean(p->L, v);
	place(p);
}

static void
push_integer(void *arg, int64_t v)
{
	struct pusher *p = arg;

	lua_pushinteger(p->L, v);
	place(p);
}

static void
push_real(void *arg, double v)
{
	struct pusher *p = arg;

	lua_pushnumber(p->L, v);
	place(p);
}

static void
push_key(void *arg, struct span raw)
{
	struct pusher *p = arg;
	luaL_Buffer b;
	char *out;

	if (span_find(raw, '\\') == -1) {
		lua_pushlstring(p->L, raw.p, raw.len);
		return;
	}
	out = luaL_buffinitsize(p->L, &b, raw.len);
	luaL_pushresultsize(&b, json_unescape(raw, out));
}

static void
push_text(void *arg, struct span raw)
{
	push_key(arg, raw);
	place(arg);
}

static void
open_table(void *arg, bool is_map)
{
	struct pusher *p = arg;

	luaL_checkstack(p->L, 8, "JSON is too deep");
	lua_newtable(p->L);
	p->open[p->depth].is_map = is_map;
	p->open[p->depth].holes = false;
	p->open[p->depth++].n = 0;
}

static void
close_table(void *arg)
{
	struct pusher *p = arg;

	p->depth--;
	if (!p->open[p->depth].is_map && (p->open[p->depth].holes ||
	    p->open[p->depth].n == 0))
		convert_mark_list(p->L);
	place(p);
}

int
convert_parse_json(lua_State *L, struct span json, unsigned flags,
    struct data_error *error)
{
	static const struct json_events events = {
		push_null, push_boolean, push_integer, push_real, push_text,
		push_key, open_table, close_table,
	};
	struct pusher p = { .L = L };
	int top = lua_gettop(L);

	luaL_checkstack(L, 8, "no room for JSON");
	if (json_read(json, flags, &events, &p, error) == 0)
		return 0;
	lua_settop(L, top);
	return -1;
}

void
convert_push_json(lua_State *L, struct span json)
{
	if (convert_parse_json(L, json, 0, NULL) == -1)
		lua_pushnil(L);
}
