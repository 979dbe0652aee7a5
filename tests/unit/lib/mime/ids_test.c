/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/check.h"

#include "lib/mime/ids.h"

/* want: ids joined by blanks; NULL: no list of ids. */
static const struct {
	const char *text, *want, *content_id;
} rows[] = {
	{ "<a@b>", "a@b", "a@b" },
	{ " (x) <a@b> (y)\r\n <c@d>,<e@f>", "a@b c@d e@f", NULL },
	{ "<a\r\n b@c>", "ab@c", "ab@c" },
	{ "<no-at>", "no-at", "no-at" },
	{ "a@b", NULL, "a@b" },
	{ "part1.x", NULL, "part1.x" },
	{ "two words", NULL, NULL },
	{ "", NULL, NULL },
	{ "<>", NULL, NULL },
	{ "<a@b", NULL, NULL },
	{ "<<a@b>>", NULL, NULL },
	{ "<a@b> x", NULL, NULL },
};

static void
reading(void **state)
{
	struct arena a = { 0 };
	struct mime_ids ids;
	struct span one;
	struct buf got = { 0 };
	const char *why;
	size_t i, k;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		struct span text = span_of(rows[i].text);
		int rc = mime_ids_parse(&a, text, &ids, &why);

		check_int(rows[i].text, rc, rows[i].want == NULL ? -1 : 0);
		buf_clear(&got, 1000);
		for (k = 0; rc == 0 && k < ids.n; k++)
			buf_addf(&got, "%s%.*s", k == 0 ? "" : " ",
			    SPAN_FMT(ids.v[k]));
		if (rc == 0)
			check_span(rows[i].text, buf_span(&got),
			    span_of(rows[i].want));
		rc = mime_content_id_parse(&a, text, &one, &why);
		check_int(rows[i].text, rc,
		    rows[i].content_id == NULL ? -1 : 0);
		if (rc == 0)
			check_span(rows[i].text, one,
			    span_of(rows[i].content_id));
	}
	check_int("one", mime_id_parse(&a, SPAN_LIT("<a@b> <c@d>"), &one,
	    &why), -1);
	check_str("one", why, "wanted one id");
	buf_free(&got);
	arena_free(&a);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(reading),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
