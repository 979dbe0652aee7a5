/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/template/hb_parse.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/text.h"

static struct hb_node *parse_body(struct hb_parser *p);

void *
hb_fail(struct hb_parser *p, const char *fmt, ...)
{
	char what[TEMPLATE_ERROR_MAX], text[TEMPLATE_ERROR_MAX];
	va_list ap;

	if (p->failed)
		return NULL;
	p->failed = true;
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	p->error->line = p->line;
	snprintf(text, sizeof(text), "template '%.100s' line %d: %.300s",
	    p->t->name, p->line, what);
	text_printable(span_of(text), p->error->text, sizeof(p->error->text));
	return NULL;
}

struct span
hb_rest(const struct hb_parser *p)
{
	return span_from(p->source, p->at);
}

void
hb_skip(struct hb_parser *p, size_t n)
{
	size_t end = p->at + n;

	for (; p->at < end; p->at++)
		p->line += p->source.p[p->at] == '\n';
}

bool
hb_here(const struct hb_parser *p, const char *text)
{
	return span_starts(hb_rest(p), text);
}

bool
hb_take(struct hb_parser *p, const char *text)
{
	if (!hb_here(p, text))
		return false;
	hb_skip(p, strlen(text));
	return true;
}

bool
hb_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

void
hb_blanks(struct hb_parser *p)
{
	while (p->at < p->source.len && hb_is_blank(p->source.p[p->at]))
		hb_skip(p, 1);
}

struct hb_node *
hb_node_new(struct hb_parser *p, enum hb_kind kind)
{
	struct hb_node *n = arena_alloc(&p->t->arena, sizeof(*n));

	n->kind = kind;
	n->line = p->line;
	if (p->t->arena.total > HB_MEMORY_MAX)
		hb_fail(p, "the template is too large");
	return n;
}

bool
hb_enter(struct hb_parser *p)
{
	if (p->depth == HB_DEPTH_MAX) {
		hb_fail(p, "nested more than %d levels deep", HB_DEPTH_MAX);
		return false;
	}
	p->depth++;
	return !p->failed;
}

/* ---- texts --------------------------------------------------------------- */

static struct hb_node *
text_node(struct hb_parser *p, struct span s)
{
	struct hb_node *n = hb_node_new(p, HB_TEXT);

	n->name = s;
	return n;
}

/* Backslashes right before byte `end`. */
static size_t
slashes(struct span s, size_t end)
{
	size_t n = 0;

	while (n < end && s.p[end - 1 - n] == '\\')
		n++;
	return n;
}

/*
 * The text up to the next tag, or a piece of it: "\{{" is "{{" as text, more
 * backslashes are one less and the tag holds. NULL: there is none.
 */
static struct hb_node *
parse_text(struct hb_parser *p, bool *at_tag)
{
	struct span s = hb_rest(p), text;
	const char *tag = memmem(s.p, s.len, "{{", 2);
	size_t len = tag == NULL ? s.len : (size_t)(tag - s.p), more;
	size_t n = tag == NULL ? 0 : slashes(s, len);
	struct hb_node *node;

	*at_tag = tag != NULL && n != 1;
	text = span_make(s.p, n > 0 ? len - 1 : len);
	while (p->trim && text.len > 0 && hb_is_blank(text.p[0]))
		text = span_from(text, 1);
	p->trim = false;
	node = text.len == 0 && n != 1 ? NULL : text_node(p, text);
	hb_skip(p, len);
	if (n != 1)
		return node;
	/* The braces begin a piece that ends where a tag could. */
	s = hb_rest(p);
	tag = memmem(s.p + 2, s.len - 2, "{{", 2);
	more = tag == NULL ? s.len : (size_t)(tag - s.p);
	if (tag != NULL)
		more -= slashes(s, more);
	node->next = text_node(p, span_make(s.p, more));
	hb_skip(p, more);
	return node;
}

/* ---- the frame of a tag -------------------------------------------------- */

static void
trim_before(struct hb_parser *p, bool lines)
{
	struct span *s = p->before == NULL ? NULL : &p->before->name;

	while (s != NULL && s->len > 0 && hb_is_blank(s->p[s->len - 1]) &&
	    (lines || s->p[s->len - 1] != '\n'))
		s->len--;
}

/* At "{{", "{{{", "{{{{" and what mark stands behind. */
static void
open_tag(struct hb_parser *p, const char *open)
{
	p->tag = p->at;
	hb_skip(p, strlen(open));
	if (hb_take(p, "~"))
		trim_before(p, true);
}

/*
 * A tag that prints nothing and is alone on its line takes the line with it.
 * True when it was; *indent_out is what stood before it.
 */
static bool
standalone(struct hb_parser *p, struct span *indent_out)
{
	struct span s = p->source;
	size_t start = p->tag, end = p->at;

	while (start > 0 && (s.p[start - 1] == ' ' || s.p[start - 1] == '\t'))
		start--;
	while (end < s.len && (s.p[end] == ' ' || s.p[end] == '\t'))
		end++;
	if (start > 0 && s.p[start - 1] != '\n')
		return false;
	if (end < s.len && s.p[end] == '\r')
		end++;
	if (end < s.len && s.p[end] != '\n')
		return false;
	*indent_out = span_make(s.p + start, p->tag - start);
	trim_before(p, false);
	hb_skip(p, (end < s.len ? end + 1 : end) - p->at);
	return true;
}

static int
close_tag(struct hb_parser *p, const char *close)
{
	hb_blanks(p);
	p->trim = hb_take(p, "~");
	if (hb_take(p, close))
		return 0;
	hb_fail(p, "'%s' is wanted here", close);
	return -1;
}

static int
close_block_tag(struct hb_parser *p)
{
	struct span indent;

	if (close_tag(p, "}}") == -1)
		return -1;
	standalone(p, &indent);
	return 0;
}

/* ---- statements ---------------------------------------------------------- */

static struct hb_node *
parse_print(struct hb_parser *p)
{
	struct hb_node *n = hb_node_new(p, HB_PRINT);
	bool three = hb_here(p, "{{{") || hb_here(p, "{{~{");

	if (three && hb_here(p, "{{~{")) {
		open_tag(p, "{{");
		hb_skip(p, 1);
	} else {
		open_tag(p, three ? "{{{" : "{{");
	}
	n->raw = three || hb_take(p, "&");
	if (hb_call(p, n) == -1)
		return NULL;
	hb_blanks(p);
	if (three && hb_here(p, "}~}}")) {
		hb_skip(p, 1);
		return close_tag(p, "}}") == -1 ? NULL : n;
	}
	return close_tag(p, three ? "}}}" : "}}") == -1 ? NULL : n;
}

/* Where "!" ends: at "}}", or behind "!--" at "--}}". */
static const char *
comment_end(struct span s)
{
	const char *at, *end = s.p + s.len;

	if (!span_starts(s, "!--"))
		return memmem(s.p, s.len, "}}", 2);
	for (at = s.p + 3; (at = memmem(at, (size_t)(end - at), "--", 2)) !=
	    NULL; at++) {
		s = span_make(at + 2, (size_t)(end - at - 2));
		if (span_starts(s, "}}") || span_starts(s, "~}}"))
			return at + 2;
	}
	return NULL;
}

static struct hb_node *
parse_comment(struct hb_parser *p)
{
	struct span indent, s;
	const char *end;

	open_tag(p, "{{");
	s = hb_rest(p);
	end = comment_end(s);
	if (end == NULL)
		return hb_fail(p, "a comment does not end");
	hb_skip(p, (size_t)(end - s.p));
	if (end[-1] == '~')
		p->at--;
	if (close_tag(p, "}}") == -1)
		return NULL;
	standalone(p, &indent);
	return hb_node_new(p, HB_TEXT);
}

/* {{{{name}}}} text {{{{/name}}}}: the text as it is. */
static struct hb_node *
parse_raw(struct hb_parser *p)
{
	struct hb_node *n = hb_node_new(p, HB_TEXT);
	struct span name, s;
	const char *end;

	open_tag(p, "{{{{");
	hb_blanks(p);
	name = hb_take_id(p);
	if (name.len == 0 || close_tag(p, "}}}}") == -1)
		return hb_fail(p, "the name of a raw block is wanted");
	s = hb_rest(p);
	end = memmem(s.p, s.len, "{{{{/", 5);
	if (end == NULL)
		return hb_fail(p, "a raw block does not end");
	n->name = span_make(s.p, (size_t)(end - s.p));
	hb_skip(p, n->name.len + 5);
	hb_blanks(p);
	if (!span_eq(hb_take_id(p), name))
		return hb_fail(p, "another raw block ends here");
	p->trim = false;
	return close_tag(p, "}}}}") == -1 ? NULL : n;
}

/* At "{{": is it {{else}}, {{else if ...}} or {{^}}? */
static bool
is_else(const struct hb_parser *p)
{
	struct span s = span_from(hb_rest(p), 2);

	if (span_starts(s, "~"))
		s = span_from(s, 1);
	while (s.len > 0 && hb_is_blank(s.p[0]))
		s = span_from(s, 1);
	if (span_starts(s, "else"))
		return hb_ends_here(s, 4) && !(s.len > 4 && (s.p[4] == '.' ||
		    s.p[4] == '='));
	if (!span_starts(s, "^"))
		return false;
	s = span_from(s, 1);
	while (s.len > 0 && hb_is_blank(s.p[0]))
		s = span_from(s, 1);
	return span_starts(s, "}}") || span_starts(s, "~}}");
}

static bool
is_end(const struct hb_parser *p)
{
	struct span s = span_from(hb_rest(p), 2);

	if (span_starts(s, "~"))
		s = span_from(s, 1);
	return span_starts(s, "/");
}

/* {{/name}} */
static int
parse_end(struct hb_parser *p, const struct hb_node *block)
{
	struct span name = block->target != NULL ? block->target->name :
	    SPAN_LIT("inline"), s;
	size_t n = 0;

	if (p->at == p->source.len || !is_end(p)) {
		hb_fail(p, "what began in line %d has no {{/%.*s}}",
		    block->line, (int)(name.len < 60 ? name.len : 60), name.p);
		return -1;
	}
	open_tag(p, "{{");
	hb_skip(p, 1);
	hb_blanks(p);
	s = hb_rest(p);
	while (n < s.len && !hb_is_blank(s.p[n]) &&
	    !span_starts(span_from(s, n), "}}") &&
	    !span_starts(span_from(s, n), "~}}"))
		n++;
	if (name.len > 0 && !span_eq(span_make(s.p, n), name)) {
		hb_fail(p, "{{/%.*s}} ends nothing that is open",
		    (int)(n < 60 ? n : 60), s.p);
		return -1;
	}
	hb_skip(p, n);
	return close_block_tag(p);
}

/*
 * Behind the opening tag: body, {{else}}, end. {{else if x}} is a block in the
 * other part, which has no end of its own.
 */
static int
parse_rest(struct hb_parser *p, struct hb_node *n,
    const struct hb_node *outer)
{
	struct hb_node *chained;

	n->body = parse_body(p);
	if (p->failed)
		return -1;
	if (p->at == p->source.len || !is_else(p))
		return parse_end(p, outer);
	open_tag(p, "{{");
	hb_blanks(p);
	if (!hb_take(p, "^"))
		hb_take(p, "else");
	hb_blanks(p);
	if (hb_at_end(p)) {
		if (close_block_tag(p) == -1)
			return -1;
		n->other = parse_body(p);
		return p->failed ? -1 : parse_end(p, outer);
	}
	chained = hb_node_new(p, HB_BLOCK);
	n->other = chained;
	if (hb_call(p, chained) == -1 || close_block_tag(p) == -1 ||
	    !hb_enter(p))
		return -1;
	if (parse_rest(p, chained, outer) == -1)
		return -1;
	p->depth--;
	return 0;
}

static struct hb_node *
parse_block(struct hb_parser *p)
{
	struct hb_node *n = hb_node_new(p, HB_BLOCK);

	open_tag(p, "{{");
	n->inverted = hb_here(p, "^");
	hb_skip(p, 1);
	if (hb_call(p, n) == -1 || close_block_tag(p) == -1 || !hb_enter(p))
		return NULL;
	if (parse_rest(p, n, n) == -1)
		return NULL;
	p->depth--;
	return n;
}

static struct hb_node *
parse_inline(struct hb_parser *p)
{
	struct hb_node *n = hb_node_new(p, HB_INLINE);

	open_tag(p, "{{");
	hb_skip(p, 1);
	hb_blanks(p);
	hb_skip(p, 1);
	hb_blanks(p);
	if (!span_eq_str(hb_take_id(p), "inline"))
		return hb_fail(p, "the only decorator is 'inline'");
	n->args = hb_param(p);
	if (n->args == NULL || close_block_tag(p) == -1 || !hb_enter(p))
		return NULL;
	n->body = parse_body(p);
	p->depth--;
	return p->failed || parse_end(p, n) == -1 ? NULL : n;
}

/* The name of a partial: as it stands, a text, or (what gives one). */
static struct hb_node *
parse_partial_name(struct hb_parser *p)
{
	struct hb_node *n;
	struct span s;
	size_t len = 0;

	hb_blanks(p);
	if (hb_here(p, "(") || hb_here(p, "\"") || hb_here(p, "'"))
		return hb_param(p);
	s = hb_rest(p);
	while (len < s.len && (hb_is_id(s.p[len]) ||
	    memchr("@./-[]", s.p[len], 6) != NULL))
		len++;
	if (len == 0)
		return hb_fail(p, "the name of a partial is wanted");
	n = hb_node_new(p, HB_CONST);
	n->name = span_make(s.p, len);
	n->value = tval_text(n->name);
	hb_skip(p, len);
	return n;
}

static struct hb_node *
parse_partial(struct hb_parser *p, bool block)
{
	struct hb_node *n = hb_node_new(p, HB_PARTIAL);
	struct span indent;

	open_tag(p, "{{");
	if (block)
		hb_skip(p, 1);
	hb_blanks(p);
	hb_skip(p, 1);
	n->target = parse_partial_name(p);
	if (n->target == NULL || hb_args(p, n) == -1 ||
	    close_tag(p, "}}") == -1)
		return NULL;
	if (standalone(p, &indent) && !block)
		n->name = indent;
	if (!block)
		return n;
	if (!hb_enter(p))
		return NULL;
	n->body = parse_body(p);
	p->depth--;
	if (p->failed || parse_end(p, n) == -1)
		return NULL;
	/* An empty block is one, too. */
	if (n->body == NULL)
		n->body = hb_node_new(p, HB_TEXT);
	return n;
}

/* At "{{". */
static struct hb_node *
parse_tag(struct hb_parser *p)
{
	struct span s = span_from(hb_rest(p), 2), inside;

	if (hb_here(p, "{{{{"))
		return parse_raw(p);
	if (span_starts(s, "~"))
		s = span_from(s, 1);
	if (span_starts(s, "!"))
		return parse_comment(p);
	if (span_starts(s, ">"))
		return parse_partial(p, false);
	if (span_starts(s, "*"))
		return hb_fail(p, "decorators stand in blocks here: "
		    "{{#*inline}}");
	if (!span_starts(s, "#") && !span_starts(s, "^"))
		return parse_print(p);
	inside = span_from(s, 1);
	while (inside.len > 0 && hb_is_blank(inside.p[0]))
		inside = span_from(inside, 1);
	if (span_starts(inside, ">"))
		return parse_partial(p, true);
	if (span_starts(inside, "*"))
		return parse_inline(p);
	return parse_block(p);
}

/* To the end, {{else}} or {{/...}}; NULL may be empty: ask p->failed. */
static struct hb_node *
parse_body(struct hb_parser *p)
{
	struct hb_node *first = NULL, **last = &first, *n;
	bool at_tag;

	while (!p->failed && p->at < p->source.len) {
		n = parse_text(p, &at_tag);
		*last = n;
		while (*last != NULL)
			last = &(*last)->next;
		if (!at_tag)
			continue;
		p->before = n;
		if (is_else(p) || is_end(p))
			return first;
		*last = parse_tag(p);
		if (*last == NULL)
			return NULL;
		last = &(*last)->next;
	}
	p->before = NULL;
	return first;
}

int
hb_parse(struct template *t, struct template_error *error)
{
	struct hb_parser p = { .t = t, .source = t->source, .line = 1,
		.error = error };

	t->hb = parse_body(&p);
	if (!p.failed && p.at < p.source.len)
		hb_fail(&p, "this ends nothing that is open");
	return p.failed ? -1 : 0;
}
