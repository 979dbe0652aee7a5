/* SPDX-License-Identifier: Apache-2.0 */
/* The parser of Jinja; parse.c has statements, parse_expr.c expressions. */
#ifndef LIB_TEMPLATE_PARSE_H
#define LIB_TEMPLATE_PARSE_H

#include "lib/template/ast.h"
#include "lib/template/lex.h"

enum {
	PARSE_DEPTH_MAX = 150,
	PARSE_MEMORY_MAX = 64 * 1024 * 1024,
	PARSE_BLOCKS_MAX = 1000,
};

struct parser {
	struct template *t;
	struct lexer lexer;
	struct token now;
	unsigned depth;
	unsigned loops;   /* around this place */
	unsigned blocks;
	bool failed;
	struct template_error *error;
};

/* NULL, after the first error was noted. */
void *parse_fail(struct parser *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void parse_next(struct parser *p);
struct token parse_peek(const struct parser *p);
bool parse_is(const struct parser *p, const char *operator);
bool parse_is_name(const struct parser *p, const char *name);
/* Take it if it is here. */
bool parse_take(struct parser *p, const char *operator);
bool parse_take_name(struct parser *p, const char *name);
/* Take it, or fail: -1. */
int parse_want(struct parser *p, const char *operator);
int parse_want_name(struct parser *p, struct span *name_out);
struct node *parse_node(struct parser *p, enum node_kind kind);
/* One level down; false when that is too deep. */
bool parse_enter(struct parser *p);
/* What stands here, for messages. */
const char *parse_found(const struct parser *p);

/* Each gives NULL after a failure. */
struct node *parse_expression(struct parser *p);
/* Without "x if y else z", as a loop's items stand. */
struct node *parse_no_ternary(struct parser *p);
/* name(args)|name...: what a block goes through. */
struct node *parse_filters(struct parser *p);
/* (a, b=1, *c); -1 after a failure. */
int parse_args(struct parser *p, struct arg **out);
/* a name, ns.name, or (a, b) with or without the brackets */
struct node *parse_target(struct parser *p);

#endif
