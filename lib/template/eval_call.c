/* SPDX-License-Identifier: Apache-2.0 */
/* Calls: their arguments, macros, methods. */
#include <string.h>

#include "lib/template/eval.h"
#include "lib/template/tables.h"

/* ---- arguments ----------------------------------------------------------- */

/* How many places and keys the arguments have at least; -1: they are spread. */
static int
count_args(struct render *r, const struct arg *args, struct tval *spread,
    size_t *places, size_t *keys)
{
	const struct arg *arg;
	size_t n, i = 0;

	*places = *keys = 0;
	for (arg = args; arg != NULL; arg = arg->next) {
		if (arg->kind == ARG_PLAIN) {
			(*places)++;
		} else if (arg->kind == ARG_KEY) {
			(*keys)++;
		} else {
			if (eval_expr(r, arg->value, &spread[i]) == -1)
				return -1;
			if (spread[i].kind != (arg->kind == ARG_SPREAD ?
			    TV_LIST : TV_MAP))
				return render_fail(r, "%s cannot be spread "
				    "over arguments",
				    tval_kind_name(&spread[i]));
			tval_length(&spread[i++], &n);
			*(arg->kind == ARG_SPREAD ? places : keys) += n;
		}
	}
	return 0;
}

static void
add_key(struct call *c, struct tval key, struct tval v)
{
	size_t i;

	for (i = 0; i < c->n_keys; i++) {
		if (span_eq(c->keys[i].key.u.text, key.u.text)) {
			c->keys[i].value = v;
			return;
		}
	}
	c->keys[c->n_keys++] = (struct tpair){ key, v };
}

static int
spread_keys(struct render *r, const struct tval *map, struct call *c)
{
	struct tpair *pairs;
	size_t i, n;

	if (tval_pairs(r, map, &pairs, &n) == -1)
		return -1;
	for (i = 0; i < n; i++) {
		if (pairs[i].key.kind != TV_TEXT)
			return render_fail(r, "the names of arguments must "
			    "be texts");
		add_key(c, pairs[i].key, pairs[i].value);
	}
	return 0;
}

static int
fill_args(struct render *r, const struct arg *args, const struct tval *spread,
    struct call *c)
{
	const struct arg *arg;
	struct tval v;
	size_t i, n;

	for (arg = args; arg != NULL; arg = arg->next) {
		switch (arg->kind) {
		case ARG_PLAIN:
			if (eval_expr(r, arg->value, &c->v[c->n]) == -1)
				return -1;
			c->n++;
			break;
		case ARG_KEY:
			if (eval_expr(r, arg->value, &v) == -1)
				return -1;
			add_key(c, tval_text(arg->key), v);
			break;
		case ARG_SPREAD:
			tval_length(spread, &n);
			for (i = 0; i < n; i++)
				c->v[c->n++] = tval_nth(spread, i);
			spread++;
			break;
		case ARG_SPREAD_MAP:
			if (spread_keys(r, spread++, c) == -1)
				return -1;
			break;
		}
	}
	return 0;
}

int
eval_args(struct render *r, const struct arg *args, struct call *c)
{
	struct tval spread[4];
	const struct arg *arg;
	size_t places, keys, n = 0;

	if (args == NULL)
		return 0;
	for (arg = args; arg != NULL; arg = arg->next)
		n += arg->kind == ARG_SPREAD || arg->kind == ARG_SPREAD_MAP;
	if (n > sizeof(spread) / sizeof(*spread))
		return render_fail(r, "too many lists spread over arguments");
	if (count_args(r, args, spread, &places, &keys) == -1)
		return -1;
	if (keys > CALL_KEYS_MAX)
		return render_fail(r, "more than %d named arguments",
		    CALL_KEYS_MAX);
	if (render_room(r, places * sizeof(*c->v)) == -1 ||
	    render_steps(r, places / 8) == -1)
		return -1;
	c->v = render_alloc(r, places * sizeof(*c->v));
	c->keys = render_alloc(r, keys * sizeof(*c->keys));
	return fill_args(r, args, spread, c);
}

/* ---- macros -------------------------------------------------------------- */

static int
bind_parameters(struct render *r, const struct macro *m, struct call *c)
{
	const struct arg *param;
	char name[64];
	struct tval v;
	size_t i = 0, len;

	for (param = m->def->args; param != NULL; param = param->next, i++) {
		len = param->key.len < sizeof(name) - 1 ? param->key.len :
		    sizeof(name) - 1;
		memcpy(name, param->key.p, len);
		name[len] = '\0';
		v = call_arg(c, i, name);
		if (v.kind == TV_UNDEFINED && param->value != NULL &&
		    eval_expr(r, param->value, &v) == -1)
			return -1;
		scope_set(r, r->scope, param->key, v);
	}
	v = call_arg(c, CALL_KEY_ONLY, "caller");
	if (v.kind != TV_UNDEFINED)
		scope_set(r, r->scope, SPAN_LIT("caller"), v);
	return call_end(r, c);
}

int
macro_call(struct render *r, const struct macro *m, struct call *c,
    struct tval *out)
{
	struct scope *scope = r->scope;
	struct loop_state *loop = r->loop;
	const struct template *template = r->template;
	enum escape escape = r->escape;
	int result = -1;

	if (render_enter(r) == -1)
		return -1;
	r->scope = scope_push(r, m->scope);
	r->loop = NULL;
	r->template = m->template;
	r->escape = m->escape;
	if (bind_parameters(r, m, c) == 0)
		result = exec_captured(r, m->def->b, out);
	r->scope = scope;
	r->loop = loop;
	r->template = template;
	r->escape = escape;
	render_leave(r);
	return result;
}

/* ---- calls --------------------------------------------------------------- */

static int
unknown_method(struct render *r, const struct tval *of, struct span name)
{
	return render_fail(r, "%s has no method '%.*s'", tval_kind_name(of),
	    (int)(name.len < 64 ? name.len : 64), name.p);
}

/* a.name(...): what lies there, or a method. */
static int
call_method(struct render *r, const struct node *n, struct call *c,
    struct tval *out)
{
	struct span name = n->a->name;
	struct tval of, callee;
	int result = 1;

	if (eval_expr(r, n->a->a, &of) == -1 || eval_args(r, n->args, c) == -1)
		return -1;
	r->line = n->line;
	if (of.kind == TV_OBJECT)
		result = object_method(r, of.u.object, name, c, out);
	if (result != 1)
		return result;
	if (tval_attr(r, &of, name, &callee) == -1)
		return -1;
	if (callee.kind == TV_OBJECT)
		return object_call(r, callee.u.object, c, out);
	result = method_call(r, &of, name, c, out);
	return result == 1 ? unknown_method(r, &of, name) : result;
}

int
eval_call(struct render *r, const struct node *n, struct tval *out)
{
	char name[64] = "this call";
	struct call c = { .name = name };
	struct tval callee;
	size_t len;

	if (n->a->kind == NODE_VAR || n->a->kind == NODE_ATTR) {
		len = n->a->name.len < sizeof(name) - 1 ? n->a->name.len :
		    sizeof(name) - 1;
		memcpy(name, n->a->name.p, len);
		name[len] = '\0';
	}
	if (n->a->kind == NODE_ATTR)
		return call_method(r, n, &c, out) == -1 ? -1 :
		    call_end(r, &c);
	if (eval_expr(r, n->a, &callee) == -1 ||
	    eval_args(r, n->args, &c) == -1)
		return -1;
	r->line = n->line;
	if (callee.kind == TV_UNDEFINED && n->a->kind == NODE_VAR)
		return render_fail(r, "there is no function '%s'", name);
	if (callee.kind != TV_OBJECT)
		return render_fail(r, "%s cannot be called",
		    tval_kind_name(&callee));
	return object_call(r, callee.u.object, &c, out) == -1 ? -1 :
	    call_end(r, &c);
}
