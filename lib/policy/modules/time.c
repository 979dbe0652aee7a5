/* SPDX-License-Identifier: Apache-2.0 */
/* kumo.time: clock, dates, spans of time, timers. */
#include "lib/policy/modules/time.h"

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/policy/modules/args.h"
#include "lib/policy/modules/modules.h"
#include "lib/policy/sleep.h"
#include "lib/policy/state.h"

static int
now(lua_State *L)
{
	int64_t us = clock_wall_us();
	struct moment m = { us / 1000000, (uint32_t)(us % 1000000) * 1000 };

	time_push(L, &m);
	return 1;
}

static int
from_unix_timestamp(lua_State *L)
{
	struct moment m = { 0, 0 };

	if (lua_isinteger(L, 1))
		m.s = lua_tointeger(L, 1);
	else if (moment_from_double(luaL_checknumber(L, 1), &m) == -1)
		return where_error(L, "kumo.time.from_unix_timestamp: the "
		    "number is no time");
	time_push(L, &m);
	return 1;
}

static unsigned
date_part(lua_State *L, int index)
{
	lua_Integer n = luaL_checkinteger(L, index);

	return n >= 0 && n <= 9999 ? (unsigned)n : UINT16_MAX;
}

static int
with_ymd_hms(lua_State *L)
{
	struct moment m = { 0, 0 };
	struct date d = {
		.year = (int)date_part(L, 1), .month = date_part(L, 2),
		.day = date_part(L, 3), .hour = date_part(L, 4),
		.minute = date_part(L, 5), .second = date_part(L, 6),
	};

	if (date_to_seconds(&d, &m.s) == -1)
		return where_error(L, "kumo.time.with_ymd_hms: there is no "
		    "such date or time of day");
	time_push(L, &m);
	return 1;
}

static int
parse(lua_State *L, const char *function,
    int (*read)(struct span, struct moment *, const char **))
{
	struct span text = arg_span(L, 1);
	char printable[64];
	struct moment m;
	const char *why;

	if (read(text, &m, &why) == -1)
		return where_error(L, "kumo.time.%s: '%s': %s", function,
		    text_printable(text, printable, sizeof(printable)), why);
	time_push(L, &m);
	return 1;
}

static int
parse_rfc2822(lua_State *L)
{
	return parse(L, "parse_rfc2822", date_parse_rfc5322);
}

static int
parse_rfc3339(lua_State *L)
{
	return parse(L, "parse_rfc3339", date_parse_rfc3339);
}

static int
parse_duration(lua_State *L)
{
	struct moment m = { 0, 0 };
	char printable[64];

	if (lua_type(L, 1) == LUA_TSTRING) {
		if (duration_parse(arg_span(L, 1), &m) == -1)
			return where_error(L, "kumo.time.parse_duration: '%s' "
			    "is none; wanted numbers with units, as in "
			    "'1h 30m'", text_printable(arg_span(L, 1),
			    printable, sizeof(printable)));
	} else if (lua_isinteger(L, 1)) {
		m.s = lua_tointeger(L, 1);
	} else if (moment_from_double(luaL_checknumber(L, 1), &m) == -1) {
		return where_error(L, "kumo.time.parse_duration: the number is "
		    "no span of time");
	}
	time_delta_push(L, &m);
	return 1;
}

static const struct library_function functions[] = {
	{ "from_unix_timestamp", from_unix_timestamp, "(number) -> Time",
	    "The time so many seconds after 1970 began; fractions count to the "
	    "microsecond." },
	{ "now", now, "() -> Time", "The time now." },
	{ "parse_duration", parse_duration,
	    "(number or string) -> TimeDelta",
	    "A span of time from a number of seconds, which may be negative or "
	    "have a fraction, or from text such as\n.Ql 1h 30m\nor\n"
	    ".Ql 5 minutes .\nThe units are those of nanoseconds, "
	    "microseconds, milliseconds, seconds, minutes, hours, days, "
	    "weeks, months\n.Pq Ql M ,\n30.44 days each, and years, 365.25 "
	    "days each.  Raises an error for other text." },
	{ "parse_rfc2822", parse_rfc2822, "(string) -> Time",
	    "The time that a message's date\n.Pq RFC 5322\nsays.  Raises an "
	    "error for other text, and for a day of the week that the date "
	    "was not." },
	{ "parse_rfc3339", parse_rfc3339, "(string) -> Time",
	    "The time that a date of the form\n"
	    ".Ql 2000-01-02T03:04:05+00:00\nsays.  Raises an error for other "
	    "text." },
	{ "sleep", kumo_sleep, "(seconds) -> nil",
	    "Let so many seconds pass, 0 to 86400, while other events are "
	    "served.  The same as\n.Fn kumo.sleep ." },
	{ "start_timer", timer_start, "(label) -> Timer",
	    "Start a timer whose time counts in the histogram\n"
	    ".Ql user_lua_latency\nunder that label." },
	{ "with_ymd_hms", with_ymd_hms,
	    "(year, month, day, hour, minute, second) -> Time",
	    "That time in UTC.  Raises an error when there is none such." },
	{ NULL, NULL, NULL, NULL },
};

static const struct library_type *const types[] = {
	&type_time, &type_time_delta, &type_timer, NULL,
};

const struct library library_time = {
	.name = "kumo.time",
	.title = "clock, dates, spans of time, timers",
	.about = "Times are in UTC, of the years 0000 to 9999.",
	.functions = functions,
	.types = types,
};
