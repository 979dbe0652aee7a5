/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/policy/key_source.h"

#include <errno.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/policy/state.h"

enum kind { KIND_NONE, KIND_DATA, KIND_VAULT, KIND_EVENT };

static const struct {
	const char *name;
	enum kind kind;
	int type;
	bool required;
} fields[] = {
	{ "key_data", KIND_DATA, LUA_TSTRING, true },
	{ "vault_mount", KIND_VAULT, LUA_TSTRING, true },
	{ "vault_path", KIND_VAULT, LUA_TSTRING, true },
	{ "vault_key", KIND_VAULT, LUA_TSTRING, false },
	{ "vault_address", KIND_VAULT, LUA_TSTRING, false },
	{ "vault_token", KIND_VAULT, LUA_TSTRING, false },
	{ "event_name", KIND_EVENT, LUA_TSTRING, true },
	{ "event_args", KIND_EVENT, LUA_TTABLE, true },
};

enum { FIELDS = sizeof(fields) / sizeof(*fields) };

static struct span
pushed(lua_State *L)
{
	size_t len;
	const char *p = lua_tolstring(L, -1, &len);

	return span_make(p, len);
}

static struct span
push_file(lua_State *L, int index, const char *what)
{
	struct policy *p = policy_of(L);
	const struct chunk *c;
	const char *path;
	size_t len;

	path = lua_tolstring(L, index, &len);
	if (len == 0 || strlen(path) != len)
		where_error(L, "%s: this is no file's name", what);
	c = module_file(p, path);
	if (c == NULL)
		where_error(L, "%s: %.1000s: %s", what, path,
		    p->mode == MODE_LOADER ? strerror(errno) :
		    "not read when the configuration was loaded: call "
		    "kumo.secrets.load with it at the top of the policy");
	lua_pushlstring(L, (const char *)c->p, c->len);
	return pushed(L);
}

/* The row of the key below the top, which is a value. */
static size_t
field_index(lua_State *L, const char *what)
{
	const char *names[FIELDS], *name, *near;
	size_t i;

	name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "?";
	for (i = 0; i < FIELDS; i++) {
		names[i] = fields[i].name;
		if (strcmp(names[i], name) == 0)
			return i;
	}
	near = text_nearest(span_of(name), names, FIELDS);
	if (near != NULL)
		where_error(L, "%s: a key source has no '%.100s', did you "
		    "mean '%s'?", what, name, near);
	where_error(L, "%s: a key source has no '%.100s'", what, name);
	return 0;
}

static enum kind
table_kind(lua_State *L, int index, const char *what)
{
	enum kind kind = KIND_NONE;
	size_t i;

	for (lua_pushnil(L); lua_next(L, index) != 0; lua_pop(L, 1)) {
		i = field_index(L, what);
		if (lua_type(L, -1) != fields[i].type)
			where_error(L, "%s: %s must be a %s", what,
			    fields[i].name, lua_typename(L, fields[i].type));
		if (kind != KIND_NONE && kind != fields[i].kind)
			where_error(L, "%s: %s cannot stand beside the other "
			    "fields", what, fields[i].name);
		kind = fields[i].kind;
	}
	if (kind == KIND_NONE)
		where_error(L, "%s: wanted a file's name or a table with "
		    "key_data, vault_mount or event_name", what);
	for (i = 0; i < FIELDS; i++) {
		if (fields[i].kind != kind || !fields[i].required)
			continue;
		if (lua_getfield(L, index, fields[i].name) == LUA_TNIL)
			where_error(L, "%s: %s is missing", what,
			    fields[i].name);
		lua_pop(L, 1);
	}
	return kind;
}

static struct span
push_asked(lua_State *L, int index, const char *what, enum kind kind)
{
	struct policy *p = policy_of(L);

	if (p->ask_key == NULL)
		where_error(L, "%s: a key from %s needs a call to the outside "
		    "world, which cannot be made here; name a file or give "
		    "key_data", what, kind == KIND_VAULT ? "a vault" :
		    "an event");
	lua_pushvalue(L, index);
	p->ask_key(L);
	if (lua_type(L, -1) != LUA_TSTRING)
		where_error(L, "%s: the answer is no key", what);
	return pushed(L);
}

struct span
key_source_push(lua_State *L, int index, const char *what)
{
	enum kind kind;

	index = lua_absindex(L, index);
	luaL_checkstack(L, 8, "key source");
	if (lua_type(L, index) == LUA_TSTRING)
		return push_file(L, index, what);
	if (lua_type(L, index) != LUA_TTABLE)
		where_error(L, "%s: wanted a file's name or a table, got %s",
		    what, luaL_typename(L, index));
	kind = table_kind(L, index, what);
	if (kind != KIND_DATA)
		return push_asked(L, index, what, kind);
	lua_getfield(L, index, "key_data");
	return pushed(L);
}
