/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/check.h"

#include <stdio.h>
#include <string.h>

#include "lib/mime/build.h"
#include "lib/mime/content.h"
#include "lib/mime/part.h"
#include "lib/mime/structure.h"

#define MIXED "Content-Type: multipart/mixed; boundary=b\r\n\r\n"

/*
 * shape: a leaf is its body between quotes, a multipart its parts between
 * brackets, with the number of fields before each.
 */
static const struct {
	const char *text, *shape;
} rows[] = {
	{ "", "0''" },
	{ "\r\n", "0''" },
	{ "body", "1''" },
	{ "a body\r\n", "0'a body\r\n'" },
	{ "A: 1\r\nB: 2\r\n\r\nx", "2'x'" },
	{ "A: 1\nB: 2\n\nx\n", "2'x\n'" },
	{ "A: 1\rB: 2\r\rx\r", "2'x\r'" },
	{ "A: 1\r\n 2\r\n\t3\r\n\r\nx", "1'x'" },
	{ "A : 1\r\n\r\nx", "1'x'" },
	{ "A: 1\r\nSubject\r\nB: 2\r\n\r\nx", "3'x'" },
	{ "A: 1\r\nnot a field\r\n\r\nx", "1'not a field\r\n\r\nx'" },
	{ " folded nothing\r\n\r\nx", "0' folded nothing\r\n\r\nx'" },
	{ "A: 1", "1''" },
	{ MIXED "--b\r\n\r\none\r\n--b\r\nX: y\r\n\r\ntwo\r\n--b--\r\n",
	    "1[0'one'1'two']" },
	{ MIXED "pre\r\n--b\r\n\r\none\r\n--b--\r\npost\r\n--b\r\nx",
	    "1[0'one']" },
	/* Delimiters: blanks behind, any line end; not in the middle. */
	{ MIXED "--b \t\n\none\n--b--  \n", "1[0'one']" },
	{ MIXED "--b\r\n\r\none --b\r\n--bb\r\n--b-\r\n ---b\r\n--b--",
	    "1[0'one --b\r\n--bb\r\n--b-\r\n ---b']" },
	{ MIXED "--b\r\n\r\n\r\n--b\r\n\r\n--b--", "1[0''0'']" },
	{ MIXED "--b\r\n--b\r\nX: y\r\n--b--", "1[0''1'']" },
	{ MIXED "--b--\r\nx", "1[]" },
	{ MIXED "no delimiter", "1'no delimiter'" },
	{ MIXED "", "1''" },
	/* Unclosed, and without the blank line before the first. */
	{ MIXED "--b\r\n\r\none\r\n--b\r\n\r\ntwo\r\n", "1[0'one'0'two\r\n']" },
	{ "Content-Type: multipart/x; boundary=b\r\n--b\r\n\r\n1\r\n--b--",
	    "1[0'1']" },
	/* The outer one's delimiter ends what is inside. */
	{ MIXED "--b\r\nContent-Type: multipart/mixed; boundary=i\r\n\r\n"
	    "--i\r\n\r\none\r\n--b\r\n\r\ntwo\r\n--b--", "1[1[0'one']0'two']" },
	{ MIXED "--b\r\nContent-Type: multipart/mixed; boundary=i\r\n\r\n"
	    "--i\r\n\r\none\r\n--i--\r\n--b\r\n\r\ntwo\r\n--i\r\n--b--",
	    "1[1[0'one']0'two\r\n--i']" },
	{ MIXED "--b\r\nContent-Type: multipart/mixed; boundary=i\r\n\r\n"
	    "--b--", "1[1'']" },
	{ MIXED "--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
	    "--b\r\n\r\nx\r\n--b--", "1[1''0'x']" },
	{ MIXED "--b\r\nContent-Type: message/rfc822\r\n\r\nContent-Type: "
	    "multipart/mixed; boundary=i\r\n\r\n--i--\r\n--b--",
	    "1[1'Content-Type: multipart/mixed; boundary=i\r\n\r\n--i--']" },
	{ "Content-Type: multipart/mixed; boundary=\"--\"\r\n\r\n----\r\n\r\nx"
	    "\r\n------", "1[0'x']" },
	{ "Content-Type: multipart/mixed\r\n\r\n--\r\n\r\nx",
	    "1'--\r\n\r\nx'" },
};

static void
shape_put(const struct mime_part *p, struct buf *out)
{
	const struct mime_part *c;

	buf_addf(out, "%zu", p->n_fields);
	if (!mime_is_multipart(p)) {
		buf_addf(out, "'%.*s'", SPAN_FMT(p->body));
		return;
	}
	buf_add_byte(out, '[');
	for (c = p->first; c != NULL; c = c->next)
		shape_put(c, out);
	buf_add_byte(out, ']');
}

static void
check_row(const char *text, const char *shape)
{
	struct mime m = { .root = NULL };
	struct buf got = { 0 };
	const char *why;

	check_int(text, mime_parse(&m, span_of(text), &why), 0);
	shape_put(m.root, &got);
	check_span(text, buf_span(&got), span_of(shape));
	buf_clear(&got, 1000);
	buf_reserve(&got, 1);
	mime_put(m.root, &got);
	check_span("written", buf_span(&got), span_of(text));
	mime_free(&m);
	buf_free(&got);
}

static void
parsed(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++)
		check_row(rows[i].text, rows[i].shape);
}

/* ---- limits ------------------------------------------------------------- */

static void
check_limit(const struct buf *text, const char *why_not)
{
	struct mime m = { .root = NULL };
	const char *why;
	int rc = mime_parse(&m, buf_span(text), &why);

	check_int(why_not != NULL ? why_not : "fits", rc,
	    why_not == NULL ? 0 : -1);
	if (why_not != NULL)
		check_str("why", why, why_not);
	mime_free(&m);
}

static void
limits(void **state)
{
	struct buf text = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < MIME_DEPTH_MAX; i++)
		buf_addf(&text, "Content-Type: multipart/mixed; boundary=b%zu"
		    "\r\n\r\n--b%zu\r\n", i, i);
	check_limit(&text, NULL);
	buf_add_str(&text, MIXED);
	check_limit(&text, "its parts are nested too deep");

	buf_clear(&text, 0);
	buf_add_str(&text, MIXED);
	for (i = 1; i < MIME_PARTS_MAX; i++)
		buf_add_str(&text, "--b\r\n");
	check_limit(&text, NULL);
	buf_add_str(&text, "--b\r\n");
	check_limit(&text, "it has too many parts");

	buf_clear(&text, 0);
	for (i = 0; i < MIME_FIELDS_MAX; i++)
		buf_add_str(&text, "a:\r\n");
	check_limit(&text, NULL);
	buf_add_str(&text, "a:\r\n");
	check_limit(&text, "a header has too many fields");

	buf_clear(&text, 0);
	buf_add_str(&text, "a: ");
	for (i = 0; i < MIME_HEADER_BYTES_MAX / 64; i++)
		buf_add_str(&text, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		    "xxxxxxxxxxxxxxxxxxxxx\n ");
	check_limit(&text, "a header is too large");
	buf_free(&text);
}

/* ---- fields ------------------------------------------------------------- */

static void
check_put(const char *row, const struct mime_part *p, const char *want)
{
	struct buf got = { 0 };

	buf_reserve(&got, 1);
	mime_put(p, &got);
	check_span(row, buf_span(&got), span_of(want));
	buf_free(&got);
}

static void
fields(void **state)
{
	struct mime m = { .root = NULL };
	const struct mime_field *f;
	const char *why;

	(void)state;
	mime_parse(&m, SPAN_LIT("A:  1 \n  2  \nb : x\nNone\na: 3\n\nbody"),
	    &why);
	f = mime_field_find(m.root, SPAN_LIT("a"));
	check_span("value", f->value, SPAN_LIT("1 \n  2"));
	check_span("whole", f->whole, SPAN_LIT("A:  1 \n  2  \n"));
	assert_true(mime_field_find(m.root, SPAN_LIT("B"))->spaced);
	assert_true(mime_field_find(m.root, SPAN_LIT("none"))->no_colon);
	assert_null(mime_field_find(m.root, SPAN_LIT("C")));
	check_span("none", mime_field_value(m.root, "None"), span_of(""));
	mime_field_set(&m, m.root, SPAN_LIT("A"), SPAN_LIT("4"));
	mime_field_prepend(&m, m.root, SPAN_LIT("P"), SPAN_LIT("5"));
	mime_field_append(&m, m.root, SPAN_LIT("E"), span_of(""));
	mime_field_set(&m, m.root, SPAN_LIT("N"), SPAN_LIT("6"));
	mime_field_remove(m.root, SPAN_LIT("none"));
	check_put("changed", m.root, "P: 5\r\nA: 4\r\nb : x\nE:\r\nN: 6\r\n"
	    "\nbody");
	mime_free(&m);
	/* A header that did not end does so once it is changed. */
	mime_parse(&m, SPAN_LIT("A: 1"), &why);
	mime_field_append(&m, m.root, SPAN_LIT("B"), SPAN_LIT("2"));
	check_put("unfinished", m.root, "A: 1\r\nB: 2\r\n\r\n");
	mime_free(&m);
	mime_parse(&m, SPAN_LIT("no header at all"), &why);
	mime_field_append(&m, m.root, SPAN_LIT("B"), SPAN_LIT("2"));
	check_put("none", m.root, "B: 2\r\n\r\nno header at all");
	mime_free(&m);
	assert_false(mime_field_name_valid(span_of("")));
	assert_false(mime_field_name_valid(SPAN_LIT("a b")));
	assert_false(mime_field_name_valid(SPAN_LIT("a:")));
	assert_false(mime_field_name_valid(SPAN_LIT("\xc3\xa9")));
	assert_true(mime_field_name_valid(SPAN_LIT("X-Y_z!")));
}

/* ---- changes ------------------------------------------------------------ */

/* What a change leaves alone, with odd line ends and an empty part. */
static void
changes(void **state)
{
	struct mime m = { .root = NULL }, other = { .root = NULL };
	struct mime_part *text;
	const char *why;

	(void)state;
	text = mime_text_new(&other, SPAN_LIT("text/x"), SPAN_LIT("new"),
	    &why);
	mime_parse(&m, SPAN_LIT(MIXED "--b\nX: y\n--b\n\none\n--b--\nend"),
	    &why);
	/* The empty first part had no line end for its delimiter. */
	check_int("set", mime_body_set(&m, m.root->first, SPAN_LIT("now"),
	    SPAN_LIT("text/x"), &why), 0);
	check_int("add", mime_append(&m, m.root, text, &why), 0);
	check_put("changed", m.root, MIXED "--b\nX: y\nContent-Type: text/x;"
	    "\r\n\tcharset=\"us-ascii\"\r\n\r\nnow\r\n--b\n\none\r\n--b\r\n"
	    "Content-Type: text/x;\r\n\tcharset=\"us-ascii\"\r\n\r\nnew"
	    "\n--b--\nend");
	mime_free(&m);
	/* One that nobody closed is closed when something comes behind. */
	mime_parse(&m, SPAN_LIT(MIXED "--b\r\n\r\none"), &why);
	mime_append(&m, m.root, text, &why);
	check_put("closed", m.root, MIXED "--b\r\n\r\none\r\n--b\r\n"
	    "Content-Type: text/x;\r\n\tcharset=\"us-ascii\"\r\n\r\nnew\r\n"
	    "--b--\r\n");
	mime_free(&m);
	/* Another boundary in the header changes all delimiters. */
	mime_parse(&m, SPAN_LIT(MIXED "p\n--b\n\none\n--b--\nend"), &why);
	mime_field_set(&m, m.root, SPAN_LIT("Content-Type"),
	    SPAN_LIT("multipart/mixed; boundary=new"));
	check_put("other", m.root, "Content-Type: multipart/mixed; "
	    "boundary=new\r\n\r\np\r\n--new\r\n\none\r\n--new--\r\n");
	mime_free(&m);
	mime_free(&other);
}

static void
delimiters(void **state)
{
	struct span b = SPAN_LIT("b");

	(void)state;
	assert_true(mime_has_delimiter(SPAN_LIT("--b"), b));
	assert_true(mime_has_delimiter(SPAN_LIT("x\n--bc"), b));
	assert_true(mime_has_delimiter(SPAN_LIT("x\r--b--"), b));
	assert_false(mime_has_delimiter(SPAN_LIT("x--b"), b));
	assert_false(mime_has_delimiter(SPAN_LIT("b\nb\n-b"), b));
	assert_false(mime_has_delimiter(SPAN_LIT("--"), span_of("")));
}

static void
structure(void **state)
{
	struct mime m = { .root = NULL };
	struct mime_structure s;
	struct mime_content c;
	struct arena a = { 0 };
	const char *why;

	(void)state;
	mime_parse(&m, SPAN_LIT("Content-Type: multipart/digest; boundary=b"
	    "\r\n\r\n--b\r\n\r\nA: b\r\n--b\r\nContent-Type: bad\r\n\r\nx\r\n"
	    "--b\r\nContent-Type: TEXT/HTML; charset=X\r\n"
	    "Content-Disposition: inline\r\nContent-ID: <i>\r\n\r\nh\r\n--b\r\n"
	    "Content-Type: text/html; name=n\r\nContent-Disposition: odd\r\n"
	    "Content-Transfer-Encoding: BASE64 (x)\r\n\r\neA==\r\n--b--"),
	    &why);
	mime_structure_read(m.root, &s);
	assert_null(s.text);
	assert_ptr_equal(s.html, m.root->first->next->next);
	check_int("attachments", s.n, 3);
	mime_content_read(&a, NULL, m.root->first, &c);
	check_span("digest", c.type.value, SPAN_LIT("message/rfc822"));
	mime_content_read(&a, NULL, s.html, &c);
	check_span("charset", c.charset, SPAN_LIT("X"));
	check_span("id", c.content_id, SPAN_LIT("i"));
	assert_true(c.has_disposition && !c.attachment);
	mime_content_read(&a, NULL, m.root->last, &c);
	check_span("name", c.file_name, SPAN_LIT("n"));
	assert_true(c.attachment && c.encoding == MIME_BASE64);
	arena_free(&a);
	mime_free(&m);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(parsed),
		cmocka_unit_test(limits),
		cmocka_unit_test(fields),
		cmocka_unit_test(changes),
		cmocka_unit_test(delimiters),
		cmocka_unit_test(structure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
