/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/policy/library.h"

#include <string.h>

#include "lib/base/text.h"
#include "lib/policy/state.h"

enum { NAMES_MAX = 128 };

/* ---- objects ------------------------------------------------------------ */

static const struct library_field *
field_find(const struct library_type *type, const char *name)
{
	const struct library_field *f;

	for (f = type->fields; f != NULL && f->name != NULL; f++) {
		if (strcmp(f->name, name) == 0)
			return f;
	}
	return NULL;
}

static const struct library_function *
method_find(const struct library_type *type, const char *name)
{
	const struct library_function *m;

	for (m = type->methods; m != NULL && m->name != NULL; m++) {
		if (strcmp(m->name, name) == 0)
			return m;
	}
	return NULL;
}

static int
unknown_name(lua_State *L, const struct library_type *type, const char *name)
{
	const char *names[NAMES_MAX], *near;
	const struct library_field *f;
	const struct library_function *m;
	size_t n = 0;

	for (f = type->fields; f != NULL && f->name != NULL && n < NAMES_MAX;
	    f++)
		names[n++] = f->name;
	for (m = type->methods; m != NULL && m->name != NULL && n < NAMES_MAX;
	    m++)
		names[n++] = m->name;
	near = text_nearest(span_of(name), names, n);
	if (near != NULL)
		return where_error(L, "%s has nothing called '%.100s', did "
		    "you mean '%s'?", type->name, name, near);
	return where_error(L, "%s has nothing called '%.100s'", type->name,
	    name);
}

static const struct library_type *
type_upvalue(lua_State *L)
{
	return lua_touserdata(L, lua_upvalueindex(1));
}

/* Upvalues: the type, its table of methods. */
static int
object_index(lua_State *L)
{
	const struct library_type *type = type_upvalue(L);
	const struct library_field *f;
	const char *name;

	luaL_checkudata(L, 1, type->name);
	if (lua_type(L, 2) == LUA_TSTRING) {
		lua_pushvalue(L, 2);
		if (lua_rawget(L, lua_upvalueindex(2)) != LUA_TNIL)
			return 1;
		lua_pop(L, 1);
		name = lua_tostring(L, 2);
		if ((f = field_find(type, name)) != NULL) {
			lua_settop(L, 1);
			return f->get(L);
		}
		if (type->index == NULL)
			return unknown_name(L, type, name);
	}
	if (type->index != NULL)
		return type->index(L);
	return where_error(L, "%s cannot be indexed by a %s", type->name,
	    luaL_typename(L, 2));
}

static int
object_newindex(lua_State *L)
{
	const struct library_type *type = type_upvalue(L);
	const struct library_field *f;

	luaL_checkudata(L, 1, type->name);
	if (lua_type(L, 2) == LUA_TSTRING &&
	    (f = field_find(type, lua_tostring(L, 2))) != NULL) {
		if (f->set == NULL)
			return where_error(L, "%s: '%s' cannot be set",
			    type->name, f->name);
		lua_remove(L, 2);
		return f->set(L);
	}
	if (type->newindex != NULL)
		return type->newindex(L);
	if (lua_type(L, 2) == LUA_TSTRING &&
	    method_find(type, lua_tostring(L, 2)) == NULL)
		return unknown_name(L, type, lua_tostring(L, 2));
	return where_error(L, "%s cannot be changed so", type->name);
}

/* Of a type that has methods alone; these are argument 1. */
static int
methods_index(lua_State *L)
{
	const struct library_type *type = type_upvalue(L);

	if (lua_type(L, 2) == LUA_TSTRING)
		return unknown_name(L, type, lua_tostring(L, 2));
	return where_error(L, "%s cannot be indexed by a %s", type->name,
	    luaL_typename(L, 2));
}

static void
functions_set(lua_State *L, const struct library_function *f)
{
	for (; f != NULL && f->name != NULL; f++) {
		lua_pushcfunction(L, f->call);
		lua_setfield(L, -2, f->name);
	}
}

/* What finds names of the type: a table where that is enough. */
static void
index_push(lua_State *L, const struct library_type *type)
{
	bool table = type->fields == NULL && type->index == NULL;

	if (!table)
		lua_pushlightuserdata(L, (void *)(uintptr_t)type);
	lua_newtable(L);
	functions_set(L, type->methods);
	if (!table) {
		lua_pushcclosure(L, object_index, 2);
		return;
	}
	lua_createtable(L, 0, 1);
	lua_pushlightuserdata(L, (void *)(uintptr_t)type);
	lua_pushcclosure(L, methods_index, 1);
	lua_setfield(L, -2, "__index");
	lua_setmetatable(L, -2);
}

/* The metatable on top. */
static void
type_push(lua_State *L, const struct library_type *type)
{
	if (!luaL_newmetatable(L, type->name))
		return;
	index_push(L, type);
	lua_setfield(L, -2, "__index");
	lua_pushlightuserdata(L, (void *)(uintptr_t)type);
	lua_pushcclosure(L, object_newindex, 1);
	lua_setfield(L, -2, "__newindex");
	if (type->meta != NULL)
		luaL_setfuncs(L, type->meta, 0);
	/* Scripts get a word for it, not what makes it work. */
	lua_pushstring(L, type->name);
	lua_setfield(L, -2, "__metatable");
}

void
library_register(lua_State *L, const struct library_type *type)
{
	type_push(L, type);
	lua_pop(L, 1);
}

void *
library_new(lua_State *L, const struct library_type *type, size_t size)
{
	void *thing = lua_newuserdatauv(L, size, 1);

	memset(thing, 0, size);
	type_push(L, type);
	lua_setmetatable(L, -2);
	return thing;
}

void *
library_test(lua_State *L, int index, const struct library_type *type)
{
	return luaL_testudata(L, index, type->name);
}

void *
library_check(lua_State *L, int index, const struct library_type *type)
{
	void *thing = library_test(L, index, type);

	if (thing == NULL)
		where_error(L, "wanted %s as argument %d, got %s", type->name,
		    index, luaL_typename(L, index));
	return thing;
}

int64_t
library_duration(lua_State *L, int index, const char *what, int64_t min_ms)
{
	int64_t ms = -1;
	lua_Number n;
	const char *p;
	size_t len;

	if (lua_type(L, index) == LUA_TNUMBER) {
		n = lua_tonumber(L, index);
		if (n >= 0 && n <= 86400)
			ms = (int64_t)(n * 1000);
	} else if (lua_type(L, index) == LUA_TSTRING) {
		p = lua_tolstring(L, index, &len);
		if (text_duration_ms(span_make(p, len), &ms) == -1)
			ms = -1;
	}
	if (ms < min_ms || ms > INT64_C(86400000))
		where_error(L, "%s: wanted a duration of at most a day, such "
		    "as '5s' or 5", what);
	return ms;
}

/* ---- modules ------------------------------------------------------------ */

static int
library_open(lua_State *L)
{
	const struct library *lib =
	    lua_touserdata(L, lua_upvalueindex(1));

	lua_newtable(L);
	functions_set(L, lib->functions);
	if (lib->open != NULL)
		lib->open(L);
	return 1;
}

/* Can it be required by its own name? */
static bool
is_module(const struct library *lib)
{
	return (lib->functions != NULL || lib->open != NULL) &&
	    strcmp(lib->name, "kumo") != 0;
}

void
libraries_open(lua_State *L)
{
	size_t i;

	for (i = 0; libraries[i] != NULL; i++) {
		const char *name = libraries[i]->name;

		if (!is_module(libraries[i])) {
			functions_set(L, libraries[i]->functions);
			continue;
		}
		luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
		lua_pushlightuserdata(L, (void *)(uintptr_t)libraries[i]);
		lua_pushcclosure(L, library_open, 1);
		lua_call(L, 0, 1);
		lua_pushvalue(L, -1);
		lua_setfield(L, -3, name); /* as loaded */
		lua_remove(L, -2);
		if (strncmp(name, "kumo.", 5) == 0 &&
		    strchr(name + 5, '.') == NULL)
			lua_setfield(L, -2, name + 5);
		else
			lua_pop(L, 1);
	}
}

/* require 'kumo.x' before require 'kumo': the one opens the other. */
static int
library_load(lua_State *L)
{
	lua_getglobal(L, "require");
	lua_pushliteral(L, "kumo");
	lua_call(L, 1, 0);
	lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
	lua_getfield(L, -1, lua_tostring(L, lua_upvalueindex(1)));
	return 1;
}

void
libraries_preload(lua_State *L)
{
	size_t i;

	luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
	for (i = 0; libraries[i] != NULL; i++) {
		if (!is_module(libraries[i]))
			continue;
		lua_pushstring(L, libraries[i]->name);
		lua_pushcclosure(L, library_load, 1);
		lua_setfield(L, -2, libraries[i]->name);
	}
	lua_pop(L, 1);
}

void
libraries_prepare(void)
{
	size_t i;

	for (i = 0; libraries[i] != NULL; i++) {
		if (libraries[i]->prepare != NULL)
			libraries[i]->prepare();
	}
}
