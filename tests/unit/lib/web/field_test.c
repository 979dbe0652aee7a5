/* SPDX-License-Identifier: Apache-2.0 */
/* Fields, texts and forms of HTTP. */
#include "tests/support/check.h"

#include "lib/mail/charset.h"
#include "lib/web/field.h"
#include "lib/web/multipart.h"
#include "lib/web/text.h"

/* RFC 9110 sections 5.6.2 and 5.5. */
static const struct {
	const char *text;
	size_t len;
	bool token, value;
} words[] = {
	{ "Content-Type", 12, true, true },
	{ "!#$%&'*+-.^_`|~09azAZ", 21, true, true },
	{ "", 0, false, true },
	{ "a b", 3, false, true },
	{ "a:", 2, false, true },
	{ "a\tb", 3, false, true },
	{ "a\r\nb", 4, false, false },
	{ "a\0b", 3, false, false },
	{ "a\x7f", 2, false, false },
	{ "\xc3\xbc", 2, false, true },
};

static void
words_test(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(words); i++) {
		struct span s = span_make(words[i].text, words[i].len);

		check_int(words[i].text, web_is_token(s), words[i].token);
		check_int(words[i].text, web_is_value(s), words[i].value);
	}
}

static const struct {
	const char *value, *want;
} parameters[] = {
	{ "text/html; charset=utf-8", "utf-8" },
	{ "text/html;charset=\"ISO-8859-1\"; x=y", "ISO-8859-1" },
	{ "text/html; x=\"a;charset=b\\\"\"; Charset = koi8-r ", "koi8-r" },
	{ "charset=utf-8", "" },
	{ "text/html", "" },
	{ "text/html; charset", "" },
	{ "text/html; xcharset=a", "" },
	{ "text/html; x=\"", "" },
	{ "", "" },
};

static void
parameters_test(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(parameters); i++)
		check_span(parameters[i].value, web_parameter(
		    span_of(parameters[i].value), "charset"),
		    span_of(parameters[i].want));
	check_str("200", web_reason(200), "OK");
	check_str("511", web_reason(511), "Network Authentication Required");
	assert_null(web_reason(299));
	assert_null(web_reason(0));
}

#define TEXT(s) (s), sizeof(s) - 1
#define FFFD "\xef\xbf\xbd"

/* Unicode chapter 3, table 3-8; the Encoding standard's BOM sniffing. */
static const struct {
	const char *charset, *bytes;
	size_t len;
	const char *want;
} texts[] = {
	{ "", TEXT("plain"), "plain" },
	{ "", TEXT(""), "" },
	{ "utf-8", TEXT("gr\xc3\xbcn"), "gr\xc3\xbcn" },
	{ "", TEXT("\xef\xbb\xbfx"), "x" },
	{ "iso-8859-1", TEXT("\xef\xbb\xbf\xc3\xbc"), "\xc3\xbc" },
	{ "utf-8", TEXT("\xfe\xff\x00g\xd8\x3d\xde\x00"),
	    "g\xf0\x9f\x98\x80" },
	{ "utf-8", TEXT("\xff\xfeg\x00\x3d\xd8\x00\xde"),
	    "g\xf0\x9f\x98\x80" },
	{ "UTF-16LE", TEXT("g\x00\x3d\xd8z\x00"), "g" FFFD "z" },
	{ "utf-16be", TEXT("\x00g\xdc\x00\x00"), "g" FFFD FFFD },
	{ "iso-8859-1", TEXT("gr\xfcn"), "gr\xc3\xbcn" },
	{ "Windows-1252", TEXT("\x80"), "\xe2\x82\xac" },
	{ "iso-8859-7", TEXT("\xe1\xff" "b"), "\xce\xb1" FFFD "b" },
	{ "shift_jis", TEXT("\x82\xa0"), "\xe3\x81\x82" },
	{ "x-unknown", TEXT("a\xff" "b"), "a" FFFD "b" },
	{ "us-ascii", TEXT("\xc3\xbc\xc3"), "\xc3\xbc" FFFD },
	{ "", TEXT("\xc0\xaf\xe0\x80\xbf\xf0\x81\x82\x41"),
	    FFFD FFFD FFFD FFFD FFFD FFFD FFFD FFFD "A" },
	{ "", TEXT("\xed\xa0\x80\xf4\x91\x92\x93\xff\x41\x80\xbf\x42"),
	    FFFD FFFD FFFD FFFD FFFD FFFD FFFD FFFD "A" FFFD FFFD "B" },
	{ "", TEXT("\xe1\x80\xe2\xf0\x91\x92\xf1\xbf\x41"),
	    FFFD FFFD FFFD FFFD "A" },
};

static void
texts_test(void **state)
{
	struct charsets *cs = charsets_open();
	struct buf many = { .base = NULL }, got = { .base = NULL };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(texts); i++) {
		buf_clear(&got, 4096);
		web_text_decode(cs, span_of(texts[i].charset),
		    span_make(texts[i].bytes, texts[i].len), &got);
		check_span(texts[i].charset, buf_span(&got),
		    span_of(texts[i].want));
	}
	/* All wrong: it ends, and soon. */
	for (i = 0; i < 1000000; i++)
		buf_add_byte(&many, 0xff);
	buf_clear(&got, 4096);
	web_text_decode(cs, SPAN_LIT("iso-8859-7"), buf_span(&many), &got);
	check_int("all wrong", buf_len(&got), 3000000);
	buf_free(&many);
	buf_free(&got);
	charsets_free(&cs);
}

static void
multipart_test(void **state)
{
	char one[MULTIPART_BOUNDARY + 1], two[MULTIPART_BOUNDARY + 1];
	struct buf b = { .base = NULL };

	(void)state;
	multipart_boundary(one);
	multipart_boundary(two);
	check_int("length", strlen(one), MULTIPART_BOUNDARY);
	assert_string_not_equal(one, two);
	multipart_put(&b, "x", SPAN_LIT("a\"\r\nb"), SPAN_LIT("f\"g"),
	    SPAN_LIT("\xff"));
	multipart_put(&b, "x", SPAN_LIT("c"), SPAN_LIT(""), SPAN_LIT("d"));
	multipart_end(&b, "x");
	check_span("form", buf_span(&b), SPAN_LIT("--x\r\n"
	    "Content-Disposition: form-data; name=\"a%22%0D%0Ab\"; "
	    "filename=\"f%22g\"\r\nContent-Type: application/octet-stream"
	    "\r\n\r\n\xff\r\n--x\r\n"
	    "Content-Disposition: form-data; name=\"c\"\r\n\r\nd\r\n"
	    "--x--\r\n"));
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_test),
		cmocka_unit_test(parameters_test),
		cmocka_unit_test(texts_test),
		cmocka_unit_test(multipart_test),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
