/* SPDX-License-Identifier: Apache-2.0 */
/* Walking the tree of a Jinja template. Only for lib/template. */
#ifndef LIB_TEMPLATE_EVAL_H
#define LIB_TEMPLATE_EVAL_H

#include "lib/template/ast.h"
#include "lib/template/object.h"
#include "lib/template/render.h"

struct binding {
	struct span name;
	struct tval v;
};

struct scope {
	struct scope *up;
	struct binding *v;
	size_t n, size;
};

enum jump {
	JUMP_NONE,
	JUMP_BREAK,
	JUMP_CONTINUE,
};

struct loop_state {
	struct loop_state *up;
	const struct node *node;
	struct scope *scope; /* around it, for the recursive call */
	struct tval *items;
	size_t n, index;
	unsigned depth;
	bool has_changed; /* changed() was asked before, with these */
	struct tval *changed;
	size_t n_changed;
};

enum { BLOCK_LAYERS_MAX = 16 };

/* A {% block %} over the templates that extend each other; child first. */
struct block_state {
	struct block_state *next;
	struct span name;
	struct {
		const struct node *node;
		const struct template *template;
	} layers[BLOCK_LAYERS_MAX];
	size_t n;
};

/* Each returns -1 after render_fail(). */
int eval_expr(struct render *r, const struct node *n, struct tval *out);
int eval_binary(struct render *r, enum binary_op op, const struct tval *a,
    const struct tval *b, struct tval *out);
int eval_in(struct render *r, const struct tval *item, const struct tval *of,
    bool *out);
int eval_slice(struct render *r, const struct tval *v,
    const struct tval *start, const struct tval *stop,
    const struct tval *step, struct tval *out);
/* A call's arguments; c->in is left alone. */
int eval_args(struct render *r, const struct arg *args, struct call *c);
int eval_call(struct render *r, const struct node *n, struct tval *out);

/* Statements; r->jump says whether a loop is to be left. */
int exec_list(struct render *r, const struct node *list);
/* What the statements print, as a value; safe if text is escaped here. */
int exec_captured(struct render *r, const struct node *list,
    struct tval *out);
int exec_loop(struct render *r, const struct node *n, const struct tval *items,
    unsigned depth);
/* A whole template, with its blocks and what it extends. */
int exec_template(struct render *r, const struct template *t);
int exec_block(struct render *r, struct span name, size_t layer);
enum escape escape_of(const struct template *t);

struct scope *scope_push(struct render *r, struct scope *up);
void scope_set(struct render *r, struct scope *s, struct span name,
    struct tval v);
bool scope_get(const struct scope *s, struct span name, struct tval *out);
/* A variable as a template sees it: scopes, context, functions. */
int eval_variable(struct render *r, struct span name, struct tval *out);

int macro_call(struct render *r, const struct macro *m, struct call *c,
    struct tval *out);

#endif
