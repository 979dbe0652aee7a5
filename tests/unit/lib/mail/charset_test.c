/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/mail/charset.h"

#include "tests/support/check.h"

static const struct {
	const char *name, *utf8, *bytes, *lossy; /* bytes NULL: refused */
} rows[] = {
	{ "iso-8859-1", "\xc3\xa9", "\xe9", "\xe9" },
	{ "ISO-8859-1", "a\xe2\x82\xac", NULL, "a" },
	{ "windows-1252", "a\xe2\x82\xac", "a\x80", "a\x80" },
	{ "ascii", "a\xc3\xa9" "b", NULL, "ab" },
	{ "utf-8", "\xc3\xa9", "\xc3\xa9", "\xc3\xa9" },
	{ "iso-2022-jp", "a\xe6\x97\xa5", "a\33$BF|\33(B", "a\33$BF|\33(B" },
	{ "shift_jis", "\\~\xe6\x97\xa5", "\\~\x93\xfa", "\\~\x93\xfa" },
	{ "gb2312", "\xf0\x9f\x98\x80x", NULL, "x" },
	{ "iso-8859-1", "\xff", NULL, NULL },
	{ "klingon", "a", NULL, NULL },
};

static void
encodes(void **state)
{
	struct charsets *cs = charsets_open();
	struct buf out = { .base = NULL };
	size_t i;
	int lossy;

	(void)state;
	check_int("not opened", charset_from_utf8(cs, SPAN_LIT("koi8-r"),
	    SPAN_LIT("a"), true, &out), -1);
	charsets_open_encoders(cs);
	for (i = 0; i < COUNT(rows); i++) {
		for (lossy = 0; lossy < 2; lossy++) {
			const char *want = lossy ? rows[i].lossy :
			    rows[i].bytes;

			buf_clear(&out, 4096);
			check_int(rows[i].name, charset_from_utf8(cs,
			    span_of(rows[i].name), span_of(rows[i].utf8),
			    lossy, &out), want == NULL ? -1 : 0);
			check_span(rows[i].name, buf_span(&out),
			    span_of(want));
		}
	}
	assert_true(charset_is_known(cs, SPAN_LIT("KOI8-R")));
	assert_false(charset_is_known(cs, SPAN_LIT("klingon")));
	buf_free(&out);
	charsets_free(&cs);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(encodes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
