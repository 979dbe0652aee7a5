/* SPDX-License-Identifier: Apache-2.0 */
/* EnvelopeAddress: an address as a script sees it. Its text is uservalue 1. */
#include <string.h>

#include "lib/mail/address.h"
#include "lib/policy/address.h"
#include "lib/policy/state.h"

void
address_push(lua_State *L, struct span text)
{
	lua_newuserdatauv(L, 1, 1);
	lua_pushlstring(L, text.p != NULL ? text.p : "", text.len);
	lua_setiuservalue(L, -2, 1);
	luaL_setmetatable(L, ADDRESS_TYPE);
}

struct span
address_text(lua_State *L, int index)
{
	const char *p;
	size_t len;

	if (luaL_testudata(L, index, ADDRESS_TYPE) == NULL) {
		p = luaL_checklstring(L, index, &len);
		return span_make(p, len);
	}
	/* The object keeps the text alive. */
	lua_getiuservalue(L, index, 1);
	p = lua_tolstring(L, -1, &len);
	lua_pop(L, 1);
	return span_make(p, len);
}

/* The local part without its quotes and backslashes. */
static void
push_user(lua_State *L, struct span local, bool quoted)
{
	luaL_Buffer b;
	size_t i;

	if (!quoted || local.len < 2) {
		lua_pushlstring(L, local.p, local.len);
		return;
	}
	luaL_buffinit(L, &b);
	for (i = 1; i + 1 < local.len; i++) {
		if (local.p[i] == '\\' && i + 2 < local.len)
			i++;
		luaL_addchar(&b, local.p[i]);
	}
	luaL_pushresult(&b);
}

static int
address_index(lua_State *L)
{
	struct span text = address_text(L, 1);
	const char *key = luaL_checkstring(L, 2), *why;
	struct address a = { .text = text };

	if (text.len != 0 && address_parse(text, &a, &why) == -1) {
		/* <postmaster> has no domain. */
		a.local = text;
		a.domain = span_of(NULL);
	}
	if (strcmp(key, "user") == 0)
		push_user(L, a.local, a.quoted);
	else if (strcmp(key, "domain") == 0)
		lua_pushlstring(L, a.domain.p != NULL ? a.domain.p : "",
		    a.domain.len);
	else if (strcmp(key, "email") == 0)
		lua_pushlstring(L, text.p, text.len);
	else
		return where_error(L, "an address has user, domain and email, "
		    "not '%s'", key);
	return 1;
}

static int
address_tostring(lua_State *L)
{
	luaL_checkudata(L, 1, ADDRESS_TYPE);
	lua_getiuservalue(L, 1, 1);
	return 1;
}

static int
address_equal(lua_State *L)
{
	lua_pushboolean(L, span_eq(address_text(L, 1), address_text(L, 2)));
	return 1;
}

void
address_register(lua_State *L)
{
	static const luaL_Reg methods[] = {
		{ "__index", address_index },
		{ "__tostring", address_tostring },
		{ "__eq", address_equal },
		{ NULL, NULL },
	};

	luaL_newmetatable(L, ADDRESS_TYPE);
	luaL_setfuncs(L, methods, 0);
	lua_pop(L, 1);
}
