/* SPDX-License-Identifier: Apache-2.0 */
/* kumo.string.eval_template: templates for scripts. */
#include "lib/policy/modules/modules.h"

#include "lib/policy/convert.h"
#include "lib/policy/state.h"
#include "lib/template/template.h"

#define CACHE_TYPE "ekiden.templates"

enum { CACHE_COUNT = 256, CACHE_BYTES = 4 * 1024 * 1024 };

static int
cache_gc(lua_State *L)
{
	struct template_cache **c = lua_touserdata(L, 1);

	template_cache_free(c);
	return 0;
}

/* Compiled templates of this state; it stays in the registry. */
static struct template_cache *
cache_of(lua_State *L)
{
	struct template_cache **c;

	if (lua_getfield(L, LUA_REGISTRYINDEX, CACHE_TYPE) == LUA_TUSERDATA) {
		c = lua_touserdata(L, -1);
		lua_pop(L, 1);
		return *c;
	}
	lua_pop(L, 1);
	c = lua_newuserdatauv(L, sizeof(*c), 0);
	*c = NULL;
	lua_createtable(L, 0, 1);
	lua_pushcfunction(L, cache_gc);
	lua_setfield(L, -2, "__gc");
	lua_setmetatable(L, -2);
	lua_setfield(L, LUA_REGISTRYINDEX, CACHE_TYPE);
	*c = template_cache_new(CACHE_COUNT, CACHE_BYTES);
	return *c;
}

int
string_eval_template(lua_State *L)
{
	struct policy *p = policy_of(L);
	struct template_input in = { .n_maps = 1 };
	const struct template *t;
	struct template_error error;
	struct template_cache *cache;
	enum template_dialect dialect;
	const char *name, *source, *why;
	struct value **context;
	size_t len;
	int result;

	name = luaL_checkstring(L, 1);
	source = luaL_checklstring(L, 2, &len);
	luaL_checktype(L, 3, LUA_TTABLE);
	dialect = (enum template_dialect)luaL_checkoption(L, 4, "Jinja",
	    template_dialects);
	cache = cache_of(L);
	t = template_cached(cache, dialect, name, span_make(source, len),
	    &error);
	if (t == NULL)
		return where_error(L, "eval_template: %s", error.text);
	context = convert_push_holder(L);
	*context = convert_data(L, 3, &why);
	if (*context == NULL)
		return where_error(L, "eval_template: %s", why);
	in.maps = (const struct value *const *)context;
	buf_clear(&p->scratch, 65536);
	result = template_render(t, &in, &p->scratch, &error);
	value_free(context);
	if (result == -1)
		return where_error(L, "eval_template: %s", error.text);
	lua_pushlstring(L, (const char *)buf_span(&p->scratch).p,
	    buf_len(&p->scratch));
	return 1;
}
