/* SPDX-License-Identifier: Apache-2.0 */
/* Metadata of messages and connections, as pairs of key and JSON text. */
#include <string.h>

#include "lib/mail/envelope.h"
#include "lib/policy/convert.h"
#include "lib/policy/meta.h"
#include "lib/policy/state.h"

void
policy_meta_set(struct policy_meta *m, struct span key, struct span json)
{
	struct pairs_writer w = { .n = 0 };
	struct span k, v;
	struct reader r;
	bool placed = false;

	reader_init(&r, m->pairs);
	while (pairs_next(&r, &k, &v)) {
		if (!span_eq(k, key)) {
			pairs_add(&w, k, v);
		} else if (!placed && !span_eq_str(json, "null")) {
			pairs_add(&w, key, json);
			placed = true;
		}
	}
	if (!placed && !span_eq_str(json, "null"))
		pairs_add(&w, key, json);
	buf_free(&m->own);
	m->own = w.out;
	m->pairs = buf_span(&m->own);
}

void
policy_meta_free(struct policy_meta *m)
{
	buf_free(&m->own);
	m->pairs = span_of(NULL);
}

int
meta_get(lua_State *L, const struct policy_meta *m)
{
	size_t len;
	const char *key = luaL_checklstring(L, 2, &len);
	struct span json;

	if (pairs_find(m->pairs, span_make(key, len), &json))
		convert_push_json(L, json);
	else
		lua_pushnil(L);
	return 1;
}

void
meta_set(lua_State *L, struct policy_meta *m)
{
	struct policy *p = policy_of(L);
	const char *key, *why;
	size_t len;

	key = luaL_checklstring(L, 2, &len);
	luaL_checkany(L, 3);
	if (len == 0 || len > META_KEY_MAX)
		where_error(L, "set_meta: a key has 1 to %d bytes",
		    META_KEY_MAX);
	buf_clear(&p->scratch, 65536);
	if (convert_to_json(L, 3, &p->scratch, &why) == -1)
		where_error(L, "set_meta: %s", why);
	if (m->pairs.len + len + buf_len(&p->scratch) > META_BYTES_MAX)
		where_error(L, "set_meta: the metadata is larger than %d "
		    "bytes", META_BYTES_MAX);
	policy_meta_set(m, span_make(key, len), buf_span(&p->scratch));
}

/* ---- conn_meta ---------------------------------------------------------- */

static int
conn_get_meta(lua_State *L)
{
	return meta_get(L, shell_check(L, 1, CONN_META_TYPE));
}

static int
conn_set_meta(lua_State *L)
{
	meta_set(L, shell_check(L, 1, CONN_META_TYPE));
	return 0;
}

/* "1.2.3.4:5" on top becomes "1.2.3.4", "[::1]:5" becomes "::1". */
static void
push_without_port(lua_State *L)
{
	size_t len;
	const char *p = lua_tolstring(L, -1, &len), *colon;

	colon = p == NULL ? NULL : memrchr(p, ':', len);
	if (colon == NULL)
		return;
	len = (size_t)(colon - p);
	if (len >= 2 && p[0] == '[' && p[len - 1] == ']')
		lua_pushlstring(L, p + 1, len - 2);
	else
		lua_pushlstring(L, p, len);
	lua_remove(L, -2);
}

static int
conn_auth_info(lua_State *L)
{
	const struct policy_meta *m = shell_check(L, 1, CONN_META_TYPE);
	struct span from;

	if (m->auth_info.len > 0)
		convert_push_json(L, m->auth_info);
	else {
		lua_createtable(L, 0, 3);
		lua_newtable(L);
		lua_setfield(L, -2, "identities");
		lua_newtable(L);
		lua_setfield(L, -2, "groups");
	}
	/* Who it came from, whoever it says it is. */
	if (lua_istable(L, -1) && pairs_find(m->pairs,
	    SPAN_LIT("received_from"), &from)) {
		convert_push_json(L, from);
		push_without_port(L);
		lua_setfield(L, -2, "peer_address");
	}
	return 1;
}

void
meta_register(lua_State *L)
{
	static const luaL_Reg methods[] = {
		{ "get_meta", conn_get_meta },
		{ "set_meta", conn_set_meta },
		{ "auth_info", conn_auth_info },
		{ NULL, NULL },
	};

	luaL_newmetatable(L, CONN_META_TYPE);
	luaL_newlib(L, methods);
	lua_setfield(L, -2, "__index");
	lua_pushboolean(L, false);
	lua_setfield(L, -2, "__metatable");
	lua_pop(L, 1);
}
