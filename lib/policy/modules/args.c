/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/policy/modules/args.h"

#include "lib/base/text.h"
#include "lib/policy/state.h"

struct span
arg_span(lua_State *L, int index)
{
	size_t len;
	const char *p = luaL_checklstring(L, index, &len);

	return span_make(p, len);
}

struct span
arg_utf8(lua_State *L, int index)
{
	struct span s = arg_span(L, index);

	if (!text_is_utf8(s))
		luaL_argerror(L, index, "the text is not UTF-8");
	return s;
}

size_t
arg_count(lua_State *L, int index)
{
	lua_Integer n = luaL_checkinteger(L, index);

	if (n < 0)
		luaL_argerror(L, index, "wanted a number from 0 on");
	return (size_t)n;
}

void
push_span(lua_State *L, struct span s)
{
	lua_pushlstring(L, s.p != NULL ? s.p : "", s.len);
}
