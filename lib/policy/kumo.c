/* SPDX-License-Identifier: Apache-2.0 */
/* The module `kumo`: events, refusals, logs. */
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/policy/event_names.h"
#include "lib/policy/library.h"
#include "lib/policy/modules/modules.h"
#include "lib/policy/sleep.h"
#include "lib/policy/state.h"

#define REGISTRARS "ekiden.registrars"

/* ---- kumo.on ------------------------------------------------------------ */

/*
 * Events of an operator's own (tasks, key sources, senders) have any name;
 * one that is nearly one of ours is a slip.
 */
static const struct event_name own_event = { "", false, true };

static const struct event_name *
event_find(lua_State *L, const char *name)
{
	const char *names[64], *near;
	size_t i;

	for (i = 0; i < n_event_names; i++) {
		names[i] = event_names[i].name;
		if (strcmp(name, event_names[i].name) == 0)
			return &event_names[i];
	}
	near = text_nearest(span_of(name), names, n_event_names);
	if (near != NULL)
		where_error(L, "kumo.on: no event is called '%.100s', did you "
		    "mean '%s'?", name, near);
	return &own_event;
}

static void push_frames(lua_State *L, int level);

static int
kumo_on(lua_State *L)
{
	const char *name = luaL_checkstring(L, 1);
	struct policy *p = policy_of(L);
	struct event_handlers *h;
	const struct event_name *event = event_find(L, name);
	int ref;

	luaL_checktype(L, 2, LUA_TFUNCTION);
	if (p->phase != PHASE_LOAD)
		return where_error(L, "kumo.on must be called while the "
		    "policy is loaded, not inside a handler");
	if (!event->raised)
		return where_error(L, "kumo.on: the event '%s' is not part of "
		    "this version of Ekiden: remove its handler", name);
	h = map_get(&p->events, span_of(name));
	if (h != NULL && !event->multiple)
		return where_error(L, "kumo.on: '%s' has a handler already, "
		    "and can have only one", name);
	lua_pushvalue(L, 2);
	ref = luaL_ref(L, LUA_REGISTRYINDEX);
	if (h == NULL) {
		h = xcalloc(1, sizeof(*h));
		map_set(&p->events, span_of(name), h);
	}
	h->refs = xreallocarray(h->refs, h->n + 1, sizeof(*h->refs));
	h->refs[h->n++] = ref;
	luaL_getsubtable(L, LUA_REGISTRYINDEX, REGISTRARS);
	luaL_getsubtable(L, -1, name);
	push_frames(L, 1);
	lua_rawseti(L, -2, (lua_Integer)h->n);
	return 0;
}

/* ---- logs --------------------------------------------------------------- */

/* "file:line: a b c", bytes from anywhere made printable. */
static int
log_words(lua_State *L, enum log_level level)
{
	struct policy *p = policy_of(L);
	int i, n = lua_gettop(L), line;
	const char *file, *text;
	char printable[2048];
	luaL_Buffer b;
	size_t len;

	if (!log_is_on(level))
		return 0;
	luaL_buffinit(L, &b);
	for (i = 1; i <= n; i++) {
		if (i > 1)
			luaL_addchar(&b, ' ');
		luaL_tolstring(L, i, NULL);
		luaL_addvalue(&b);
	}
	luaL_pushresult(&b);
	text = lua_tolstring(L, -1, &len);
	text_printable(span_make(text, len), printable, sizeof(printable));
	buf_clear(&p->scratch, 65536);
	if (where_script(L, &file, &line))
		buf_addf(&p->scratch, "%s:%d: ", file, line);
	buf_add(&p->scratch, printable, strlen(printable) + 1);
	text = (const char *)buf_data(&p->scratch);
	if (level == LOG_LEVEL_ERROR)
		log_errorx("lua: %s", text);
	else if (level == LOG_LEVEL_WARN)
		log_warnx("lua: %s", text);
	else if (level == LOG_LEVEL_INFO)
		log_info("lua: %s", text);
	else
		log_debug("lua: %s", text);
	return 0;
}

static int
kumo_log_error(lua_State *L)
{
	return log_words(L, LOG_LEVEL_ERROR);
}

static int
kumo_log_warn(lua_State *L)
{
	return log_words(L, LOG_LEVEL_WARN);
}

static int
kumo_log_info(lua_State *L)
{
	return log_words(L, LOG_LEVEL_INFO);
}

static int
kumo_log_debug(lua_State *L)
{
	return log_words(L, LOG_LEVEL_DEBUG);
}

/* ---- checking ----------------------------------------------------------- */

static int
kumo_validation_failed(lua_State *L)
{
	policy_of(L)->validation_failed = true;
	return 0;
}

/* ---- about the process -------------------------------------------------- */

static int
kumo_available_parallelism(lua_State *L)
{
	const char *wish = getenv("KUMO_AVAILABLE_PARALLELISM");
	long n = wish == NULL ? 0 : strtol(wish, NULL, 10);
	cpu_set_t set;

	if (n < 1 && sched_getaffinity(0, sizeof(set), &set) == 0)
		n = CPU_COUNT(&set);
	lua_pushinteger(L, n < 1 ? 1 : n);
	return 1;
}

/* Memory does not grow with the queue: there is nothing to limit. */
static int
no_limit(lua_State *L)
{
	lua_pushnil(L);
	return 1;
}

static void
put_text(lua_State *L, const char *name, const char *text)
{
	if (text == NULL)
		return;
	lua_pushstring(L, text);
	lua_setfield(L, -2, name);
}

static void
put_number(lua_State *L, const char *name, int n)
{
	lua_pushinteger(L, n);
	lua_setfield(L, -2, name);
}

static void
push_frame(lua_State *L, lua_Debug *ar)
{
	lua_getinfo(L, "Slnt", ar);
	lua_createtable(L, 0, 10);
	put_text(L, "event", "call");
	put_text(L, "name", ar->name);
	put_text(L, "name_what", ar->namewhat);
	put_text(L, "source", ar->source);
	put_text(L, "short_src", ar->short_src);
	put_number(L, "line_defined", ar->linedefined);
	put_number(L, "last_line_defined", ar->lastlinedefined);
	put_text(L, "what", ar->what);
	put_number(L, "curr_line", ar->currentline);
	lua_pushboolean(L, ar->istailcall);
	lua_setfield(L, -2, "is_tail_call");
}

static void
push_frames(lua_State *L, int level)
{
	lua_Debug ar;
	int n = 0;

	lua_newtable(L);
	for (; lua_getstack(L, level, &ar); level++) {
		push_frame(L, &ar);
		lua_rawseti(L, -2, ++n);
	}
}

static int
kumo_traceback(lua_State *L)
{
	lua_Integer level = luaL_optinteger(L, 1, 1);

	if (level < 0 || level > 1000)
		return where_error(L, "kumo.traceback: the level must be 0 "
		    "to 1000");
	push_frames(L, (int)level);
	return 1;
}

/* Who called kumo.on for it: kept beside the handlers, in the registry. */
static int
kumo_get_event_registrars(lua_State *L)
{
	luaL_checkstring(L, 1);
	luaL_getsubtable(L, LUA_REGISTRYINDEX, REGISTRARS);
	lua_pushvalue(L, 1);
	lua_rawget(L, -2);
	return 1;
}

/* ---- the module --------------------------------------------------------- */

static int
kumo_module(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "on", kumo_on },
		{ "reject", kumo_reject },
		{ "disconnect", kumo_disconnect },
		{ "log_error", kumo_log_error },
		{ "log_warn", kumo_log_warn },
		{ "log_info", kumo_log_info },
		{ "log_debug", kumo_log_debug },
		{ "make_throttle", make_throttle },
		{ "glob", fs_glob },
		{ "memoize", kumo_memoize },
		{ "read_dir", fs_read_dir },
		{ "uncached_glob", fs_uncached_glob },
		{ "available_parallelism", kumo_available_parallelism },
		{ "get_event_registrars", kumo_get_event_registrars },
		{ "get_memory_hard_limit", no_limit },
		{ "get_memory_low_thresh", no_limit },
		{ "get_memory_soft_limit", no_limit },
		{ "sleep", kumo_sleep },
		{ "spawn_task", kumo_spawn_task },
		{ "traceback", kumo_traceback },
		{ "validation_failed", kumo_validation_failed },
		{ NULL, NULL },
	};

	lua_newtable(L);
	/* First what is absent, so that nothing real can be hidden by it. */
	kumo_absent(L);
	luaL_setfuncs(L, functions, 0);
	lua_pushliteral(L, EKIDEN_VERSION);
	lua_setfield(L, -2, "version");
	kumo_objects(L);
	kumo_declarations(L);
	libraries_open(L);
	serde_alias(L);
	return 1;
}

void
kumo_open(lua_State *L)
{
	luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
	lua_pushcfunction(L, kumo_module);
	lua_setfield(L, -2, "kumo");
	lua_pop(L, 1);
	libraries_preload(L);
}
