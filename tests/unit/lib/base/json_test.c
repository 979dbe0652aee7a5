/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/json.h"

#include "tests/support/check.h"
#include "tests/support/jansson.h"

static void
keeps_commas(void **state)
{
	struct buf b = { 0 };
	struct json j;

	(void)state;
	json_init(&j, &b);
	json_object(&j);
	json_key_text(&j, "a", SPAN_LIT("x"));
	json_key(&j, SPAN_LIT("b"));
	json_array(&j);
	json_array_end(&j);
	json_key(&j, SPAN_LIT("c"));
	json_array(&j);
	json_int(&j, INT64_MIN);
	json_uint(&j, UINT64_MAX);
	json_bool(&j, false);
	json_object(&j);
	json_object_end(&j);
	json_null(&j);
	json_raw(&j, SPAN_LIT("[1]"));
	json_array_end(&j);
	json_key_null(&j, "d");
	json_key_uint(&j, "e", 0);
	json_object_end(&j);
	check_span("all", buf_span(&b), SPAN_LIT(
	    "{\"a\":\"x\",\"b\":[],\"c\":[-9223372036854775808,"
	    "18446744073709551615,false,{},null,[1]],\"d\":null,\"e\":0}"));
	buf_free(&b);
}

static const struct {
	const char *row;
	struct span in;
	const char *out;
} texts[] = {
	{ "plain", SPAN_LIT("abc"), "\"abc\"" },
	{ "escapes", SPAN_LIT("\"\\/\n\r\t\b"),
	    "\"\\\"\\\\/\\n\\r\\t\\u0008\"" },
	{ "controls", SPAN_LIT("\0\x1f\x7f"), "\"\\u0000\\u001f\\u007f\"" },
	{ "utf8", SPAN_LIT("\xc3\xa9\xe9\xa7\x85\xf0\x9f\x98\x80"),
	    "\"\xc3\xa9\xe9\xa7\x85\xf0\x9f\x98\x80\"" },
	{ "bad byte", SPAN_LIT("a\xff" "b"), "\"a\xef\xbf\xbd" "b\"" },
	{ "good beside bad",
	    SPAN_LIT("\xc3\xa9\x80\xe9\xa7\x85\xf0\x9f\x98\x80"),
	    "\"\xc3\xa9\xef\xbf\xbd\xe9\xa7\x85\xf0\x9f\x98\x80\"" },
	{ "overlong", SPAN_LIT("\xc0\xaf"), "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
	{ "cut short", SPAN_LIT("\xe9\xa7"), "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
	{ "cut by a quote", SPAN_LIT("\xe9\""), "\"\xef\xbf\xbd\\\"\"" },
};

static void
escapes(void **state)
{
	struct buf b = { 0 };
	struct json j;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(texts); i++) {
		buf_clear(&b, 1000);
		json_init(&j, &b);
		json_text(&j, texts[i].in);
		check_span(texts[i].row, buf_span(&b), span_of(texts[i].out));
	}
	buf_free(&b);
}

/* Any bytes become text that another JSON library reads. */
static void
any_bytes_are_readable(void **state)
{
	struct buf b = { 0 };
	unsigned random = 3;
	struct json j;
	json_t *back;
	char in[40];
	int i, k;

	(void)state;
	for (i = 0; i < 20000; i++) {
		for (k = 0; k < (int)sizeof(in); k++) {
			random = random * 1664525 + 1013904223;
			in[k] = (char)(random >> 24);
			if (random & 0x8000)
				in[k] |= (char)0xc0;
		}
		buf_clear(&b, 1000);
		json_init(&j, &b);
		json_text(&j, span_make(in, (size_t)i % sizeof(in)));
		back = json_loadb((char *)buf_data(&b), buf_len(&b),
		    JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
		if (back == NULL)
			fail_msg("not JSON: %.*s", SPAN_FMT(buf_span(&b)));
		json_decref(back);
		assert_true(json_is_value(buf_span(&b)));
	}
	buf_free(&b);
}

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
		cmocka_unit_test(keeps_commas),
		cmocka_unit_test(escapes),
		cmocka_unit_test(any_bytes_are_readable),
		cmocka_unit_test(knows_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
