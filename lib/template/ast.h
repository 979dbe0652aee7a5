/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Jinja template as a tree, in the arena of its template. What the members
 * of a node hold stands beside its kind. Only for lib/template.
 */
#ifndef LIB_TEMPLATE_AST_H
#define LIB_TEMPLATE_AST_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/arena.h"
#include "lib/base/span.h"
#include "lib/template/template.h"
#include "lib/template/tval.h"

enum node_kind {
	/* Expressions. */
	NODE_CONST,     /* value */
	NODE_VAR,       /* name */
	NODE_LIST,      /* a: items, by next */
	NODE_MAP,       /* a: keys and values by turns */
	NODE_NOT,       /* a */
	NODE_NEGATE,    /* a */
	NODE_AND,       /* a, b */
	NODE_OR,        /* a, b */
	NODE_BINARY,    /* op, a, b */
	NODE_IN,        /* a in b; flag: not in */
	NODE_TERNARY,   /* b if a else c (or NULL) */
	NODE_ATTR,      /* a, name */
	NODE_ITEM,      /* a[b] */
	NODE_SLICE,     /* a[b:c:d], each of the three may be NULL */
	NODE_CALL,      /* a, args */
	NODE_FILTER,    /* a (NULL: what a block gave), filter, args */
	NODE_TEST,      /* a, test, args; flag: is not */
	/* Statements. */
	NODE_DATA,      /* name: the text */
	NODE_PRINT,     /* a */
	NODE_DO,        /* a */
	NODE_IF,        /* a: condition, b: then, c: else */
	NODE_FOR,       /* a: target, b: items, c: body, d: else, e: filter;
			   flag: recursive */
	NODE_WITH,      /* a: targets and values by turns, b: body */
	NODE_SET,       /* a: target, b: value */
	NODE_SET_BLOCK, /* a: target, b: filters, c: body */
	NODE_FILTER_BLOCK, /* b: filters, c: body */
	NODE_AUTOESCAPE, /* a: how, b: body */
	NODE_MACRO,     /* name, args: parameters, b: body */
	NODE_CALL_BLOCK, /* a: the call, b: a macro as its caller */
	NODE_BREAK,
	NODE_CONTINUE,
	NODE_BLOCK,     /* name, b: body, next_block */
	NODE_EXTENDS,   /* a */
	NODE_INCLUDE,   /* a; flag: ignore missing */
	NODE_IMPORT,    /* a, name: alias; or args: names and aliases */
	/* Targets: NODE_VAR, NODE_ATTR of a namespace, NODE_LIST of targets. */
};

enum arg_kind {
	ARG_PLAIN,
	ARG_KEY,        /* key=value; a parameter: key and its default */
	ARG_SPREAD,     /* *list */
	ARG_SPREAD_MAP, /* **map */
};

struct node;

struct arg {
	struct arg *next;
	enum arg_kind kind;
	struct span key;
	struct node *value; /* NULL: a parameter without default */
};

struct node {
	enum node_kind kind;
	int line;
	bool flag;
	enum binary_op {
		OP_ADD, OP_SUB, OP_MUL, OP_DIV, OP_FLOOR_DIV, OP_MOD, OP_POW,
		OP_CONCAT, OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE,
	} op;
	struct node *next; /* statement, item */
	struct node *a, *b, *c, *d, *e;
	struct span name;
	struct tval value;
	struct arg *args;
	const struct filter_row *filter;
	const struct test_row *test;
	struct node *next_block; /* all {% block %} of a template */
};

/* A parsed template of any dialect; template.c owns it. */
struct template {
	enum template_dialect dialect;
	char *name;
	struct arena arena;
	struct span source; /* in the arena */
	struct node *body;  /* Jinja */
	struct node *blocks;
	struct hb_node *hb; /* Handlebars */
};

/* Fill body and blocks; -1 with the error. */
int jinja_parse(struct template *t, struct template_error *error);

#endif
