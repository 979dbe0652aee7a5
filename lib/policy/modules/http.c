/* SPDX-License-Identifier: Apache-2.0 */
/* kumo.http: clients and addresses. What is sent goes through the door. */
#include "lib/policy/modules/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/arena.h"
#include "lib/base/base64.h"
#include "lib/base/text.h"
#include "lib/policy/convert.h"
#include "lib/policy/door_ask.h"
#include "lib/policy/modules/modules.h"
#include "lib/policy/state.h"
#include "lib/web/field.h"
#include "lib/web/url.h"

enum { POOL_IDLE_MS = 90000, TIMEOUT_MS = 60000 };

/* ---- addresses ---------------------------------------------------------- */

static struct span
text_at(lua_State *L, int index)
{
	size_t len;
	const char *p = luaL_checklstring(L, index, &len);

	return span_make(p, len);
}

static void
push_scratch(lua_State *L)
{
	const struct buf *b = &policy_of(L)->scratch;

	lua_pushlstring(L, (const char *)buf_span(b).p, buf_len(b));
}

static struct buf *
scratch_clear(lua_State *L)
{
	struct buf *b = &policy_of(L)->scratch;

	buf_clear(b, 65536);
	return b;
}

void
http_push_url(lua_State *L, int index, const char *what, unsigned parts,
    bool socket)
{
	struct span text = text_at(L, index);
	struct buf *out = scratch_clear(L);
	struct arena a = { .blocks = NULL };
	const char *why = NULL;
	struct url u;

	if (url_parse(text, &a, &u, &why) == 0) {
		if ((u.scheme == URL_WS || u.scheme == URL_WSS) != socket)
			why = socket ? "it must begin with ws:// or wss://" :
			    "it must begin with http:// or https://";
		else
			url_put(out, &u, parts);
	}
	arena_free(&a);
	if (why != NULL)
		where_error(L, "%s: '%.200s' is no address: %s", what, text.p,
		    why);
	push_scratch(L);
}

bool
http_push_user(lua_State *L, int index)
{
	struct span text = text_at(L, index);
	struct buf *out = scratch_clear(L);
	struct arena a = { .blocks = NULL };
	const char *why;
	struct url u;
	size_t len;

	if (url_parse(text, &a, &u, &why) == 0 && u.has_user) {
		url_decode(out, u.user);
		buf_add_byte(out, ':');
		url_decode(out, u.password);
		len = buf_len(out);
		/* Behind the text that it is of: the bytes may move. */
		text = arena_span(&a, buf_span(out));
		base64_encode(text, out);
		buf_take(out, len);
	}
	arena_free(&a);
	if (buf_len(out) == 0)
		return false;
	push_scratch(L);
	return true;
}

/* ---- names and values --------------------------------------------------- */

static int
by_name(const void *left, const void *right)
{
	const struct value_pair *a = left, *b = right;

	return strcmp(a->key, b->key);
}

/* NULL, or what is wrong with it. */
static const char *
put_pairs(struct buf *out, struct value *map)
{
	const struct value *v;
	char number[32];
	struct span text;
	size_t i;

	if (map->kind == VALUE_LIST && map->u.list.n == 0)
		return NULL;
	if (map->kind != VALUE_MAP)
		return "wanted a table of names and values";
	if (map->u.map.n == 0)
		return NULL;
	/* Tables have no order of their own: a fixed one is worth more. */
	qsort(map->u.map.v, map->u.map.n, sizeof(*map->u.map.v), by_name);
	for (i = 0; i < map->u.map.n; i++) {
		v = map->u.map.v[i].value;
		if (v->kind == VALUE_TEXT) {
			text = span_make(v->u.text.p, v->u.text.len);
		} else if (v->kind == VALUE_INT) {
			snprintf(number, sizeof(number), "%lld",
			    (long long)v->u.number);
			text = span_of(number);
		} else if (v->kind == VALUE_FLOAT) {
			snprintf(number, sizeof(number), "%.14g", v->u.real);
			text = span_of(number);
		} else {
			return "a value is neither text nor a number";
		}
		if (!text_is_utf8(text) ||
		    !text_is_utf8(span_of(map->u.map.v[i].key)))
			return "a name or value is not UTF-8";
		url_put_pair(out, span_of(map->u.map.v[i].key), text, i == 0);
	}
	return NULL;
}

void
http_push_pairs(lua_State *L, int index, const char *what)
{
	const char *why;
	struct value *map;

	luaL_checktype(L, index, LUA_TTABLE);
	map = convert_value(L, index, 0, &why);
	if (map != NULL) {
		why = put_pairs(scratch_clear(L), map);
		value_free(&map);
	}
	if (why != NULL)
		where_error(L, "%s: %s", what, why);
	push_scratch(L);
}

/* The address's parts around the query, and the pairs between them. */
static int
build_url(lua_State *L)
{
	static const char what[] = "kumo.http.build_url";
	size_t url_len, query_len;
	const char *url, *hash, *pairs, *join;

	http_push_url(L, 1, what, URL_WITH_USER | URL_WITH_FRAGMENT, false);
	http_push_pairs(L, 2, what);
	url = lua_tolstring(L, -2, &url_len);
	pairs = lua_tolstring(L, -1, &query_len);
	if (query_len == 0) {
		lua_pop(L, 1);
		return 1;
	}
	hash = memchr(url, '#', url_len);
	if (hash == NULL)
		hash = url + url_len;
	join = memchr(url, '?', (size_t)(hash - url));
	join = join == NULL ? "?" : join + 1 == hash ? "" : "&";
	lua_pushlstring(L, url, (size_t)(hash - url));
	lua_pushstring(L, join);
	lua_pushlstring(L, pairs, query_len);
	lua_pushlstring(L, hash, url_len - (size_t)(hash - url));
	lua_concat(L, 4);
	return 1;
}

/* ---- clients ------------------------------------------------------------ */

static const char *const client_options[] = { "user_agent",
	"connection_verbose", "pool_idle_timeout", "timeout",
	"accept_invalid_certs" };

enum { CLIENT_OPTIONS = sizeof(client_options) / sizeof(*client_options) };

static void
check_names(lua_State *L)
{
	const char *name, *near;
	size_t i;

	for (lua_pushnil(L); lua_next(L, 1) != 0; lua_pop(L, 1)) {
		name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) :
		    "?";
		for (i = 0; i < CLIENT_OPTIONS &&
		    strcmp(name, client_options[i]) != 0; i++)
			;
		if (i < CLIENT_OPTIONS)
			continue;
		near = text_nearest(span_of(name), client_options,
		    CLIENT_OPTIONS);
		where_error(L, "kumo.http.build_client: no option is called "
		    "'%.100s'%s%s%s", name, near != NULL ?
		    ", did you mean '" : "", near != NULL ? near : "",
		    near != NULL ? "'?" : "");
	}
}

static bool
flag_option(lua_State *L, const char *name)
{
	int type = lua_getfield(L, 1, name);
	bool flag = lua_toboolean(L, -1);

	if (type != LUA_TNIL && type != LUA_TBOOLEAN)
		where_error(L, "kumo.http.build_client: %s is true or false",
		    name);
	lua_pop(L, 1);
	return flag;
}

static int64_t
time_option(lua_State *L, const char *name, int64_t min, int64_t otherwise)
{
	char what[80];

	if (lua_getfield(L, 1, name) != LUA_TNIL) {
		snprintf(what, sizeof(what), "kumo.http.build_client: %s",
		    name);
		otherwise = library_duration(L, -1, what, min);
	}
	lua_pop(L, 1);
	return otherwise;
}

static int
build_client(lua_State *L)
{
	struct http_client_object c = { .closed = false }, *client;
	int type;

	luaL_checktype(L, 1, LUA_TTABLE);
	lua_settop(L, 1);
	check_names(L);
	c.verbose = flag_option(L, "connection_verbose");
	c.accept_invalid_certs = flag_option(L, "accept_invalid_certs");
	c.idle_ms = time_option(L, "pool_idle_timeout", 0, POOL_IDLE_MS);
	c.timeout_ms = time_option(L, "timeout", 1, TIMEOUT_MS);
	type = lua_getfield(L, 1, "user_agent");
	if (type != LUA_TNIL && (type != LUA_TSTRING ||
	    !web_is_value(text_at(L, -1))))
		return where_error(L, "kumo.http.build_client: user_agent is "
		    "text without control characters");
	client = library_new(L, &http_client_type, sizeof(*client));
	*client = c;
	lua_insert(L, -2);
	lua_setiuservalue(L, -2, 1);
	return 1;
}

static const struct http_client_object *
check_client(lua_State *L)
{
	struct http_client_object *c = library_check(L, 1, &http_client_type);

	if (c->closed)
		where_error(L, "this kumo.http client was closed");
	return c;
}

static int
client_get(lua_State *L)
{
	return http_request_push(L, check_client(L), "GET");
}

static int
client_post(lua_State *L)
{
	return http_request_push(L, check_client(L), "POST");
}

static int
client_put(lua_State *L)
{
	return http_request_push(L, check_client(L), "PUT");
}

/* Closing twice is closing once. */
static int
client_close(lua_State *L)
{
	struct http_client_object *c = library_check(L, 1, &http_client_type);

	if (c->closed)
		return 0;
	c->closed = true;
	/* Where nothing can have been sent there is nothing to close. */
	if (policy_of(L)->door == NULL)
		return 0;
	lua_createtable(L, 0, 2);
	lua_pushinteger(L, c->idle_ms);
	lua_setfield(L, -2, "idle_ms");
	lua_pushboolean(L, c->accept_invalid_certs);
	lua_setfield(L, -2, "accept_invalid_certs");
	door_tell(L, LOOKUP_HTTP_CLOSE, -1);
	return 0;
}

static const struct library_function client_methods[] = {
	{ "get", client_get, "(url) -> request", "Begins a GET request." },
	{ "post", client_post, "(url) -> request", "Begins a POST request." },
	{ "put", client_put, "(url) -> request", "Begins a PUT request.\n"
	    "The address of all three begins with\n.Ql http://\nor\n"
	    ".Ql https:// ;\na user and password in it become Basic "
	    "credentials." },
	{ "close", client_close, "()",
	    "Ends the client: its connections that are not in use are "
	    "closed, and it begins no further request." },
	{ NULL, NULL, NULL, NULL },
};

const struct library_type http_client_type = {
	.name = "http client",
	.about = "Connections of requests, kept for reuse.\n"
	    "Clients with the same options share them.",
	.methods = client_methods,
};

/* ---- the module --------------------------------------------------------- */

static const struct library_function functions[] = {
	{ "build_client", build_client, "(options) -> client",
	    "A client with these options, all of which may be left out:\n"
	    ".Bl -tag -width Ds\n"
	    ".It Ic user_agent\nText of the User-Agent field.\n"
	    ".It Ic connection_verbose\nLog what the connection does; what "
	    "is sent and comes is not logged.\n"
	    ".It Ic pool_idle_timeout\nHow long a connection is kept that "
	    "is not in use; 90 seconds unless set.\n"
	    ".It Ic timeout\nLongest time of one request with all its "
	    "redirects; 60 seconds unless set.\n"
	    ".It Ic accept_invalid_certs\nTake any certificate.\n"
	    "This is for tests: whoever is in between can read and change "
	    "everything.\n.El" },
	{ "build_url", build_url, "(base, params) -> string",
	    "The address in its normal form with the names and values of the "
	    "table added to its query, in the order of the names." },
	{ "connect_websocket", http_connect_websocket,
	    "(url) -> stream, response",
	    "Opens a WebSocket (RFC 6455) at an address that begins with\n"
	    ".Ql ws://\nor\n.Ql wss:// ,\nand gives the response to the "
	    "handshake, too.\nIt is closed when the stream is collected." },
	{ NULL, NULL, NULL, NULL },
};

static const struct library_type *const types[] = {
	&http_client_type, &http_request_type, &http_response_type,
	&http_headers_type, &http_socket_type, NULL,
};

const struct library library_http = {
	.name = "kumo.http",
	.title = "requests to web servers",
	.about = "Requests to web servers, and WebSockets.\n"
	    "The event that sends one waits for the response; others go "
	    "on.\n"
	    "They are carried out by\n.Xr lookupd 8 ,\n"
	    "whose page has the limits.\n"
	    "Certificates are verified.\n"
	    "Up to 10 redirects are followed, but none from https to http; "
	    "credentials go no further than the scheme, host and port that "
	    "was asked.\n"
	    "No proxy is used, whatever the environment says.",
	.functions = functions,
	.types = types,
	.prepare = http_response_prepare,
};
