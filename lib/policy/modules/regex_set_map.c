/* SPDX-License-Identifier: Apache-2.0 */
/* kumo.regex_set_map: values under regular expressions. */
#include "lib/policy/modules/modules.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/policy/modules/args.h"
#include "lib/policy/modules/regex.h"
#include "lib/policy/state.h"
#include "lib/regex/set.h"

static const struct library_type type_regex_set_map;

/* Values are in a list beside it, in the order of the set. */
struct regex_set_map {
	struct regex_set *set;
};

static int
pattern_order(const void *a, const void *b)
{
	const struct span *x = a, *y = b;
	size_t len = x->len < y->len ? x->len : y->len;
	int order = len == 0 ? 0 : memcmp(x->p, y->p, len);

	return order != 0 ? order : (x->len > y->len) - (x->len < y->len);
}

/*
 * The keys of the table at 1, sorted, since a table has no order of its own:
 * one and the same map always answers alike. Pushes what keeps them.
 */
static struct span *
push_patterns(lua_State *L, size_t *n_out)
{
	struct span *v;
	size_t n = 0;

	for (lua_pushnil(L); lua_next(L, 1) != 0; lua_pop(L, 1)) {
		if (lua_type(L, -2) != LUA_TSTRING)
			where_error(L, "kumo.regex_set_map.new: a key must be "
			    "a pattern, not %s", luaL_typename(L, -2));
		n++;
	}
	v = lua_newuserdatauv(L, (n + 1) * sizeof(*v), 0);
	*n_out = n;
	n = 0;
	/* The keys are kept by the table, which nobody changes meanwhile. */
	for (lua_pushnil(L); lua_next(L, 1) != 0; lua_pop(L, 1))
		v[n++] = arg_span(L, -2);
	if (n > 0)
		qsort(v, n, sizeof(*v), pattern_order);
	return v;
}

static void
add(lua_State *L, struct regex_set *set, struct span pattern)
{
	char why[REGEX_WHY_MAX], printable[128];
	int status = regex_set_add(set, pattern, why);

	if (status == -1 && why[0] == '\0') {
		lua_gc(L, LUA_GCCOLLECT);
		status = regex_set_add(set, pattern, why);
	}
	if (status == 0)
		return;
	if (why[0] == '\0')
		regex_raise(L, REGEX_NO_MEMORY);
	where_error(L, "kumo.regex_set_map.new: '%s': %s",
	    text_printable(pattern, printable, sizeof(printable)), why);
}

static int
new(lua_State *L)
{
	struct regex_memory memory = script_memory(L);
	struct regex_set_map *m;
	struct span *patterns;
	size_t n, i;

	lua_settop(L, 1);
	if (lua_isnil(L, 1)) {
		lua_newtable(L);
		lua_replace(L, 1);
	}
	luaL_checktype(L, 1, LUA_TTABLE);
	m = library_new(L, &type_regex_set_map, sizeof(*m));
	m->set = regex_set_new(&memory);
	if (m->set == NULL)
		regex_raise(L, REGEX_NO_MEMORY);
	patterns = push_patterns(L, &n);
	lua_newtable(L);
	for (i = 0; i < n; i++) {
		add(L, m->set, patterns[i]);
		budget_check(L);
		push_span(L, patterns[i]);
		lua_rawget(L, 1);
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
	lua_setiuservalue(L, 2, 1);
	lua_settop(L, 2);
	return 1;
}

/* (map, text) */
static int
get(lua_State *L)
{
	struct regex_set_map *m = library_check(L, 1, &type_regex_set_map);
	enum regex_result result;
	size_t i;

	if (!lua_isstring(L, 2) || m->set == NULL)
		return 0;
	result = regex_set_find(m->set, arg_utf8(L, 2),
	    budget_until(policy_of(L)), &i);
	budget_check(L);
	if (result == REGEX_NONE)
		return 0;
	if (result != REGEX_FOUND)
		return regex_raise(L, result);
	lua_getiuservalue(L, 1, 1);
	lua_rawgeti(L, -1, (lua_Integer)i + 1);
	return 1;
}

static int
set(lua_State *L)
{
	return where_error(L, "a RegexSetMap cannot be changed: make a new "
	    "one");
}

static int
gc(lua_State *L)
{
	struct regex_set_map *m = lua_touserdata(L, 1);

	regex_set_free(&m->set);
	return 0;
}

static const struct library_function functions[] = {
	{ "new", new, "(map?) -> map",
	    "A map whose keys are the patterns of that table.  Raises an error "
	    "that says what is wrong with a pattern." },
	{ NULL, NULL, NULL, NULL },
};

static const luaL_Reg meta[] = {
	{ "__gc", gc },
	{ NULL, NULL },
};

static const struct library_type type_regex_set_map = {
	.name = "RegexSetMap",
	.about = "Values under regular expressions:\n.Ql map[text]\n"
	    "is the value of a pattern that matches somewhere in the text, or"
	    "\n.Dv nil .\nWhere several match, the pattern that sorts first, "
	    "byte by byte, counts.  It cannot be changed.",
	.meta = meta,
	.index = get,
	.newindex = set,
};

static const struct library_type *const types[] = {
	&type_regex_set_map,
	NULL,
};

const struct library library_regex_set_map = {
	.name = "kumo.regex_set_map",
	.title = "values under regular expressions",
	.about = "Tables whose keys are patterns, in the syntax of\n"
	    ".Xr kumo.regex 7 .",
	.functions = functions,
	.types = types,
};
