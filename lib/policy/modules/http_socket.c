/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WebSockets of kumo.http: an object here stands for one that lookupd holds
 * under an id, and takes it along when it is collected.
 */
#include "lib/policy/modules/http.h"

#include "lib/policy/door_ask.h"
#include "lib/policy/state.h"
#include "lib/settings/value.h"
#include "lib/settings/value_wire.h"

enum { WAIT_MS = 10 * 60000, OPEN_MS = 60000 };

struct http_socket_object {
	int64_t id;
	bool open;
};

/* ---- opening ------------------------------------------------------------ */

/* The answer on top: {id, status, fields}. */
static int
opened(lua_State *L)
{
	int answer = lua_gettop(L);
	struct http_socket_object *s;

	s = library_new(L, &http_socket_type, sizeof(*s));
	lua_getfield(L, answer, "id");
	s->id = lua_tointeger(L, -1);
	s->open = true;
	lua_settop(L, answer + 1);
	lua_pushliteral(L, "");
	lua_setfield(L, answer, "body");
	lua_pushvalue(L, answer);
	http_response_push(L);
	return 2;
}

int
http_connect_websocket(lua_State *L)
{
	luaL_checkstring(L, 1);
	lua_settop(L, 1);
	lua_createtable(L, 0, 3);
	http_push_url(L, 1, "kumo.http.connect_websocket", 0, true);
	lua_setfield(L, 2, "url");
	lua_pushliteral(L, "Basic ");
	if (http_push_user(L, 1)) {
		lua_concat(L, 2);
		lua_setfield(L, 2, "authorization");
	}
	lua_settop(L, 2);
	lua_pushinteger(L, OPEN_MS);
	lua_setfield(L, 2, "wait_ms");
	return door_ask(L, LOOKUP_SOCKET_OPEN, 2, opened);
}

/* ---- receiving ---------------------------------------------------------- */

static struct http_socket_object *
check_socket(lua_State *L)
{
	return library_check(L, 1, &http_socket_type);
}

/* Pushes {id, wait_ms} at 2. */
static void
push_question(lua_State *L, int64_t wait_ms)
{
	struct http_socket_object *s = check_socket(L);

	lua_settop(L, 1);
	lua_createtable(L, 0, 3);
	lua_pushinteger(L, s->id);
	lua_setfield(L, 2, "id");
	lua_pushinteger(L, wait_ms);
	lua_setfield(L, 2, "wait_ms");
}

/*
 * The answer is at 3: {messages, closed, why}. Pushes the messages; raises
 * when there are none because the connection broke.
 */
static bool
push_messages(lua_State *L)
{
	bool is_closed;

	lua_getfield(L, 3, "closed");
	is_closed = lua_toboolean(L, -1);
	lua_getfield(L, 3, "why");
	lua_getfield(L, 3, "messages");
	if (is_closed && lua_rawlen(L, -1) == 0 && lua_isstring(L, -2))
		where_error(L, "websocket: %s", lua_tostring(L, -2));
	return is_closed;
}

static int
received(lua_State *L)
{
	bool is_closed = push_messages(L);

	if (lua_rawgeti(L, -1, 1) != LUA_TNIL || is_closed)
		return 1;
	/* Nothing yet: the wait goes on. */
	lua_settop(L, 2);
	return door_ask(L, LOOKUP_SOCKET_RECV, 2, received);
}

static int
socket_recv(lua_State *L)
{
	push_question(L, WAIT_MS);
	return door_ask(L, LOOKUP_SOCKET_RECV, 2, received);
}

static int
received_batch(lua_State *L)
{
	if (push_messages(L) && lua_rawlen(L, -1) == 0)
		return where_error(L, "websocket: the server closed it");
	return 1;
}

static int
socket_recv_batch(lua_State *L)
{
	int64_t ms = library_duration(L, 2, "stream:recv_batch", 0);

	push_question(L, ms);
	lua_pushinteger(L, ms);
	lua_setfield(L, 2, "batch_ms");
	return door_ask(L, LOOKUP_SOCKET_RECV, 2, received_batch);
}

/* ---- the end ------------------------------------------------------------ */

static int
socket_gc(lua_State *L)
{
	struct http_socket_object *s = luaL_testudata(L, 1,
	    http_socket_type.name);
	struct buf b = { .base = NULL };
	struct value *v;

	if (s == NULL || !s->open)
		return 0;
	s->open = false;
	v = value_map(0);
	value_map_add(v, 0, SPAN_LIT("id"), value_int(0, s->id));
	value_write(&b, v);
	value_free(&v);
	door_tell_quietly(L, LOOKUP_SOCKET_CLOSE, buf_span(&b));
	buf_free(&b);
	return 0;
}

static const struct library_function methods[] = {
	{ "recv", socket_recv, "() -> string or nil",
	    "Waits for the next message, text or binary, as long as it "
	    "takes; nil once the server has closed the connection in order.\n"
	    "One that broke is an error." },
	{ "recv_batch", socket_recv_batch, "(duration) -> {string, ...}",
	    "All messages that come within that time, perhaps none.\n"
	    "It ends early with about a megabyte, and when the server "
	    "closes the connection; that is an error if no message came." },
	{ NULL, NULL, NULL, NULL },
};

static const luaL_Reg meta[] = {
	{ "__gc", socket_gc },
	{ NULL, NULL },
};

const struct library_type http_socket_type = {
	.name = "websocket",
	.about = "An open WebSocket. It is closed when it is collected, and "
	    "when the process that runs the script ends.",
	.methods = methods,
	.meta = meta,
};
