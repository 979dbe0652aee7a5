/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/template/parse.h"

#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/text.h"
#include "lib/template/chars.h"
#include "lib/template/tables.h"

static struct node *parse_unary(struct parser *p, bool filters);

static struct node *
const_node(struct parser *p, struct tval v)
{
	struct node *n = parse_node(p, NODE_CONST);

	n->value = v;
	return n;
}

/* ---- texts --------------------------------------------------------------- */

static int
hex_digits(struct span s, size_t n, uint32_t *out)
{
	uint32_t v = 0;
	size_t i;
	char c;

	if (s.len < n)
		return -1;
	for (i = 0; i < n; i++) {
		c = ascii_lower(s.p[i]);
		if (ascii_digit(c))
			v = v << 4 | (uint32_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			v = v << 4 | (uint32_t)(c - 'a' + 10);
		else
			return -1;
	}
	*out = v;
	return 0;
}

/* Behind the backslash; how much was taken, 0: it is no escape. */
static size_t
unescape_one(struct span s, struct buf *b)
{
	static const char from[] = "\\'\"/bfnrt", to[] = "\\'\"/\b\f\n\r\t";
	const char *at;
	uint32_t c, low;

	if (s.len == 0 || s.p[0] == '\0')
		return 0;
	if ((at = strchr(from, s.p[0])) != NULL) {
		buf_add_byte(b, (uint8_t)to[at - from]);
		return 1;
	}
	if (s.p[0] == 'x' && hex_digits(span_from(s, 1), 2, &c) == 0) {
		chars_put(b, c);
		return 3;
	}
	if (s.p[0] != 'u' || hex_digits(span_from(s, 1), 4, &c) == -1)
		return 0;
	if (c < 0xd800 || c > 0xdfff) {
		chars_put(b, c);
		return 5;
	}
	if (c > 0xdbff || !span_starts(span_from(s, 5), "\\u") ||
	    hex_digits(span_from(s, 7), 4, &low) == -1 || low < 0xdc00 ||
	    low > 0xdfff)
		return 0;
	chars_put(b, 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00));
	return 11;
}

static struct node *
parse_text(struct parser *p)
{
	struct span raw = p->now.text, left;
	struct buf b = { .base = NULL };
	struct node *n = NULL;
	size_t taken;
	ptrdiff_t at;

	if (!p->now.escaped) {
		n = const_node(p, tval_text(raw));
		parse_next(p);
		return n;
	}
	for (left = raw; (at = span_find(left, '\\')) != -1;
	    left = span_from(left, taken)) {
		buf_add(&b, left.p, (size_t)at);
		left = span_from(left, (size_t)at + 1);
		taken = unescape_one(left, &b);
		if (taken == 0) {
			parse_fail(p, "a text holds a backslash that escapes "
			    "nothing");
			goto out;
		}
	}
	buf_add_span(&b, left);
	n = const_node(p, tval_text(arena_span(&p->t->arena, buf_span(&b))));
	parse_next(p);
out:
	buf_free(&b);
	return n;
}

/* ---- lists, maps, brackets ----------------------------------------------- */

/* Items to the closing bracket. */
static struct node *
parse_items(struct parser *p, struct node *list, const char *close)
{
	struct node **last = &list->a;

	while (*last != NULL)
		last = &(*last)->next;
	while (!parse_take(p, close)) {
		if (list->a != NULL && parse_want(p, ",") == -1)
			return NULL;
		if (parse_take(p, close))
			break;
		*last = parse_expression(p);
		if (*last == NULL)
			return NULL;
		last = &(*last)->next;
	}
	return list;
}

static struct node *
parse_map(struct parser *p)
{
	struct node *map = parse_node(p, NODE_MAP), **last = &map->a;

	parse_next(p);
	while (!parse_take(p, "}")) {
		if (map->a != NULL && parse_want(p, ",") == -1)
			return NULL;
		if (parse_take(p, "}"))
			break;
		*last = parse_expression(p);
		if (*last == NULL || parse_want(p, ":") == -1)
			return NULL;
		last = &(*last)->next;
		*last = parse_expression(p);
		if (*last == NULL)
			return NULL;
		last = &(*last)->next;
	}
	return map;
}

/* (a), () and (a, b), which are lists. */
static struct node *
parse_brackets(struct parser *p)
{
	struct node *list = parse_node(p, NODE_LIST), *first;

	parse_next(p);
	if (parse_take(p, ")"))
		return list;
	first = parse_expression(p);
	if (first == NULL || parse_take(p, ")"))
		return first;
	list->a = first;
	return parse_items(p, list, ")");
}

static struct node *
parse_name_or_word(struct parser *p)
{
	static const struct {
		const char *word;
		uint8_t kind;
		bool flag;
	} words[] = {
		{ "true", TV_BOOL, true }, { "True", TV_BOOL, true },
		{ "false", TV_BOOL, false }, { "False", TV_BOOL, false },
		{ "none", TV_NONE, false }, { "None", TV_NONE, false },
	};
	struct node *n;
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (!parse_is_name(p, words[i].word))
			continue;
		n = const_node(p, words[i].kind == TV_NONE ? tval_none() :
		    tval_bool(words[i].flag));
		parse_next(p);
		return n;
	}
	n = parse_node(p, NODE_VAR);
	n->name = p->now.text;
	parse_next(p);
	return n;
}

static struct node *
parse_primary(struct parser *p)
{
	struct node *n;

	switch (p->now.kind) {
	case TOKEN_NAME:
		return parse_name_or_word(p);
	case TOKEN_TEXT:
		return parse_text(p);
	case TOKEN_INT:
		n = const_node(p, tval_int(p->now.number));
		parse_next(p);
		return n;
	case TOKEN_FLOAT:
		n = const_node(p, tval_float(p->now.real));
		parse_next(p);
		return n;
	case TOKEN_OPERATOR:
		if (parse_is(p, "("))
			return parse_brackets(p);
		if (parse_is(p, "{"))
			return parse_map(p);
		if (parse_take(p, "["))
			return parse_items(p, parse_node(p, NODE_LIST), "]");
		break;
	case TOKEN_END:
	case TOKEN_DATA:
	case TOKEN_PRINT:
	case TOKEN_PRINT_END:
	case TOKEN_BLOCK:
	case TOKEN_BLOCK_END:
	case TOKEN_BAD:
		break;
	}
	return parse_fail(p, "a value is wanted, not %s", parse_found(p));
}

/* ---- what stands behind a value ------------------------------------------ */

static int
parse_arg(struct parser *p, struct arg *arg)
{
	struct token next = parse_peek(p);

	if (parse_take(p, "**")) {
		arg->kind = ARG_SPREAD_MAP;
	} else if (parse_take(p, "*")) {
		arg->kind = ARG_SPREAD;
	} else if (p->now.kind == TOKEN_NAME && next.kind == TOKEN_OPERATOR &&
	    span_eq_str(next.text, "=")) {
		arg->kind = ARG_KEY;
		arg->key = p->now.text;
		parse_next(p);
		parse_next(p);
	}
	arg->value = parse_expression(p);
	return arg->value != NULL ? 0 : -1;
}

int
parse_args(struct parser *p, struct arg **out)
{
	struct arg *arg;

	if (parse_want(p, "(") == -1)
		return -1;
	while (!parse_take(p, ")")) {
		arg = arena_alloc(&p->t->arena, sizeof(*arg));
		if (parse_arg(p, arg) == -1)
			return -1;
		*out = arg;
		out = &arg->next;
		if (!parse_is(p, ")") && parse_want(p, ",") == -1)
			return -1;
	}
	return 0;
}

/* Behind "[": an item or a slice. */
static struct node *
parse_subscript(struct parser *p, struct node *of)
{
	struct node *n = parse_node(p, NODE_ITEM);

	n->a = of;
	if (!parse_is(p, ":")) {
		n->b = parse_expression(p);
		if (n->b == NULL)
			return NULL;
		if (parse_take(p, "]"))
			return n;
	}
	n->kind = NODE_SLICE;
	if (parse_want(p, ":") == -1)
		return NULL;
	if (!parse_is(p, ":") && !parse_is(p, "]")) {
		n->c = parse_expression(p);
		if (n->c == NULL)
			return NULL;
	}
	if (parse_take(p, ":") && !parse_is(p, "]")) {
		n->d = parse_expression(p);
		if (n->d == NULL)
			return NULL;
	}
	return parse_want(p, "]") == -1 ? NULL : n;
}

static struct node *
parse_attr(struct parser *p, struct node *of)
{
	struct node *n;

	if (p->now.kind == TOKEN_INT) { /* list.0 */
		n = parse_node(p, NODE_ITEM);
		n->a = of;
		n->b = const_node(p, tval_int(p->now.number));
		parse_next(p);
		return n;
	}
	n = parse_node(p, NODE_ATTR);
	n->a = of;
	return parse_want_name(p, &n->name) == -1 ? NULL : n;
}

static struct node *
parse_postfix(struct parser *p, struct node *n)
{
	struct node *call;

	/* Each step wraps the one before: a chain is as deep as it is long. */
	unsigned length = 0;

	while (n != NULL) {
		if (++length > PARSE_DEPTH_MAX)
			return parse_fail(p, "a chain of more than %d "
			    "attributes and calls", PARSE_DEPTH_MAX);
		if (parse_take(p, ".")) {
			n = parse_attr(p, n);
		} else if (parse_take(p, "[")) {
			n = parse_subscript(p, n);
		} else if (parse_is(p, "(")) {
			call = parse_node(p, NODE_CALL);
			call->a = n;
			n = parse_args(p, &call->args) == -1 ? NULL : call;
		} else {
			return n;
		}
	}
	return NULL;
}

/* ---- filters and tests --------------------------------------------------- */

static struct node *
unknown(struct parser *p, const char *what, struct span name,
    const char *near)
{
	int len = name.len < 64 ? (int)name.len : 64;

	if (near != NULL)
		return parse_fail(p, "there is no %s '%.*s', did you mean "
		    "'%s'?", what, len, name.p, near);
	return parse_fail(p, "there is no %s '%.*s'", what, len, name.p);
}

static struct node *
parse_filter(struct parser *p, struct node *of)
{
	struct node *n = parse_node(p, NODE_FILTER);

	n->a = of;
	if (parse_want_name(p, &n->name) == -1)
		return NULL;
	n->filter = filter_find(n->name);
	if (n->filter == NULL)
		return unknown(p, "filter", n->name, filter_near(n->name));
	if (parse_is(p, "(") && parse_args(p, &n->args) == -1)
		return NULL;
	return n;
}

/* Does a test's argument without brackets begin here? */
static bool
is_bare_arg(const struct parser *p)
{
	static const char *const words[] = {
		"and", "or", "else", "is", "if", "not", "in", "recursive",
	};
	size_t i;

	if (p->now.kind == TOKEN_OPERATOR)
		return parse_is(p, "[") || parse_is(p, "{");
	if (p->now.kind == TOKEN_TEXT || p->now.kind == TOKEN_INT ||
	    p->now.kind == TOKEN_FLOAT)
		return true;
	if (p->now.kind != TOKEN_NAME)
		return false;
	for (i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (parse_is_name(p, words[i]))
			return false;
	}
	return true;
}

/* Behind "is". */
static struct node *
parse_test(struct parser *p, struct node *of)
{
	struct node *n = parse_node(p, NODE_TEST);
	struct span name = p->now.text;

	n->a = of;
	n->flag = parse_take_name(p, "not");
	if (parse_want_name(p, &name) == -1)
		return NULL;
	n->test = test_find(name);
	if (n->test == NULL)
		return unknown(p, "test", name, test_near(name));
	if (parse_is(p, "("))
		return parse_args(p, &n->args) == -1 ? NULL : n;
	if (!is_bare_arg(p))
		return n;
	n->args = arena_alloc(&p->t->arena, sizeof(*n->args));
	n->args->value = parse_postfix(p, parse_primary(p));
	return n->args->value == NULL ? NULL : n;
}

struct node *
parse_filters(struct parser *p)
{
	struct node *n = parse_filter(p, NULL);
	unsigned length = 0;

	while (n != NULL && parse_take(p, "|")) {
		if (++length > PARSE_DEPTH_MAX)
			return parse_fail(p, "a chain of more than %d filters",
			    PARSE_DEPTH_MAX);
		n = parse_filter(p, n);
	}
	return n;
}

/* Filters and tests of a value. */
static struct node *
parse_pipes(struct parser *p, struct node *n)
{
	unsigned length = 0;

	while (n != NULL) {
		if (++length > PARSE_DEPTH_MAX)
			return parse_fail(p, "a chain of more than %d filters",
			    PARSE_DEPTH_MAX);
		if (parse_take(p, "|"))
			n = parse_filter(p, n);
		else if (parse_take_name(p, "is"))
			n = parse_test(p, n);
		else
			return n;
	}
	return NULL;
}

/* ---- operators ----------------------------------------------------------- */

static struct node *
parse_unary(struct parser *p, bool filters)
{
	struct node *n;

	if (!parse_enter(p))
		return NULL;
	if (parse_is(p, "-") || parse_is(p, "+")) {
		bool minus = parse_is(p, "-");

		parse_next(p);
		n = parse_node(p, NODE_NEGATE);
		n->a = parse_unary(p, false);
		if (n->a == NULL)
			n = NULL;
		else if (!minus)
			n = n->a;
	} else {
		n = parse_postfix(p, parse_primary(p));
	}
	if (filters && n != NULL)
		n = parse_pipes(p, n);
	p->depth--;
	return n;
}

struct level {
	const char *text;
	enum binary_op op;
};

/* From the tightest to the loosest; each ends with a row without text. */
static const struct level powers[] = { { "**", OP_POW }, { NULL, 0 } };
static const struct level products[] = {
	{ "*", OP_MUL }, { "//", OP_FLOOR_DIV }, { "/", OP_DIV },
	{ "%", OP_MOD }, { NULL, 0 },
};
static const struct level concats[] = { { "~", OP_CONCAT }, { NULL, 0 } };
static const struct level sums[] = {
	{ "+", OP_ADD }, { "-", OP_SUB }, { NULL, 0 },
};
static const struct level compares[] = {
	{ "==", OP_EQ }, { "!=", OP_NE }, { "<=", OP_LE }, { ">=", OP_GE },
	{ "<", OP_LT }, { ">", OP_GT }, { NULL, 0 },
};
static const struct level *const levels[] = {
	powers, products, concats, sums,
};

static const struct level *
level_take(struct parser *p, const struct level *rows)
{
	for (; rows->text != NULL; rows++) {
		if (parse_take(p, rows->text))
			return rows;
	}
	return NULL;
}

/* Left to right; each operator makes the tree a level deeper. */
static struct node *
parse_level(struct parser *p, int level)
{
	const struct level *row;
	struct node *left, *n;
	unsigned length = 0;

	if (level < 0)
		return parse_unary(p, true);
	left = parse_level(p, level - 1);
	while (left != NULL && (row = level_take(p, levels[level])) != NULL) {
		if (++length > PARSE_DEPTH_MAX)
			return parse_fail(p, "more than %d operators in a row",
			    PARSE_DEPTH_MAX);
		n = parse_node(p, NODE_BINARY);
		n->op = row->op;
		n->a = left;
		n->b = parse_level(p, level - 1);
		left = n->b == NULL ? NULL : n;
	}
	return left;
}

static struct node *
parse_compare(struct parser *p)
{
	const struct level *row = NULL;
	struct node *left = parse_level(p, 3), *n;
	unsigned length = 0;
	bool negated;

	while (left != NULL) {
		if (++length > PARSE_DEPTH_MAX)
			return parse_fail(p, "more than %d operators in a row",
			    PARSE_DEPTH_MAX);
		negated = parse_is_name(p, "not") &&
		    span_eq_str(parse_peek(p).text, "in");
		if (negated)
			parse_next(p);
		if (parse_take_name(p, "in")) {
			n = parse_node(p, NODE_IN);
			n->flag = negated;
		} else if ((row = level_take(p, compares)) != NULL) {
			n = parse_node(p, NODE_BINARY);
			n->op = row->op;
		} else {
			return left;
		}
		n->a = left;
		n->b = parse_level(p, 3);
		left = n->b == NULL ? NULL : n;
	}
	return NULL;
}

static struct node *
parse_not(struct parser *p)
{
	struct node *n;

	if (!parse_is_name(p, "not"))
		return parse_compare(p);
	if (!parse_enter(p))
		return NULL;
	parse_next(p);
	n = parse_node(p, NODE_NOT);
	n->a = parse_not(p);
	p->depth--;
	return n->a == NULL ? NULL : n;
}

static struct node *
parse_logic(struct parser *p, bool is_or)
{
	struct node *left = is_or ? parse_logic(p, false) : parse_not(p), *n;
	unsigned length = 0;

	while (left != NULL && parse_take_name(p, is_or ? "or" : "and")) {
		if (++length > PARSE_DEPTH_MAX)
			return parse_fail(p, "more than %d operators in a row",
			    PARSE_DEPTH_MAX);
		n = parse_node(p, is_or ? NODE_OR : NODE_AND);
		n->a = left;
		n->b = is_or ? parse_logic(p, false) : parse_not(p);
		left = n->b == NULL ? NULL : n;
	}
	return left;
}

struct node *
parse_no_ternary(struct parser *p)
{
	struct node *n;

	if (!parse_enter(p))
		return NULL;
	n = parse_logic(p, true);
	p->depth--;
	return n;
}

struct node *
parse_expression(struct parser *p)
{
	struct node *n = parse_no_ternary(p), *outer;

	if (n == NULL || !parse_take_name(p, "if"))
		return n;
	if (!parse_enter(p))
		return NULL;
	outer = parse_node(p, NODE_TERNARY);
	outer->b = n;
	outer->a = parse_no_ternary(p);
	if (outer->a == NULL)
		outer = NULL;
	else if (parse_take_name(p, "else")) {
		outer->c = parse_expression(p);
		if (outer->c == NULL)
			outer = NULL;
	}
	p->depth--;
	return outer;
}

/* ---- targets ------------------------------------------------------------- */

static struct node *
parse_one_target(struct parser *p)
{
	static const char *const reserved[] = {
		"true", "True", "false", "False", "none", "None", "loop",
		"self", "and", "or", "not", "in", "is", "if", "else",
	};
	struct node *n, *attr;
	size_t i;

	if (parse_take(p, "(")) {
		if (!parse_enter(p))
			return NULL;
		n = parse_target(p);
		p->depth--;
		return n == NULL || parse_want(p, ")") == -1 ? NULL : n;
	}
	n = parse_node(p, NODE_VAR);
	if (parse_want_name(p, &n->name) == -1)
		return NULL;
	for (i = 0; i < sizeof(reserved) / sizeof(*reserved); i++) {
		if (span_eq_str(n->name, reserved[i]))
			return parse_fail(p, "'%s' cannot be set",
			    reserved[i]);
	}
	while (parse_take(p, ".")) {
		attr = parse_node(p, NODE_ATTR);
		attr->a = n;
		n = attr;
		if (parse_want_name(p, &n->name) == -1)
			return NULL;
		if (n->a->kind == NODE_ATTR)
			return parse_fail(p, "only an attribute of a "
			    "namespace can be set");
	}
	return n;
}

struct node *
parse_target(struct parser *p)
{
	struct node *list, *n = parse_one_target(p), **last;

	if (n == NULL || !parse_is(p, ","))
		return n;
	list = parse_node(p, NODE_LIST);
	list->a = n;
	last = &n->next;
	while (parse_take(p, ",")) {
		if (parse_is(p, ")") || parse_is_name(p, "in") ||
		    parse_is(p, "="))
			break;
		*last = parse_one_target(p);
		if (*last == NULL)
			return NULL;
		last = &(*last)->next;
	}
	return list;
}
