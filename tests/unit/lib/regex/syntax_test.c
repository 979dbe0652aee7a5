/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/regex/regex.h"

#include "tests/support/check.h"

static const struct {
	const char *rust, *pcre; /* NULL: refused */
} rows[] = {
	{ "a.b", "a.b" },
	{ "\\h", "[0-9A-Fa-f]" },
	{ "[\\h_]", "[0-9A-Fa-f_]" },
	{ "\\u{1F600}", "\\x{1F600}" },
	{ "\\x41z", "\\x{41}z" },
	{ "\\<a\\>", "(?:\\b(?=\\w))a(?:\\b(?<=\\w))" },
	{ "[a-z&&[b]]", "(?:(?=(?:[b]))[a-z])" },
	{ "[a--b&&c]", "(?:(?=[c])(?:(?![b])[a]))" },
	{ "[^a[b]]", "(?:(?!(?:[a]|[b]))(?s:.))" },
	{ "[[a][b]]", "(?:[a]|[b])" },
	{ "[]^]", "[\\]\\^]" },
	{ "(?u:a)", "(?:a)" },
	{ "(?ix-s:a b)", "(?ix-s:a b)" },
	{ "(?x)a#[\nb", "(?x)a\nb" },
	{ "(?x:#[\n)#[a]", "(?x:\n)#[a]" },
	{ "\\p{Lowercase_Letter}\\p{Greek}", "\\p{Ll}\\p{Greek}" },
	{ "(?#x)a", "a" },
	{ "(*ACCEPT)", NULL },
	{ "[a", NULL },
	{ "(?R)", NULL },
};

static void
translates(void **state)
{
	struct buf out = { .base = NULL };
	const char *why;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		buf_clear(&out, 4096);
		check_int(rows[i].rust, regex_translate(span_of(rows[i].rust),
		    &out, &why), rows[i].pcre == NULL ? -1 : 0);
		if (rows[i].pcre == NULL)
			assert_non_null(why);
		else
			check_span(rows[i].rust, buf_span(&out),
			    span_of(rows[i].pcre));
	}
	buf_free(&out);
}

static void
pieces(void **state)
{
	static const struct {
		const char *text, *want; /* groups in <> */
	} table[] = {
		{ "", "" }, { "a$1b", "a<1b>" }, { "${1}b$$c", "<1>b$c" },
		{ "$", "$" }, { "$-$x", "$-<x>" }, { "${x", "${x" },
		{ "${}", "<>" }, { "$_9z!", "<_9z>!" },
	};
	struct buf out = { .base = NULL };
	struct span left, piece;
	bool group;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(table); i++) {
		buf_clear(&out, 4096);
		left = span_of(table[i].text);
		while (regex_piece_next(&left, &piece, &group)) {
			if (group)
				buf_add_byte(&out, '<');
			buf_add_span(&out, piece);
			if (group)
				buf_add_byte(&out, '>');
		}
		check_span(table[i].text, buf_span(&out),
		    span_of(table[i].want));
	}
	buf_free(&out);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(translates),
		cmocka_unit_test(pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
