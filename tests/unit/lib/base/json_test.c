/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/json.h"

#include <string.h>

#include "tests/support/check.h"

static const struct {
	const char *text;
	bool is_value;
} values[] = {
	{ "\"x\"", true }, { " 1 ", true }, { "-0.5e+10", true },
	{ "true", true }, { "null", true }, { "[]", true }, { "{}", true },
	{ "[ ]", true }, { "{\"a\":[1,{\"b\":null}],\"c\":\"\"}", true },
	{ "[[],[[]],{}]", true }, { "\"\\ud83d\\ude00\\n\"", true },
	{ "{ \"a\" : 1 , \"b\" : [ 2 ] }", true },
	{ "", false }, { "\"x", false }, { "x", false }, { "01", false },
	{ "1.", false }, { ".1", false }, { "+1", false }, { "1e", false },
	{ "tru", false }, { "[1,]", false }, { "[,1]", false },
	{ "{\"a\":1,}", false }, { "{\"a\"}", false }, { "{a:1}", false },
	{ "{\"a\":1]", false }, { "[1}", false }, { "1 2", false },
	{ "\"a\"\"b\"", false }, { "[1 2]", false }, { "]", false },
	{ "[", false }, { "{", false }, { "{\"a\":", false },
	{ "\"\n\"", false }, { "1\n", false }, { "[1,\n2]", false },
	{ "\"\\x\"", false }, { "\"\\u12g4\"", false },
	{ "\"\\ud83d\"", false }, { "\"\\ude00\"", false },
	{ "\"\xff\"", false }, { "1}\n{\"type\":\"Delivery\"", false },
};

static void
knows_values(void **state)
{
	char deep[2 * JSON_DEPTH_MAX + 2];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(values); i++)
		check_int(values[i].text, json_is_value(
		    span_of(values[i].text)), values[i].is_value);
	memset(deep, '[', JSON_DEPTH_MAX + 1);
	memset(deep + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
	check_int("deep", json_is_value(span_make(deep + 1,
	    2 * JSON_DEPTH_MAX)), true);
	check_int("too deep", json_is_value(span_make(deep, sizeof(deep))),
	    false);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
