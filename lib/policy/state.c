/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/files/files.h"
#include "lib/policy/state.h"
#include "lib/policy/watchdog.h"

#include <lualib.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"

enum {
	STUCK_MS = 8000, /* longer than it may run: nothing else stops it */
	MEMORY_MAX = 256 * 1024 * 1024, /* bytes of one state */
	HOOK_STEPS = 10000,
	TIME_MAX_MS = 2000,         /* of one event, waits not counted */
	LOADER_TIME_MAX_MS = 30000, /* of pre_init, init and each chunk */
};

#define STEPS_MAX UINT64_C(400000000)
#define LOADER_STEPS_MAX (STEPS_MAX * 10)

struct policy *
policy_of(lua_State *L)
{
	return *(struct policy **)lua_getextraspace(L);
}

/* ---- memory ------------------------------------------------------------- */

static void *
state_alloc(void *arg, void *old, size_t old_size, size_t size)
{
	struct policy *p = arg;
	void *fresh;

	/* For a new block Lua passes its kind in place of a size. */
	if (old == NULL)
		old_size = 0;
	if (size == 0) {
		free(old);
		p->memory -= old_size;
		return NULL;
	}
	if (size > old_size && size - old_size > p->memory_max - p->memory) {
		p->out_of_memory = true;
		return NULL;
	}
	fresh = realloc(old, size);
	if (fresh != NULL)
		p->memory += size - old_size;
	return fresh;
}

void
memory_take(lua_State *L, size_t size)
{
	struct policy *p = policy_of(L);

	if (size > p->memory_max - p->memory)
		lua_gc(L, LUA_GCCOLLECT, 0);
	if (size > p->memory_max - p->memory) {
		p->out_of_memory = true;
		luaL_error(L, "not enough memory");
	}
	p->memory += size;
}

void
memory_give(lua_State *L, size_t size)
{
	policy_of(L)->memory -= size;
}

void
arena_count(lua_State *L, const struct arena *a, size_t *counted)
{
	size_t more = a->total - *counted;

	memory_take(L, more);
	*counted += more;
}

void
arena_uncount(lua_State *L, struct arena *a, size_t *counted)
{
	memory_give(L, *counted);
	*counted = 0;
	arena_free(a);
}

struct arena *
scratch_arena(lua_State *L)
{
	struct policy *p = policy_of(L);

	arena_reset(&p->arena);
	return &p->arena;
}

void
scratch_arena_done(lua_State *L)
{
	arena_reset(&policy_of(L)->arena);
}

int
raw_getfield(lua_State *L, int index, const char *key)
{
	index = lua_absindex(L, index);
	lua_pushstring(L, key);
	return lua_rawget(L, index);
}

/* Before the bytes that are given out. */
union taken {
	size_t size;
	max_align_t align;
};

void *
state_take(struct policy *p, size_t size)
{
	union taken *t;

	if (size > SIZE_MAX - sizeof(*t) ||
	    size + sizeof(*t) > p->memory_max - p->memory)
		return NULL;
	t = xmalloc(sizeof(*t) + size);
	t->size = sizeof(*t) + size;
	p->memory += t->size;
	return t + 1;
}

void
state_give(struct policy *p, void *memory)
{
	union taken *t = memory;

	if (t == NULL)
		return;
	t--;
	p->memory -= t->size;
	free(t);
}

/* ---- time --------------------------------------------------------------- */

static void on_steps(lua_State *L, lua_Debug *ar);

int64_t
budget_until(const struct policy *p)
{
	return p->slice_us + p->time_max_us - p->spent_us;
}

void
budget_check(lua_State *L)
{
	struct policy *p = policy_of(L);

	if (!p->too_long && p->steps < p->steps_max && p->spent_us +
	    clock_mono_us() - p->slice_us < p->time_max_us)
		return;
	/*
	 * From here on each single step raises again: a script may catch the
	 * error, but not go on.
	 */
	p->too_long = true;
	lua_sethook(L, on_steps, LUA_MASKCOUNT, 1);
	where_error(L, "the script ran for too long");
}

static void
on_steps(lua_State *L, lua_Debug *ar)
{
	(void)ar;
	policy_of(L)->steps += HOOK_STEPS;
	budget_check(L);
}

void
budget_begin(struct policy *p)
{
	p->steps = 0;
	p->spent_us = 0;
	p->too_long = false;
	p->out_of_memory = false;
}

void
slice_begin(struct policy *p, lua_State *co)
{
	p->slice_us = clock_mono_us();
	lua_sethook(co, on_steps, LUA_MASKCOUNT, HOOK_STEPS);
	watchdog_set(p->time_max_us / 1000 + STUCK_MS);
}

void
slice_end(struct policy *p)
{
	p->spent_us += clock_mono_us() - p->slice_us;
	watchdog_set(0);
}

/* ---- what scripts may call ---------------------------------------------- */

/* A finaliser runs where no budget can stop it. */
static int
safe_setmetatable(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TTABLE);
	if (lua_istable(L, 2)) {
		lua_pushliteral(L, "__gc");
		if (lua_rawget(L, 2) != LUA_TNIL)
			return where_error(L, "__gc is not available to "
			    "policies");
		lua_pop(L, 1);
	}
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_insert(L, 1);
	lua_call(L, lua_gettop(L) - 1, 1);
	return 1;
}

/* load() for text chunks alone. */
static int
safe_load(lua_State *L)
{
	lua_settop(L, 4);
	lua_pushliteral(L, "t");
	lua_replace(L, 3);
	if (lua_isnil(L, 4))
		lua_settop(L, 3);
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_insert(L, 1);
	lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
	return lua_gettop(L);
}

/* print() of a daemon is a line in its log. */
static int
log_print(lua_State *L)
{
	int i, n = lua_gettop(L);
	luaL_Buffer b;

	luaL_buffinit(L, &b);
	for (i = 1; i <= n; i++) {
		if (i > 1)
			luaL_addchar(&b, '\t');
		luaL_tolstring(L, i, NULL);
		luaL_addvalue(&b);
	}
	luaL_pushresult(&b);
	log_info("policy: %s", lua_tostring(L, -1));
	return 0;
}

static void
wrap_global(lua_State *L, const char *name, lua_CFunction wrapper)
{
	lua_getglobal(L, name);
	lua_pushcclosure(L, wrapper, 1);
	lua_setglobal(L, name);
}

static void
drop_global(lua_State *L, const char *name)
{
	lua_pushnil(L);
	lua_setglobal(L, name);
}

static void
keep_fields(lua_State *L, const char *table, const char *const *keep)
{
	size_t i;

	lua_newtable(L);
	lua_getglobal(L, table);
	for (i = 0; keep[i] != NULL; i++) {
		lua_getfield(L, -1, keep[i]);
		lua_setfield(L, -3, keep[i]);
	}
	lua_pop(L, 1);
	luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
	lua_pushvalue(L, -2);
	lua_setfield(L, -2, table);
	lua_pop(L, 1);
	lua_setglobal(L, table);
}

static void
open_libraries(lua_State *L, enum policy_mode mode)
{
	static const luaL_Reg libraries[] = {
		{ LUA_GNAME, luaopen_base },
		{ LUA_TABLIBNAME, luaopen_table },
		{ LUA_STRLIBNAME, luaopen_string },
		{ LUA_MATHLIBNAME, luaopen_math },
		{ LUA_UTF8LIBNAME, luaopen_utf8 },
		{ LUA_COLIBNAME, luaopen_coroutine },
		{ LUA_OSLIBNAME, luaopen_os },
	};
	static const char *const os_keep[] = { "time", "date", "clock",
		"difftime", "getenv", NULL };
	size_t i;

	for (i = 0; i < sizeof(libraries) / sizeof(*libraries); i++) {
		luaL_requiref(L, libraries[i].name, libraries[i].func, 1);
		lua_pop(L, 1);
	}
	keep_fields(L, LUA_OSLIBNAME, os_keep);
	lua_getglobal(L, LUA_STRLIBNAME);
	lua_pushnil(L);
	lua_setfield(L, -2, "dump");
	lua_pop(L, 1);
	wrap_global(L, "setmetatable", safe_setmetatable);
	wrap_global(L, "load", safe_load);
	drop_global(L, "loadfile");
	drop_global(L, "collectgarbage");
	if (mode == MODE_DAEMON) {
		lua_pushcfunction(L, log_print);
		lua_setglobal(L, "print");
	}
}

/* All that may raise for want of memory, under one roof. */
static int
open_all(lua_State *L)
{
	struct policy *p = policy_of(L);

	open_libraries(L, p->mode);
	error_register(L);
	address_register(L);
	message_register(L);
	meta_register(L);
	modules_open(p);
	kumo_open(L);
	return 0;
}

static int
on_panic(lua_State *L)
{
	const char *why = lua_tostring(L, -1);

	fatalx("policy: unprotected error: %s", why != NULL ? why : "?");
}

struct policy *
state_new(struct loop *loop, enum policy_mode mode)
{
	struct policy *p = xcalloc(1, sizeof(*p));

	p->loop = loop;
	p->mode = mode;
	p->memory_max = MEMORY_MAX;
	p->steps_max = mode == MODE_LOADER ? LOADER_STEPS_MAX : STEPS_MAX;
	p->time_max_us = INT64_C(1000) *
	    (mode == MODE_LOADER ? LOADER_TIME_MAX_MS : TIME_MAX_MS);
	p->L = lua_newstate(state_alloc, p);
	if (p->L == NULL)
		fatalx("policy: no memory for a Lua state");
	*(struct policy **)lua_getextraspace(p->L) = p;
	lua_atpanic(p->L, on_panic);
	lua_pushcfunction(p->L, open_all);
	if (lua_pcall(p->L, 0, 0, 0) != LUA_OK)
		fatalx("policy: cannot start Lua: %s", lua_tostring(p->L, -1));
	lua_gc(p->L, LUA_GCGEN, 0, 0);
	return p;
}

static void
handlers_free(void *arg)
{
	struct event_handlers *h = arg;

	free(h->refs);
	free(h);
}

void
state_free(struct policy **pp)
{
	struct policy *p = *pp;

	if (p == NULL)
		return;
	if (p->L != NULL)
		lua_close(p->L);
	map_free(&p->events, handlers_free);
	map_free(&p->calls, NULL);
	bundle_free(&p->bundle);
	files_free(&p->files);
	buf_free(&p->scratch);
	arena_free(&p->arena);
	free(p);
	*pp = NULL;
}
