/* SPDX-License-Identifier: Apache-2.0 */
/* kumo.make_throttle: a rate that is one for the suite, by its name. */
#include <string.h>

#include "lib/policy/door_ask.h"
#include "lib/policy/modules/modules.h"
#include "lib/policy/sleep.h"
#include "lib/policy/state.h"
#include "lib/settings/option.h"
#include "lib/settings/throttle.h"

/* Its uservalue is the table that lookupd is asked with. */
struct throttle_object {
	struct throttle_spec spec;
};

static const struct library_type throttle_type;

int
make_throttle(lua_State *L)
{
	struct throttle_object *t;
	struct throttle_spec spec;
	const char *text;
	size_t len;

	luaL_checkstring(L, 1);
	text = luaL_checklstring(L, 2, &len);
	if (throttle_parse(span_make(text, len), &spec) != 0)
		return where_error(L, "kumo.make_throttle: '%.100s' is no "
		    "rate: write it as 100/s, 5/10s or 1,000/hour,"
		    "max_burst=20", text);
	t = library_new(L, &throttle_type, sizeof(*t));
	t->spec = spec;
	lua_createtable(L, 0, 2);
	lua_pushvalue(L, 1);
	lua_setfield(L, -2, "name");
	lua_pushvalue(L, 2);
	lua_setfield(L, -2, "spec");
	lua_setiuservalue(L, -2, 1);
	return 1;
}

static int
throttle_ask(lua_State *L, int (*finish)(lua_State *L))
{
	library_check(L, 1, &throttle_type);
	lua_getiuservalue(L, 1, 1);
	return door_ask(L, LOOKUP_THROTTLE, -1, finish);
}

static int
throttle_throttle(lua_State *L)
{
	return throttle_ask(L, NULL);
}

/* ---- sleeping until one is free ----------------------------------------- */

static int throttle_try(lua_State *L);

static int
slept(lua_State *L, int status, lua_KContext context)
{
	(void)status;
	(void)context;
	return throttle_try(L);
}

/* lookupd's word is on top; index 2 tells whether we have waited. */
static int
tried(lua_State *L)
{
	lua_Integer seconds;

	lua_getfield(L, -1, "throttled");
	if (!lua_toboolean(L, -1)) {
		lua_pushvalue(L, 2);
		return 1;
	}
	lua_getfield(L, -2, "retry_after");
	seconds = lua_tointeger(L, -1);
	lua_settop(L, 1);
	lua_pushboolean(L, true);
	return call_sleep(L, (int64_t)seconds * 1000, slept, 0);
}

static int
throttle_try(lua_State *L)
{
	lua_settop(L, 2);
	return throttle_ask(L, tried);
}

static int
throttle_sleep(lua_State *L)
{
	library_check(L, 1, &throttle_type);
	lua_settop(L, 1);
	lua_pushboolean(L, false);
	return throttle_try(L);
}

static int
throttle_explain(lua_State *L)
{
	const struct throttle_object *t = library_check(L, 1, &throttle_type);
	double per_second = (double)t->spec.limit * 1000 /
	    (double)t->spec.period_ms;

	lua_pushfstring(L, "up to %I at once, and over time %I every %f "
	    "seconds (%f each second)",
	    (LUAI_UACINT)throttle_at_once(&t->spec),
	    (LUAI_UACINT)t->spec.limit,
	    (LUAI_UACNUMBER)t->spec.period_ms / 1000,
	    (LUAI_UACNUMBER)per_second);
	return 1;
}

static const struct library_function methods[] = {
	{ "explain", throttle_explain, "() -> text",
	    "What the rate means, in words." },
	{ "sleep_if_throttled", throttle_sleep, "() -> boolean",
	    "Takes one, and waits until there is one if need be; tells "
	    "whether it had to wait." },
	{ "throttle", throttle_throttle,
	    "() -> {throttled, limit, remaining, reset_after, retry_after?}",
	    "Takes one if there is one, and says how it stands: whether this "
	    "one was refused, how many may come at once, how many of these "
	    "are left, in how many seconds all are there again, and, for one "
	    "that was refused, in how many seconds to come again." },
	{ NULL, NULL, NULL, NULL },
};

static const struct library_type throttle_type = {
	.name = "throttle",
	.about = "A rate, shared by all processes that use its name.",
	.methods = methods,
};
