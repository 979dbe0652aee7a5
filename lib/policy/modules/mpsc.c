/* SPDX-License-Identifier: Apache-2.0 */
/* kumo.mpsc: queues of values between events, one for the suite by name. */
#include "lib/policy/door_ask.h"
#include "lib/policy/modules/modules.h"
#include "lib/policy/state.h"

enum { WAIT_MS = 86400000, RECV_MAX = 100000 };

/* Its uservalue is {name, limit}. */
static const struct library_type queue_type;

static int
mpsc_define(lua_State *L)
{
	lua_Integer limit = luaL_optinteger(L, 2, 0);

	luaL_checkstring(L, 1);
	if (!lua_isnoneornil(L, 2) && limit < 1)
		return where_error(L, "kumo.mpsc.define: the limit must be 1 "
		    "or more");
	library_new(L, &queue_type, 1);
	lua_createtable(L, 0, 2);
	lua_pushvalue(L, 1);
	lua_setfield(L, -2, "name");
	lua_pushinteger(L, limit);
	lua_setfield(L, -2, "limit");
	lua_setiuservalue(L, -2, 1);
	return 1;
}

/* A question of its own each time: several may be under way. */
static void
push_question(lua_State *L, const char *what)
{
	library_check(L, 1, &queue_type);
	lua_createtable(L, 0, 6);
	lua_getiuservalue(L, 1, 1);
	lua_getfield(L, -1, "name");
	lua_setfield(L, -3, "name");
	lua_getfield(L, -1, "limit");
	lua_setfield(L, -3, "limit");
	lua_pop(L, 1);
	lua_pushstring(L, what);
	lua_setfield(L, -2, "what");
}

static void
put_wait(lua_State *L, lua_Integer ms)
{
	lua_pushinteger(L, ms);
	lua_setfield(L, -2, "wait_ms");
}

static void
put_value(lua_State *L)
{
	luaL_checkany(L, 2);
	lua_pushvalue(L, 2);
	lua_setfield(L, -2, "value");
}

static int
plain(lua_State *L, const char *what)
{
	push_question(L, what);
	return door_ask(L, LOOKUP_QUEUE, -1, NULL);
}

static int
queue_close(lua_State *L)
{
	return plain(L, "close");
}

static int
queue_is_closed(lua_State *L)
{
	return plain(L, "is_closed");
}

static int
queue_len(lua_State *L)
{
	return plain(L, "len");
}

static int
len_is_zero(lua_State *L)
{
	lua_pushboolean(L, lua_tointeger(L, -1) == 0);
	return 1;
}

static int
queue_is_empty(lua_State *L)
{
	push_question(L, "len");
	return door_ask(L, LOOKUP_QUEUE, -1, len_is_zero);
}

static int
queue_send(lua_State *L)
{
	push_question(L, "send");
	put_value(L);
	put_wait(L, WAIT_MS);
	return door_ask(L, LOOKUP_QUEUE, -1, NULL);
}

static int
queue_send_timeout(lua_State *L)
{
	lua_Number seconds = luaL_checknumber(L, 3);

	if (!(seconds >= 0 && seconds <= 86400))
		return where_error(L, "kumo.mpsc: the wait must be 0 to 86400 "
		    "seconds");
	push_question(L, "send");
	put_value(L);
	put_wait(L, (lua_Integer)(seconds * 1000));
	return door_ask_within(L, LOOKUP_QUEUE, -1, NULL,
	    (int64_t)(seconds * 1000));
}

static int
queue_try_send(lua_State *L)
{
	push_question(L, "try_send");
	put_value(L);
	return door_ask(L, LOOKUP_QUEUE, -1, NULL);
}

/* A list of at most one: its one value. */
static int
first_of(lua_State *L)
{
	if (lua_istable(L, -1))
		lua_rawgeti(L, -1, 1);
	else
		lua_pushnil(L);
	return 1;
}

static int
queue_recv(lua_State *L)
{
	push_question(L, "recv");
	put_wait(L, WAIT_MS);
	return door_ask(L, LOOKUP_QUEUE, -1, first_of);
}

static int
queue_try_recv(lua_State *L)
{
	push_question(L, "try_recv");
	return door_ask(L, LOOKUP_QUEUE, -1, first_of);
}

static int
queue_recv_many(lua_State *L)
{
	lua_Integer n = luaL_checkinteger(L, 2);

	if (n < 1 || n > RECV_MAX)
		return where_error(L, "kumo.mpsc: recv_many takes 1 to %d",
		    RECV_MAX);
	push_question(L, "recv");
	lua_pushinteger(L, n);
	lua_setfield(L, -2, "n");
	put_wait(L, WAIT_MS);
	return door_ask(L, LOOKUP_QUEUE, -1, NULL);
}

static const struct library_function methods[] = {
	{ "close", queue_close, "() -> nil",
	    "Nothing more can be sent; what is there can still be received." },
	{ "is_closed", queue_is_closed, "() -> boolean",
	    "Was it closed?" },
	{ "is_empty", queue_is_empty, "() -> boolean",
	    "Is nothing in it?" },
	{ "len", queue_len, "() -> number", "How many values are in it." },
	{ "send", queue_send, "(value) -> nil",
	    "Puts a value in, and waits for room in a queue with a limit. An "
	    "error when it is closed, or when the value is no data." },
	{ "send_timeout", queue_send_timeout, "(value, seconds) -> nil",
	    "As send, and an error when there is no room within that time." },
	{ "try_send", queue_try_send, "(value) -> boolean",
	    "Puts a value in if there is room now, and says whether it did." },
	{ "recv", queue_recv, "() -> value or nil",
	    "Waits for a value and takes it; nil when the queue is closed and "
	    "empty." },
	{ "try_recv", queue_try_recv, "() -> value or nil",
	    "Takes a value if there is one." },
	{ "recv_many", queue_recv_many, "(limit) -> values or nil",
	    "Waits for at least one value and takes up to limit of them." },
	{ NULL, NULL, NULL, NULL },
};

static const struct library_type queue_type = {
	.name = "mpsc queue",
	.about = "A queue. All its methods wait.",
	.methods = methods,
};

static const struct library_type *const types[] = { &queue_type, NULL };

static const struct library_function functions[] = {
	{ "define", mpsc_define, "(name, limit?) -> mpsc queue",
	    "The queue of that name, with room for limit values. The first "
	    "limit that is given stays." },
	{ NULL, NULL, NULL, NULL },
};

const struct library library_mpsc = {
	.name = "kumo.mpsc",
	.title = "queues of values between events",
	.about = "Many events put values in, one takes them out. The queues "
	    "are in memory: they end with the suite.",
	.functions = functions,
	.types = types,
};
