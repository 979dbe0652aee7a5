/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/check.h"

#include "lib/mime/word.h"

static const struct {
	const char *text, *want;
} words[] = {
	{ "plain text", "plain text" },
	{ "  two  blanks  ", "two  blanks" },
	{ "a\r\nb", "a b" },
	{ "123456789 123456789 123456789 123456789 123456789 123456789 "
	    "123456789 123456", "123456789 123456789 123456789 123456789 "
	    "123456789 123456789 123456789\r\n\t123456" },
	{ "gr\xc3\xbcn_=?", "=?UTF-8?q?gr=C3=BCn=5F=3D=3F?=" },
	{ "\xff", "=?unknown-8bit?q?=FF?=" },
	{ "a\x01", "=?UTF-8?q?a=01?=" },
	/* At most 75 octets to a word, no character cut in two. */
	{ "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
	    "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac",
	    "=?UTF-8?q?=E2=82=AC=E2=82=AC=E2=82=AC=E2=82=AC=E2=82=AC=E2=82=AC"
	    "=E2=82=AC?=\r\n\t=?UTF-8?q?=E2=82=AC?=" },
};

static const struct {
	const char *name, *one, *several;
} phrases[] = {
	{ "Ann", "Ann", "Ann" },
	{ "Ann Lee", "\"Ann Lee\"", "Ann Lee" },
	{ "Ann  Lee", "\"Ann  Lee\"", "\"Ann  Lee\"" },
	{ "A \"B\" \\", "\"A \\\"B\\\" \\\\\"", "\"A \\\"B\\\" \\\\\"" },
	{ "", "\"\"", "\"\"" },
	{ "\xc3\xb6", "=?UTF-8?q?=C3=B6?=", "=?UTF-8?q?=C3=B6?=" },
	{ "a\nb", "=?UTF-8?q?a=0Ab?=", "=?UTF-8?q?a=0Ab?=" },
};

static void
writing(void **state)
{
	struct buf got = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(words); i++) {
		buf_clear(&got, 1000);
		mime_words_put(span_of(words[i].text), &got);
		check_span(words[i].text, buf_span(&got),
		    span_of(words[i].want));
	}
	for (i = 0; i < COUNT(phrases); i++) {
		buf_clear(&got, 1000);
		mime_phrase_put(span_of(phrases[i].name), false, &got);
		check_span(phrases[i].name, buf_span(&got),
		    span_of(phrases[i].one));
		buf_clear(&got, 1000);
		mime_phrase_put(span_of(phrases[i].name), true, &got);
		check_span(phrases[i].name, buf_span(&got),
		    span_of(phrases[i].several));
	}
	buf_clear(&got, 1000);
	mime_unfold(SPAN_LIT("a\r\n \tb\n c\r\td "), &got);
	check_span("unfold", buf_span(&got), SPAN_LIT("a b c d "));
	buf_free(&got);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(writing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
