/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/template/parse.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/text.h"

static struct node *parse_body(struct parser *p, const char *const *ends);

/* ---- tokens -------------------------------------------------------------- */

void *
parse_fail(struct parser *p, const char *fmt, ...)
{
	char what[TEMPLATE_ERROR_MAX], text[TEMPLATE_ERROR_MAX];
	va_list ap;

	if (p->failed)
		return NULL;
	p->failed = true;
	if (p->now.kind == TOKEN_BAD) {
		snprintf(what, sizeof(what), "%.*s",
		    SPAN_FMT(p->now.text));
	} else {
		va_start(ap, fmt);
		vsnprintf(what, sizeof(what), fmt, ap);
		va_end(ap);
	}
	p->error->line = p->now.line;
	snprintf(text, sizeof(text), "template '%.100s' line %d: %.300s",
	    p->t->name, p->now.line, what);
	text_printable(span_of(text), p->error->text, sizeof(p->error->text));
	return NULL;
}

void
parse_next(struct parser *p)
{
	/* After a failure nothing goes on. */
	if (p->failed)
		p->now.kind = TOKEN_BAD;
	else
		p->now = lexer_next(&p->lexer);
}

struct token
parse_peek(const struct parser *p)
{
	struct lexer copy = p->lexer;

	return lexer_next(&copy);
}

bool
parse_is(const struct parser *p, const char *operator)
{
	return p->now.kind == TOKEN_OPERATOR &&
	    span_eq_str(p->now.text, operator);
}

bool
parse_is_name(const struct parser *p, const char *name)
{
	return p->now.kind == TOKEN_NAME && span_eq_str(p->now.text, name);
}

bool
parse_take(struct parser *p, const char *operator)
{
	if (!parse_is(p, operator))
		return false;
	parse_next(p);
	return true;
}

bool
parse_take_name(struct parser *p, const char *name)
{
	if (!parse_is_name(p, name))
		return false;
	parse_next(p);
	return true;
}

const char *
parse_found(const struct parser *p)
{
	switch (p->now.kind) {
	case TOKEN_END:
		return "the end of the template";
	case TOKEN_DATA:
	case TOKEN_PRINT:
	case TOKEN_BLOCK:
		return "text";
	case TOKEN_PRINT_END:
	case TOKEN_BLOCK_END:
		return "the end of the tag";
	case TOKEN_NAME:
		return "a name";
	case TOKEN_TEXT:
		return "a text";
	case TOKEN_INT:
	case TOKEN_FLOAT:
		return "a number";
	case TOKEN_OPERATOR:
	case TOKEN_BAD:
		return "this";
	}
	return "this";
}

int
parse_want(struct parser *p, const char *operator)
{
	if (parse_take(p, operator))
		return 0;
	parse_fail(p, "'%s' is wanted, not %s", operator, parse_found(p));
	return -1;
}

int
parse_want_name(struct parser *p, struct span *name_out)
{
	if (p->now.kind != TOKEN_NAME) {
		parse_fail(p, "a name is wanted, not %s", parse_found(p));
		return -1;
	}
	*name_out = p->now.text;
	parse_next(p);
	return 0;
}

static int
want_end(struct parser *p)
{
	if (p->now.kind != TOKEN_BLOCK_END) {
		parse_fail(p, "the end of the tag is wanted, not %s",
		    parse_found(p));
		return -1;
	}
	parse_next(p);
	return 0;
}

struct node *
parse_node(struct parser *p, enum node_kind kind)
{
	struct node *n = arena_alloc(&p->t->arena, sizeof(*n));

	n->kind = kind;
	n->line = p->now.line;
	if (p->t->arena.total > PARSE_MEMORY_MAX) {
		parse_fail(p, "the template is too large");
		p->now.kind = TOKEN_BAD;
	}
	return n;
}

bool
parse_enter(struct parser *p)
{
	if (p->depth >= PARSE_DEPTH_MAX) {
		parse_fail(p, "nested more than %d levels deep",
		    PARSE_DEPTH_MAX);
		return false;
	}
	p->depth++;
	return true;
}

/* ---- bodies -------------------------------------------------------------- */

/* Behind "{%" of an end tag that parse_body() met: its name and the rest. */
static int
end_tag(struct parser *p, const char *name)
{
	if (!parse_take_name(p, name)) {
		parse_fail(p, "{%% %s %%} is wanted", name);
		return -1;
	}
	return want_end(p);
}

/* A body and its one end tag. */
static int
parse_closed(struct parser *p, const char *end, struct node **body_out)
{
	const char *ends[] = { end, NULL };

	*body_out = parse_body(p, ends);
	return p->failed ? -1 : end_tag(p, end);
}

/* ---- statements ---------------------------------------------------------- */

/* Behind "if" or "elif". */
static struct node *
parse_if(struct parser *p)
{
	static const char *const ends[] = { "elif", "else", "endif", NULL };
	struct node *n = parse_node(p, NODE_IF);

	n->a = parse_expression(p);
	if (n->a == NULL || want_end(p) == -1)
		return NULL;
	n->b = parse_body(p, ends);
	if (p->failed || !parse_enter(p))
		return NULL;
	if (parse_take_name(p, "elif")) {
		n->c = parse_if(p);
	} else if (parse_take_name(p, "else")) {
		if (want_end(p) == 0)
			parse_closed(p, "endif", &n->c);
	} else {
		end_tag(p, "endif");
	}
	p->depth--;
	return p->failed ? NULL : n;
}

static struct node *
parse_for(struct parser *p)
{
	static const char *const ends[] = { "else", "endfor", NULL };
	struct node *n = parse_node(p, NODE_FOR);

	n->a = parse_target(p);
	if (n->a == NULL)
		return NULL;
	if (!parse_take_name(p, "in"))
		return parse_fail(p, "'in' is wanted, not %s",
		    parse_found(p));
	n->b = parse_no_ternary(p);
	if (n->b == NULL)
		return NULL;
	if (parse_take_name(p, "if")) {
		n->e = parse_expression(p);
		if (n->e == NULL)
			return NULL;
	}
	n->flag = parse_take_name(p, "recursive");
	if (want_end(p) == -1)
		return NULL;
	p->loops++;
	n->c = parse_body(p, ends);
	p->loops--;
	if (p->failed)
		return NULL;
	if (!parse_take_name(p, "else"))
		return end_tag(p, "endfor") == -1 ? NULL : n;
	if (want_end(p) == -1 || parse_closed(p, "endfor", &n->d) == -1)
		return NULL;
	return n;
}

static struct node *
parse_with(struct parser *p)
{
	struct node *n = parse_node(p, NODE_WITH), **last = &n->a, *list;

	while (p->now.kind != TOKEN_BLOCK_END) {
		if (n->a != NULL && parse_want(p, ",") == -1)
			return NULL;
		if (parse_take(p, "(")) {
			list = parse_target(p);
			if (list == NULL || parse_want(p, ")") == -1)
				return NULL;
		} else {
			list = parse_node(p, NODE_VAR);
			if (parse_want_name(p, &list->name) == -1)
				return NULL;
		}
		*last = list;
		if (parse_want(p, "=") == -1)
			return NULL;
		last = &(*last)->next;
		*last = parse_expression(p);
		if (*last == NULL)
			return NULL;
		last = &(*last)->next;
	}
	parse_next(p);
	return parse_closed(p, "endwith", &n->b) == -1 ? NULL : n;
}

/* a, b without brackets is a list, too. */
static struct node *
parse_tuple(struct parser *p)
{
	struct node *list, *n = parse_expression(p), **last;

	if (n == NULL || !parse_is(p, ","))
		return n;
	list = parse_node(p, NODE_LIST);
	list->a = n;
	last = &n->next;
	while (parse_take(p, ",") && p->now.kind != TOKEN_BLOCK_END) {
		*last = parse_expression(p);
		if (*last == NULL)
			return NULL;
		last = &(*last)->next;
	}
	return list;
}

static struct node *
parse_set(struct parser *p)
{
	struct node *n = parse_node(p, NODE_SET);

	n->a = parse_target(p);
	if (n->a == NULL)
		return NULL;
	if (parse_take(p, "=")) {
		n->b = parse_tuple(p);
		return n->b == NULL || want_end(p) == -1 ? NULL : n;
	}
	n->kind = NODE_SET_BLOCK;
	if (parse_take(p, "|")) {
		n->b = parse_filters(p);
		if (n->b == NULL)
			return NULL;
	}
	if (want_end(p) == -1 || parse_closed(p, "endset", &n->c) == -1)
		return NULL;
	return n;
}

static struct node *
parse_filter_block(struct parser *p)
{
	struct node *n = parse_node(p, NODE_FILTER_BLOCK);

	n->b = parse_filters(p);
	if (n->b == NULL || want_end(p) == -1 ||
	    parse_closed(p, "endfilter", &n->c) == -1)
		return NULL;
	return n;
}

static struct node *
parse_autoescape(struct parser *p)
{
	struct node *n = parse_node(p, NODE_AUTOESCAPE);

	n->a = parse_expression(p);
	if (n->a == NULL || want_end(p) == -1 ||
	    parse_closed(p, "endautoescape", &n->b) == -1)
		return NULL;
	return n;
}

/* (a, b=1) */
static int
parse_parameters(struct parser *p, struct arg **out)
{
	struct arg *arg;

	if (parse_want(p, "(") == -1)
		return -1;
	while (!parse_take(p, ")")) {
		arg = arena_alloc(&p->t->arena, sizeof(*arg));
		arg->kind = ARG_KEY;
		if (parse_want_name(p, &arg->key) == -1)
			return -1;
		if (parse_take(p, "=")) {
			arg->value = parse_expression(p);
			if (arg->value == NULL)
				return -1;
		}
		*out = arg;
		out = &arg->next;
		if (!parse_is(p, ")") && parse_want(p, ",") == -1)
			return -1;
	}
	return 0;
}

/* A body that runs elsewhere: loops around it are not its own. */
static int
parse_apart(struct parser *p, const char *end, struct node **body_out)
{
	unsigned loops = p->loops;
	int result;

	p->loops = 0;
	result = parse_closed(p, end, body_out);
	p->loops = loops;
	return result;
}

static struct node *
parse_macro(struct parser *p)
{
	struct node *n = parse_node(p, NODE_MACRO);

	if (parse_want_name(p, &n->name) == -1 ||
	    parse_parameters(p, &n->args) == -1 || want_end(p) == -1 ||
	    parse_apart(p, "endmacro", &n->b) == -1)
		return NULL;
	return n;
}

static struct node *
parse_call_block(struct parser *p)
{
	struct node *n = parse_node(p, NODE_CALL_BLOCK);
	struct node *caller = parse_node(p, NODE_MACRO);

	caller->name = SPAN_LIT("caller");
	if (parse_is(p, "(") && parse_parameters(p, &caller->args) == -1)
		return NULL;
	n->a = parse_expression(p);
	if (n->a == NULL)
		return NULL;
	if (n->a->kind != NODE_CALL)
		return parse_fail(p, "{%% call %%} wants a call of a macro");
	if (want_end(p) == -1 ||
	    parse_apart(p, "endcall", &caller->b) == -1)
		return NULL;
	n->b = caller;
	return n;
}

static struct node *
parse_do(struct parser *p)
{
	struct node *n = parse_node(p, NODE_DO);

	n->a = parse_expression(p);
	return n->a == NULL || want_end(p) == -1 ? NULL : n;
}

static struct node *
parse_jump(struct parser *p, enum node_kind kind)
{
	struct node *n = parse_node(p, kind);

	if (p->loops == 0)
		return parse_fail(p, "there is no loop around this");
	return want_end(p) == -1 ? NULL : n;
}

static struct node *
parse_break(struct parser *p)
{
	return parse_jump(p, NODE_BREAK);
}

static struct node *
parse_continue(struct parser *p)
{
	return parse_jump(p, NODE_CONTINUE);
}

static struct node *
parse_block(struct parser *p)
{
	struct node *n = parse_node(p, NODE_BLOCK), *other;
	const char *ends[] = { "endblock", NULL };
	unsigned loops = p->loops;

	if (parse_want_name(p, &n->name) == -1)
		return NULL;
	if (++p->blocks > PARSE_BLOCKS_MAX)
		return parse_fail(p, "more than %d blocks", PARSE_BLOCKS_MAX);
	for (other = p->t->blocks; other != NULL; other = other->next_block) {
		if (span_eq(other->name, n->name))
			return parse_fail(p, "there is a block of this name "
			    "already, in line %d", other->line);
	}
	n->next_block = p->t->blocks;
	p->t->blocks = n;
	if (want_end(p) == -1)
		return NULL;
	p->loops = 0;
	n->b = parse_body(p, ends);
	p->loops = loops;
	if (p->failed)
		return NULL;
	parse_next(p);
	if (p->now.kind == TOKEN_NAME) {
		if (!span_eq(p->now.text, n->name))
			return parse_fail(p, "another block ends here");
		parse_next(p);
	}
	return want_end(p) == -1 ? NULL : n;
}

static struct node *
parse_extends(struct parser *p)
{
	struct node *n = parse_node(p, NODE_EXTENDS);

	n->a = parse_expression(p);
	return n->a == NULL || want_end(p) == -1 ? NULL : n;
}

/* Accepted and without effect: the context is always there. */
static bool
take_context_words(struct parser *p)
{
	if ((parse_is_name(p, "with") || parse_is_name(p, "without")) &&
	    span_eq_str(parse_peek(p).text, "context")) {
		parse_next(p);
		parse_next(p);
	}
	return true;
}

static struct node *
parse_include(struct parser *p)
{
	struct node *n = parse_node(p, NODE_INCLUDE);

	n->a = parse_expression(p);
	if (n->a == NULL)
		return NULL;
	if (parse_take_name(p, "ignore")) {
		if (!parse_take_name(p, "missing"))
			return parse_fail(p, "'ignore missing' is wanted");
		n->flag = true;
	}
	take_context_words(p);
	return want_end(p) == -1 ? NULL : n;
}

static struct node *
parse_import(struct parser *p)
{
	struct node *n = parse_node(p, NODE_IMPORT);

	n->a = parse_expression(p);
	if (n->a == NULL)
		return NULL;
	if (!parse_take_name(p, "as"))
		return parse_fail(p, "'as' and a name are wanted");
	if (parse_want_name(p, &n->name) == -1)
		return NULL;
	take_context_words(p);
	return want_end(p) == -1 ? NULL : n;
}

/* {% from x import a, b as c %} */
static struct node *
parse_from(struct parser *p)
{
	struct node *n = parse_node(p, NODE_IMPORT), *alias;
	struct arg **last = &n->args, *arg;

	n->a = parse_expression(p);
	if (n->a == NULL)
		return NULL;
	if (!parse_take_name(p, "import"))
		return parse_fail(p, "'import' is wanted");
	while (p->now.kind != TOKEN_BLOCK_END &&
	    !(n->args != NULL && parse_is_name(p, "with"))) {
		if (n->args != NULL && parse_want(p, ",") == -1)
			return NULL;
		arg = arena_alloc(&p->t->arena, sizeof(*arg));
		alias = parse_node(p, NODE_VAR);
		if (parse_want_name(p, &arg->key) == -1)
			return NULL;
		alias->name = arg->key;
		if (parse_take_name(p, "as") &&
		    parse_want_name(p, &alias->name) == -1)
			return NULL;
		arg->value = alias;
		*last = arg;
		last = &arg->next;
	}
	take_context_words(p);
	return want_end(p) == -1 ? NULL : n;
}

static const struct {
	const char *name;
	struct node *(*parse)(struct parser *p);
} statements[] = {
	{ "if", parse_if },
	{ "for", parse_for },
	{ "with", parse_with },
	{ "set", parse_set },
	{ "filter", parse_filter_block },
	{ "autoescape", parse_autoescape },
	{ "macro", parse_macro },
	{ "call", parse_call_block },
	{ "do", parse_do },
	{ "break", parse_break },
	{ "continue", parse_continue },
	{ "block", parse_block },
	{ "extends", parse_extends },
	{ "include", parse_include },
	{ "import", parse_import },
	{ "from", parse_from },
};

/* Behind "{%". */
static struct node *
parse_statement(struct parser *p)
{
	struct span name = p->now.text;
	struct node *n;
	size_t i;

	if (p->now.kind != TOKEN_NAME)
		return parse_fail(p, "the name of a tag is wanted, not %s",
		    parse_found(p));
	for (i = 0; i < sizeof(statements) / sizeof(*statements); i++) {
		if (!span_eq_str(name, statements[i].name))
			continue;
		if (!parse_enter(p))
			return NULL;
		parse_next(p);
		n = statements[i].parse(p);
		p->depth--;
		return n;
	}
	if (span_starts(name, "end") || span_eq_str(name, "else") ||
	    span_eq_str(name, "elif"))
		return parse_fail(p, "{%% %.*s %%} ends nothing here",
		    (int)(name.len < 40 ? name.len : 40), name.p);
	return parse_fail(p, "there is no tag '%.*s'",
	    (int)(name.len < 40 ? name.len : 40), name.p);
}

static bool
is_one_of(struct span name, const char *const *names)
{
	for (; names != NULL && *names != NULL; names++) {
		if (span_eq_str(name, *names))
			return true;
	}
	return false;
}

static struct node *
parse_print(struct parser *p)
{
	struct node *n = parse_node(p, NODE_PRINT);

	parse_next(p);
	n->a = parse_expression(p);
	if (n->a == NULL)
		return NULL;
	if (p->now.kind != TOKEN_PRINT_END)
		return parse_fail(p, "'}}' is wanted, not %s",
		    parse_found(p));
	parse_next(p);
	return n;
}

/*
 * To one of the end tags, whose name is then the token; NULL may be an empty
 * body: ask p->failed. ends NULL: to the end of the template.
 */
static struct node *
parse_body(struct parser *p, const char *const *ends)
{
	struct node *first = NULL, **last = &first, *n;
	int line = p->now.line;

	for (;;) {
		if (p->now.kind == TOKEN_END) {
			if (ends == NULL)
				return first;
			return parse_fail(p, "what began in line %d has no "
			    "{%% %s %%}", line, ends[0]);
		}
		if (p->now.kind == TOKEN_DATA) {
			n = parse_node(p, NODE_DATA);
			n->name = p->now.text;
			parse_next(p);
		} else if (p->now.kind == TOKEN_PRINT) {
			n = parse_print(p);
		} else if (p->now.kind == TOKEN_BLOCK) {
			parse_next(p);
			if (p->now.kind == TOKEN_NAME &&
			    is_one_of(p->now.text, ends))
				return first;
			n = parse_statement(p);
		} else {
			n = parse_fail(p, "this is not understood");
		}
		if (n == NULL)
			return NULL;
		*last = n;
		last = &n->next;
	}
}

int
jinja_parse(struct template *t, struct template_error *error)
{
	struct parser p = { .t = t, .error = error };

	lexer_init(&p.lexer, t->source);
	parse_next(&p);
	t->body = parse_body(&p, NULL);
	return p.failed ? -1 : 0;
}
