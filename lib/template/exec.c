/* SPDX-License-Identifier: Apache-2.0 */
/* Statements. */
#include "lib/template/eval.h"

#include <string.h>

/* ---- targets ------------------------------------------------------------- */

static int assign(struct render *r, const struct node *target,
    const struct tval *v);

static int
unpack(struct render *r, const struct node *list, const struct tval *v)
{
	const struct node *target;
	struct tval *items;
	size_t n, i = 0;

	if (v->kind != TV_LIST)
		return render_fail(r, "%s cannot be unpacked",
		    tval_kind_name(v));
	if (tval_items(r, v, &items, &n) == -1)
		return -1;
	for (target = list->a; target != NULL; target = target->next)
		i++;
	if (i != n)
		return render_fail(r, "%zu values cannot be unpacked into "
		    "%zu names", n, i);
	for (target = list->a, i = 0; target != NULL; target = target->next) {
		if (assign(r, target, &items[i++]) == -1)
			return -1;
	}
	return 0;
}

static int
assign(struct render *r, const struct node *target, const struct tval *v)
{
	struct tval of;

	if (target->kind == NODE_VAR) {
		if (render_steps(r, r->scope->n / 8) == -1)
			return -1;
		scope_set(r, r->scope, target->name, *v);
		return 0;
	}
	if (target->kind == NODE_LIST)
		return unpack(r, target, v);
	if (eval_expr(r, target->a, &of) == -1)
		return -1;
	if (of.kind != TV_OBJECT || of.u.object->type != OBJECT_NAMESPACE)
		return render_fail(r, "an attribute can be set of a "
		    "namespace only");
	return namespace_set(r, of.u.object, target->name, *v);
}

/* ---- captured text ------------------------------------------------------- */

int
exec_captured(struct render *r, const struct node *list, struct tval *out)
{
	struct buf text = { .base = NULL }, *was = r->out;
	size_t start = r->out_start;
	bool discard = r->discard;
	struct span s;
	int result;

	r->out = &text;
	r->out_start = 0;
	r->discard = false;
	result = exec_list(r, list);
	r->out = was;
	r->out_start = start;
	r->discard = discard;
	if (render_take(r, &text, &s) == -1 || result == -1)
		return -1;
	*out = r->escape != ESCAPE_NONE ? tval_safe(s) : tval_text(s);
	return 0;
}

/* ---- loops --------------------------------------------------------------- */

/* Drop the items that the loop's condition does not let through. */
static int
filter_items(struct render *r, const struct node *n, struct tval **items,
    size_t *count)
{
	struct scope *scope = r->scope;
	struct tval *kept, v;
	size_t i, k = 0;
	int result = 0;

	kept = render_alloc(r, *count * sizeof(*kept));
	r->scope = scope_push(r, scope);
	for (i = 0; i < *count && result == 0; i++) {
		r->scope->n = 0;
		result = assign(r, n->a, &(*items)[i]);
		if (result == 0)
			result = eval_expr(r, n->e, &v);
		if (result == 0 && tval_true(&v))
			kept[k++] = (*items)[i];
	}
	r->scope = scope;
	*items = kept;
	*count = k;
	return result;
}

static int
run_loop(struct render *r, const struct node *n, struct loop_state *l)
{
	int result = 0;

	/* A scope of the loop, empty again for each item. */
	r->scope = scope_push(r, l->scope);
	r->loop = l;
	for (l->index = 0; l->index < l->n && result == 0; l->index++) {
		r->scope->n = 0;
		result = assign(r, n->a, &l->items[l->index]);
		if (result == 0)
			result = exec_list(r, n->c);
		if (r->jump == JUMP_BREAK) {
			r->jump = JUMP_NONE;
			break;
		}
		r->jump = JUMP_NONE;
	}
	return result;
}

int
exec_loop(struct render *r, const struct node *n, const struct tval *v,
    unsigned depth)
{
	struct scope *scope = r->scope;
	struct loop_state *loop = r->loop, *l;
	int result;

	l = render_alloc(r, sizeof(*l));
	l->up = loop;
	l->node = n;
	l->scope = scope;
	l->depth = depth;
	if (tval_items(r, v, &l->items, &l->n) == -1 ||
	    (n->e != NULL && filter_items(r, n, &l->items, &l->n) == -1))
		return -1;
	if (l->n > 0) {
		result = run_loop(r, n, l);
	} else {
		r->scope = scope_push(r, scope);
		result = exec_list(r, n->d);
	}
	r->scope = scope;
	r->loop = loop;
	return result;
}

static int
exec_for(struct render *r, const struct node *n)
{
	struct tval items;

	return eval_expr(r, n->b, &items) == -1 ? -1 :
	    exec_loop(r, n, &items, 0);
}

/* ---- scopes and blocks --------------------------------------------------- */

static int
exec_with(struct render *r, const struct node *n)
{
	struct scope *scope = r->scope;
	const struct node *at;
	struct tval v;
	int result = 0;

	r->scope = scope_push(r, scope);
	for (at = n->a; at != NULL && result == 0; at = at->next->next) {
		result = eval_expr(r, at->next, &v);
		if (result == 0)
			result = assign(r, at, &v);
	}
	if (result == 0)
		result = exec_list(r, n->b);
	r->scope = scope;
	return result;
}

/* The text of the body, after the filters. */
static int
filtered(struct render *r, const struct node *n, struct tval *out)
{
	struct scope *scope = r->scope;
	int result;

	r->scope = scope_push(r, scope);
	result = exec_captured(r, n->c, out);
	r->scope = scope;
	if (result == -1 || n->b == NULL)
		return result;
	r->piped = *out;
	return eval_expr(r, n->b, out);
}

static int
exec_set(struct render *r, const struct node *n)
{
	struct tval v;

	if ((n->kind == NODE_SET ? eval_expr(r, n->b, &v) :
	    filtered(r, n, &v)) == -1)
		return -1;
	return assign(r, n->a, &v);
}

static int
exec_filter_block(struct render *r, const struct node *n)
{
	struct tval v;

	return filtered(r, n, &v) == -1 ? -1 : render_value(r, &v);
}

static int
exec_autoescape(struct render *r, const struct node *n)
{
	enum escape was = r->escape;
	struct scope *scope = r->scope;
	struct tval how;
	int result;

	if (eval_expr(r, n->a, &how) == -1)
		return -1;
	if (how.kind == TV_TEXT && span_eq_str(how.u.text, "html"))
		r->escape = ESCAPE_HTML;
	else if (how.kind == TV_TEXT && span_eq_str(how.u.text, "json"))
		r->escape = ESCAPE_JSON;
	else if (how.kind == TV_TEXT && span_eq_str(how.u.text, "none"))
		r->escape = ESCAPE_NONE;
	else if (how.kind != TV_BOOL)
		return render_fail(r, "autoescape wants true, false, 'html', "
		    "'json' or 'none'");
	else if (!how.u.flag)
		r->escape = ESCAPE_NONE;
	else if (r->escape == ESCAPE_NONE)
		r->escape = escape_of(r->template) != ESCAPE_NONE ?
		    escape_of(r->template) : ESCAPE_HTML;
	r->scope = scope_push(r, scope);
	result = exec_list(r, n->b);
	r->scope = scope;
	r->escape = was;
	return result;
}

static struct tval
macro_value(struct render *r, const struct node *def)
{
	struct tobject *o;
	struct tval v = object_new(r, OBJECT_MACRO, &o);

	o->u.macro.def = def;
	o->u.macro.template = r->template;
	o->u.macro.scope = r->scope;
	o->u.macro.escape = r->escape;
	return v;
}

/* {% call %}: the call gets the body as one more argument, caller. */
static int
exec_call_block(struct render *r, const struct node *n)
{
	struct node call = *n->a, hidden = { .kind = NODE_CONST,
		.line = n->line };
	struct arg caller = { .kind = ARG_KEY, .key = SPAN_LIT("caller"),
		.value = &hidden };
	struct tval v;

	hidden.value = macro_value(r, n->b);
	caller.next = call.args;
	call.args = &caller;
	/* Arguments by place stand before those by name in any order. */
	return eval_expr(r, &call, &v) == -1 ? -1 : render_value(r, &v);
}

/* ---- other templates ----------------------------------------------------- */

/* The template that a value names, or the first of a list; NULL: none. */
static int
find_other(struct render *r, const struct node *n,
    const struct template **out, bool ignore)
{
	struct tval v, *items;
	struct span name = SPAN_LIT("");
	size_t i, count;

	*out = NULL;
	if (eval_expr(r, n, &v) == -1)
		return -1;
	r->line = n->line;
	items = &v;
	count = 1;
	if (v.kind == TV_LIST && tval_items(r, &v, &items, &count) == -1)
		return -1;
	for (i = 0; i < count && *out == NULL; i++) {
		if (items[i].kind != TV_TEXT)
			return render_fail(r, "the name of a template must "
			    "be a text, not %s", tval_kind_name(&items[i]));
		name = items[i].u.text;
		if (r->in->others != NULL)
			*out = templates_find(r->in->others, name);
	}
	if (*out == NULL && !ignore)
		return render_fail(r, "there is no template '%.*s'",
		    (int)(name.len < 100 ? name.len : 100), name.p);
	return 0;
}

static int
exec_include(struct render *r, const struct node *n)
{
	const struct template *t;
	struct scope *scope = r->scope;
	int result;

	if (find_other(r, n->a, &t, n->flag) == -1)
		return -1;
	if (t == NULL || r->discard)
		return 0;
	if (render_enter(r) == -1)
		return -1;
	r->scope = scope_push(r, scope);
	result = exec_template(r, t);
	r->scope = scope;
	render_leave(r);
	return result;
}

/* What a template sets at its top, as a map. */
static int
import_vars(struct render *r, const struct template *t, struct tval *out)
{
	struct buf text = { .base = NULL }, *was = r->out;
	size_t start = r->out_start, i;
	struct scope *scope = r->scope, *own;
	int result;

	r->scope = own = scope_push(r, scope);
	r->out = &text;
	r->out_start = 0;
	result = exec_template(r, t);
	r->out = was;
	r->out_start = start;
	r->scope = scope;
	buf_free(&text);
	if (result == -1)
		return -1;
	*out = tval_map(r, own->n);
	for (i = 0; i < own->n; i++)
		tval_map_add(out, tval_text(own->v[i].name), own->v[i].v);
	return 0;
}

static int
exec_import(struct render *r, const struct node *n)
{
	const struct template *t;
	const struct arg *arg;
	struct tval vars, key, v;
	int result;

	if (find_other(r, n->a, &t, false) == -1 || render_enter(r) == -1)
		return -1;
	result = import_vars(r, t, &vars);
	render_leave(r);
	if (result == -1)
		return -1;
	if (n->name.len > 0)
		scope_set(r, r->scope, n->name, vars);
	for (arg = n->args; arg != NULL; arg = arg->next) {
		key = tval_text(arg->key);
		v = tval_undefined();
		tval_map_get(r, &vars, &key, &v);
		scope_set(r, r->scope, arg->value->name, v);
	}
	return r->failed ? -1 : 0;
}

static int
exec_extends(struct render *r, const struct node *n)
{
	const struct template *t;

	if (find_other(r, n->a, &t, false) == -1)
		return -1;
	if (r->parent != NULL)
		return render_fail(r, "this template extends another one "
		    "already");
	r->parent = t;
	r->discard = true;
	return 0;
}

/* ---- blocks -------------------------------------------------------------- */

static struct block_state *
block_find(const struct render *r, struct span name)
{
	struct block_state *b;

	for (b = r->blocks; b != NULL; b = b->next) {
		if (span_eq(b->name, name))
			return b;
	}
	return NULL;
}

/* Below what a child has for the same names. */
static int
blocks_add(struct render *r, const struct template *t)
{
	struct block_state *b;
	const struct node *n;
	size_t work = 0;

	for (n = t->blocks; n != NULL; n = n->next_block) {
		b = block_find(r, n->name);
		if (render_steps(r, ++work) == -1)
			return -1;
		if (b == NULL) {
			b = render_alloc(r, sizeof(*b));
			b->name = n->name;
			b->next = r->blocks;
			r->blocks = b;
		}
		if (b->n == BLOCK_LAYERS_MAX)
			return render_fail(r, "more than %d templates extend "
			    "each other", BLOCK_LAYERS_MAX);
		b->layers[b->n].node = n;
		b->layers[b->n++].template = t;
	}
	return 0;
}

int
exec_block(struct render *r, struct span name, size_t layer)
{
	const struct block_state *b = block_find(r, name);
	const struct template *template = r->template;
	struct span block = r->block;
	size_t was = r->layer;
	struct scope *scope = r->scope;
	struct loop_state *loop = r->loop;
	int result;

	if (b == NULL || layer >= b->n)
		return render_fail(r, layer > 0 ? "no template above has "
		    "this block" : "there is no block '%.*s'",
		    (int)(name.len < 64 ? name.len : 64), name.p);
	if (render_enter(r) == -1)
		return -1;
	r->block = name;
	r->layer = layer;
	r->template = b->layers[layer].template;
	r->scope = scope_push(r, scope);
	r->loop = NULL;
	result = exec_list(r, b->layers[layer].node->b);
	r->block = block;
	r->layer = was;
	r->template = template;
	r->scope = scope;
	r->loop = loop;
	render_leave(r);
	return result;
}

int
exec_template(struct render *r, const struct template *t)
{
	struct render was = *r;
	unsigned chain = 0;
	int result = 0;

	r->blocks = NULL;
	r->block = SPAN_LIT("");
	r->loop = NULL;
	r->parent = t;
	while (r->parent != NULL && result == 0) {
		if (++chain > BLOCK_LAYERS_MAX)
			return render_fail(r, "more than %d templates extend "
			    "each other", BLOCK_LAYERS_MAX);
		r->template = r->parent;
		r->escape = escape_of(r->template);
		r->parent = NULL;
		r->discard = false;
		result = blocks_add(r, r->template);
		if (result == 0)
			result = exec_list(r, r->template->body);
	}
	r->template = was.template;
	r->escape = was.escape;
	r->blocks = was.blocks;
	r->block = was.block;
	r->loop = was.loop;
	r->parent = was.parent;
	r->discard = was.discard;
	return result;
}

/* ---- all of them --------------------------------------------------------- */

static int
exec_print(struct render *r, const struct node *n)
{
	struct tval v;

	if (eval_expr(r, n->a, &v) == -1)
		return -1;
	r->line = n->line;
	return n->kind == NODE_DO ? 0 : render_value(r, &v);
}

static int
exec_if(struct render *r, const struct node *n)
{
	struct tval condition;

	if (eval_expr(r, n->a, &condition) == -1)
		return -1;
	return exec_list(r, tval_true(&condition) ? n->b : n->c);
}

static int
exec_one(struct render *r, const struct node *n)
{
	switch (n->kind) {
	case NODE_DATA:
		return render_data(r, n->name);
	case NODE_PRINT:
	case NODE_DO:
		return exec_print(r, n);
	case NODE_IF:
		return exec_if(r, n);
	case NODE_FOR:
		return exec_for(r, n);
	case NODE_WITH:
		return exec_with(r, n);
	case NODE_SET:
	case NODE_SET_BLOCK:
		return exec_set(r, n);
	case NODE_FILTER_BLOCK:
		return exec_filter_block(r, n);
	case NODE_AUTOESCAPE:
		return exec_autoescape(r, n);
	case NODE_MACRO:
		scope_set(r, r->scope, n->name, macro_value(r, n));
		return 0;
	case NODE_CALL_BLOCK:
		return exec_call_block(r, n);
	case NODE_BREAK:
		r->jump = JUMP_BREAK;
		return 0;
	case NODE_CONTINUE:
		r->jump = JUMP_CONTINUE;
		return 0;
	case NODE_BLOCK:
		return r->discard ? 0 : exec_block(r, n->name, 0);
	case NODE_EXTENDS:
		return exec_extends(r, n);
	case NODE_INCLUDE:
		return exec_include(r, n);
	case NODE_IMPORT:
		return exec_import(r, n);
	case NODE_CONST:
	case NODE_VAR:
	case NODE_LIST:
	case NODE_MAP:
	case NODE_NOT:
	case NODE_NEGATE:
	case NODE_AND:
	case NODE_OR:
	case NODE_BINARY:
	case NODE_IN:
	case NODE_TERNARY:
	case NODE_ATTR:
	case NODE_ITEM:
	case NODE_SLICE:
	case NODE_CALL:
	case NODE_FILTER:
	case NODE_TEST:
		break;
	}
	return render_fail(r, "this is no statement");
}

int
exec_list(struct render *r, const struct node *list)
{
	const struct node *n;
	int result = 0;

	for (n = list; n != NULL && result == 0 && r->jump == JUMP_NONE;
	    n = n->next) {
		r->line = n->line;
		if (render_enter(r) == -1)
			return -1;
		result = exec_one(r, n);
		render_leave(r);
	}
	return result;
}
