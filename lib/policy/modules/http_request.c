/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests of kumo.http. The uservalue is the table that lookupd is asked
 * with; its fields are the list of {name, value}.
 */
#include "lib/policy/modules/http.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/base64.h"
#include "lib/base/text.h"
#include "lib/policy/convert.h"
#include "lib/policy/door_ask.h"
#include "lib/policy/key_source.h"
#include "lib/policy/state.h"
#include "lib/web/field.h"
#include "lib/web/multipart.h"

enum { PARTS_MAX = 15 * 1024 * 1024 };

struct http_request_object {
	bool sent;
};

static struct span
text_at(lua_State *L, int index)
{
	size_t len;
	const char *p = luaL_checklstring(L, index, &len);

	return span_make(p, len);
}

void
http_request_table(lua_State *L)
{
	struct http_request_object *r = library_check(L, 1,
	    &http_request_type);

	if (r->sent)
		where_error(L, "this kumo.http request was sent: begin "
		    "another one");
	lua_getiuservalue(L, 1, 1);
}

/* Methods give the request itself, so that they can be chained. */
static int
give_request(lua_State *L)
{
	lua_settop(L, 1);
	return 1;
}

/* ---- fields ------------------------------------------------------------- */

static void
check_field(lua_State *L, struct span name, struct span value)
{
	if (!web_is_token(name))
		where_error(L, "kumo.http: '%.60s' is no name of a field",
		    name.p);
	if (!web_is_value(value))
		where_error(L, "kumo.http: the value of %.60s holds control "
		    "characters", name.p);
	if (span_ieq_str(name, "Transfer-Encoding"))
		where_error(L, "kumo.http: Transfer-Encoding is not for "
		    "requests of scripts: leave it out");
}

/* The list of fields on top; is the name of the one at i this? */
static bool
is_named(lua_State *L, lua_Integer i, const char *name)
{
	bool same;

	lua_rawgeti(L, -1, i);
	lua_rawgeti(L, -1, 1);
	same = span_ieq_str(text_at(L, -1), name);
	lua_pop(L, 2);
	return same;
}

/* Name and value on top go behind the list of fields below them. */
static void
add_field(lua_State *L)
{
	lua_createtable(L, 2, 0);
	lua_insert(L, -3);
	lua_rawseti(L, -3, 2);
	lua_rawseti(L, -2, 1);
	lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
}

static void
drop_field(lua_State *L, int table, const char *name)
{
	lua_Integer i, n, kept = 0;

	lua_getfield(L, table, "fields");
	n = (lua_Integer)lua_rawlen(L, -1);
	for (i = 1; i <= n; i++) {
		if (is_named(L, i, name))
			continue;
		lua_rawgeti(L, -1, i);
		lua_rawseti(L, -2, ++kept);
	}
	for (i = kept + 1; i <= n; i++) {
		lua_pushnil(L);
		lua_rawseti(L, -2, i);
	}
	lua_pop(L, 1);
}

void
http_request_set(lua_State *L, int table, const char *name)
{
	drop_field(L, table, name);
	lua_getfield(L, table, "fields");
	lua_insert(L, -2);
	lua_pushstring(L, name);
	lua_insert(L, -2);
	add_field(L);
	lua_pop(L, 1);
}

static bool
has_field(lua_State *L, int table, const char *name)
{
	lua_Integer i, n;
	bool found = false;

	lua_getfield(L, table, "fields");
	n = (lua_Integer)lua_rawlen(L, -1);
	for (i = 1; i <= n && !found; i++)
		found = is_named(L, i, name);
	lua_pop(L, 1);
	return found;
}

static int
request_header(lua_State *L)
{
	lua_settop(L, 3);
	http_request_table(L);
	check_field(L, text_at(L, 2), text_at(L, 3));
	lua_getfield(L, -1, "fields");
	lua_pushvalue(L, 2);
	lua_tostring(L, -1);
	lua_pushvalue(L, 3);
	lua_tostring(L, -1);
	add_field(L);
	return give_request(L);
}

static int
request_headers(lua_State *L)
{
	luaL_checktype(L, 2, LUA_TTABLE);
	lua_settop(L, 2);
	http_request_table(L);
	lua_getfield(L, -1, "fields");
	for (lua_pushnil(L); lua_next(L, 2) != 0; lua_pop(L, 1)) {
		if (lua_type(L, -2) != LUA_TSTRING)
			return where_error(L, "kumo.http: the names of fields "
			    "are text");
		check_field(L, text_at(L, -2), text_at(L, -1));
		lua_pushvalue(L, 4);
		lua_pushvalue(L, -3);
		lua_pushvalue(L, -3);
		lua_tostring(L, -1);
		add_field(L);
		lua_pop(L, 1);
	}
	return give_request(L);
}

static int
request_basic_auth(lua_State *L)
{
	struct buf *b = &policy_of(L)->scratch;
	struct span user = text_at(L, 2);
	struct span password = lua_isnoneornil(L, 3) ? span_of(NULL) :
	    text_at(L, 3);
	size_t len;

	lua_settop(L, 3);
	http_request_table(L);
	if (span_find(user, ':') != -1)
		return where_error(L, "request:basic_auth: a user's name "
		    "cannot hold a colon (RFC 7617)");
	lua_pushlstring(L, user.p, user.len);
	lua_pushliteral(L, ":");
	lua_pushlstring(L, password.p, password.len);
	lua_concat(L, 3);
	buf_clear(b, 65536);
	buf_add_str(b, "Basic ");
	base64_encode(text_at(L, -1), b);
	len = buf_len(b);
	lua_pop(L, 1);
	lua_pushlstring(L, (const char *)buf_data(b), len);
	http_request_set(L, 4, "Authorization");
	return give_request(L);
}

static int
request_bearer_auth(lua_State *L)
{
	if (!web_is_value(text_at(L, 2)))
		return where_error(L, "request:bearer_auth: a token holds no "
		    "control characters");
	lua_settop(L, 2);
	http_request_table(L);
	lua_pushliteral(L, "Bearer ");
	lua_pushvalue(L, 2);
	lua_concat(L, 2);
	http_request_set(L, 3, "Authorization");
	return give_request(L);
}

/* ---- bodies ------------------------------------------------------------- */

static int
request_body(lua_State *L)
{
	luaL_checkstring(L, 2);
	lua_settop(L, 2);
	http_request_table(L);
	lua_pushvalue(L, 2);
	lua_tostring(L, -1);
	lua_setfield(L, -2, "body");
	return give_request(L);
}

static int
request_form_url_encoded(lua_State *L)
{
	lua_settop(L, 2);
	http_request_table(L);
	http_push_pairs(L, 2, "request:form_url_encoded");
	lua_setfield(L, -2, "body");
	if (!has_field(L, 3, "Content-Type")) {
		lua_pushliteral(L, "application/x-www-form-urlencoded");
		http_request_set(L, 3, "Content-Type");
	}
	return give_request(L);
}

static int
by_name(const void *left, const void *right)
{
	const struct value_pair *a = left, *b = right;

	return strcmp(a->key, b->key);
}

static struct span
value_span(const struct value *v)
{
	if (v == NULL || v->kind != VALUE_TEXT)
		return span_of(NULL);
	return span_make(v->u.text.p, v->u.text.len);
}

/* NULL, or what is wrong with the value: text, or {data, file_name}. */
static const char *
put_part(struct buf *out, const char *boundary, const struct value_pair *pair)
{
	const struct value *v = pair->value, *data = v, *file = NULL;

	if (v->kind == VALUE_MAP) {
		data = value_get(v, "data");
		file = value_get(v, "file_name");
		if (file != NULL && file->kind != VALUE_TEXT)
			return "file_name is text";
	}
	if (data == NULL || data->kind != VALUE_TEXT)
		return "a value is neither text nor {data = text, file_name "
		    "= text}";
	multipart_put(out, boundary, span_of(pair->key), value_span(file),
	    value_span(data));
	return buf_len(out) > PARTS_MAX ? "the form is larger than 15 MB" :
	    NULL;
}

static const char *
put_parts(struct buf *out, const char *boundary, struct value *map)
{
	const char *why = NULL;
	size_t i;

	if (map->kind == VALUE_LIST && map->u.list.n != 0)
		return "wanted a table of names and values";
	if (map->kind == VALUE_MAP && map->u.map.n != 0) {
		qsort(map->u.map.v, map->u.map.n, sizeof(*map->u.map.v),
		    by_name);
		for (i = 0; i < map->u.map.n && why == NULL; i++)
			why = put_part(out, boundary, &map->u.map.v[i]);
	}
	multipart_end(out, boundary);
	return why;
}

static int
request_form_multipart_data(lua_State *L)
{
	struct buf *b = &policy_of(L)->scratch;
	char boundary[MULTIPART_BOUNDARY + 1];
	struct value *map;
	const char *why;

	luaL_checktype(L, 2, LUA_TTABLE);
	lua_settop(L, 2);
	http_request_table(L);
	multipart_boundary(boundary);
	buf_clear(b, 65536);
	map = convert_value(L, 2, 0, &why);
	if (map != NULL) {
		why = put_parts(b, boundary, map);
		value_free(&map);
	}
	if (why != NULL)
		return where_error(L, "request:form_multipart_data: %s", why);
	lua_pushlstring(L, (const char *)buf_data(b), buf_len(b));
	lua_setfield(L, -2, "body");
	lua_pushfstring(L, "multipart/form-data; boundary=%s", boundary);
	http_request_set(L, 3, "Content-Type");
	return give_request(L);
}

/* ---- sending ------------------------------------------------------------ */

static int
request_timeout(lua_State *L)
{
	int64_t ms = library_duration(L, 2, "request:timeout", 1);

	lua_settop(L, 2);
	http_request_table(L);
	lua_pushinteger(L, ms);
	lua_setfield(L, -2, "timeout_ms");
	return give_request(L);
}

/* A length that the script gave must be the body's; libcurl writes it. */
static void
check_length(lua_State *L, int table)
{
	size_t len = 0;
	uint64_t said;
	lua_Integer i;

	if (lua_getfield(L, table, "body") == LUA_TSTRING)
		lua_tolstring(L, -1, &len);
	lua_getfield(L, table, "fields");
	for (i = (lua_Integer)lua_rawlen(L, -1); i > 0; i--) {
		if (!is_named(L, i, "Content-Length"))
			continue;
		lua_rawgeti(L, -1, i);
		lua_rawgeti(L, -1, 2);
		if (text_u64(text_at(L, -1), 0, INT64_MAX, &said) == -1 ||
		    said != len)
			where_error(L, "request:send: Content-Length is not "
			    "that of the body: leave it out");
		lua_pop(L, 2);
	}
	lua_pop(L, 2);
	drop_field(L, table, "Content-Length");
}

static int
request_aws_sign_v4(lua_State *L)
{
	lua_settop(L, 2);
	return key_source_call(L, http_sign_now);
}

static int
request_send(lua_State *L)
{
	struct http_request_object *r;

	lua_settop(L, 1);
	http_request_table(L);
	r = lua_touserdata(L, 1);
	check_length(L, 2);
	r->sent = true;
	/* The door waits that much longer than for others. */
	lua_getfield(L, 2, "timeout_ms");
	lua_setfield(L, 2, "wait_ms");
	return door_ask(L, LOOKUP_HTTP, 2, http_response_push);
}

int
http_request_push(lua_State *L, const struct http_client_object *client,
    const char *method)
{
	static const char what[] = "kumo.http";

	luaL_checkstring(L, 2);
	lua_settop(L, 2);
	library_new(L, &http_request_type,
	    sizeof(struct http_request_object));
	lua_createtable(L, 0, 10);
	http_push_url(L, 2, what, 0, false);
	lua_setfield(L, 4, "url");
	lua_pushstring(L, method);
	lua_setfield(L, 4, "method");
	lua_newtable(L);
	lua_setfield(L, 4, "fields");
	lua_pushinteger(L, client->timeout_ms);
	lua_setfield(L, 4, "timeout_ms");
	lua_pushinteger(L, client->idle_ms);
	lua_setfield(L, 4, "idle_ms");
	lua_pushboolean(L, client->accept_invalid_certs);
	lua_setfield(L, 4, "accept_invalid_certs");
	lua_pushboolean(L, client->verbose);
	lua_setfield(L, 4, "verbose");
	lua_getiuservalue(L, 1, 1);
	if (lua_isstring(L, -1))
		http_request_set(L, 4, "User-Agent");
	else
		lua_pop(L, 1);
	lua_pushliteral(L, "Basic ");
	if (http_push_user(L, 2)) {
		lua_concat(L, 2);
		http_request_set(L, 4, "Authorization");
	}
	lua_settop(L, 4);
	lua_setiuservalue(L, 3, 1);
	return 1;
}

static const struct library_function methods[] = {
	{ "header", request_header, "(name, value) -> request",
	    "Adds a field." },
	{ "headers", request_headers, "({[name]=value, ...}) -> request",
	    "Adds several fields." },
	{ "basic_auth", request_basic_auth, "(user, password?) -> request",
	    "Sets the credentials of Basic authentication (RFC 7617)." },
	{ "bearer_auth", request_bearer_auth, "(token) -> request",
	    "Sets a Bearer token (RFC 6750)." },
	{ "body", request_body, "(bytes) -> request", "Sets the body." },
	{ "form_url_encoded", request_form_url_encoded,
	    "({[name]=value, ...}) -> request",
	    "Sets the body to a form,\n"
	    ".Ql application/x-www-form-urlencoded ,\nnames in order, and "
	    "its Content-Type unless there is one.\n"
	    "Values are UTF-8 or numbers." },
	{ "form_multipart_data", request_form_multipart_data,
	    "({[name]=bytes or {data, file_name}, ...}) -> request",
	    "Sets the body to a form,\n.Ql multipart/form-data ,\n"
	    "and its Content-Type.\n"
	    "Parts that are not UTF-8 are marked as\n"
	    ".Ql application/octet-stream ." },
	{ "timeout", request_timeout, "(duration) -> request",
	    "Longest time of this request, in place of the client's." },
	{ "aws_sign_v4", request_aws_sign_v4,
	    "({access_key=, secret_key=, region=, service=, headers={}, "
	    "payload='', timestamp=now, session_token=}) -> request",
	    "Signs the request as\n.Fn kumo.crypto.aws_sign_v4\ndoes, with "
	    "its method, path and query, and sets\n.Ql Authorization ,\n"
	    ".Ql X-Amz-Date\nand, where there is one,\n"
	    ".Ql X-Amz-Security-Token ;\nfor S3 also\n"
	    ".Ql X-Amz-Content-Sha256 .\n"
	    "The host is signed, and the\n.Va headers\nthat are given "
	    "here, which have to be set by\n.Fn headers\ntoo.\n"
	    "The body is not looked at: give the same text as\n"
	    ".Va payload ." },
	{ "send", request_send, "() -> response",
	    "Sends it and waits for the response; any status is one.\n"
	    "No response, one that is too large and one that is too late are "
	    "errors.\nA request is sent once." },
	{ NULL, NULL, NULL, NULL },
};

const struct library_type http_request_type = {
	.name = "http request",
	.about = "A request that is being made. Its methods but the last give "
	    "the request again.",
	.methods = methods,
};
