/* SPDX-License-Identifier: Apache-2.0 */
/* The module `kumo`: events, refusals, logs. */
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/io/loop.h"
#include "lib/policy/event_names.h"
#include "lib/policy/library.h"
#include "lib/policy/modules/modules.h"
#include "lib/policy/state.h"

/* ---- kumo.on ------------------------------------------------------------ */

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
	where_error(L, "kumo.on: no event is called '%.100s'", name);
	return NULL;
}

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

/* ---- waiting ------------------------------------------------------------ */

struct sleeper {
	struct policy *policy;
	uint64_t call;
	struct timer timer;
};

static void
sleep_over(void *arg)
{
	struct sleeper *s = arg;
	struct call *call = map_get(&s->policy->calls,
	    span_make(&s->call, sizeof(s->call)));

	timer_done(&s->timer);
	s->timer.loop = NULL;
	/* A cancelled call sleeps on: it is nobody's. */
	if (call != NULL)
		call_resume(call);
}

static int
sleeper_gc(lua_State *L)
{
	struct sleeper *s = lua_touserdata(L, 1);

	if (s->timer.loop != NULL)
		timer_done(&s->timer);
	s->timer.loop = NULL;
	return 0;
}

int
kumo_sleep(lua_State *L)
{
	lua_Number seconds = luaL_checknumber(L, 1);
	struct call *call = call_waitable(L);
	struct sleeper *s;

	if (!(seconds >= 0 && seconds <= 86400))
		return where_error(L, "kumo.sleep: wanted 0 to 86400 seconds");
	/* It stays on the waiting coroutine's stack, so it stays alive. */
	s = lua_newuserdatauv(L, sizeof(*s), 0);
	memset(s, 0, sizeof(*s));
	if (luaL_newmetatable(L, "ekiden.sleeper")) {
		lua_pushcfunction(L, sleeper_gc);
		lua_setfield(L, -2, "__gc");
	}
	lua_setmetatable(L, -2);
	s->policy = policy_of(L);
	s->call = call->id;
	timer_init(&s->timer, s->policy->loop, sleep_over, s);
	timer_set(&s->timer, (int64_t)(seconds * 1000));
	return call_wait(L);
}

/* ---- checking ----------------------------------------------------------- */

static int
kumo_validation_failed(lua_State *L)
{
	policy_of(L)->validation_failed = true;
	return 0;
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
		{ "memoize", kumo_memoize },
		{ "sleep", kumo_sleep },
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
	kumo_dns(L);
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
