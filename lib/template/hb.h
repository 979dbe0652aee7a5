/* SPDX-License-Identifier: Apache-2.0 */
/* The Handlebars dialect. Only for lib/template. */
#ifndef LIB_TEMPLATE_HB_H
#define LIB_TEMPLATE_HB_H

#include "lib/template/ast.h"
#include "lib/template/call.h"

enum hb_kind {
	/* Values. */
	HB_CONST,      /* value */
	HB_PATH,       /* parts, up, root; data: @name */
	HB_SUB,        /* (helper a b=c): args */
	HB_LIST,       /* first: items */
	HB_MAP,        /* hash */
	/* Statements. */
	HB_TEXT,       /* name: the text */
	HB_PRINT,      /* {{a}}, {{helper a}}: target, args; raw: {{{ }}} */
	HB_BLOCK,      /* {{#helper a}}body{{else}}other{{/helper}} */
	HB_PARTIAL,    /* {{> name context key=value}}; body: its block */
	HB_INLINE,     /* {{#*inline "name"}}body{{/inline}} */
};

enum { HB_PARAMS_MAX = 2 };

struct hb_part {
	struct hb_part *next;
	struct span name;
};

struct hb_hash {
	struct hb_hash *next;
	struct span key;
	struct hb_node *value;
};

struct hb_node {
	enum hb_kind kind;
	int line;
	struct hb_node *next;
	struct tval value;
	struct span name;       /* text; what stands first, as written */
	/* A path. */
	struct hb_part *parts;
	unsigned up;            /* ../ */
	bool root, data;
	bool explicit_this;     /* this.a, ./a: of this block alone */
	/* A call. */
	struct hb_node *target; /* the helper or partial: HB_PATH, HB_SUB */
	struct hb_node *args;
	struct hb_hash *hash;
	struct span params[HB_PARAMS_MAX]; /* as |a b| */
	unsigned n_params;
	bool raw, inverted;     /* {{{ }}}; {{^helper}} */
	struct hb_node *body, *other;
};

int hb_parse(struct template *t, struct template_error *error);
int hb_render(struct render *r, const struct template *t);

/* A helper that gives a value: arguments in c. NULL: there is none. */
struct hb_helper {
	const char *name;
	int (*call)(struct render *r, struct call *c, struct tval *out);
	const char *args;
	const char *text; /* mdoc */
};

extern const struct hb_helper hb_helpers[]; /* ends without name */
const struct hb_helper *hb_helper_find(struct span name);
/* As {{#if}} sees it: 0 counts as true if so asked. */
bool hb_true(const struct tval *v, bool include_zero);

#endif
