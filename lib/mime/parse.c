/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass over the lines of a message. Whatever is open, a line that is the
 * delimiter of a multipart above ends all that was begun inside it; delimiters
 * are found by a table, so depth costs nothing.
 */
#include <string.h>

#include "lib/base/map.h"
#include "lib/mail/chars.h"
#include "lib/mime/line.h"
#include "lib/mime/params.h"
#include "lib/mime/part.h"

/* What the innermost open thing is reading. */
enum region {
	REGION_HEADER,
	REGION_BODY,     /* of a leaf */
	REGION_PREAMBLE, /* of a multipart */
	REGION_EPILOGUE,
};

struct parser {
	struct mime *m;
	struct lines lines;
	struct mime_part *at; /* the part of the region */
	enum region region;
	size_t from;          /* where the region begins */
	struct mime_part *open[MIME_DEPTH_MAX]; /* multiparts, from outside */
	size_t n_open;
	struct map boundaries; /* boundary -> its slot in open */
	const char *why;
};

static struct span
part_of(const struct parser *p, size_t from, size_t to)
{
	return span_make(p->lines.text.p + from, to > from ? to - from : 0);
}

static int
fault(struct parser *p, const char *why)
{
	p->why = why;
	return -1;
}

/* ---- delimiters --------------------------------------------------------- */

static bool
boundary_level(const struct parser *p, struct span name, size_t *level_out)
{
	struct mime_part *const *slot;

	if (name.len == 0 || name.len > MIME_BOUNDARY_MAX)
		return false;
	slot = map_get(&p->boundaries, name);
	if (slot == NULL)
		return false;
	*level_out = (size_t)(slot - p->open);
	return true;
}

/* dash-boundary transport-padding, RFC 2046 section 5.1.1. */
static bool
is_delimiter(const struct parser *p, struct span line, size_t *level_out,
    bool *close_out)
{
	if (p->n_open == 0 || !span_starts(line, "--"))
		return false;
	line = span_from(line, 2);
	while (line.len > 0 && (line.p[line.len - 1] == ' ' ||
	    line.p[line.len - 1] == '\t'))
		line.len--;
	*close_out = false;
	if (boundary_level(p, line, level_out))
		return true;
	if (line.len < 2 || memcmp(line.p + line.len - 2, "--", 2) != 0)
		return false;
	line.len -= 2;
	*close_out = true;
	return boundary_level(p, line, level_out);
}

/* Of two with one boundary the outer one wins. */
static int
level_open(struct parser *p, struct mime_part *part)
{
	if (p->n_open == MIME_DEPTH_MAX)
		return fault(p, "its parts are nested too deep");
	p->open[p->n_open] = part;
	if (map_get(&p->boundaries, part->boundary) == NULL)
		map_set(&p->boundaries, part->boundary, &p->open[p->n_open]);
	p->n_open++;
	return 0;
}

static void
boundary_forget(struct parser *p, size_t level)
{
	struct span boundary = p->open[level]->boundary;

	if (map_get(&p->boundaries, boundary) == &p->open[level])
		map_del(&p->boundaries, boundary);
}

/* Forget the multiparts that are deeper than `level`. */
static void
levels_close(struct parser *p, size_t level)
{
	while (p->n_open > level)
		boundary_forget(p, --p->n_open);
}

/* ---- regions ------------------------------------------------------------ */

static void
region_begin(struct parser *p, enum region region, size_t at)
{
	p->region = region;
	p->from = at;
}

/* What was being read ends before byte `end`. */
static void
region_end(struct parser *p, size_t end)
{
	struct span bytes = part_of(p, p->from, end);

	switch (p->region) {
	case REGION_HEADER:
		p->at->separator = p->at->body = part_of(p, end, end);
		break;
	case REGION_BODY:
		p->at->body = bytes;
		break;
	case REGION_PREAMBLE:
		/* No delimiter came: it is no multipart after all. */
		levels_close(p, p->n_open - 1);
		p->at->boundary = span_make(NULL, 0);
		p->at->body = bytes;
		break;
	case REGION_EPILOGUE:
		p->at->closing.len = (size_t)(bytes.p + bytes.len -
		    p->at->closing.p);
		break;
	}
}

static struct mime_part *
part_begin(struct parser *p, size_t at)
{
	struct mime_part *part = mime_part_new(p->m);

	if (part == NULL) {
		p->why = "it has too many parts";
		return NULL;
	}
	p->at = part;
	region_begin(p, REGION_HEADER, at);
	return part;
}

/* Without the line end before `at`, which belongs to the delimiter there. */
static size_t
before_end(const struct parser *p, size_t at)
{
	const char *t = p->lines.text.p;
	size_t least = p->region == REGION_HEADER ? at : p->from;

	if (at > least && t[at - 1] == '\n')
		at--;
	else if (at > least && t[at - 1] == '\r')
		return at - 1;
	if (at > least && t[at] == '\n' && t[at - 1] == '\r')
		at--;
	return at;
}

/* The line from `at` is a delimiter of that level. */
static int
take_delimiter(struct parser *p, size_t level, bool close, size_t at,
    size_t stop, size_t next)
{
	struct mime_part *top = p->open[level], *part;
	size_t from = before_end(p, at);

	if (p->region == REGION_PREAMBLE && p->at == top)
		top->preamble = part_of(p, p->from, from);
	else
		region_end(p, from);
	levels_close(p, level + 1);
	if (close) {
		levels_close(p, level);
		top->closing = part_of(p, from, stop);
		p->at = top;
		region_begin(p, REGION_EPILOGUE, stop);
		return 0;
	}
	part = part_begin(p, next);
	if (part == NULL)
		return -1;
	mime_part_link(top, part);
	part->opening = part_of(p, from, next);
	return 0;
}

/* ---- header ------------------------------------------------------------- */

/* The multipart's boundary, or p NULL for a leaf. */
static struct span
boundary_read(struct parser *p, const struct mime_part *part)
{
	struct arena scratch = { 0 };
	struct mime_params params;
	const struct span *found;
	struct span boundary = { NULL, 0 };
	const char *why;

	if (mime_params_parse(&scratch, NULL,
	    mime_field_value(part, "Content-Type"), &params, &why) == 0 &&
	    span_istarts(params.value, "multipart/") &&
	    (found = mime_params_get(&params, "boundary")) != NULL &&
	    found->len != 0 && found->len <= MIME_BOUNDARY_MAX)
		boundary = arena_span(&p->m->arena, *found);
	arena_free(&scratch);
	return boundary;
}

/* The body begins at `at`. */
static int
header_end(struct parser *p, size_t separator, size_t at)
{
	struct mime_part *part = p->at;

	part->separator = part_of(p, separator, at);
	part->boundary = boundary_read(p, part);
	if (part->boundary.p == NULL) {
		region_begin(p, REGION_BODY, at);
		return 0;
	}
	region_begin(p, REGION_PREAMBLE, at);
	return level_open(p, part);
}

static bool
blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct span
trim(struct span s)
{
	while (s.len > 0 && blank(s.p[0]))
		s = span_from(s, 1);
	while (s.len > 0 && blank(s.p[s.len - 1]))
		s.len--;
	return s;
}

/*
 * The field that a line begins. A name alone is one, too: the writer forgot
 * the rest, and what follows is header rather than body.
 */
static bool
field_read(struct span line, struct mime_field *out)
{
	size_t n = 0, at;

	memset(out, 0, sizeof(*out));
	while (n < line.len && char_is(line.p[n], CHAR_FTEXT))
		n++;
	for (at = n; at < line.len && (line.p[at] == ' ' ||
	    line.p[at] == '\t'); at++)
		;
	if (n == 0)
		return false;
	out->name = span_make(line.p, n);
	if (at == line.len) {
		out->no_colon = true;
		out->value = span_make(line.p + at, 0);
		/* But no delimiter whose blank line was forgotten. */
		return !span_starts(line, "--");
	}
	out->spaced = at > n;
	out->value = trim(span_from(line, at + 1));
	return line.p[at] == ':';
}

static struct mime_field *
field_room(struct parser *p, struct mime_part *part)
{
	struct mime_field *grown;

	if (part->n_fields == MIME_FIELDS_MAX) {
		p->why = "a header has too many fields";
		return NULL;
	}
	if (part->n_fields == part->fields_size) {
		part->fields_size = part->fields_size == 0 ? 8 :
		    part->fields_size * 2;
		grown = arena_alloc(&p->m->arena,
		    part->fields_size * sizeof(*grown));
		if (part->n_fields != 0)
			memcpy(grown, part->fields,
			    part->n_fields * sizeof(*grown));
		part->fields = grown;
	}
	return &part->fields[part->n_fields++];
}

/* Lines that begin with a blank go on with the field before. */
static void
field_extend(struct mime_field *f, struct span line, size_t whole_end)
{
	const char *value = f->value.p;

	if (trim(line).len != 0 && !f->no_colon) {
		line = trim(line);
		f->value = f->value.len == 0 ? line : span_make(value,
		    (size_t)(line.p + line.len - value));
	}
	f->whole.len = whole_end;
}

static int
header_line(struct parser *p, size_t at, size_t stop, size_t next)
{
	struct span line = part_of(p, at, stop);
	struct mime_part *part = p->at;
	struct mime_field field, *f;

	if (next - p->from > MIME_HEADER_BYTES_MAX)
		return fault(p, "a header is too large");
	if (line.len == 0)
		return header_end(p, at, next);
	if ((line.p[0] == ' ' || line.p[0] == '\t') && part->n_fields > 0) {
		f = &part->fields[part->n_fields - 1];
		field_extend(f, line, (size_t)(p->lines.text.p + next -
		    f->whole.p));
		return 0;
	}
	if (!field_read(line, &field))
		return header_end(p, at, at) == 0 ? 1 : -1;
	f = field_room(p, part);
	if (f == NULL)
		return -1;
	*f = field;
	f->whole = part_of(p, at, next);
	return 0;
}

/* ---- the message -------------------------------------------------------- */

/* The next line at or behind `at` that begins with "--"; or the end. */
static size_t
next_dashes(const struct parser *p, size_t at)
{
	const char *t = p->lines.text.p, *found;
	size_t len = p->lines.text.len;

	while ((found = memmem(t + at, len - at, "--", 2)) != NULL) {
		at = (size_t)(found - t);
		if (at == p->from || t[at - 1] == '\n' || t[at - 1] == '\r')
			return at;
		at++;
	}
	return len;
}

static int
message_read(struct parser *p)
{
	size_t at = 0, stop, next, level, len = p->lines.text.len;
	bool close;
	int rc;

	while (at < len) {
		if (p->region != REGION_HEADER) {
			at = p->n_open == 0 ? len : next_dashes(p, at);
			if (at == len)
				break;
		}
		line_at(&p->lines, at, &stop, &next);
		if (is_delimiter(p, part_of(p, at, stop), &level, &close))
			rc = take_delimiter(p, level, close, at, stop, next);
		else if (p->region == REGION_HEADER)
			rc = header_line(p, at, stop, next);
		else
			rc = 0;
		if (rc == -1)
			return -1;
		/* A line that is no field is looked at again, as body. */
		if (rc == 0)
			at = next;
	}
	region_end(p, len);
	return 0;
}

int
mime_parse(struct mime *m, struct span message, const char **why_out)
{
	struct parser p = { .m = m, .lines = { .text = message } };
	int rc = -1;

	if (message.p == NULL)
		p.lines.text = span_make("", 0);
	if (part_begin(&p, 0) != NULL) {
		m->root = p.at;
		rc = message_read(&p);
	}
	map_free(&p.boundaries, NULL);
	*why_out = p.why;
	return rc;
}
