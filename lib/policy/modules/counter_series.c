/* SPDX-License-Identifier: Apache-2.0 */
/* kumo.counter_series: rolling counters, one for the suite by their names. */
#include "lib/base/text.h"
#include "lib/policy/door_ask.h"
#include "lib/policy/modules/modules.h"
#include "lib/policy/state.h"

/* Its uservalue is the table that lookupd is asked with. */
struct series {
	int64_t bucket_s;
};

static const struct library_type series_type;

/* Whole seconds, rounded up, at least one. */
static int64_t
seconds_at(lua_State *L, int index, const char *what)
{
	int64_t ms;
	size_t len;
	const char *p;

	if (lua_type(L, index) == LUA_TNUMBER)
		ms = (int64_t)(lua_tonumber(L, index) * 1000);
	else if ((p = lua_tolstring(L, index, &len)) == NULL ||
	    text_duration_ms(span_make(p, len), &ms) != 0)
		return where_error(L, "kumo.counter_series: %s must be a "
		    "duration such as '1 minute'", what);
	if (ms < 0)
		where_error(L, "kumo.counter_series: %s is negative", what);
	return ms <= 1000 ? 1 : (ms + 999) / 1000;
}

static int
series_define(lua_State *L)
{
	struct series *s;
	lua_Integer n, initial;

	luaL_checktype(L, 1, LUA_TTABLE);
	lua_settop(L, 1);
	lua_createtable(L, 0, 6);
	if (lua_getfield(L, 1, "name") != LUA_TSTRING)
		return where_error(L, "kumo.counter_series.define: name must "
		    "be given");
	lua_setfield(L, 2, "name");
	lua_getfield(L, 1, "num_buckets");
	n = lua_tointeger(L, -1);
	if (n < 1 || n > 100000)
		return where_error(L, "kumo.counter_series.define: "
		    "num_buckets must be 1 to 100000");
	lua_setfield(L, 2, "buckets");
	lua_getfield(L, 1, "initial_value");
	initial = lua_tointeger(L, -1);
	if (initial < 0)
		return where_error(L, "kumo.counter_series.define: "
		    "initial_value is negative");
	lua_pop(L, 1);
	lua_pushinteger(L, initial);
	lua_setfield(L, 2, "initial");
	lua_getfield(L, 1, "bucket_size");
	s = library_new(L, &series_type, sizeof(*s));
	s->bucket_s = seconds_at(L, 3, "bucket_size");
	lua_pushinteger(L, (lua_Integer)s->bucket_s);
	lua_setfield(L, 2, "bucket_s");
	lua_pushvalue(L, 2);
	lua_setiuservalue(L, -2, 1);
	return 1;
}

/* The question on top: the series' own table, which each one changes. */
static void
push_question(lua_State *L, const char *what, lua_Integer n)
{
	lua_getiuservalue(L, 1, 1);
	lua_pushstring(L, what);
	lua_setfield(L, -2, "what");
	lua_pushinteger(L, n);
	lua_setfield(L, -2, "n");
}

static int
series_delta(lua_State *L)
{
	library_check(L, 1, &series_type);
	push_question(L, "add", luaL_checkinteger(L, 2));
	door_tell(L, LOOKUP_COUNTER, -1);
	return 0;
}

static lua_Integer
check_unsigned(lua_State *L)
{
	lua_Integer n = luaL_checkinteger(L, 2);

	if (n < 0)
		where_error(L, "kumo.counter_series: the amount is negative");
	return n;
}

static int
series_increment(lua_State *L)
{
	library_check(L, 1, &series_type);
	push_question(L, "add", check_unsigned(L));
	door_tell(L, LOOKUP_COUNTER, -1);
	return 0;
}

static int
series_observe(lua_State *L)
{
	library_check(L, 1, &series_type);
	push_question(L, "observe", check_unsigned(L));
	door_tell(L, LOOKUP_COUNTER, -1);
	return 0;
}

static int
series_sum(lua_State *L)
{
	library_check(L, 1, &series_type);
	push_question(L, "sum", 0);
	return door_ask(L, LOOKUP_COUNTER, -1, NULL);
}

static int
series_sum_over(lua_State *L)
{
	struct series *s = library_check(L, 1, &series_type);
	int64_t over = seconds_at(L, 2, "the span");

	push_question(L, "sum", (lua_Integer)((over + s->bucket_s - 1) /
	    s->bucket_s));
	return door_ask(L, LOOKUP_COUNTER, -1, NULL);
}

static const struct library_function methods[] = {
	{ "delta", series_delta, "(amount) -> nil",
	    "Adds a whole number, which may be negative, to the newest "
	    "bucket. Below zero it stays at zero." },
	{ "increment", series_increment, "(amount) -> nil",
	    "Adds a whole number that is not negative." },
	{ "observe", series_observe, "(value) -> nil",
	    "Puts the value into the newest bucket, whatever was in it." },
	{ "sum", series_sum, "() -> number",
	    "The sum of all buckets. Waits." },
	{ "sum_over", series_sum_over, "(duration) -> number",
	    "The sum of the newest buckets that cover the duration, which is "
	    "rounded up to whole buckets. Waits." },
	{ NULL, NULL, NULL, NULL },
};

static const struct library_type series_type = {
	.name = "counter_series",
	.about = "A ring of buckets, each of which counts for a while. All "
	    "processes that name it have the same one; it starts anew with "
	    "the suite.",
	.methods = methods,
};

static const struct library_type *const types[] = { &series_type, NULL };

static const struct library_function functions[] = {
	{ "define", series_define,
	    "({name, num_buckets, bucket_size, initial_value=0}) -> "
	    "counter_series",
	    "The series of that name, which is made when it is not there. "
	    "Another number or size of buckets makes it anew, with zeros. "
	    "The size is a duration in whole seconds, rounded up." },
	{ NULL, NULL, NULL, NULL },
};

const struct library library_counter_series = {
	.name = "kumo.counter_series",
	.title = "rolling counters",
	.about = "Counts over a moving span of time, for decisions such as "
	    "how much somebody sent in the last hour.",
	.functions = functions,
	.types = types,
};
