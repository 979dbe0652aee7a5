/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/template/hb.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/template/chars.h"

enum {
	DEPTH_MAX = 100,
	MEMORY_MAX = 64 * 1024 * 1024,
};

struct hb_parser {
	struct template *t;
	struct span source;
	size_t at;
	int line;
	unsigned depth;
	bool trim;              /* the text that follows loses its blanks */
	size_t tag;             /* where the tag at hand began */
	struct hb_node *before; /* the text before it, or NULL */
	bool failed;
	struct template_error *error;
};

static struct hb_node *parse_body(struct hb_parser *p);
static struct hb_node *parse_param(struct hb_parser *p);

static void *
fail(struct hb_parser *p, const char *fmt, ...)
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

static struct span
rest(const struct hb_parser *p)
{
	return span_from(p->source, p->at);
}

static void
skip(struct hb_parser *p, size_t n)
{
	size_t end = p->at + n;

	for (; p->at < end; p->at++)
		p->line += p->source.p[p->at] == '\n';
}

static bool
here(const struct hb_parser *p, const char *text)
{
	return span_starts(rest(p), text);
}

static bool
take(struct hb_parser *p, const char *text)
{
	if (!here(p, text))
		return false;
	skip(p, strlen(text));
	return true;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void
blanks(struct hb_parser *p)
{
	while (p->at < p->source.len && is_blank(p->source.p[p->at]))
		skip(p, 1);
}

static struct hb_node *
node_new(struct hb_parser *p, enum hb_kind kind)
{
	struct hb_node *n = arena_alloc(&p->t->arena, sizeof(*n));

	n->kind = kind;
	n->line = p->line;
	if (p->t->arena.total > MEMORY_MAX)
		fail(p, "the template is too large");
	return n;
}

static bool
enter(struct hb_parser *p)
{
	if (p->depth == DEPTH_MAX) {
		fail(p, "nested more than %d levels deep", DEPTH_MAX);
		return false;
	}
	p->depth++;
	return !p->failed;
}

/* ---- texts --------------------------------------------------------------- */

static struct hb_node *
text_node(struct hb_parser *p, struct span s)
{
	struct hb_node *n = node_new(p, HB_TEXT);

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
	struct span s = rest(p), text;
	const char *tag = memmem(s.p, s.len, "{{", 2);
	size_t len = tag == NULL ? s.len : (size_t)(tag - s.p), more;
	size_t n = tag == NULL ? 0 : slashes(s, len);
	struct hb_node *node;

	*at_tag = tag != NULL && n != 1;
	text = span_make(s.p, n > 0 ? len - 1 : len);
	while (p->trim && text.len > 0 && is_blank(text.p[0]))
		text = span_from(text, 1);
	p->trim = false;
	node = text.len == 0 && n != 1 ? NULL : text_node(p, text);
	skip(p, len);
	if (n != 1)
		return node;
	/* The braces begin a piece that ends where a tag could. */
	s = rest(p);
	tag = memmem(s.p + 2, s.len - 2, "{{", 2);
	more = tag == NULL ? s.len : (size_t)(tag - s.p);
	if (tag != NULL)
		more -= slashes(s, more);
	node->next = text_node(p, span_make(s.p, more));
	skip(p, more);
	return node;
}

/* ---- the frame of a tag -------------------------------------------------- */

static void
trim_before(struct hb_parser *p, bool lines)
{
	struct span *s = p->before == NULL ? NULL : &p->before->name;

	while (s != NULL && s->len > 0 && is_blank(s->p[s->len - 1]) &&
	    (lines || s->p[s->len - 1] != '\n'))
		s->len--;
}

/* At "{{", "{{{", "{{{{" and what mark stands behind. */
static void
open_tag(struct hb_parser *p, const char *open)
{
	p->tag = p->at;
	skip(p, strlen(open));
	if (take(p, "~"))
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
	skip(p, (end < s.len ? end + 1 : end) - p->at);
	return true;
}

static int
close_tag(struct hb_parser *p, const char *close)
{
	blanks(p);
	p->trim = take(p, "~");
	if (take(p, close))
		return 0;
	fail(p, "'%s' is wanted here", close);
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

/* ---- values -------------------------------------------------------------- */

static bool
is_id(char c)
{
	return (unsigned char)c > 0x20 &&
	    strchr("!\"#%&'()*+,./;<=>@[\\]^`{|}~", c) == NULL;
}

static struct span
take_id(struct hb_parser *p)
{
	struct span s = rest(p);
	size_t n = 0;

	while (n < s.len && is_id(s.p[n]))
		n++;
	skip(p, n);
	return span_make(s.p, n);
}

static struct hb_node *
parse_string(struct hb_parser *p)
{
	struct hb_node *n = node_new(p, HB_CONST);
	struct buf b = { .base = NULL };
	struct span s = rest(p);
	size_t i;

	for (i = 1; i < s.len && s.p[i] != s.p[0]; i++) {
		if (s.p[i] == '\\' && i + 1 < s.len)
			i++;
		buf_add_byte(&b, (uint8_t)s.p[i]);
	}
	if (i >= s.len) {
		buf_free(&b);
		return fail(p, "a text in quotes does not end");
	}
	skip(p, i + 1);
	n->value = tval_text(arena_span(&p->t->arena, buf_span(&b)));
	buf_free(&b);
	return n;
}

/* Behind a literal stands no more of a name. */
static bool
ends_here(struct span s, size_t n)
{
	return n >= s.len || !is_id(s.p[n]);
}

/* The length of true, false or null at the front; 0: none of them. */
static size_t
word_value(struct span s, struct tval *out)
{
	static const struct {
		const char *word;
		uint8_t kind;
		bool flag;
	} words[] = {
		{ "true", TV_BOOL, true }, { "false", TV_BOOL, false },
		{ "null", TV_NONE, false }, { "undefined", TV_NONE, false },
	};
	size_t i, n;

	for (i = 0; i < sizeof(words) / sizeof(*words); i++) {
		n = strlen(words[i].word);
		if (!span_starts(s, words[i].word) || !ends_here(s, n) ||
		    (n < s.len && s.p[n] == '.'))
			continue;
		*out = words[i].kind == TV_BOOL ? tval_bool(words[i].flag) :
		    tval_none();
		return n;
	}
	return 0;
}

static size_t
number_value(struct span s, struct tval *out)
{
	size_t n = s.len > 0 && s.p[0] == '-' ? 1 : 0;
	char text[64], *end;

	if (n >= s.len || !ascii_digit(s.p[n]))
		return 0;
	while (n < s.len && n < sizeof(text) - 1 && (ascii_digit(s.p[n]) ||
	    memchr(".eE", s.p[n], 3) != NULL ||
	    (s.p[n] == '-' && memchr("eE", s.p[n - 1], 2) != NULL)))
		n++;
	memcpy(text, s.p, n);
	text[n] = '\0';
	*out = strpbrk(text, ".eE") == NULL && n < 19 ?
	    tval_int(strtoll(text, &end, 10)) :
	    tval_float(strtod(text, &end));
	return *end == '\0' && ends_here(s, n) ? n : 0;
}

/* NULL: it is something else. */
static struct hb_node *
parse_literal(struct hb_parser *p)
{
	struct hb_node *node;
	struct tval v;
	size_t n = word_value(rest(p), &v);

	if (n == 0)
		n = number_value(rest(p), &v);
	if (n == 0)
		return NULL;
	node = node_new(p, HB_CONST);
	node->value = v;
	skip(p, n);
	return node;
}

static struct hb_node *parse_list(struct hb_parser *p);

static struct hb_node *
parse_item(struct hb_parser *p)
{
	struct hb_node *n;

	if (here(p, "\"") || here(p, "'"))
		return parse_string(p);
	if (!here(p, "["))
		return parse_literal(p);
	if (!enter(p))
		return NULL;
	n = parse_list(p);
	p->depth--;
	return n;
}

/* [a, b] of literals; NULL without a failure: it is a name in brackets. */
static struct hb_node *
parse_list(struct hb_parser *p)
{
	struct hb_node *n = node_new(p, HB_LIST), **last = &n->args;
	struct hb_parser was = *p;

	skip(p, 1);
	for (blanks(p); !take(p, "]"); blanks(p)) {
		if (n->args != NULL && !take(p, ","))
			goto no_list;
		blanks(p);
		*last = parse_item(p);
		if (*last == NULL)
			goto no_list;
		last = &(*last)->next;
	}
	return n;
no_list:
	if (!p->failed) {
		p->at = was.at;
		p->line = was.line;
	}
	return NULL;
}

/* {"key": literal} */
static struct hb_node *
parse_map(struct hb_parser *p)
{
	struct hb_node *n = node_new(p, HB_MAP), *key;
	struct hb_hash **last = &n->hash, *h;

	skip(p, 1);
	blanks(p);
	while (!take(p, "}")) {
		if (n->hash != NULL && !take(p, ","))
			return fail(p, "',' or '}' is wanted here");
		blanks(p);
		key = here(p, "\"") ? parse_string(p) : NULL;
		blanks(p);
		if (key == NULL || !take(p, ":"))
			return fail(p, "a key in quotes and ':' are wanted");
		blanks(p);
		h = arena_alloc(&p->t->arena, sizeof(*h));
		h->key = key->value.u.text;
		h->value = parse_param(p);
		if (h->value == NULL)
			return NULL;
		*last = h;
		last = &h->next;
		blanks(p);
	}
	return n;
}

/* One part of a path: name, [any name], this, . */
static bool
parse_part(struct hb_parser *p, struct hb_node *n, struct hb_part ***last)
{
	struct hb_part *part;
	struct span name;
	ptrdiff_t end;

	if (here(p, "[")) {
		end = span_find(rest(p), ']');
		if (end == -1) {
			fail(p, "a name in brackets does not end");
			return false;
		}
		name = span_make(rest(p).p + 1, (size_t)end - 1);
		skip(p, (size_t)end + 1);
	} else {
		name = take_id(p);
	}
	if (name.len == 0)
		return false;
	if (n->parts == NULL && !n->data && span_eq_str(name, "this")) {
		n->explicit_this = true;
		return true;
	}
	part = arena_alloc(&p->t->arena, sizeof(*part));
	part->name = name;
	**last = part;
	*last = &part->next;
	return true;
}

/* a.b/c, ../a, @index, @root.a, this, . */
static struct hb_node *
parse_path(struct hb_parser *p)
{
	struct hb_node *n = node_new(p, HB_PATH);
	struct hb_part **last = &n->parts;
	size_t start = p->at;
	unsigned length = 0;

	n->data = take(p, "@");
	while (take(p, "..")) {
		n->up++;
		if (!take(p, "/"))
			goto out;
	}
	if (take(p, "./"))
		n->explicit_this = true;
	else if (here(p, ".") && !here(p, "..")) {
		skip(p, 1);
		n->explicit_this = true;
		goto out;
	}
	do {
		if (!parse_part(p, n, &last))
			return fail(p, "a name is wanted here");
		if (++length > DEPTH_MAX)
			return fail(p, "a path has too many parts");
	} while (take(p, ".") || take(p, "/"));
out:
	n->name = span_make(p->source.p + start, p->at - start);
	if (n->data && n->parts != NULL &&
	    span_eq_str(n->parts->name, "root")) {
		n->root = true;
		n->data = false;
		n->parts = n->parts->next;
	}
	return n;
}

/* ---- calls --------------------------------------------------------------- */

/* key=value? The key, or nothing. */
static struct span
peek_key(const struct hb_parser *p)
{
	struct span s = rest(p);
	size_t n = 0;

	while (n < s.len && is_id(s.p[n]))
		n++;
	return n > 0 && n < s.len && s.p[n] == '=' ? span_make(s.p, n) :
	    span_of(NULL);
}

static bool
at_end(const struct hb_parser *p)
{
	return here(p, "}}") || here(p, "~}}") || here(p, "}~}}") ||
	    here(p, ")") ||
	    p->at == p->source.len;
}

/* as |a b| */
static int
parse_block_params(struct hb_parser *p, struct hb_node *n)
{
	skip(p, 2);
	blanks(p);
	if (!take(p, "|")) {
		fail(p, "'as' wants names between '|'");
		return -1;
	}
	for (blanks(p); !take(p, "|"); blanks(p)) {
		if (n->n_params == HB_PARAMS_MAX) {
			fail(p, "'as' takes at most two names");
			return -1;
		}
		n->params[n->n_params] = take_id(p);
		if (n->params[n->n_params++].len == 0) {
			fail(p, "a name is wanted here");
			return -1;
		}
	}
	blanks(p);
	return 0;
}

/* What stands behind the name, to the end of the tag or the bracket. */
static int
parse_args(struct hb_parser *p, struct hb_node *n)
{
	struct hb_node **last = &n->args;
	struct hb_hash **last_hash = &n->hash, *h;
	struct span key, as;

	for (blanks(p); !at_end(p); blanks(p)) {
		as = rest(p);
		if (span_starts(as, "as") && as.len > 3 &&
		    (is_blank(as.p[2]) || as.p[2] == '|')) {
			if (parse_block_params(p, n) == -1)
				return -1;
			continue;
		}
		key = peek_key(p);
		if (key.len > 0) {
			skip(p, key.len + 1);
			h = arena_alloc(&p->t->arena, sizeof(*h));
			h->key = key;
			h->value = parse_param(p);
			if (h->value == NULL)
				return -1;
			*last_hash = h;
			last_hash = &h->next;
			continue;
		}
		*last = parse_param(p);
		if (*last == NULL)
			return -1;
		last = &(*last)->next;
	}
	return 0;
}

/* (helper a b=c) */
static struct hb_node *
parse_sub(struct hb_parser *p)
{
	struct hb_node *n = node_new(p, HB_SUB);

	if (!enter(p))
		return NULL;
	skip(p, 1);
	blanks(p);
	n->target = here(p, "(") ? parse_sub(p) : parse_path(p);
	if (n->target == NULL || parse_args(p, n) == -1)
		return NULL;
	p->depth--;
	if (!take(p, ")"))
		return fail(p, "')' is wanted here");
	return n;
}

static struct hb_node *
parse_param(struct hb_parser *p)
{
	struct hb_node *n;

	blanks(p);
	if (here(p, "\"") || here(p, "'"))
		return parse_string(p);
	if (here(p, "("))
		return parse_sub(p);
	if (here(p, "{")) {
		if (!enter(p))
			return NULL;
		n = parse_map(p);
		p->depth--;
		return n;
	}
	if (here(p, "[") && (n = parse_list(p)) != NULL)
		return n;
	if (p->failed)
		return NULL;
	n = parse_literal(p);
	return n != NULL || p->failed ? n : parse_path(p);
}

/* name and arguments */
static int
parse_call(struct hb_parser *p, struct hb_node *n)
{
	blanks(p);
	n->target = parse_param(p);
	return n->target == NULL ? -1 : parse_args(p, n);
}

/* ---- statements ---------------------------------------------------------- */

static struct hb_node *
parse_print(struct hb_parser *p)
{
	struct hb_node *n = node_new(p, HB_PRINT);
	bool three = here(p, "{{{") || here(p, "{{~{");

	if (three && here(p, "{{~{")) {
		open_tag(p, "{{");
		skip(p, 1);
	} else {
		open_tag(p, three ? "{{{" : "{{");
	}
	n->raw = three || take(p, "&");
	if (parse_call(p, n) == -1)
		return NULL;
	blanks(p);
	if (three && here(p, "}~}}")) {
		skip(p, 1);
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
	s = rest(p);
	end = comment_end(s);
	if (end == NULL)
		return fail(p, "a comment does not end");
	skip(p, (size_t)(end - s.p));
	if (end[-1] == '~')
		p->at--;
	if (close_tag(p, "}}") == -1)
		return NULL;
	standalone(p, &indent);
	return node_new(p, HB_TEXT);
}

/* {{{{name}}}} text {{{{/name}}}}: the text as it is. */
static struct hb_node *
parse_raw(struct hb_parser *p)
{
	struct hb_node *n = node_new(p, HB_TEXT);
	struct span name, s;
	const char *end;

	open_tag(p, "{{{{");
	blanks(p);
	name = take_id(p);
	if (name.len == 0 || close_tag(p, "}}}}") == -1)
		return fail(p, "the name of a raw block is wanted");
	s = rest(p);
	end = memmem(s.p, s.len, "{{{{/", 5);
	if (end == NULL)
		return fail(p, "a raw block does not end");
	n->name = span_make(s.p, (size_t)(end - s.p));
	skip(p, n->name.len + 5);
	blanks(p);
	if (!span_eq(take_id(p), name))
		return fail(p, "another raw block ends here");
	p->trim = false;
	return close_tag(p, "}}}}") == -1 ? NULL : n;
}

/* At "{{": is it {{else}}, {{else if ...}} or {{^}}? */
static bool
is_else(const struct hb_parser *p)
{
	struct span s = span_from(rest(p), 2);

	if (span_starts(s, "~"))
		s = span_from(s, 1);
	while (s.len > 0 && is_blank(s.p[0]))
		s = span_from(s, 1);
	if (span_starts(s, "else"))
		return ends_here(s, 4) && !(s.len > 4 && (s.p[4] == '.' ||
		    s.p[4] == '='));
	if (!span_starts(s, "^"))
		return false;
	s = span_from(s, 1);
	while (s.len > 0 && is_blank(s.p[0]))
		s = span_from(s, 1);
	return span_starts(s, "}}") || span_starts(s, "~}}");
}

static bool
is_end(const struct hb_parser *p)
{
	struct span s = span_from(rest(p), 2);

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
		fail(p, "what began in line %d has no {{/%.*s}}", block->line,
		    (int)(name.len < 60 ? name.len : 60), name.p);
		return -1;
	}
	open_tag(p, "{{");
	skip(p, 1);
	blanks(p);
	s = rest(p);
	while (n < s.len && !is_blank(s.p[n]) &&
	    !span_starts(span_from(s, n), "}}") &&
	    !span_starts(span_from(s, n), "~}}"))
		n++;
	if (name.len > 0 && !span_eq(span_make(s.p, n), name)) {
		fail(p, "{{/%.*s}} ends nothing that is open",
		    (int)(n < 60 ? n : 60), s.p);
		return -1;
	}
	skip(p, n);
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
	blanks(p);
	if (!take(p, "^"))
		take(p, "else");
	blanks(p);
	if (at_end(p)) {
		if (close_block_tag(p) == -1)
			return -1;
		n->other = parse_body(p);
		return p->failed ? -1 : parse_end(p, outer);
	}
	chained = node_new(p, HB_BLOCK);
	n->other = chained;
	if (parse_call(p, chained) == -1 || close_block_tag(p) == -1 ||
	    !enter(p))
		return -1;
	if (parse_rest(p, chained, outer) == -1)
		return -1;
	p->depth--;
	return 0;
}

static struct hb_node *
parse_block(struct hb_parser *p)
{
	struct hb_node *n = node_new(p, HB_BLOCK);

	open_tag(p, "{{");
	n->inverted = here(p, "^");
	skip(p, 1);
	if (parse_call(p, n) == -1 || close_block_tag(p) == -1 || !enter(p))
		return NULL;
	if (parse_rest(p, n, n) == -1)
		return NULL;
	p->depth--;
	return n;
}

static struct hb_node *
parse_inline(struct hb_parser *p)
{
	struct hb_node *n = node_new(p, HB_INLINE);

	open_tag(p, "{{");
	skip(p, 1);
	blanks(p);
	skip(p, 1);
	blanks(p);
	if (!span_eq_str(take_id(p), "inline"))
		return fail(p, "the only decorator is 'inline'");
	n->args = parse_param(p);
	if (n->args == NULL || close_block_tag(p) == -1 || !enter(p))
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

	blanks(p);
	if (here(p, "(") || here(p, "\"") || here(p, "'"))
		return parse_param(p);
	s = rest(p);
	while (len < s.len && (is_id(s.p[len]) ||
	    memchr("@./-[]", s.p[len], 6) != NULL))
		len++;
	if (len == 0)
		return fail(p, "the name of a partial is wanted");
	n = node_new(p, HB_CONST);
	n->name = span_make(s.p, len);
	n->value = tval_text(n->name);
	skip(p, len);
	return n;
}

static struct hb_node *
parse_partial(struct hb_parser *p, bool block)
{
	struct hb_node *n = node_new(p, HB_PARTIAL);
	struct span indent;

	open_tag(p, "{{");
	if (block)
		skip(p, 1);
	blanks(p);
	skip(p, 1);
	n->target = parse_partial_name(p);
	if (n->target == NULL || parse_args(p, n) == -1 ||
	    close_tag(p, "}}") == -1)
		return NULL;
	if (standalone(p, &indent) && !block)
		n->name = indent;
	if (!block)
		return n;
	if (!enter(p))
		return NULL;
	n->body = parse_body(p);
	p->depth--;
	if (p->failed || parse_end(p, n) == -1)
		return NULL;
	/* An empty block is one, too. */
	if (n->body == NULL)
		n->body = node_new(p, HB_TEXT);
	return n;
}

/* At "{{". */
static struct hb_node *
parse_tag(struct hb_parser *p)
{
	struct span s = span_from(rest(p), 2), inside;

	if (here(p, "{{{{"))
		return parse_raw(p);
	if (span_starts(s, "~"))
		s = span_from(s, 1);
	if (span_starts(s, "!"))
		return parse_comment(p);
	if (span_starts(s, ">"))
		return parse_partial(p, false);
	if (span_starts(s, "*"))
		return fail(p, "decorators stand in blocks here: "
		    "{{#*inline}}");
	if (!span_starts(s, "#") && !span_starts(s, "^"))
		return parse_print(p);
	inside = span_from(s, 1);
	while (inside.len > 0 && is_blank(inside.p[0]))
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
		fail(&p, "this ends nothing that is open");
	return p.failed ? -1 : 0;
}
