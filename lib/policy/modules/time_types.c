/* SPDX-License-Identifier: Apache-2.0 */
/* The objects of kumo.time. */
#include <string.h>

#include "lib/base/clock.h"
#include "lib/policy/timing.h"
#include "lib/policy/modules/args.h"
#include "lib/policy/modules/time.h"
#include "lib/policy/state.h"

enum { FORMAT_MAX = 4096 };

/* ---- Time ---------------------------------------------------------------- */

void
time_push(lua_State *L, const struct moment *m)
{
	struct moment *t;

	if (m->s < DATE_MIN || m->s > DATE_MAX)
		where_error(L, "the time is not in the years 0000 to 9999");
	t = library_new(L, &type_time, sizeof(*t));
	*t = *m;
}

bool
time_test(lua_State *L, int index, struct moment *out)
{
	const struct moment *t = library_test(L, index, &type_time);

	if (t != NULL)
		*out = *t;
	return t != NULL;
}

static const struct moment *
time_check(lua_State *L, int index)
{
	return library_check(L, index, &type_time);
}

static int
push_date(lua_State *L, size_t offset)
{
	struct date d;
	unsigned value;

	date_from_seconds(time_check(L, 1)->s, &d);
	memcpy(&value, (const char *)&d + offset, sizeof(value));
	lua_pushinteger(L, value);
	return 1;
}

#define DATE_FIELD(name)                                                       \
	static int                                                             \
	time_##name(lua_State *L)                                              \
	{                                                                      \
		return push_date(L, offsetof(struct date, name));              \
	}

DATE_FIELD(year)
DATE_FIELD(month)
DATE_FIELD(day)
DATE_FIELD(hour)
DATE_FIELD(minute)
DATE_FIELD(second)

static int
time_unix_timestamp(lua_State *L)
{
	lua_pushinteger(L, time_check(L, 1)->s);
	return 1;
}

/* Rounded down: a clock's milliseconds, before 1970 too. */
static int
time_unix_timestamp_millis(lua_State *L)
{
	const struct moment *t = time_check(L, 1);

	lua_pushinteger(L, t->s * 1000 + t->ns / 1000000);
	return 1;
}

static int
time_rfc2822(lua_State *L)
{
	char text[DATE_TEXT_MAX];

	lua_pushstring(L, date_rfc5322(time_check(L, 1), text));
	return 1;
}

static int
time_rfc3339(lua_State *L)
{
	char text[DATE_TEXT_MAX];

	lua_pushstring(L, date_rfc3339(time_check(L, 1), text));
	return 1;
}

static int
time_elapsed(lua_State *L)
{
	int64_t us = clock_wall_us();
	struct moment m = { us / 1000000, (uint32_t)(us % 1000000) * 1000 };

	moment_subtract(&m, time_check(L, 1), &m);
	time_delta_push(L, &m);
	return 1;
}

static int
time_format(lua_State *L)
{
	const struct moment *t = time_check(L, 1);
	struct span format = arg_span(L, 2);
	struct policy *p = policy_of(L);

	if (format.len > FORMAT_MAX)
		return where_error(L, "Time:format: the format is longer than "
		    "%d bytes", FORMAT_MAX);
	buf_clear(&p->scratch, 65536);
	date_format(t, format, &p->scratch);
	push_span(L, buf_span(&p->scratch));
	return 1;
}

static int
time_tostring(lua_State *L)
{
	char text[DATE_TEXT_MAX];

	lua_pushstring(L, date_text(time_check(L, 1), text));
	return 1;
}

static bool
same(const struct moment *a, const struct moment *b)
{
	return a != NULL && b != NULL && a->s == b->s && a->ns == b->ns;
}

static int
time_eq(lua_State *L)
{
	lua_pushboolean(L, same(library_test(L, 1, &type_time),
	    library_test(L, 2, &type_time)));
	return 1;
}

static const struct moment *
delta_check(lua_State *L, int index)
{
	return library_check(L, index, &type_time_delta);
}

static int
too_far(lua_State *L)
{
	return where_error(L, "the span of time is too long");
}

static int
time_add(lua_State *L)
{
	const struct moment *t = time_check(L, 1), *d = delta_check(L, 2);
	struct moment m;

	if (moment_add(t, d, &m) == -1)
		return too_far(L);
	time_push(L, &m);
	return 1;
}

static int
time_sub(lua_State *L)
{
	const struct moment *t = time_check(L, 1), *b;
	struct moment m;

	b = library_test(L, 2, &type_time);
	if (b != NULL) {
		moment_subtract(t, b, &m);
		time_delta_push(L, &m);
		return 1;
	}
	if (moment_subtract(t, delta_check(L, 2), &m) == -1)
		return too_far(L);
	time_push(L, &m);
	return 1;
}

static const struct library_function time_methods[] = {
	{ "format", time_format, "(format) -> string",
	    "The time as text by the codes of\n.Xr strftime 3 ,\nin English "
	    "and UTC.  Also known are\n.Ql %f\n(nanoseconds),\n"
	    ".Ql %.f , %.3f , %.6f , %.9f , %3f , %6f\nand\n.Ql %9f\n"
	    "(parts of the second with and without a point),\n"
	    ".Ql %:z , %q , %v\nand\n.Ql %+ ;\n.Ql - , _\nand\n.Ql 0\n"
	    "behind the percent sign choose what fills numbers up.  A code "
	    "that is none stays as it is." },
	{ NULL, NULL, NULL, NULL },
};

static const struct library_field time_fields[] = {
	{ "year", time_year, NULL, "integer", "The year, 0 to 9999." },
	{ "month", time_month, NULL, "integer", "The month, 1 to 12." },
	{ "day", time_day, NULL, "integer", "The day, 1 to 31." },
	{ "hour", time_hour, NULL, "integer", "The hour, 0 to 23." },
	{ "minute", time_minute, NULL, "integer", "The minute, 0 to 59." },
	{ "second", time_second, NULL, "integer", "The second, 0 to 59." },
	{ "unix_timestamp", time_unix_timestamp, NULL, "integer",
	    "Whole seconds since 1970." },
	{ "unix_timestamp_millis", time_unix_timestamp_millis, NULL,
	    "integer", "Whole milliseconds since 1970." },
	{ "rfc2822", time_rfc2822, NULL, "string",
	    "As messages have it:\n.Ql Sun, 2 Jan 2000 03:04:05 +0000 ." },
	{ "rfc3339", time_rfc3339, NULL, "string",
	    "As records have it:\n.Ql 2000-01-02T03:04:05+00:00 ." },
	{ "elapsed", time_elapsed, NULL, "TimeDelta",
	    "How long ago it was when the field is read." },
	{ NULL, NULL, NULL, NULL, NULL },
};

static const luaL_Reg time_meta[] = {
	{ "__tostring", time_tostring },
	{ "__eq", time_eq },
	{ "__add", time_add },
	{ "__sub", time_sub },
	{ NULL, NULL },
};

const struct library_type type_time = {
	.name = "Time",
	.about = "A time.  Two can be compared with\n.Ql ==\nand subtracted, "
	    "which gives a TimeDelta; a TimeDelta can be added and "
	    "subtracted.\n.Fn tostring\ngives\n.Ql 2000-01-02 03:04:05 UTC .",
	.methods = time_methods,
	.fields = time_fields,
	.meta = time_meta,
};

/* ---- TimeDelta ----------------------------------------------------------- */

void
time_delta_push(lua_State *L, const struct moment *m)
{
	struct moment *t = library_new(L, &type_time_delta, sizeof(*t));

	*t = *m;
}

static int
delta_seconds(lua_State *L)
{
	lua_pushnumber(L, moment_to_double(delta_check(L, 1)));
	return 1;
}

static int
push_units(lua_State *L, int64_t per_second)
{
	int64_t value;

	if (moment_in(delta_check(L, 1), per_second, &value) == -1)
		return too_far(L);
	lua_pushinteger(L, value);
	return 1;
}

static int
delta_milliseconds(lua_State *L)
{
	return push_units(L, 1000);
}

static int
delta_microseconds(lua_State *L)
{
	return push_units(L, 1000000);
}

static int
delta_nanoseconds(lua_State *L)
{
	return push_units(L, 1000000000);
}

static int
delta_human(lua_State *L)
{
	char text[DURATION_TEXT_MAX];

	lua_pushstring(L, duration_format(delta_check(L, 1), text));
	return 1;
}

static int
delta_eq(lua_State *L)
{
	lua_pushboolean(L, same(library_test(L, 1, &type_time_delta),
	    library_test(L, 2, &type_time_delta)));
	return 1;
}

static int
delta_add(lua_State *L)
{
	const struct moment *a = delta_check(L, 1), *b = delta_check(L, 2);
	struct moment m;

	if (moment_add(a, b, &m) == -1)
		return too_far(L);
	time_delta_push(L, &m);
	return 1;
}

static int
delta_sub(lua_State *L)
{
	const struct moment *a = delta_check(L, 1), *b = delta_check(L, 2);
	struct moment m;

	if (moment_subtract(a, b, &m) == -1)
		return too_far(L);
	time_delta_push(L, &m);
	return 1;
}

static const struct library_field delta_fields[] = {
	{ "seconds", delta_seconds, NULL, "number",
	    "Seconds, with their fraction." },
	{ "nanoseconds", delta_nanoseconds, NULL, "integer",
	    "Nanoseconds.  Raises an error beyond 292 years." },
	{ "milliseconds", delta_milliseconds, NULL, "integer",
	    "Whole milliseconds." },
	{ "microseconds", delta_microseconds, NULL, "integer",
	    "Whole microseconds." },
	{ "human", delta_human, NULL, "string",
	    "As people write it:\n.Ql 1h 30m ,\n.Ql 2days 5ms ,\n.Ql -5m ." },
	{ NULL, NULL, NULL, NULL, NULL },
};

static const luaL_Reg delta_meta[] = {
	{ "__tostring", delta_human },
	{ "__eq", delta_eq },
	{ "__add", delta_add },
	{ "__sub", delta_sub },
	{ NULL, NULL },
};

const struct library_type type_time_delta = {
	.name = "TimeDelta",
	.about = "A span of time, which may be negative.  Two can be compared "
	    "with\n.Ql == ,\nadded and subtracted.\n.Fn tostring\n"
	    "gives the same as the field\n.Va human .",
	.fields = delta_fields,
	.meta = delta_meta,
};

/* ---- Timer --------------------------------------------------------------- */

struct timer_box {
	int64_t start_us; /* -1: it is done */
};

int
timer_start(lua_State *L)
{
	struct timer_box *t;

	arg_span(L, 1);
	t = library_new(L, &type_timer, sizeof(*t));
	lua_pushvalue(L, 1);
	lua_setiuservalue(L, -2, 1);
	t->start_us = clock_mono_us();
	return 1;
}

/* Seconds since it began, once; nil from then on. */
static int
timer_done_now(lua_State *L)
{
	struct timer_box *t = library_check(L, 1, &type_timer);
	double seconds;

	if (t->start_us == -1)
		return 0;
	seconds = (double)(clock_mono_us() - t->start_us) / 1e6;
	lua_getiuservalue(L, 1, 1);
	timing_add(timings_of_process(), arg_span(L, -1), seconds);
	t->start_us = -1;
	lua_pushnumber(L, seconds);
	return 1;
}

static const struct library_function timer_methods[] = {
	{ "done", timer_done_now, "() -> number or nil",
	    "The seconds since the start, which now count in the histogram.  A "
	    "timer counts once: from the second call on\n.Dv nil ." },
	{ NULL, NULL, NULL, NULL },
};

static const luaL_Reg timer_meta[] = {
	{ "__close", timer_done_now },
	{ NULL, NULL },
};

const struct library_type type_timer = {
	.name = "Timer",
	.about = "What\n.Fn start_timer\ngives.  A variable declared with\n"
	    ".Ql <close>\nis done at the end of its block; a timer that is "
	    "never done does not count.",
	.methods = timer_methods,
	.meta = timer_meta,
};
