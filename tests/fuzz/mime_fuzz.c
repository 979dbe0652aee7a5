/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages as trees: written again they are the same bytes, a new part is
 * found where it was put, and what was rebuilt has no issue that rebuilding
 * is for.
 */
#include <assert.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/mail/charset.h"
#include "lib/mime/build.h"
#include "lib/mime/conformance.h"
#include "lib/mime/content.h"
#include "lib/mime/report.h"
#include "lib/mime/structure.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct charsets *cs;

static void
check_same(const struct mime *m, struct span message)
{
	struct buf out = { 0 };

	buf_reserve(&out, 1);
	mime_put(m->root, &out);
	assert(span_eq(buf_span(&out), message));
	buf_free(&out);
}

static void
check_parts(const struct mime *m)
{
	static struct mime_structure s;
	struct arena a = { 0 };
	struct mime_content c;
	struct buf body = { 0 };
	struct mime_part *p;
	struct mime copy = { .root = NULL };
	size_t leaves = 0, n = 0;

	for (p = m->root; p != NULL; p = mime_next(m->root, p)) {
		assert(++n <= MIME_PARTS_MAX);
		assert(mime_depth(p) <= MIME_DEPTH_MAX);
		leaves += !mime_is_multipart(p);
		mime_content_read(&a, cs, p, &c);
		buf_clear(&body, 65536);
		mime_body_text(cs, p, &body);
	}
	assert(n == m->n_parts);
	mime_structure_read(m->root, &s);
	assert(s.n + (s.text != NULL) + (s.html != NULL) + (s.amp != NULL) ==
	    leaves);
	p = mime_part_copy(&copy, m->root);
	assert(p != NULL && copy.n_parts == n);
	mime_free(&copy);
	buf_free(&body);
	arena_free(&a);
}

/* A text part behind the others survives writing and reading. */
static void
check_append(struct mime *m)
{
	const char *text = "--what\r\n--end--\r\nk\xc3\xb6nnte", *why;
	struct mime again = { .root = NULL };
	struct mime made = { .root = NULL };
	struct buf out = { 0 }, body = { 0 };
	struct mime_part *part;

	part = mime_text_new(&made, SPAN_LIT("text/plain"), span_of(text),
	    &why);
	assert(part != NULL);
	if (mime_is_multipart(m->root) &&
	    mime_append(m, m->root, part, &why) == 0) {
		mime_put(m->root, &out);
		assert(mime_parse(&again, buf_span(&out), &why) == 0);
		assert(again.root->last != NULL);
		buf_reserve(&body, 1);
		mime_body_text(cs, again.root->last, &body);
		assert(span_eq_str(buf_span(&body), text));
	}
	mime_free(&made);
	mime_free(&again);
	buf_free(&out);
	buf_free(&body);
}

/* The first leaf gets another body, which is read back. */
static void
check_body(struct mime *m, struct span content)
{
	struct mime again = { .root = NULL };
	struct buf out = { 0 }, was = { 0 }, is = { 0 };
	struct mime_part *p = m->root, *q;
	const char *why;
	size_t n = 0, k;

	while (p != NULL && mime_is_multipart(p)) {
		p = mime_next(m->root, p);
		n++;
	}
	if (p == NULL || mime_body_set(m, p, content, SPAN_LIT("image/x"),
	    &why) != 0)
		return;
	mime_message_put(m->root, &out);
	assert(mime_parse(&again, buf_span(&out), &why) == 0);
	for (q = again.root, k = 0; k < n && q != NULL; k++)
		q = mime_next(again.root, q);
	assert(q != NULL);
	buf_reserve(&was, 1);
	buf_reserve(&is, 1);
	mime_body_decode(p, &was);
	mime_body_decode(q, &is);
	assert(span_eq(buf_span(&was), content));
	assert(span_eq(buf_span(&is), content));
	mime_free(&again);
	buf_free(&out);
	buf_free(&was);
	buf_free(&is);
}

/* Parts that rebuilding may leave with an issue. */
static bool
has_exception(const struct mime *m)
{
	struct arena a = { 0 };
	struct mime_content c;
	const struct mime_part *p;
	bool found = false;
	size_t i;

	for (p = m->root; p != NULL; p = mime_next(m->root, p)) {
		mime_content_read(&a, cs, p, &c);
		if (c.encoding == MIME_UNKNOWN_ENCODING ||
		    mime_content_is(&c, "message/"))
			found = true;
		for (i = 0; i < p->n_fields; i++)
			found |= text_has_8bit(p->fields[i].value);
	}
	arena_free(&a);
	return found;
}

static void
check_rebuild(const struct mime *m, bool detect)
{
	struct mime_rebuild how = { .charsets = cs, .detect.on = detect };
	struct mime fresh = { .root = NULL }, again = { .root = NULL };
	struct buf out = { 0 };
	const char *why;
	unsigned issues;

	if (mime_rebuild(&fresh, m->root, &how, &why) == 0) {
		mime_message_put(fresh.root, &out);
		assert(mime_parse(&again, buf_span(&out), &why) == 0);
		issues = mime_issues_find(&again, buf_span(&out)) &
		    ~(unsigned)MIME_MISSING_HEADERS;
		assert(issues == 0 || has_exception(m));
	}
	mime_free(&fresh);
	mime_free(&again);
	buf_free(&out);
}

static void
check_reports(const struct mime *m)
{
	struct arena a = { 0 };
	struct feedback feedback;
	struct dsn dsn;
	const char *why;

	if (dsn_parse(&a, cs, m, &dsn, &why) == REPORT_BAD)
		assert(why != NULL);
	if (feedback_parse(&a, cs, m, &feedback, &why) == REPORT_BAD)
		assert(why != NULL);
	arena_free(&a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span message = span_make(data, size);
	struct mime m = { .root = NULL };
	const char *why;

	if (cs == NULL)
		cs = charsets_open();
	if (mime_parse(&m, message, &why) == 0) {
		check_same(&m, message);
		check_parts(&m);
		mime_issues_find(&m, message);
		check_rebuild(&m, false);
		check_rebuild(&m, true);
		check_reports(&m);
		check_append(&m);
		check_body(&m, message);
	} else {
		assert(why != NULL);
	}
	mime_free(&m);
	return 0;
}
