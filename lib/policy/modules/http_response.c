/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Responses of kumo.http. The uservalue is what lookupd answered: {status,
 * fields = list of {name, value}, body}.
 */
#include "lib/policy/modules/http.h"


#include "lib/base/text.h"
#include "lib/mail/charset.h"
#include "lib/policy/state.h"
#include "lib/web/field.h"
#include "lib/web/text.h"

struct http_response_object {
	unsigned status;
	bool taken; /* the body was */
};

/* Opened once, before the jail; the only state that a module may keep. */
static struct charsets *charsets;

void
http_response_prepare(void)
{
	if (charsets == NULL)
		charsets = charsets_open();
}

static struct span
text_at(lua_State *L, int index)
{
	size_t len;
	const char *p = lua_tolstring(L, index, &len);

	return span_make(p, len);
}

static struct http_response_object *
check_response(lua_State *L)
{
	return library_check(L, 1, &http_response_type);
}

/* What is gone with the body. */
static void
check_whole(lua_State *L, const char *what)
{
	if (check_response(L)->taken)
		where_error(L, "response:%s: the body was taken already, and "
		    "with it the fields: ask for them before", what);
}

int
http_response_push(lua_State *L)
{
	struct http_response_object *r;

	r = library_new(L, &http_response_type, sizeof(*r));
	lua_insert(L, -2);
	lua_getfield(L, -1, "status");
	r->status = (unsigned)lua_tointeger(L, -1);
	lua_pop(L, 1);
	lua_setiuservalue(L, -2, 1);
	return 1;
}

/* ---- status ------------------------------------------------------------- */

static int
response_status_code(lua_State *L)
{
	lua_pushinteger(L, check_response(L)->status);
	return 1;
}

static int
response_status_reason(lua_State *L)
{
	lua_pushstring(L, web_reason(check_response(L)->status));
	return 1;
}

static int
push_class(lua_State *L, unsigned hundreds)
{
	lua_pushboolean(L, check_response(L)->status / 100 == hundreds);
	return 1;
}

static int
response_status_is_informational(lua_State *L)
{
	return push_class(L, 1);
}

static int
response_status_is_success(lua_State *L)
{
	return push_class(L, 2);
}

static int
response_status_is_redirection(lua_State *L)
{
	return push_class(L, 3);
}

static int
response_status_is_client_error(lua_State *L)
{
	return push_class(L, 4);
}

static int
response_status_is_server_error(lua_State *L)
{
	return push_class(L, 5);
}

/* ---- fields ------------------------------------------------------------- */

/* Pushes the list of fields of the table on top, and that of their number. */
static lua_Integer
push_fields(lua_State *L)
{
	lua_getfield(L, -1, "fields");
	return (lua_Integer)lua_rawlen(L, -1);
}

/* The list on top: pushes name and value of the one at i. */
static void
push_field(lua_State *L, lua_Integer i)
{
	lua_rawgeti(L, -1, i);
	lua_rawgeti(L, -1, 1);
	lua_rawgeti(L, -2, 2);
	lua_remove(L, -3);
}

/* The list on top: pushes the first value of that name, or nil. */
static void
push_value_of(lua_State *L, struct span name)
{
	lua_Integer i, n = (lua_Integer)lua_rawlen(L, -1);

	for (i = 1; i <= n; i++) {
		push_field(L, i);
		if (span_ieq(text_at(L, -2), name)) {
			lua_remove(L, -2);
			return;
		}
		lua_pop(L, 2);
	}
	lua_pushnil(L);
}

static int
response_headers(lua_State *L)
{
	check_whole(L, "headers");
	library_new(L, &http_headers_type, 1);
	lua_getiuservalue(L, 1, 1);
	push_fields(L);
	lua_setiuservalue(L, -3, 1);
	lua_pop(L, 1);
	return 1;
}

static int
headers_index(lua_State *L)
{
	size_t len;
	const char *name = luaL_checklstring(L, 2, &len);

	library_check(L, 1, &http_headers_type);
	lua_getiuservalue(L, 1, 1);
	push_value_of(L, span_make(name, len));
	return 1;
}

/* Upvalues: the list, how far it went. */
static int
headers_next(lua_State *L)
{
	lua_Integer i = lua_tointeger(L, lua_upvalueindex(2)) + 1;

	lua_settop(L, 0);
	lua_pushvalue(L, lua_upvalueindex(1));
	if (i > (lua_Integer)lua_rawlen(L, 1)) {
		lua_pushnil(L);
		return 1;
	}
	lua_pushinteger(L, i);
	lua_replace(L, lua_upvalueindex(2));
	push_field(L, i);
	return 2;
}

static int
headers_pairs(lua_State *L)
{
	library_check(L, 1, &http_headers_type);
	lua_getiuservalue(L, 1, 1);
	lua_pushinteger(L, 0);
	lua_pushcclosure(L, headers_next, 2);
	return 1;
}

static const luaL_Reg headers_meta[] = {
	{ "__pairs", headers_pairs },
	{ NULL, NULL },
};

const struct library_type http_headers_type = {
	.name = "http headers",
	.about = "The fields of a response: indexed by a name in any case it "
	    "gives the first value of that name or nil;\n.Fn pairs\n"
	    "gives all names, in lower case, and values.",
	.meta = headers_meta,
	.index = headers_index,
};

static int
response_content_length(lua_State *L)
{
	uint64_t length;

	check_whole(L, "content_length");
	lua_getiuservalue(L, 1, 1);
	push_fields(L);
	push_value_of(L, SPAN_LIT("Content-Length"));
	if (lua_isstring(L, -1) && text_u64(text_at(L, -1), 0, INT64_MAX,
	    &length) == 0)
		lua_pushinteger(L, (lua_Integer)length);
	else
		lua_pushnil(L);
	return 1;
}

/* ---- body --------------------------------------------------------------- */

/* Pushes the table without its body, and the body. */
static void
take_body(lua_State *L, const char *what)
{
	struct http_response_object *r = check_response(L);

	if (r->taken)
		where_error(L, "response:%s: the body was taken already", what);
	r->taken = true;
	lua_getiuservalue(L, 1, 1);
	lua_getfield(L, -1, "body");
	lua_pushnil(L);
	lua_setfield(L, -3, "body");
}

static int
response_bytes(lua_State *L)
{
	take_body(L, "bytes");
	return 1;
}

static int
response_text(lua_State *L)
{
	struct buf *out = &policy_of(L)->scratch;
	struct span charset = span_of(NULL), body;

	take_body(L, "text");
	body = text_at(L, -1);
	lua_pushvalue(L, -2);
	push_fields(L);
	push_value_of(L, SPAN_LIT("Content-Type"));
	if (lua_isstring(L, -1))
		charset = web_parameter(text_at(L, -1), "charset");
	buf_clear(out, 65536);
	web_text_decode(charsets, charset, body, out);
	lua_pushlstring(L, (const char *)buf_span(out).p, buf_len(out));
	return 1;
}

static const struct library_function methods[] = {
	{ "status_code", response_status_code, "() -> integer",
	    "The status." },
	{ "status_reason", response_status_reason, "() -> string or nil",
	    "The registered phrase of the status, for people." },
	{ "status_is_informational", response_status_is_informational,
	    "() -> bool", "Is it 100 to 199?" },
	{ "status_is_success", response_status_is_success, "() -> bool",
	    "Is it 200 to 299?" },
	{ "status_is_redirection", response_status_is_redirection,
	    "() -> bool", "Is it 300 to 399?" },
	{ "status_is_client_error", response_status_is_client_error,
	    "() -> bool", "Is it 400 to 499?" },
	{ "status_is_server_error", response_status_is_server_error,
	    "() -> bool", "Is it 500 to 599?" },
	{ "headers", response_headers, "() -> headers",
	    "The fields; an error once the body was taken." },
	{ "content_length", response_content_length, "() -> integer or nil",
	    "What Content-Length says; an error once the body was taken." },
	{ "bytes", response_bytes, "() -> bytes",
	    "The body, which can be taken once." },
	{ "text", response_text, "() -> string",
	    "The body as UTF-8, by its byte order mark or the charset of "
	    "Content-Type, else as UTF-8; what is malformed becomes U+FFFD.\n"
	    "It can be taken once, by this or by\n.Fn bytes ." },
	{ NULL, NULL, NULL, NULL },
};

const struct library_type http_response_type = {
	.name = "http response",
	.about = "What a server answered.",
	.methods = methods,
};
