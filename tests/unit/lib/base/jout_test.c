/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/jout.h"

#include <jansson.h>

#include "lib/base/json.h"
#include "tests/support/check.h"

static void
keeps_commas(void **state)
{
	struct buf b = { 0 };
	struct jout j;

	(void)state;
	jout_init(&j, &b);
	jout_object(&j);
	jout_key_text(&j, "a", SPAN_LIT("x"));
	jout_key(&j, SPAN_LIT("b"));
	jout_array(&j);
	jout_array_end(&j);
	jout_key(&j, SPAN_LIT("c"));
	jout_array(&j);
	jout_int(&j, INT64_MIN);
	jout_uint(&j, UINT64_MAX);
	jout_bool(&j, false);
	jout_object(&j);
	jout_object_end(&j);
	jout_null(&j);
	jout_raw(&j, SPAN_LIT("[1]"));
	jout_array_end(&j);
	jout_key_null(&j, "d");
	jout_key_uint(&j, "e", 0);
	jout_object_end(&j);
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
	struct jout j;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(texts); i++) {
		buf_clear(&b, 1000);
		jout_init(&j, &b);
		jout_text(&j, texts[i].in);
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
	struct jout j;
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
		jout_init(&j, &b);
		jout_text(&j, span_make(in, (size_t)i % sizeof(in)));
		back = json_loadb((char *)buf_data(&b), buf_len(&b),
		    JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
		if (back == NULL)
			fail_msg("not JSON: %.*s", SPAN_FMT(buf_span(&b)));
		json_decref(back);
		assert_true(json_is_value(buf_span(&b)));
	}
	buf_free(&b);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_commas),
		cmocka_unit_test(escapes),
		cmocka_unit_test(any_bytes_are_readable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
