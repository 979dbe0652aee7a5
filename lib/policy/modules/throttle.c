/* SPDX-License-Identifier: Apache-2.0 */
/* kumo.make_throttle: a rate that is one for the suite, by its name. */
#include <string.h>

#include "lib/policy/door_ask.h"
#include "lib/policy/modules/modules.h"
#include "lib/policy/state.h"
#include "lib/settings/option.h"

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

static const struct library_function methods[] = {
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
