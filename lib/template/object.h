/* SPDX-License-Identifier: Apache-2.0 */
/* What a template can call, or that has a state. Only for lib/template. */
#ifndef LIB_TEMPLATE_OBJECT_H
#define LIB_TEMPLATE_OBJECT_H

#include "lib/template/call.h"

struct function_row;
struct loop_state;
struct node;
struct scope;
struct template;

enum tobject_type {
	OBJECT_FUNCTION,
	OBJECT_MACRO,
	OBJECT_LOOP,
	OBJECT_NAMESPACE,
	OBJECT_CYCLER,
	OBJECT_JOINER,
	OBJECT_SUPER, /* super(): the block below */
	OBJECT_SELF,  /* self: the blocks by name */
	OBJECT_SELF_BLOCK,
};

struct macro {
	const struct node *def;
	const struct template *template;
	struct scope *scope; /* where it was declared */
	enum escape escape;
};

struct tobject {
	enum tobject_type type;
	union {
		const struct function_row *function;
		struct macro macro;
		struct loop_state *loop;
		struct tval vars; /* of a namespace: an own map */
		struct {
			struct tval *v;
			size_t n, at;
		} cycle;
		struct {
			struct tval sep;
			bool used;
		} join;
		struct {
			struct span name;
			size_t layer;
		} block;
	} u;
};

struct tval object_new(struct render *r, enum tobject_type type,
    struct tobject **out);
int object_attr(struct render *r, struct tobject *o, struct span name,
    struct tval *out);
int object_call(struct render *r, struct tobject *o, struct call *c,
    struct tval *out);
/* o.name(...): 1 when there is no such method, -1 after a failure. */
int object_method(struct render *r, struct tobject *o, struct span name,
    struct call *c, struct tval *out);
void object_print(struct render *r, struct buf *b, const struct tobject *o);
int namespace_set(struct render *r, struct tobject *o, struct span name,
    struct tval v);

/* Methods as Python's strings, dicts and lists have them; 1: no such one. */
int method_call(struct render *r, const struct tval *v, struct span name,
    struct call *c, struct tval *out);

#endif
