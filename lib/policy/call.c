/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events as coroutines. A call that waits is in p->calls under its id until
 * somebody resumes or cancels it; all others end before call_start returns.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/policy/state.h"

enum { CALLS_MAX = 100000 };

/* ---- shells ------------------------------------------------------------- */

void
shell_push(lua_State *L, struct call *call, const char *type, void *thing)
{
	struct shell *s = lua_newuserdatauv(L, sizeof(*s), 0);

	s->thing = NULL;
	s->next = NULL;
	luaL_setmetatable(L, type);
	/* The call's table keeps it from being collected before its end. */
	lua_rawgeti(L, LUA_REGISTRYINDEX, call->ref);
	lua_pushvalue(L, -2);
	lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
	lua_pop(L, 1);
	s->thing = thing;
	s->next = call->shells;
	call->shells = s;
}

void *
shell_check(lua_State *L, int index, const char *type)
{
	struct shell *s = luaL_checkudata(L, index, type);

	if (s->thing == NULL)
		where_error(L, "this object was of an event that is over");
	return s->thing;
}

/* ---- the life of a call ------------------------------------------------- */

static void
call_end(struct call *call)
{
	struct shell *s;

	for (s = call->shells; s != NULL; s = s->next)
		s->thing = NULL;
	call->shells = NULL;
	if (call->waiting)
		map_del(&call->policy->calls,
		    span_make(&call->id, sizeof(call->id)));
	call->waiting = false;
	luaL_unref(call->policy->L, LUA_REGISTRYINDEX, call->ref);
	call->ref = LUA_NOREF;
}

/* A coroutine for the next handler with its arguments; raises. */
static int
call_prepare(lua_State *L)
{
	struct call *call = lua_touserdata(L, 1);
	int n;

	if (call->ref == LUA_NOREF) {
		lua_newtable(L);
		call->ref = luaL_ref(L, LUA_REGISTRYINDEX);
	}
	lua_rawgeti(L, LUA_REGISTRYINDEX, call->ref);
	call->co = lua_newthread(L);
	lua_rawseti(L, -2, 1);
	if (!lua_checkstack(call->co, LUA_MINSTACK))
		return luaL_error(L, "not enough memory");
	lua_rawgeti(call->co, LUA_REGISTRYINDEX,
	    call->handlers->refs[call->next++]);
	n = call->ops->push(call, call->co);
	lua_pushinteger(L, n);
	return 1;
}

static void
fail_call(struct call *call, lua_State *co, int status)
{
	struct policy_error error;

	error_take(call->policy, co, status, &error);
	call_end(call);
	call->ops->finish(call, NULL, 0, &error);
	policy_error_free(&error);
}

/* Returns true while the call waits. */
static bool
call_run(struct call *call, int n_args)
{
	struct policy *p = call->policy;
	struct call *outer = p->running;
	int status, n = 0;

	p->steps = call->steps;
	p->spent_us = call->spent_us;
	p->running = call;
	slice_begin(p, call->co);
	status = lua_resume(call->co, p->L, n_args, &n);
	slice_end(p);
	p->running = outer;
	call->steps = p->steps;
	call->spent_us = p->spent_us;
	if (status == LUA_YIELD && call->waiting)
		return true;
	if (status == LUA_YIELD) {
		lua_settop(call->co, 0);
		lua_pushliteral(call->co,
		    "an event handler must not call coroutine.yield");
		status = LUA_ERRRUN;
	}
	if (status != LUA_OK) {
		fail_call(call, call->co, status);
		return false;
	}
	if (n == 0 && call->chain && call->next < call->handlers->n) {
		lua_pushcfunction(p->L, call_prepare);
		lua_pushlightuserdata(p->L, call);
		status = lua_pcall(p->L, 1, 1, 0);
		if (status != LUA_OK) {
			fail_call(call, p->L, status);
			lua_pop(p->L, 1);
			return false;
		}
		n = (int)lua_tointeger(p->L, -1);
		lua_pop(p->L, 1);
		return call_run(call, n);
	}
	call->ops->finish(call, call->co, n, NULL);
	call_end(call);
	return false;
}

uint64_t
call_start(struct policy *p, struct call *call, const char *event)
{
	uint64_t id = ++p->last_call;
	int status, n;

	call->policy = p;
	call->id = id;
	call->handlers = map_get(&p->events, span_of(event));
	call->ref = LUA_NOREF;
	if (call->handlers == NULL) {
		call->ops->finish(call, NULL, 0, NULL);
		call->ops->drop(call);
		return 0;
	}
	budget_begin(p);
	lua_pushcfunction(p->L, call_prepare);
	lua_pushlightuserdata(p->L, call);
	status = lua_pcall(p->L, 1, 1, 0);
	if (status != LUA_OK) {
		fail_call(call, p->L, status);
		lua_pop(p->L, 1);
		call->ops->drop(call);
		return 0;
	}
	n = (int)lua_tointeger(p->L, -1);
	lua_pop(p->L, 1);
	if (call_run(call, n))
		return id;
	call->ops->drop(call);
	return 0;
}

void
call_start_at_once(struct policy *p, struct call *call, const char *event)
{
	call->at_once = true;
	(void)call_start(p, call, event);
}

void
policy_cancel(struct policy *p, uint64_t id)
{
	struct call *call = map_get(&p->calls, span_make(&id, sizeof(id)));

	if (call == NULL)
		return;
	/* Whoever would wake the coroutine looks its call up by id. */
	call_end(call);
	call->ops->drop(call);
}

/* ---- waiting ------------------------------------------------------------ */

struct call *
call_waitable(lua_State *L)
{
	struct policy *p = policy_of(L);
	struct call *call = p->running;

	if (call == NULL || p->loop == NULL || call->co != L ||
	    !lua_isyieldable(L))
		where_error(L, "this call has to wait, which only an event "
		    "handler may, and not inside a coroutine of its own");
	if (call->at_once)
		where_error(L, "this event has to answer at once: nothing "
		    "that waits can be called in it");
	if (p->calls.count >= CALLS_MAX)
		where_error(L, "too many event handlers are waiting");
	return call;
}

int
call_wait_then(lua_State *L, lua_KFunction k, lua_KContext context)
{
	struct policy *p = policy_of(L);
	struct call *call = p->running;

	call->waiting = true;
	map_set(&p->calls, span_make(&call->id, sizeof(call->id)), call);
	return lua_yieldk(L, 0, context, k);
}

static int
give_nothing(lua_State *L, int status, lua_KContext context)
{
	(void)L;
	(void)status;
	(void)context;
	return 0;
}

int
call_wait(lua_State *L)
{
	return call_wait_then(L, give_nothing, 0);
}

void
call_resume(struct call *call)
{
	map_del(&call->policy->calls,
	    span_make(&call->id, sizeof(call->id)));
	call->waiting = false;
	if (call->lasting) {
		call->steps = 0;
		call->spent_us = 0;
	}
	if (!call_run(call, 0))
		call->ops->drop(call);
}

/* ---- without an event --------------------------------------------------- */

static int
make_thread(lua_State *L)
{
	lua_newthread(L);
	return 1;
}

int
call_plain(struct policy *p, int n_args, int results,
    struct policy_error *error)
{
	lua_State *L = p->L, *co;
	int status, n = 0;

	lua_pushcfunction(L, make_thread);
	status = lua_pcall(L, 0, 1, 0);
	if (status != LUA_OK) {
		error_take(p, L, status, error);
		lua_pop(L, n_args + 2);
		return -1;
	}
	co = lua_tothread(L, -1);
	/* Function and arguments move over; the thread stays below. */
	lua_insert(L, -(n_args + 2));
	lua_xmove(L, co, n_args + 1);
	budget_begin(p);
	slice_begin(p, co);
	status = lua_resume(co, L, n_args, &n);
	slice_end(p);
	if (status == LUA_YIELD) {
		lua_settop(co, 0);
		lua_pushliteral(co, "nothing is there to wait for: "
		    "coroutine.yield outside of a coroutine");
		status = LUA_ERRRUN;
	}
	if (status != LUA_OK) {
		error_take(p, co, status, error);
		lua_pop(L, 1);
		return -1;
	}
	lua_settop(co, results);
	lua_pop(L, 1);
	/* The thread is garbage now, its values are not: nothing ran since. */
	if (results > 0)
		lua_xmove(co, L, results);
	return 0;
}
