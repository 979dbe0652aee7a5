/* SPDX-License-Identifier: Apache-2.0 */
/* Values, paths and arguments of Handlebars. */
#include "lib/template/hb_parse.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"

/* ---- values -------------------------------------------------------------- */

bool
hb_is_id(char c)
{
	return (unsigned char)c > 0x20 &&
	    strchr("!\"#%&'()*+,./;<=>@[\\]^`{|}~", c) == NULL;
}

struct span
hb_take_id(struct hb_parser *p)
{
	struct span s = hb_rest(p);
	size_t n = 0;

	while (n < s.len && hb_is_id(s.p[n]))
		n++;
	hb_skip(p, n);
	return span_make(s.p, n);
}

static struct hb_node *
parse_string(struct hb_parser *p)
{
	struct hb_node *n = hb_node_new(p, HB_CONST);
	struct buf b = { .base = NULL };
	struct span s = hb_rest(p);
	size_t i;

	for (i = 1; i < s.len && s.p[i] != s.p[0]; i++) {
		if (s.p[i] == '\\' && i + 1 < s.len)
			i++;
		buf_add_byte(&b, (uint8_t)s.p[i]);
	}
	if (i >= s.len) {
		buf_free(&b);
		return hb_fail(p, "a text in quotes does not end");
	}
	hb_skip(p, i + 1);
	n->value = tval_text(arena_span(&p->t->arena, buf_span(&b)));
	buf_free(&b);
	return n;
}

/* Behind a literal stands no more of a name. */
bool
hb_ends_here(struct span s, size_t n)
{
	return n >= s.len || !hb_is_id(s.p[n]);
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
		if (!span_starts(s, words[i].word) || !hb_ends_here(s, n) ||
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
	return *end == '\0' && hb_ends_here(s, n) ? n : 0;
}

/* NULL: it is something else. */
static struct hb_node *
parse_literal(struct hb_parser *p)
{
	struct hb_node *node;
	struct tval v;
	size_t n = word_value(hb_rest(p), &v);

	if (n == 0)
		n = number_value(hb_rest(p), &v);
	if (n == 0)
		return NULL;
	node = hb_node_new(p, HB_CONST);
	node->value = v;
	hb_skip(p, n);
	return node;
}

static struct hb_node *parse_list(struct hb_parser *p);

static struct hb_node *
parse_item(struct hb_parser *p)
{
	struct hb_node *n;

	if (hb_here(p, "\"") || hb_here(p, "'"))
		return parse_string(p);
	if (!hb_here(p, "["))
		return parse_literal(p);
	if (!hb_enter(p))
		return NULL;
	n = parse_list(p);
	p->depth--;
	return n;
}

/* [a, b] of literals; NULL without a failure: it is a name in brackets. */
static struct hb_node *
parse_list(struct hb_parser *p)
{
	struct hb_node *n = hb_node_new(p, HB_LIST), **last = &n->args;
	struct hb_parser was = *p;

	hb_skip(p, 1);
	for (hb_blanks(p); !hb_take(p, "]"); hb_blanks(p)) {
		if (n->args != NULL && !hb_take(p, ","))
			goto no_list;
		hb_blanks(p);
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
	struct hb_node *n = hb_node_new(p, HB_MAP), *key;
	struct hb_hash **last = &n->hash, *h;

	hb_skip(p, 1);
	hb_blanks(p);
	while (!hb_take(p, "}")) {
		if (n->hash != NULL && !hb_take(p, ","))
			return hb_fail(p, "',' or '}' is wanted here");
		hb_blanks(p);
		key = hb_here(p, "\"") ? parse_string(p) : NULL;
		hb_blanks(p);
		if (key == NULL || !hb_take(p, ":"))
			return hb_fail(p, "a key in quotes and ':' are wanted");
		hb_blanks(p);
		h = arena_alloc(&p->t->arena, sizeof(*h));
		h->key = key->value.u.text;
		h->value = hb_param(p);
		if (h->value == NULL)
			return NULL;
		*last = h;
		last = &h->next;
		hb_blanks(p);
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

	if (hb_here(p, "[")) {
		end = span_find(hb_rest(p), ']');
		if (end == -1) {
			hb_fail(p, "a name in brackets does not end");
			return false;
		}
		name = span_make(hb_rest(p).p + 1, (size_t)end - 1);
		hb_skip(p, (size_t)end + 1);
	} else {
		name = hb_take_id(p);
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
	struct hb_node *n = hb_node_new(p, HB_PATH);
	struct hb_part **last = &n->parts;
	size_t start = p->at;
	unsigned length = 0;

	n->data = hb_take(p, "@");
	while (hb_take(p, "..")) {
		n->up++;
		if (!hb_take(p, "/"))
			goto out;
	}
	if (hb_take(p, "./"))
		n->explicit_this = true;
	else if (hb_here(p, ".") && !hb_here(p, "..")) {
		hb_skip(p, 1);
		n->explicit_this = true;
		goto out;
	}
	do {
		if (!parse_part(p, n, &last))
			return hb_fail(p, "a name is wanted here");
		if (++length > HB_DEPTH_MAX)
			return hb_fail(p, "a path has too many parts");
	} while (hb_take(p, ".") || hb_take(p, "/"));
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
	struct span s = hb_rest(p);
	size_t n = 0;

	while (n < s.len && hb_is_id(s.p[n]))
		n++;
	return n > 0 && n < s.len && s.p[n] == '=' ? span_make(s.p, n) :
	    span_of(NULL);
}

bool
hb_at_end(const struct hb_parser *p)
{
	return hb_here(p, "}}") || hb_here(p, "~}}") || hb_here(p, "}~}}") ||
	    hb_here(p, ")") ||
	    p->at == p->source.len;
}

/* as |a b| */
static int
parse_block_params(struct hb_parser *p, struct hb_node *n)
{
	hb_skip(p, 2);
	hb_blanks(p);
	if (!hb_take(p, "|")) {
		hb_fail(p, "'as' wants names between '|'");
		return -1;
	}
	for (hb_blanks(p); !hb_take(p, "|"); hb_blanks(p)) {
		if (n->n_params == HB_PARAMS_MAX) {
			hb_fail(p, "'as' takes at most two names");
			return -1;
		}
		n->params[n->n_params] = hb_take_id(p);
		if (n->params[n->n_params++].len == 0) {
			hb_fail(p, "a name is wanted here");
			return -1;
		}
	}
	hb_blanks(p);
	return 0;
}

/* What stands behind the name, to the end of the tag or the bracket. */
int
hb_args(struct hb_parser *p, struct hb_node *n)
{
	struct hb_node **last = &n->args;
	struct hb_hash **last_hash = &n->hash, *h;
	struct span key, as;

	for (hb_blanks(p); !hb_at_end(p); hb_blanks(p)) {
		as = hb_rest(p);
		if (span_starts(as, "as") && as.len > 3 &&
		    (hb_is_blank(as.p[2]) || as.p[2] == '|')) {
			if (parse_block_params(p, n) == -1)
				return -1;
			continue;
		}
		key = peek_key(p);
		if (key.len > 0) {
			hb_skip(p, key.len + 1);
			h = arena_alloc(&p->t->arena, sizeof(*h));
			h->key = key;
			h->value = hb_param(p);
			if (h->value == NULL)
				return -1;
			*last_hash = h;
			last_hash = &h->next;
			continue;
		}
		*last = hb_param(p);
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
	struct hb_node *n = hb_node_new(p, HB_SUB);

	if (!hb_enter(p))
		return NULL;
	hb_skip(p, 1);
	hb_blanks(p);
	n->target = hb_here(p, "(") ? parse_sub(p) : parse_path(p);
	if (n->target == NULL || hb_args(p, n) == -1)
		return NULL;
	p->depth--;
	if (!hb_take(p, ")"))
		return hb_fail(p, "')' is wanted here");
	return n;
}

struct hb_node *
hb_param(struct hb_parser *p)
{
	struct hb_node *n;

	hb_blanks(p);
	if (hb_here(p, "\"") || hb_here(p, "'"))
		return parse_string(p);
	if (hb_here(p, "("))
		return parse_sub(p);
	if (hb_here(p, "{")) {
		if (!hb_enter(p))
			return NULL;
		n = parse_map(p);
		p->depth--;
		return n;
	}
	if (hb_here(p, "[") && (n = parse_list(p)) != NULL)
		return n;
	if (p->failed)
		return NULL;
	n = parse_literal(p);
	return n != NULL || p->failed ? n : parse_path(p);
}

/* name and arguments */
int
hb_call(struct hb_parser *p, struct hb_node *n)
{
	hb_blanks(p);
	n->target = hb_param(p);
	return n->target == NULL ? -1 : hb_args(p, n);
}
