/* SPDX-License-Identifier: Apache-2.0 */
/* JSON, TOML and YAML as trees and back; tests/lua/serde.lua has more. */
#include "lib/data/json_read.h"
#include "lib/data/json_write.h"
#include "lib/data/toml.h"
#include "lib/settings/value.h"
#include "lib/settings/yaml.h"
#include "lib/settings/yaml_write.h"
#include "tests/support/check.h"

static void
check_tree(const char *row, struct value *v, const char *json)
{
	struct buf out = { .base = NULL };
	struct jout j;

	jout_init(&j, &out);
	value_to_json(&j, v);
	check_span(row, buf_span(&out), span_of(json));
	buf_free(&out);
}

static const struct {
	const char *text, *json;
	unsigned flags;
	int line, column;
	const char *why;
} json_rows[] = {
	{ "{\"a\":[1,-2.5,null],\"b\":{\"c\":\"\\u00e9\"}}",
	    "{\"a\":[1,-2.5,null],\"b\":{\"c\":\"\xc3\xa9\"}}", 0, 0, 0, "" },
	{ " 1 ", "1", 0, 0, 0, "" },
	{ "{\"a\":1,\"b\":2,\"a\":3}", "{\"a\":3,\"b\":2}", 0, 0, 0, "" },
	{ "# x\n[/* y */]// z", "[]", JSON_READ_COMMENTS, 0, 0, "" },
	{ "# x\n[]", NULL, 0, 1, 1, "this is no JSON value" },
	{ "[\n \"\xc3\xa9\", x]", NULL, 0, 2, 7, "this is no JSON value" },
	{ "{\"a\\u0000\":1}", NULL, 0, 1, 1, "a key holds a NUL" },
	{ "{\"a\":{\"b\":[1,", NULL, 0, 1, 14,
	    "the text ends where a value is wanted" },
};

static void
reads_json(void **state)
{
	struct data_error e;
	struct value *v;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(json_rows); i++) {
		memset(&e, 0, sizeof(e));
		v = json_read_value(span_of(json_rows[i].text),
		    json_rows[i].flags, &e);
		check_str(json_rows[i].text, e.text, json_rows[i].why);
		check_int(json_rows[i].text, e.line, json_rows[i].line);
		check_int(json_rows[i].text, e.column, json_rows[i].column);
		check_int(json_rows[i].text, v != NULL,
		    json_rows[i].json != NULL);
		if (v != NULL)
			check_tree(json_rows[i].text, v, json_rows[i].json);
		value_free(&v);
	}
}

static void
lays_out_json(void **state)
{
	struct buf out = { .base = NULL };

	(void)state;
	json_write_pretty(&out, SPAN_LIT("{\"a\":[1,{\"b,[\\\"\":{}}],"
	    "\"c\":[]}"), 4);
	check_span("pretty", buf_span(&out), SPAN_LIT("{\n    \"a\": [\n"
	    "        1,\n        {\n            \"b,[\\\"\": {}\n        }\n"
	    "    ],\n    \"c\": []\n}"));
	buf_free(&out);
}

static void
knows_toml_lines(void **state)
{
	struct value *v = toml_read(SPAN_LIT("a = 1\n\n[b]\nc = 'x'\n"),
	    NULL);

	(void)state;
	assert_non_null(v);
	check_tree("toml", v, "{\"a\":1,\"b\":{\"c\":\"x\"}}");
	check_int("a", value_get(v, "a")->line, 1);
	check_int("b", value_get(v, "b")->line, 3);
	check_int("c", value_get(value_get(v, "b"), "c")->line, 4);
	value_free(&v);
	assert_null(toml_read(SPAN_LIT("a = "), NULL));
}

static void
trees_copy_and_sort(void **state)
{
	struct value *v = json_read_value(SPAN_LIT("{\"b\":[{\"z\":1,"
	    "\"y\":\"t\"},null,true],\"a\":1.5}"), 0, NULL);
	struct value *copy = value_copy(v);

	(void)state;
	check_int("count", value_count(v), 8);
	value_sort(copy);
	check_tree("as it was", v, "{\"b\":[{\"z\":1,\"y\":\"t\"},null,true],"
	    "\"a\":1.5}");
	check_tree("sorted", copy, "{\"a\":1.5,\"b\":[{\"y\":\"t\",\"z\":1},"
	    "null,true]}");
	check_int("found", value_get(copy, "a")->kind, VALUE_FLOAT);
	check_int("found", value_get(copy, "b")->kind, VALUE_LIST);
	value_free(&v);
	value_free(&copy);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_json),
		cmocka_unit_test(lays_out_json),
		cmocka_unit_test(knows_toml_lines),
		cmocka_unit_test(trees_copy_and_sort),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
