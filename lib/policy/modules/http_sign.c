/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request:aws_sign_v4: a request of kumo.http as what kumo.crypto.aws_sign_v4
 * wants, and its result as fields of the request.
 */
#include "lib/base/arena.h"
#include "lib/base/radix.h"
#include "lib/crypto/digest.h"
#include "lib/policy/modules/crypto.h"
#include "lib/policy/modules/http.h"
#include "lib/policy/state.h"
#include "lib/web/url.h"

#define SIGN "request:aws_sign_v4"

static struct span
text_at(lua_State *L, int index)
{
	size_t len;
	const char *p = lua_tolstring(L, index, &len);

	return span_make(p, len);
}

/* ---- the parts of the address ------------------------------------------- */

enum part { PART_HOST, PART_PATH, PART_QUERY };

/* The address was taken, so it is one. */
static void
push_part(lua_State *L, struct span address, enum part part)
{
	struct buf *out = &policy_of(L)->scratch;
	struct arena a = { .blocks = NULL };
	const char *why;
	struct url u;

	buf_clear(out, 65536);
	if (url_parse(address, &a, &u, &why) == 0) {
		if (part == PART_HOST)
			url_put_host(out, &u);
		else
			buf_add_span(out, part == PART_PATH ? u.path :
			    u.query);
	}
	arena_free(&a);
	lua_pushlstring(L, (const char *)buf_span(out).p, buf_len(out));
}

static void
push_decoded(lua_State *L, struct span text)
{
	struct buf *out = &policy_of(L)->scratch;
	uint8_t *p;
	size_t i;

	buf_clear(out, 65536);
	p = buf_reserve(out, text.len + 1);
	for (i = 0; i < text.len; i++)
		p[i] = text.p[i] == '+' ? ' ' : (uint8_t)text.p[i];
	lua_pushlstring(L, (const char *)p, text.len);
	url_decode(out, text_at(L, -1));
	lua_pushlstring(L, (const char *)buf_span(out).p, buf_len(out));
	lua_remove(L, -2);
}

/* The query on top becomes a table of names and values. */
static void
query_table(lua_State *L)
{
	struct span query = text_at(L, -1), pair, value;
	ptrdiff_t end, equals;

	lua_newtable(L);
	while (query.len > 0) {
		end = span_find(query, '&');
		pair = query;
		if (end != -1)
			pair.len = (size_t)end;
		query = end == -1 ? span_of(NULL) :
		    span_from(query, (size_t)end + 1);
		if (pair.len == 0)
			continue;
		equals = span_find(pair, '=');
		value = span_of(NULL);
		if (equals != -1) {
			value = span_from(pair, (size_t)equals + 1);
			pair.len = (size_t)equals;
		}
		push_decoded(L, pair);
		lua_pushvalue(L, -1);
		if (lua_rawget(L, -3) != LUA_TNIL)
			where_error(L, SIGN ": the query has '%.100s' twice, "
			    "which cannot be signed", lua_tostring(L, -2));
		lua_pop(L, 1);
		push_decoded(L, value);
		lua_rawset(L, -3);
	}
	lua_remove(L, -2);
}

/* ---- what is signed ----------------------------------------------------- */

/* Pushes a copy of the headers at 2 with one for the host. */
static void
push_headers(lua_State *L, struct span address)
{
	bool host = false;
	int type = lua_getfield(L, 2, "headers"), given = lua_gettop(L);

	if (type != LUA_TNIL && type != LUA_TTABLE)
		where_error(L, SIGN ": headers must be a table");
	lua_newtable(L);
	if (type == LUA_TTABLE) {
		for (lua_pushnil(L); lua_next(L, given) != 0;) {
			if (lua_type(L, -2) == LUA_TSTRING)
				host = host || span_ieq_str(text_at(L, -2),
				    "host");
			lua_pushvalue(L, -2);
			lua_insert(L, -2);
			lua_rawset(L, given + 1);
		}
	}
	if (!host) {
		push_part(L, address, PART_HOST);
		lua_setfield(L, given + 1, "host");
	}
	lua_remove(L, given);
}

/* The digest that S3 wants as a header; it is signed, too. */
static void
push_content_digest(lua_State *L, int params)
{
	uint8_t digest[DIGEST_LEN_MAX];
	char hex[2 * DIGEST_LEN_MAX];
	struct span payload = SPAN_LIT("");
	unsigned len;

	if (lua_getfield(L, params, "payload") == LUA_TSTRING)
		payload = text_at(L, -1);
	len = digest_of(DIGEST_SHA256, payload, digest);
	radix_encode(RADIX_HEX, span_make(digest, len), hex);
	lua_pop(L, 1);
	lua_pushlstring(L, hex, radix_encoded_len(RADIX_HEX, len));
}

/*
 * Pushes what kumo.crypto.aws_sign_v4 is to get; the request's table is at 3.
 */
static void
push_params(lua_State *L)
{
	static const char *const own[] = { "method", "uri", "query_params" };
	struct span address;
	size_t i;
	int params;

	for (i = 0; i < sizeof(own) / sizeof(*own); i++) {
		if (lua_getfield(L, 2, own[i]) != LUA_TNIL)
			where_error(L, SIGN ": %s is that of the request: "
			    "leave it out", own[i]);
		lua_pop(L, 1);
	}
	lua_newtable(L);
	params = lua_gettop(L);
	for (lua_pushnil(L); lua_next(L, 2) != 0;) {
		lua_pushvalue(L, -2);
		lua_insert(L, -2);
		lua_rawset(L, params);
	}
	lua_getfield(L, 3, "url");
	address = text_at(L, -1);
	lua_getfield(L, 3, "method");
	lua_setfield(L, params, "method");
	push_part(L, address, PART_PATH);
	lua_setfield(L, params, "uri");
	push_part(L, address, PART_QUERY);
	query_table(L);
	lua_setfield(L, params, "query_params");
	push_headers(L, address);
	lua_setfield(L, params, "headers");
	lua_pop(L, 1);
}

static bool
is_s3(lua_State *L)
{
	bool is;

	is = lua_getfield(L, 2, "service") == LUA_TSTRING &&
	    span_eq_str(text_at(L, -1), "s3");
	lua_pop(L, 1);
	return is;
}

int
http_sign_now(lua_State *L)
{
	int params, result;

	luaL_checkstack(L, 20, SIGN);
	http_request_table(L);
	luaL_checktype(L, 2, LUA_TTABLE);
	push_params(L);
	params = lua_gettop(L);
	if (is_s3(L)) {
		lua_getfield(L, params, "headers");
		push_content_digest(L, params);
		lua_pushvalue(L, -1);
		lua_setfield(L, -3, "x-amz-content-sha256");
		http_request_set(L, 3, "X-Amz-Content-Sha256");
		lua_pop(L, 1);
	}
	lua_pushcfunction(L, crypto_aws_sign_v4);
	lua_pushvalue(L, params);
	lua_call(L, 1, 1);
	result = lua_gettop(L);
	lua_getfield(L, result, "authorization");
	http_request_set(L, 3, "Authorization");
	lua_getfield(L, result, "timestamp");
	http_request_set(L, 3, "X-Amz-Date");
	if (lua_getfield(L, 2, "session_token") == LUA_TSTRING)
		http_request_set(L, 3, "X-Amz-Security-Token");
	lua_settop(L, 1);
	return 1;
}
