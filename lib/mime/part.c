/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/mime/part.h"

#include <string.h>

#include "lib/mail/chars.h"
#include "lib/mime/params.h"

enum { FIELD_NAME_MAX = 200 };

void
mime_free(struct mime *m)
{
	arena_free(&m->arena);
	*m = (struct mime){ .root = NULL };
}

bool
mime_is_multipart(const struct mime_part *p)
{
	return p->boundary.p != NULL;
}

struct mime_part *
mime_next(const struct mime_part *top, const struct mime_part *at)
{
	if (at == NULL)
		return (struct mime_part *)(uintptr_t)top;
	if (at->first != NULL)
		return at->first;
	while (at != top && at->next == NULL)
		at = at->parent;
	return at == top ? NULL : at->next;
}

unsigned
mime_depth(const struct mime_part *p)
{
	unsigned n = 0;

	while ((p = p->parent) != NULL)
		n++;
	return n;
}

/* ---- writing ------------------------------------------------------------ */

void
mime_fields_put(const struct mime_part *p, struct buf *out)
{
	size_t i;

	for (i = 0; i < p->n_fields; i++) {
		buf_add_span(out, p->fields[i].whole);
		/* The last line of a message may lack its end. */
		if (i + 1 < p->n_fields && p->fields[i].whole.len > 0 &&
		    memchr("\r\n", p->fields[i].whole.p[
		    p->fields[i].whole.len - 1], 2) == NULL)
			buf_add_str(out, "\r\n");
	}
}

/* The boundary that the header names now; what it was when it names none. */
static struct span
boundary_now(const struct mime_part *p, struct arena *a)
{
	struct mime_params params;
	const struct span *found;
	const char *why;

	if (mime_params_parse(a, NULL, mime_field_value(p, "Content-Type"),
	    &params, &why) == 0 &&
	    (found = mime_params_get(&params, "boundary")) != NULL &&
	    found->len != 0)
		return *found;
	return p->boundary;
}

static void
delimiter_put(struct span boundary, bool first, const char *end,
    struct buf *out)
{
	buf_add_str(out, first ? "--" : "\r\n--");
	buf_add_span(out, boundary);
	buf_add_str(out, end);
}

static bool
ends_line(const struct buf *out)
{
	uint8_t c = buf_len(out) > 0 ? buf_data(out)[buf_len(out) - 1] : 0;

	return c == '\n' || c == '\r';
}

/*
 * A delimiter as it was parsed. It begins with the line end before it, unless
 * there was no body that this could be told from; when there is one by now, it
 * needs one.
 */
static void
parsed_delimiter_put(const struct mime_part *before, struct span delimiter,
    struct buf *out)
{
	while (before != NULL && before->last != NULL)
		before = before->last;
	if (span_starts(delimiter, "--") && buf_len(out) > 0 &&
	    (!ends_line(out) || (before != NULL && before->made)))
		buf_add_str(out, "\r\n");
	buf_add_span(out, delimiter);
}

static void
children_put(const struct mime_part *p, struct buf *out)
{
	struct arena scratch = { 0 };
	struct span boundary = boundary_now(p, &scratch);
	bool same = span_eq(boundary, p->boundary), grown = false;
	const struct mime_part *c, *before = NULL;

	buf_add_span(out, p->preamble);
	for (c = p->first; c != NULL; before = c, c = c->next) {
		if (same && c->opening.p != NULL) {
			parsed_delimiter_put(before, c->opening, out);
		} else {
			delimiter_put(boundary, before == NULL &&
			    p->preamble.len == 0, "\r\n", out);
			grown = true;
		}
		mime_put(c, out);
	}
	/* An unclosed multipart stays so, unless it was changed. */
	if (same && p->closing.p != NULL && p->closing.len != 0)
		parsed_delimiter_put(before, p->closing, out);
	else if (!same || grown || p->made)
		delimiter_put(boundary, before == NULL &&
		    p->preamble.len == 0, "--\r\n", out);
	arena_free(&scratch);
}

void
mime_put(const struct mime_part *p, struct buf *out)
{
	mime_fields_put(p, out);
	if (p->made && p->separator.len == 0)
		buf_add_str(out, ends_line(out) || p->n_fields == 0 ? "\r\n" :
		    "\r\n\r\n");
	else
		buf_add_span(out, p->separator);
	if (mime_is_multipart(p)) {
		children_put(p, out);
		return;
	}
	buf_add_span(out, p->body);
}

void
mime_message_put(const struct mime_part *p, struct buf *out)
{
	size_t before = buf_len(out);

	mime_put(p, out);
	if (p->made && buf_len(out) != before && !ends_line(out))
		buf_add_str(out, "\r\n");
}

/* ---- making ------------------------------------------------------------- */

struct mime_part *
mime_part_new(struct mime *m)
{
	struct mime_part *p;

	if (m->n_parts == MIME_PARTS_MAX)
		return NULL;
	m->n_parts++;
	p = arena_alloc(&m->arena, sizeof(*p));
	p->body = p->separator = p->preamble = span_make("", 0);
	return p;
}

void
mime_part_link(struct mime_part *to, struct mime_part *part)
{
	part->parent = to;
	part->number = to->last != NULL ? to->last->number + 1 : 0;
	if (to->last != NULL)
		to->last->next = part;
	else
		to->first = part;
	to->last = part;
}

static struct span
span_copy(struct mime *m, struct span s)
{
	return s.p == NULL ? s : arena_span(&m->arena, s);
}

static struct mime_field
field_copy(struct mime *m, const struct mime_field *f)
{
	struct mime_field t = *f;

	t.whole = span_copy(m, f->whole);
	t.name.p = t.whole.p + (f->name.p - f->whole.p);
	t.value.p = t.whole.p + (f->value.p - f->whole.p);
	return t;
}

static void
fields_copy(struct mime *m, struct mime_part *to, const struct mime_part *from)
{
	size_t i;

	if (from->n_fields == 0)
		return;
	to->fields = arena_alloc(&m->arena,
	    from->n_fields * sizeof(*to->fields));
	to->n_fields = to->fields_size = from->n_fields;
	for (i = 0; i < from->n_fields; i++)
		to->fields[i] = field_copy(m, &from->fields[i]);
}

static struct mime_part *
one_copy(struct mime *m, const struct mime_part *from)
{
	struct mime_part *to = mime_part_new(m);

	if (to == NULL)
		return NULL;
	fields_copy(m, to, from);
	to->separator = span_copy(m, from->separator);
	to->body = span_copy(m, from->body);
	to->boundary = span_copy(m, from->boundary);
	to->preamble = span_copy(m, from->preamble);
	to->closing = span_copy(m, from->closing);
	to->opening = span_copy(m, from->opening);
	to->made = from->made;
	return to;
}

struct mime_part *
mime_part_copy(struct mime *m, const struct mime_part *from)
{
	struct mime_part *to = one_copy(m, from), *child;
	const struct mime_part *c;

	/* No deeper than MIME_DEPTH_MAX, as whoever made it saw to. */
	for (c = from->first; to != NULL && c != NULL; c = c->next) {
		child = mime_part_copy(m, c);
		if (child == NULL)
			return NULL;
		mime_part_link(to, child);
	}
	return to;
}

bool
mime_has_delimiter(struct span text, struct span boundary)
{
	const char *at = text.p, *end = text.p + text.len;

	if (boundary.len == 0)
		return false;
	while (at < end && (at = memmem(at, (size_t)(end - at), boundary.p,
	    boundary.len)) != NULL) {
		if (at - text.p >= 2 && memcmp(at - 2, "--", 2) == 0 &&
		    (at - text.p == 2 || at[-3] == '\n' || at[-3] == '\r'))
			return true;
		at++;
	}
	return false;
}

/* ---- fields ------------------------------------------------------------- */

bool
mime_field_name_valid(struct span name)
{
	size_t i;

	for (i = 0; i < name.len; i++) {
		if (!char_is(name.p[i], CHAR_FTEXT))
			return false;
	}
	return name.len > 0 && name.len <= FIELD_NAME_MAX;
}

const struct mime_field *
mime_field_find(const struct mime_part *p, struct span name)
{
	size_t i;

	for (i = 0; i < p->n_fields; i++) {
		if (span_ieq(p->fields[i].name, name))
			return &p->fields[i];
	}
	return NULL;
}

struct span
mime_field_value(const struct mime_part *p, const char *name)
{
	const struct mime_field *f = mime_field_find(p, span_of(name));

	return f != NULL ? f->value : span_make(NULL, 0);
}

/* "Name: value" CRLF in the arena. */
static struct mime_field
field_make(struct mime *m, struct span name, struct span value)
{
	size_t gap = value.len != 0 ? 2 : 1;
	size_t len = name.len + gap + value.len + 2;
	char *p = arena_alloc(&m->arena, len + 1);
	struct mime_field f = { .name = span_make(p, name.len) };

	memcpy(p, name.p, name.len);
	memcpy(p + name.len, ": ", gap);
	if (value.len != 0)
		memcpy(p + name.len + gap, value.p, value.len);
	memcpy(p + name.len + gap + value.len, "\r\n", 2);
	f.value = span_make(p + name.len + gap, value.len);
	f.whole = span_make(p, len);
	return f;
}

/* Room for one more at index `at`; -1 when there are too many. */
static int
fields_open(struct mime *m, struct mime_part *p, size_t at)
{
	struct mime_field *grown;

	if (p->n_fields >= MIME_FIELDS_MAX)
		return -1;
	if (p->n_fields == p->fields_size) {
		p->fields_size = p->fields_size * 2 + 8;
		grown = arena_alloc(&m->arena,
		    p->fields_size * sizeof(*grown));
		if (p->n_fields != 0)
			memcpy(grown, p->fields,
			    p->n_fields * sizeof(*grown));
		p->fields = grown;
	}
	memmove(p->fields + at + 1, p->fields + at,
	    (p->n_fields - at) * sizeof(*p->fields));
	p->n_fields++;
	return 0;
}

/* A header that was empty or unfinished must end in a blank line. */
static void
header_close(struct mime_part *p)
{
	if (p->separator.len == 0)
		p->made = true;
}

int
mime_field_prepend(struct mime *m, struct mime_part *p, struct span name,
    struct span value)
{
	if (fields_open(m, p, 0) != 0)
		return -1;
	p->fields[0] = field_make(m, name, value);
	header_close(p);
	return 0;
}

int
mime_field_append(struct mime *m, struct mime_part *p, struct span name,
    struct span value)
{
	if (fields_open(m, p, p->n_fields) != 0)
		return -1;
	p->fields[p->n_fields - 1] = field_make(m, name, value);
	header_close(p);
	return 0;
}

int
mime_field_copy(struct mime *m, struct mime_part *p,
    const struct mime_field *f)
{
	if (fields_open(m, p, p->n_fields) != 0)
		return -1;
	p->fields[p->n_fields - 1] = field_copy(m, f);
	header_close(p);
	return 0;
}

int
mime_field_set(struct mime *m, struct mime_part *p, struct span name,
    struct span value)
{
	size_t i, n = 0;
	bool found = false;

	for (i = 0; i < p->n_fields; i++) {
		if (!span_ieq(p->fields[i].name, name)) {
			p->fields[n++] = p->fields[i];
		} else if (!found) {
			p->fields[n++] = field_make(m, name, value);
			found = true;
		}
	}
	p->n_fields = n;
	return found ? 0 : mime_field_append(m, p, name, value);
}

void
mime_field_remove(struct mime_part *p, struct span name)
{
	size_t i, n = 0;

	for (i = 0; i < p->n_fields; i++) {
		if (!span_ieq(p->fields[i].name, name))
			p->fields[n++] = p->fields[i];
	}
	p->n_fields = n;
}
