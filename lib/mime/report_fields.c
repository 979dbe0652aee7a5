/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/mime/report_fields.h"

#include <string.h>

#include "lib/base/text.h"
#include "lib/mail/chars.h"
#include "lib/mail/header.h"
#include "lib/mime/content.h"
#include "lib/mime/date.h"
#include "lib/mime/line.h"
#include "lib/mime/word.h"

int
report_fault(struct report_reader *r, const char *name, const char *why)
{
	if (r->why == NULL)
		r->why = arena_printf(r->a, "%s %s", name, why);
	return -1;
}

/* ---- groups ------------------------------------------------------------- */

static struct report_field *
field_add(struct report_reader *r, struct report_fields *f)
{
	struct report_field *grown;

	/* Sizes are powers of two: full when the count is one. */
	if (f->n == REPORT_FIELDS_MAX)
		return NULL;
	if ((f->n & (f->n - 1)) == 0) {
		grown = arena_alloc(r->a,
		    (f->n == 0 ? 1 : f->n * 2) * sizeof(*grown));
		if (f->n != 0)
			memcpy(grown, f->v, f->n * sizeof(*grown));
		f->v = grown;
	}
	return &f->v[f->n++];
}

static int
field_read(struct report_reader *r, struct span line, struct span whole,
    struct report_fields *out)
{
	struct report_field *field;
	struct buf value = { 0 }, text = { 0 };
	size_t n = 0;

	while (n < line.len && char_is(line.p[n], CHAR_FTEXT))
		n++;
	line = span_trim(span_from(whole, n));
	if (n == 0 || line.len == 0 || line.p[0] != ':')
		return report_fault(r, "a line", "is no field");
	field = field_add(r, out);
	if (field == NULL)
		return report_fault(r, "the report", "has too many fields");
	field->name = arena_span(r->a, span_make(whole.p, n));
	ascii_lower_all((char *)(uintptr_t)field->name.p, n);
	buf_reserve(&value, 1);
	mime_unfold(span_from(line, 1), &text);
	header_decode(buf_span(&text), r->charsets, &value);
	field->value = arena_span(r->a, buf_span(&value));
	buf_free(&value);
	buf_free(&text);
	return 0;
}

static bool
is_blank_line(struct span line)
{
	return span_trim(line).len == 0;
}

int
report_group(struct report_reader *r, struct span *text,
    struct report_fields *out)
{
	struct lines lines = { .text = *text };
	size_t at = 0, stop, next, end, len = text->len;
	struct span line;

	memset(out, 0, sizeof(*out));
	while (at < len) {
		line_at(&lines, at, &stop, &next);
		line = span_make(text->p + at, stop - at);
		if (is_blank_line(line)) {
			at = next;
			if (out->n != 0)
				break;
			continue;
		}
		/* With the lines that go on with it. */
		end = stop;
		while (next < len && (text->p[next] == ' ' ||
		    text->p[next] == '\t')) {
			size_t more, behind;

			line_at(&lines, next, &more, &behind);
			if (is_blank_line(span_make(text->p + next,
			    more - next)))
				break;
			end = more;
			next = behind;
		}
		if (field_read(r, line, span_make(text->p + at, end - at),
		    out) != 0)
			return -1;
		at = next;
	}
	*text = span_from(*text, at);
	return 0;
}

/* ---- fields ------------------------------------------------------------- */

static int
field_take(struct report_reader *r, struct report_fields *f, const char *name,
    struct report_field **out)
{
	size_t i;

	*out = NULL;
	for (i = 0; i < f->n; i++) {
		if (!span_eq_str(f->v[i].name, name))
			continue;
		if (*out != NULL)
			return report_fault(r, name, "is there twice");
		*out = &f->v[i];
		f->v[i].taken = true;
	}
	return 0;
}

int
report_text(struct report_reader *r, struct report_fields *f, const char *name,
    struct span *out)
{
	struct report_field *field;

	*out = span_make(NULL, 0);
	if (field_take(r, f, name, &field) != 0)
		return -1;
	if (field != NULL)
		*out = field->value;
	return 0;
}

int
report_typed(struct report_reader *r, struct report_fields *f,
    const char *name, struct report_typed *out)
{
	struct span value;
	ptrdiff_t at;

	out->type = out->text = span_make(NULL, 0);
	if (report_text(r, f, name, &value) != 0)
		return -1;
	if (value.p == NULL)
		return 0;
	at = span_find(value, ';');
	if (at < 0)
		return report_fault(r, name, "lacks its type");
	out->type = span_trim(span_make(value.p, (size_t)at));
	out->text = span_trim(span_from(value, (size_t)at + 1));
	return 0;
}

int
report_date(struct report_reader *r, struct report_fields *f, const char *name,
    struct report_date *out)
{
	struct span value;

	out->given = false;
	if (report_text(r, f, name, &value) != 0)
		return -1;
	if (value.p == NULL)
		return 0;
	if (mime_date_parse(value, &out->seconds) != 0)
		return report_fault(r, name, "is no date");
	out->given = true;
	return 0;
}

void
report_texts(struct report_reader *r, struct report_fields *f,
    const char *name, struct report_texts *out)
{
	size_t i;

	out->n = 0;
	for (i = 0; i < f->n; i++)
		out->n += span_eq_str(f->v[i].name, name);
	out->v = arena_alloc(r->a, (out->n + 1) * sizeof(*out->v));
	out->n = 0;
	for (i = 0; i < f->n; i++) {
		if (!span_eq_str(f->v[i].name, name))
			continue;
		out->v[out->n++] = f->v[i].value;
		f->v[i].taken = true;
	}
}

/* ---- parts -------------------------------------------------------------- */

bool
report_is(const struct mime *m, const char *report_type, bool type_may_lack)
{
	struct arena scratch = { 0 };
	struct mime_content c;
	const struct span *type;
	bool is;

	mime_content_read(&scratch, NULL, m->root, &c);
	type = mime_params_get(&c.type, "report-type");
	is = mime_content_is(&c, "multipart/report") && (type == NULL ?
	    type_may_lack : span_ieq_str(*type, report_type));
	arena_free(&scratch);
	return is;
}

static bool
part_is(const struct mime_part *p, const char *type)
{
	struct arena scratch = { 0 };
	struct mime_content c;
	bool is;

	mime_content_read(&scratch, NULL, p, &c);
	is = mime_content_is(&c, type);
	arena_free(&scratch);
	return is;
}

const struct mime_part *
report_part(const struct mime *m, const char *type)
{
	const struct mime_part *p;

	for (p = m->root->first; p != NULL; p = p->next) {
		if (part_is(p, type))
			return p;
	}
	return NULL;
}

struct span
report_original(struct arena *a, const struct mime *m)
{
	static const char *const types[] = { "message/rfc822",
		"text/rfc822-headers", "message/global",
		"message/global-headers" };
	const struct mime_part *p = NULL;
	struct buf bytes = { 0 }, text = { 0 };
	struct span out;
	size_t i, n;

	for (i = 0; i < 4 && p == NULL; i++)
		p = report_part(m, types[i]);
	if (p == NULL)
		return span_make(NULL, 0);
	mime_body_decode(p, &bytes);
	n = buf_len(&bytes);
	buf_reserve(&text, n + 1);
	for (i = 0; i < n; i++) {
		if (buf_data(&bytes)[i] != '\r' || i + 1 == n ||
		    buf_data(&bytes)[i + 1] != '\n')
			buf_add_byte(&text, buf_data(&bytes)[i]);
	}
	out = arena_span(a, buf_span(&text));
	buf_free(&bytes);
	buf_free(&text);
	return out;
}
