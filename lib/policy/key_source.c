/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/policy/key_source.h"

#include <errno.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/policy/door_ask.h"
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

/* ---- keys that are waited for -------------------------------------------- */

/*
 * Of a key_source_call: its table of what is known so far, in the registry
 * while f runs. In the table: source -> bytes, and the places below.
 */
static const char answers_place, wanted_place;

enum { AT_FUNCTION = 1, AT_ROUNDS = 2 };
enum { ROUNDS_MAX = 16, EVENT_ARGS_MAX = 100, VAULT_WAIT_MS = 60000 };

static struct span
push_asked(lua_State *L, int index, const char *what, enum kind kind)
{
	if (lua_rawgetp(L, LUA_REGISTRYINDEX, &answers_place) != LUA_TTABLE)
		where_error(L, "%s: a key from %s needs a call to the outside "
		    "world, which cannot be made here; name a file or give "
		    "key_data", what, kind == KIND_VAULT ? "a vault" :
		    "an event");
	lua_pushvalue(L, index);
	if (lua_rawget(L, -2) == LUA_TSTRING)
		return pushed(L);
	/* Out of here, to where it can be waited for. */
	lua_pushvalue(L, index);
	lua_rawsetp(L, -3, &wanted_place);
	lua_pushlightuserdata(L, (void *)(uintptr_t)&wanted_place);
	lua_error(L);
	return span_of(NULL);
}

static int attempt(lua_State *L, int answers);

/* The bytes on top are those of the source at index. */
static int
answered(lua_State *L, int answers, int source)
{
	if (lua_type(L, -1) != LUA_TSTRING)
		return where_error(L, "a key source: the answer is no key, "
		    "which is text");
	lua_pushvalue(L, source);
	lua_insert(L, -2);
	lua_rawset(L, answers);
	return attempt(L, answers);
}

/* Behind the answers: the source, the question, the secret. */
static int
vault_answered(lua_State *L)
{
	int top = lua_gettop(L);

	return answered(L, top - 3, top - 2);
}

static void
copy_field(lua_State *L, int from, const char *name, const char *as)
{
	lua_getfield(L, from, name);
	lua_setfield(L, -2, as);
}

static int
ask_vault(lua_State *L, int source)
{
	lua_createtable(L, 0, 6);
	copy_field(L, source, "vault_mount", "mount");
	copy_field(L, source, "vault_path", "path");
	copy_field(L, source, "vault_address", "address");
	copy_field(L, source, "vault_token", "token");
	if (lua_getfield(L, source, "vault_key") == LUA_TNIL)
		lua_pushliteral(L, "key");
	lua_setfield(L, source + 1, "key");
	lua_settop(L, source + 1);
	lua_pushinteger(L, VAULT_WAIT_MS);
	lua_setfield(L, -2, "wait_ms");
	return door_ask(L, LOOKUP_VAULT, -1, vault_answered);
}

static int
event_answered(lua_State *L, int status, lua_KContext source)
{
	(void)status;
	return answered(L, (int)source - 1, (int)source);
}

static int
ask_event(lua_State *L, int source)
{
	struct policy *p = policy_of(L);
	const struct event_handlers *h;
	lua_Integer i, n;

	lua_getfield(L, source, "event_name");
	h = map_get(&p->events, pushed(L));
	if (h == NULL)
		return where_error(L, "a key source: there is no "
		    "kumo.on('%.100s', ...)", lua_tostring(L, -1));
	lua_getfield(L, source, "event_args");
	n = (lua_Integer)lua_rawlen(L, -1);
	if (n > EVENT_ARGS_MAX)
		return where_error(L, "a key source: event_args has more than "
		    "%d values", EVENT_ARGS_MAX);
	luaL_checkstack(L, (int)n + 8, "key source");
	lua_rawgeti(L, LUA_REGISTRYINDEX, h->refs[0]);
	for (i = 1; i <= n; i++)
		lua_rawgeti(L, source + 2, i);
	/* The handler may wait in its turn. */
	lua_callk(L, (int)n, 1, source, event_answered);
	return event_answered(L, LUA_OK, source);
}

/* Call the function with what is below its answers. */
static int
attempt(lua_State *L, int answers)
{
	lua_Integer rounds;
	int i, status;

	lua_settop(L, answers);
	luaL_checkstack(L, answers + 16, "key source");
	lua_rawgeti(L, answers, AT_ROUNDS);
	rounds = lua_tointeger(L, -1) + 1;
	lua_pushinteger(L, rounds);
	lua_rawseti(L, answers, AT_ROUNDS);
	if (rounds > ROUNDS_MAX)
		return where_error(L, "a key source: there are too many keys");
	lua_settop(L, answers);
	lua_rawgeti(L, answers, AT_FUNCTION);
	for (i = 1; i < answers; i++)
		lua_pushvalue(L, i);
	lua_pushvalue(L, answers);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &answers_place);
	status = lua_pcall(L, answers - 1, LUA_MULTRET, 0);
	lua_pushnil(L);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &answers_place);
	if (status == LUA_OK)
		return lua_gettop(L) - answers;
	if (lua_touserdata(L, -1) != &wanted_place)
		return lua_error(L);
	lua_settop(L, answers);
	lua_rawgetp(L, answers, &wanted_place);
	i = lua_getfield(L, -1, "event_name");
	lua_pop(L, 1);
	return i == LUA_TNIL ? ask_vault(L, answers + 1) :
	    ask_event(L, answers + 1);
}

int
key_source_call(lua_State *L, lua_CFunction f)
{
	lua_createtable(L, 2, 2);
	lua_pushcfunction(L, f);
	lua_rawseti(L, -2, AT_FUNCTION);
	return attempt(L, lua_gettop(L));
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
