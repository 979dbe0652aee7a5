/* SPDX-License-Identifier: Apache-2.0 */
/* Limits of what C functions do for a script, in a state of little memory. */
#include "lib/policy/state.h"

#include "lib/base/log.h"
#include "tests/support/check.h"

/* "" or the error. */
static const char *
run(struct policy *p, const char *script)
{
	budget_begin(p);
	slice_begin(p, p->L);
	lua_settop(p->L, 0);
	if (luaL_dostring(p->L, script) == LUA_OK)
		return "";
	return lua_tostring(p->L, -1);
}

static struct policy *
small_state(void)
{
	struct policy *p = state_new(NULL, MODE_DAEMON);

	check_str("begin", run(p, "kumo = require 'kumo' big = "
	    "string.rep('[a-y]', 1500)"), "");
	p->memory_max = p->memory + 3 * 1024 * 1024;
	return p;
}

static void
garbage_makes_room(void **state)
{
	struct policy *p = small_state();

	(void)state;
	check_str("regex", run(p, "for i = 1, 200 do "
	    "kumo.regex.compile(big) end"), "");
	check_str("map", run(p, "for i = 1, 100 do kumo.regex_set_map.new "
	    "{ [big] = 1, [big .. 'x'] = 2 } end"), "");
	state_free(&p);
}

static void
memory_is_bounded(void **state)
{
	struct policy *p = small_state();

	(void)state;
	assert_non_null(strstr(run(p, "held = {} for i = 1, 200 do "
	    "held[i] = kumo.regex.compile(big) end"), "not enough memory"));
	assert_true(p->out_of_memory);
	assert_true(p->memory <= p->memory_max);
	check_str("again", run(p, "held = nil kumo.regex.compile(big)"), "");
	assert_non_null(strstr(run(p, "t = {} for i = 1, 100 do "
	    "t[big .. i] = i end t = kumo.regex_set_map.new(t)"),
	    "not enough memory"));
	check_str("still", run(p, "t = nil kumo.regex.compile(big)"), "");
	state_free(&p);
}

static void
time_is_bounded(void **state)
{
	struct policy *p = small_state();

	(void)state;
	p->time_max_us = 20000;
	assert_non_null(strstr(run(p, "kumo.regex.compile('a*a*a*[bc]')"
	    ":is_match(string.rep('a', 100000))"), "too long"));
	assert_true(p->too_long);
	assert_true(budget_until(p) < p->slice_us + 20001);
	state_free(&p);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(garbage_makes_room),
		cmocka_unit_test(memory_is_bounded),
		cmocka_unit_test(time_is_bounded),
	};

	log_init("state_test", false, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
