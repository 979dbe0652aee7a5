/* SPDX-License-Identifier: Apache-2.0 */
/* Trees and handles. */
#include <string.h>

#include "lib/policy/mime.h"
#include "lib/policy/state.h"

#define TREE_TYPE "ekiden.mime_tree"

static int
tree_gc(lua_State *L)
{
	mime_tree_drop(L, lua_touserdata(L, 1));
	return 0;
}

struct mime_tree *
mime_tree_push(lua_State *L)
{
	struct mime_tree *t = lua_newuserdatauv(L, sizeof(*t), 1);

	memset(t, 0, sizeof(*t));
	if (luaL_newmetatable(L, TREE_TYPE)) {
		lua_pushcfunction(L, tree_gc);
		lua_setfield(L, -2, "__gc");
	}
	lua_setmetatable(L, -2);
	return t;
}

struct mime_tree *
mime_tree_parse(lua_State *L, int index)
{
	struct mime_tree *t;
	const char *text, *why;
	size_t len;

	text = luaL_checklstring(L, index, &len);
	index = lua_absindex(L, index);
	t = mime_tree_push(L);
	/* Its spans look at the text. */
	lua_pushvalue(L, index);
	lua_setiuservalue(L, -2, 1);
	if (mime_parse(&t->m, span_make(text, len), &why) != 0) {
		mime_tree_drop(L, t);
		where_error(L, "this message cannot be parsed: %s", why);
	}
	mime_tree_count(L, t);
	return t;
}

void
mime_tree_count(lua_State *L, struct mime_tree *t)
{
	arena_count(L, &t->m.arena, &t->counted);
}

void
mime_tree_drop(lua_State *L, struct mime_tree *t)
{
	arena_uncount(L, &t->m.arena, &t->counted);
	mime_free(&t->m);
}

void
mime_ref_push(lua_State *L, const struct library_type *type, int tree_index,
    struct mime_part *part)
{
	struct mime_ref *ref;

	tree_index = lua_absindex(L, tree_index);
	ref = library_new(L, type, sizeof(*ref));
	ref->tree = lua_touserdata(L, tree_index);
	ref->part = part;
	lua_pushvalue(L, tree_index);
	lua_setiuservalue(L, -2, 1);
}

void
mime_ref_push_like(lua_State *L, const struct library_type *type, int index,
    struct mime_part *part)
{
	lua_getiuservalue(L, index, 1);
	mime_ref_push(L, type, -1, part);
	lua_remove(L, -2);
}

struct mime_ref *
mime_ref_check(lua_State *L, int index, const struct library_type *type)
{
	return library_check(L, index, type);
}
