/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/settings/yaml.h"

/* What is read, as JSON. */
static const struct {
	const char *yaml, *json;
} good_rows[] = {
	{ "", "{}" },
	{ "# nothing\n", "{}" },
	{ "---\n", "{}" },
	{ "a: 1", "{\"a\":1}" },
	{ "a: -7\nb: +7\nc: 0o17\nd: 0xff",
	    "{\"a\":-7,\"b\":7,\"c\":15,\"d\":255}" },
	{ "a: 9223372036854775807", "{\"a\":9223372036854775807}" },
	{ "a: 1.5\nb: 1e3\nc: .5\nd: .inf\ne: 0x", "{\"a\":1.5,\"b\":1000.0,"
	    "\"c\":0.5,\"d\":null,\"e\":\"0x\"}" },
	{ "a: true\nb: False\nc: ~\nd: null\ne:",
	    "{\"a\":true,\"b\":false,\"c\":null,\"d\":null,\"e\":null}" },
	/* YAML 1.1's other words are text. */
	{ "a: yes\nb: no\nc: on\nd: 1_000\ne: 1:30", "{\"a\":\"yes\","
	    "\"b\":\"no\",\"c\":\"on\",\"d\":\"1_000\",\"e\":\"1:30\"}" },
	{ "a: \"1\"\nb: 'true'\nc: |\n  x\n  y\n",
	    "{\"a\":\"1\",\"b\":\"true\",\"c\":\"x\\ny\\n\"}" },
	{ "a: [1, [2, {b: 3}]]", "{\"a\":[1,[2,{\"b\":3}]]}" },
	{ "- 1\n- 2", "[1,2]" },
	{ "b: 1\na: 2", "{\"b\":1,\"a\":2}" },
	{ "25: x", "{\"25\":\"x\"}" },
	{ "\"*\": 1", "{\"*\":1}" },
};

static void
good_test(void **state)
{
	struct problems problems;
	struct value *v;
	struct buf out;
	struct jout j;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good_rows) / sizeof(*good_rows); i++) {
		problems = (struct problems){ 0 };
		out = (struct buf){ 0 };
		v = yaml_parse(span_of(good_rows[i].yaml), &problems);
		if (v == NULL)
			fail_msg("row %zu: %s", i, problems.v[0].text);
		jout_init(&j, &out);
		value_to_json(&j, v);
		buf_add_byte(&out, '\0');
		assert_string_equal((char *)buf_data(&out),
		    good_rows[i].json);
		value_free(&v);
		buf_free(&out);
		problems_free(&problems);
	}
}

static const struct {
	const char *yaml;
	int line;
	const char *text; /* is in the message */
} bad_rows[] = {
	{ "a: 1\na: 2", 2, "key 'a' is there twice" },
	{ "a: &x 1\n", 1, "anchors and tags" },
	{ "a:\n- &x [1]\n", 2, "anchors and tags" },
	{ "a: !!str 1", 1, "anchors and tags" },
	{ "a: *x", 1, "aliases are not taken" },
	{ "x:\n  *: 1", 2, "needs its quotes" },
	{ "<<: {a: 1}", 1, "merge keys" },
	{ "? [a]\n: 1", 1, "a key must be plain text" },
	{ "a: 1\n---\nb: 2", 2, "one document" },
	{ "a: [1", 2, "not YAML" },
	{ "a: 1\n\tb: 2", 2, "not YAML" },
	{ "a: \"\\q\"", 1, "not YAML" },
	{ "\"a\\0b\": 1", 1, "holds a NUL" },
	{ "a: \xff", 1, "not YAML" },
};

static void
bad_test(void **state)
{
	struct problems problems;
	struct value *v;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad_rows) / sizeof(*bad_rows); i++) {
		problems = (struct problems){ 0 };
		v = yaml_parse(span_of(bad_rows[i].yaml), &problems);
		if (v != NULL || problems.errors == 0)
			fail_msg("row %zu was taken", i);
		if (strstr(problems.v[0].text, bad_rows[i].text) == NULL ||
		    problems.v[0].line != bad_rows[i].line)
			fail_msg("row %zu: got %d: %s, want %d: %s", i,
			    problems.v[0].line, problems.v[0].text,
			    bad_rows[i].line, bad_rows[i].text);
		problems_free(&problems);
	}
}

static void
limits_test(void **state)
{
	struct problems problems = { 0 };
	struct buf text = { 0 };
	struct value *v;
	int i;

	(void)state;
	for (i = 0; i < YAML_DEPTH_MAX; i++)
		buf_add_byte(&text, '[');
	for (i = 0; i < YAML_DEPTH_MAX; i++)
		buf_add_byte(&text, ']');
	v = yaml_parse(buf_span(&text), &problems);
	assert_non_null(v);
	value_free(&v);
	buf_clear(&text, 0);
	for (i = 0; i < YAML_DEPTH_MAX + 1; i++)
		buf_add_byte(&text, '[');
	v = yaml_parse(buf_span(&text), &problems);
	assert_null(v);
	assert_string_equal(problems.v[0].text, "nested too deep");
	problems_free(&problems);

	buf_clear(&text, 0);
	for (i = 0; i <= YAML_SIZE_MAX; i++)
		buf_add_byte(&text, '#');
	v = yaml_parse(buf_span(&text), &problems);
	assert_null(v);
	assert_string_equal(problems.v[0].text, "larger than 1 MiB");
	problems_free(&problems);
	buf_free(&text);
}

static void
lines_test(void **state)
{
	struct problems problems = { 0 };
	const struct value *b;
	struct value *v;

	(void)state;
	v = yaml_parse(SPAN_LIT("a: 1\nb:\n  c: x\n  d:\n    - y\n"),
	    &problems);
	assert_non_null(v);
	b = value_get(v, "b");
	assert_int_equal(b->line, 3);
	assert_int_equal(v->u.map.v[1].line, 2);
	assert_int_equal(value_get(b, "c")->line, 3);
	assert_int_equal(value_get(b, "d")->u.list.v[0]->line, 5);
	assert_null(value_get(b, "e"));
	assert_null(value_get(value_get(b, "c"), "e"));
	value_free(&v);
	problems_free(&problems);
}

static void
file_test(void **state)
{
	struct problems problems = { 0 };
	struct buf out = { 0 };

	(void)state;
	assert_null(yaml_load("/nonexistent/ekiden.yaml", &problems));
	problem_notice(&problems, 3, "by the way");
	problems_print(&problems, &out);
	buf_add_byte(&out, '\0');
	assert_string_equal((char *)buf_data(&out),
	    "/nonexistent/ekiden.yaml: cannot be opened: No such file or "
	    "directory\n/nonexistent/ekiden.yaml:3: notice: by the way\n");
	assert_int_equal(problems.errors, 1);
	problems_free(&problems);
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_test),
		cmocka_unit_test(bad_test),
		cmocka_unit_test(limits_test),
		cmocka_unit_test(lines_test),
		cmocka_unit_test(file_test),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
