/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/template/object.h"

#include <string.h>

#include "lib/template/eval.h"
#include "lib/template/tables.h"

struct tval
object_new(struct render *r, enum tobject_type type, struct tobject **out)
{
	struct tobject *o = render_alloc(r, sizeof(*o));

	o->type = type;
	*out = o;
	return (struct tval){ .kind = TV_OBJECT, .u.object = o };
}

/* ---- namespaces ---------------------------------------------------------- */

int
namespace_set(struct render *r, struct tobject *o, struct span name,
    struct tval v)
{
	struct tmap *map = o->u.vars.u.map;
	struct tpair *grown;
	size_t i;

	if (render_steps(r, map->n / 8) == -1)
		return -1;
	for (i = 0; i < map->n; i++) {
		if (map->v[i].key.kind == TV_TEXT &&
		    span_eq(map->v[i].key.u.text, name)) {
			map->v[i].value = v;
			return 0;
		}
	}
	/* A power of two is full. */
	if ((map->n & (map->n - 1)) == 0) {
		grown = render_alloc(r, (map->n == 0 ? 1 : 2 * map->n) *
		    sizeof(*grown));
		if (map->n > 0)
			memcpy(grown, map->v, map->n * sizeof(*grown));
		map->v = grown;
	}
	map->v[map->n++] = (struct tpair){ tval_text(name), v };
	return 0;
}

/* ---- loops --------------------------------------------------------------- */

static struct tval
neighbour(const struct loop_state *l, size_t at)
{
	return at < l->n ? l->items[at] : tval_undefined();
}

static void
loop_attr(const struct loop_state *l, struct span name, struct tval *out)
{
	int64_t i = (int64_t)l->index, n = (int64_t)l->n;

	if (span_eq_str(name, "index"))
		*out = tval_int(i + 1);
	else if (span_eq_str(name, "index0"))
		*out = tval_int(i);
	else if (span_eq_str(name, "revindex"))
		*out = tval_int(n - i);
	else if (span_eq_str(name, "revindex0"))
		*out = tval_int(n - i - 1);
	else if (span_eq_str(name, "first"))
		*out = tval_bool(i == 0);
	else if (span_eq_str(name, "last"))
		*out = tval_bool(i + 1 == n);
	else if (span_eq_str(name, "length"))
		*out = tval_int(n);
	else if (span_eq_str(name, "depth"))
		*out = tval_int((int64_t)l->depth + 1);
	else if (span_eq_str(name, "depth0"))
		*out = tval_int((int64_t)l->depth);
	else if (span_eq_str(name, "previtem"))
		*out = neighbour(l, l->index - 1);
	else if (span_eq_str(name, "nextitem"))
		*out = neighbour(l, l->index + 1);
}

/* Were the arguments other ones the last time? */
static void
loop_changed(struct render *r, struct loop_state *l, struct call *c,
    struct tval *out)
{
	bool same = l->has_changed && l->n_changed == c->n;
	size_t i;

	for (i = 0; i < c->n && same; i++)
		same = tval_equal(r, &l->changed[i], &c->v[i]);
	call_takes_all(c);
	l->has_changed = true;
	l->changed = c->v;
	l->n_changed = c->n;
	*out = tval_bool(!same);
}

/* loop(items): the loop again, one level deeper. */
static int
loop_call(struct render *r, struct loop_state *l, struct call *c,
    struct tval *out)
{
	struct scope *scope = r->scope;
	struct loop_state *loop = r->loop;
	struct buf text = { .base = NULL }, *was = r->out;
	size_t start = r->out_start;
	struct tval items = call_arg(c, 0, NULL);
	bool discard = r->discard;
	struct span s;
	int result;

	if (!l->node->flag)
		return render_fail(r, "this loop is not recursive");
	if (render_enter(r) == -1)
		return -1;
	r->scope = l->scope;
	r->out = &text;
	r->out_start = 0;
	r->discard = false;
	result = exec_loop(r, l->node, &items, l->depth + 1);
	r->scope = scope;
	r->loop = loop;
	r->out = was;
	r->out_start = start;
	r->discard = discard;
	render_leave(r);
	if (render_take(r, &text, &s) == -1 || result == -1)
		return -1;
	*out = r->escape != ESCAPE_NONE ? tval_safe(s) : tval_text(s);
	return 0;
}

/* ---- asking and calling -------------------------------------------------- */

int
object_attr(struct render *r, struct tobject *o, struct span name,
    struct tval *out)
{
	struct tobject *block;
	struct tval key = tval_text(name);

	*out = tval_undefined();
	switch (o->type) {
	case OBJECT_LOOP:
		loop_attr(o->u.loop, name, out);
		return 0;
	case OBJECT_NAMESPACE:
		tval_map_get(r, &o->u.vars, &key, out);
		return r->failed ? -1 : 0;
	case OBJECT_SELF:
		*out = object_new(r, OBJECT_SELF_BLOCK, &block);
		block->u.block.name = name;
		return 0;
	case OBJECT_MACRO:
		if (span_eq_str(name, "name"))
			*out = tval_text(o->u.macro.def->name);
		return 0;
	case OBJECT_FUNCTION:
	case OBJECT_CYCLER:
	case OBJECT_JOINER:
	case OBJECT_SUPER:
	case OBJECT_SELF_BLOCK:
		return 0;
	}
	return 0;
}

static int
block_call(struct render *r, struct span name, size_t layer,
    struct tval *out)
{
	struct buf text = { .base = NULL }, *was = r->out;
	size_t start = r->out_start;
	bool discard = r->discard;
	struct span s;
	int result;

	r->out = &text;
	r->out_start = 0;
	r->discard = false;
	result = exec_block(r, name, layer);
	r->out = was;
	r->out_start = start;
	r->discard = discard;
	if (render_take(r, &text, &s) == -1 || result == -1)
		return -1;
	*out = tval_safe(s);
	return 0;
}

int
object_call(struct render *r, struct tobject *o, struct call *c,
    struct tval *out)
{
	*out = tval_undefined();
	switch (o->type) {
	case OBJECT_FUNCTION:
		c->name = o->u.function->name;
		return o->u.function->call(r, c, out);
	case OBJECT_MACRO:
		return macro_call(r, &o->u.macro, c, out);
	case OBJECT_LOOP:
		return loop_call(r, o->u.loop, c, out);
	case OBJECT_JOINER:
		*out = o->u.join.used ? o->u.join.sep :
		    tval_text(SPAN_LIT(""));
		o->u.join.used = true;
		return 0;
	case OBJECT_SUPER:
		return block_call(r, o->u.block.name, o->u.block.layer + 1,
		    out);
	case OBJECT_SELF_BLOCK:
		return block_call(r, o->u.block.name, 0, out);
	case OBJECT_NAMESPACE:
	case OBJECT_CYCLER:
	case OBJECT_SELF:
		break;
	}
	return render_fail(r, "this object cannot be called");
}

int
object_method(struct render *r, struct tobject *o, struct span name,
    struct call *c, struct tval *out)
{
	if (o->type == OBJECT_CYCLER && span_eq_str(name, "next")) {
		*out = o->u.cycle.v[o->u.cycle.at];
		o->u.cycle.at = (o->u.cycle.at + 1) % o->u.cycle.n;
		return 0;
	}
	if (o->type != OBJECT_LOOP)
		return 1;
	if (span_eq_str(name, "changed")) {
		loop_changed(r, o->u.loop, c, out);
		return r->failed ? -1 : 0;
	}
	if (span_eq_str(name, "cycle")) {
		call_takes_all(c);
		if (c->n == 0)
			return render_fail(r, "loop.cycle wants values");
		*out = c->v[o->u.loop->index % c->n];
		return 0;
	}
	return 1;
}

void
object_print(struct render *r, struct buf *b, const struct tobject *o)
{
	static const char *const names[] = {
		[OBJECT_FUNCTION] = "function", [OBJECT_MACRO] = "macro",
		[OBJECT_LOOP] = "loop", [OBJECT_CYCLER] = "cycler",
		[OBJECT_JOINER] = "joiner", [OBJECT_SUPER] = "super",
		[OBJECT_SELF] = "self", [OBJECT_SELF_BLOCK] = "block",
	};

	if (o->type == OBJECT_NAMESPACE) {
		tval_print(r, b, &o->u.vars);
		return;
	}
	render_put(r, b, SPAN_LIT("<"));
	render_put(r, b, span_of(names[o->type]));
	if (o->type == OBJECT_MACRO || o->type == OBJECT_FUNCTION) {
		render_put(r, b, SPAN_LIT(" "));
		render_put(r, b, o->type == OBJECT_MACRO ?
		    o->u.macro.def->name : span_of(o->u.function->name));
	}
	render_put(r, b, SPAN_LIT(">"));
}
