/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions. */
#include <string.h>

#include "lib/settings/value.h"
#include "lib/template/eval.h"
#include "lib/template/tables.h"

/* ---- variables ----------------------------------------------------------- */

struct scope *
scope_push(struct render *r, struct scope *up)
{
	struct scope *s = render_alloc(r, sizeof(*s));

	s->up = up;
	return s;
}

void
scope_set(struct render *r, struct scope *s, struct span name, struct tval v)
{
	struct binding *grown;
	size_t i;

	for (i = 0; i < s->n; i++) {
		if (span_eq(s->v[i].name, name)) {
			s->v[i].v = v;
			return;
		}
	}
	if (s->n == s->size) {
		s->size = s->size == 0 ? 4 : s->size * 2;
		grown = render_alloc(r, s->size * sizeof(*grown));
		if (s->n > 0)
			memcpy(grown, s->v, s->n * sizeof(*grown));
		s->v = grown;
	}
	s->v[s->n++] = (struct binding){ name, v };
}

bool
scope_get(const struct scope *s, struct span name, struct tval *out)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		if (span_eq(s->v[i].name, name)) {
			*out = s->v[i].v;
			return true;
		}
	}
	return false;
}

static bool
context_get(const struct render *r, struct span name, struct tval *out)
{
	const struct value *map;
	size_t i, at;

	for (i = r->in->n_maps; i > 0; i--) {
		map = r->in->maps[i - 1];
		if (map->kind != VALUE_MAP)
			continue;
		at = (size_t)(uintptr_t)map_get(&map->u.map.index, name);
		if (at != 0) {
			*out = tval_foreign(map->u.map.v[at - 1].value);
			return true;
		}
	}
	return false;
}

/* loop, self, super are words only where they mean something. */
static bool
special_get(struct render *r, struct span name, struct tval *out)
{
	struct tobject *o;

	if (span_eq_str(name, "loop") && r->loop != NULL) {
		*out = object_new(r, OBJECT_LOOP, &o);
		o->u.loop = r->loop;
	} else if (span_eq_str(name, "super") && r->block.len > 0) {
		*out = object_new(r, OBJECT_SUPER, &o);
		o->u.block.name = r->block;
		o->u.block.layer = r->layer;
	} else if (span_eq_str(name, "self") && r->blocks != NULL) {
		*out = object_new(r, OBJECT_SELF, &o);
	} else {
		return false;
	}
	return true;
}

int
eval_variable(struct render *r, struct span name, struct tval *out)
{
	const struct function_row *function;
	const struct scope *s;
	struct tobject *o;
	size_t work = 0;

	for (s = r->scope; s != NULL; s = s->up) {
		if (scope_get(s, name, out))
			return render_steps(r, work / 8);
		work += s->n + 1;
	}
	if (render_steps(r, work / 8) == -1)
		return -1;
	if (special_get(r, name, out) || context_get(r, name, out))
		return 0;
	function = function_find(name);
	*out = tval_undefined();
	if (function != NULL) {
		*out = object_new(r, OBJECT_FUNCTION, &o);
		o->u.function = function;
	}
	return 0;
}

/* ---- lists and maps ------------------------------------------------------ */

static int
eval_list(struct render *r, const struct node *n, struct tval *out)
{
	const struct node *item;
	struct tval v;
	size_t count = 0;

	for (item = n->a; item != NULL; item = item->next)
		count++;
	*out = tval_list(r, count);
	for (item = n->a; item != NULL; item = item->next) {
		if (eval_expr(r, item, &v) == -1)
			return -1;
		tval_list_add(out, v);
	}
	return 0;
}

static int
eval_map(struct render *r, const struct node *n, struct tval *out)
{
	const struct node *item;
	struct tval key, v;
	struct tmap *map;
	size_t i, count = 0;

	for (item = n->a; item != NULL; item = item->next)
		count++;
	*out = tval_map(r, count / 2);
	map = out->u.map;
	for (item = n->a; item != NULL; item = item->next->next) {
		if (eval_expr(r, item, &key) == -1 ||
		    eval_expr(r, item->next, &v) == -1)
			return -1;
		if (key.kind > TV_TEXT)
			return render_fail(r, "%s cannot be a key",
			    tval_kind_name(&key));
		/* The last of equal keys counts. */
		for (i = 0; i < map->n && !tval_equal(r, &map->v[i].key,
		    &key); i++)
			;
		if (i < map->n)
			map->v[i].value = v;
		else
			tval_map_add(out, key, v);
		if (render_steps(r, i / 8) == -1)
			return -1;
	}
	return 0;
}

/* ---- operators ----------------------------------------------------------- */

static int
eval_logic(struct render *r, const struct node *n, struct tval *out)
{
	if (eval_expr(r, n->a, out) == -1)
		return -1;
	if (tval_true(out) == (n->kind == NODE_OR))
		return 0;
	return eval_expr(r, n->b, out);
}

static int
eval_negate(struct render *r, const struct node *n, struct tval *out)
{
	struct tval v;

	if (eval_expr(r, n->a, &v) == -1)
		return -1;
	if (v.kind == TV_FLOAT) {
		*out = tval_float(-v.u.real);
		return 0;
	}
	if (v.kind != TV_INT || v.u.number == INT64_MIN)
		return render_fail(r, "%s has no negative",
		    tval_kind_name(&v));
	*out = tval_int(-v.u.number);
	return 0;
}

static int
eval_two(struct render *r, const struct node *n, struct tval *out)
{
	struct tval a, b;
	bool found;

	if (eval_expr(r, n->a, &a) == -1 || eval_expr(r, n->b, &b) == -1)
		return -1;
	r->line = n->line;
	if (n->kind == NODE_BINARY)
		return eval_binary(r, n->op, &a, &b, out);
	if (eval_in(r, &a, &b, &found) == -1)
		return -1;
	*out = tval_bool(found != n->flag);
	return 0;
}

static int
eval_ternary(struct render *r, const struct node *n, struct tval *out)
{
	struct tval condition;

	if (eval_expr(r, n->a, &condition) == -1)
		return -1;
	if (tval_true(&condition))
		return eval_expr(r, n->b, out);
	*out = tval_undefined();
	return n->c == NULL ? 0 : eval_expr(r, n->c, out);
}

static int
eval_subscript(struct render *r, const struct node *n, struct tval *out)
{
	struct tval of, key, stop = tval_none(), step = tval_none();

	if (eval_expr(r, n->a, &of) == -1)
		return -1;
	if (n->kind == NODE_ATTR) {
		r->line = n->line;
		return tval_attr(r, &of, n->name, out);
	}
	key = tval_none();
	if ((n->b != NULL && eval_expr(r, n->b, &key) == -1) ||
	    (n->c != NULL && eval_expr(r, n->c, &stop) == -1) ||
	    (n->d != NULL && eval_expr(r, n->d, &step) == -1))
		return -1;
	r->line = n->line;
	if (n->kind == NODE_ITEM)
		return tval_item(r, &of, &key, out);
	return eval_slice(r, &of, &key, &stop, &step, out);
}

/* ---- filters and tests --------------------------------------------------- */

static int
eval_filter(struct render *r, const struct node *n, struct tval *out)
{
	struct call c = { .name = n->filter->name };

	if (n->a == NULL)
		c.in = r->piped;
	else if (eval_expr(r, n->a, &c.in) == -1)
		return -1;
	if (eval_args(r, n->args, &c) == -1)
		return -1;
	r->line = n->line;
	if (n->filter->call(r, &c, out) == -1)
		return -1;
	return call_end(r, &c);
}

static int
eval_test(struct render *r, const struct node *n, struct tval *out)
{
	struct call c = { .name = n->test->name };
	int result;

	if (eval_expr(r, n->a, &c.in) == -1 || eval_args(r, n->args, &c) == -1)
		return -1;
	r->line = n->line;
	result = n->test->call(r, &c);
	if (result == -1 || call_end(r, &c) == -1)
		return -1;
	*out = tval_bool((result == 1) != n->flag);
	return 0;
}

/* ---- all of them --------------------------------------------------------- */

static int
eval_node(struct render *r, const struct node *n, struct tval *out)
{
	switch (n->kind) {
	case NODE_CONST:
		*out = n->value;
		return 0;
	case NODE_VAR:
		return eval_variable(r, n->name, out);
	case NODE_LIST:
		return eval_list(r, n, out);
	case NODE_MAP:
		return eval_map(r, n, out);
	case NODE_NOT:
		if (eval_expr(r, n->a, out) == -1)
			return -1;
		*out = tval_bool(!tval_true(out));
		return 0;
	case NODE_NEGATE:
		return eval_negate(r, n, out);
	case NODE_AND:
	case NODE_OR:
		return eval_logic(r, n, out);
	case NODE_BINARY:
	case NODE_IN:
		return eval_two(r, n, out);
	case NODE_TERNARY:
		return eval_ternary(r, n, out);
	case NODE_ATTR:
	case NODE_ITEM:
	case NODE_SLICE:
		return eval_subscript(r, n, out);
	case NODE_CALL:
		return eval_call(r, n, out);
	case NODE_FILTER:
		return eval_filter(r, n, out);
	case NODE_TEST:
		return eval_test(r, n, out);
	case NODE_DATA:
	case NODE_PRINT:
	case NODE_DO:
	case NODE_IF:
	case NODE_FOR:
	case NODE_WITH:
	case NODE_SET:
	case NODE_SET_BLOCK:
	case NODE_FILTER_BLOCK:
	case NODE_AUTOESCAPE:
	case NODE_MACRO:
	case NODE_CALL_BLOCK:
	case NODE_BREAK:
	case NODE_CONTINUE:
	case NODE_BLOCK:
	case NODE_EXTENDS:
	case NODE_INCLUDE:
	case NODE_IMPORT:
		break;
	}
	return render_fail(r, "this is no expression");
}

int
eval_expr(struct render *r, const struct node *n, struct tval *out)
{
	int result;

	r->line = n->line;
	if (render_enter(r) == -1)
		return -1;
	result = eval_node(r, n, out);
	render_leave(r);
	return result;
}
