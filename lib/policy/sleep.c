/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/policy/sleep.h"

#include <string.h>

#include "lib/io/loop.h"
#include "lib/policy/state.h"

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
call_sleep(lua_State *L, int64_t ms, lua_KFunction k, lua_KContext context)
{
	struct call *call = call_waitable(L);
	struct sleeper *s;

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
	timer_set(&s->timer, ms);
	return call_wait_then(L, k, context);
}

static int
slept(lua_State *L, int status, lua_KContext context)
{
	(void)L;
	(void)status;
	(void)context;
	return 0;
}

int
kumo_sleep(lua_State *L)
{
	lua_Number seconds = luaL_checknumber(L, 1);

	if (!(seconds >= 0 && seconds <= 86400))
		return where_error(L, "kumo.sleep: wanted 0 to 86400 seconds");
	return call_sleep(L, (int64_t)(seconds * 1000), slept, 0);
}
