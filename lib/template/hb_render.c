/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/template/hb.h"

#include "lib/base/text.h"
#include "lib/settings/value.h"

/* What names mean at a place: each block that changes that adds one. */
struct hb_frame {
	struct hb_frame *up;
	bool is_root;         /* names are looked for in the input's maps */
	struct tval context;
	struct tval hash;     /* key=value of a partial: before the context */
	struct span names[HB_PARAMS_MAX]; /* as |a b| */
	struct tval values[HB_PARAMS_MAX];
	unsigned n_names;
	bool is_item;         /* of {{#each}} */
	bool first, last;
	int64_t index;
	struct tval key;
	/* Of a partial: what {{> @partial-block}} prints, and its place. */
	const struct hb_node *block;
	struct hb_frame *block_frame;
};

/* {{#*inline}}, the latest first. */
struct hb_inline {
	struct hb_inline *next;
	struct span name;
	const struct hb_node *body;
};

static int run(struct render *r, const struct hb_node *list);
static int value_of(struct render *r, const struct hb_node *n,
    struct tval *out);

static struct hb_frame *
frame_push(struct render *r, struct tval context)
{
	struct hb_frame *f = render_alloc(r, sizeof(*f));

	f->up = r->frame;
	f->context = context;
	r->frame = f;
	return f;
}

/* ---- names --------------------------------------------------------------- */

/* All maps as one, the later ones first. */
static int
root_value(struct render *r, struct tval *out)
{
	const struct value *map;
	struct tval all, key, seen;
	size_t i, k, n = 0;

	if (r->in->n_maps == 1) {
		*out = tval_foreign(r->in->maps[0]);
		return 0;
	}
	for (i = 0; i < r->in->n_maps; i++) {
		if (r->in->maps[i]->kind == VALUE_MAP)
			n += r->in->maps[i]->u.map.n;
	}
	if (render_steps(r, n) == -1)
		return -1;
	all = tval_map(r, n);
	for (i = r->in->n_maps; i > 0; i--) {
		map = r->in->maps[i - 1];
		for (k = 0; map->kind == VALUE_MAP && k < map->u.map.n; k++) {
			key = tval_text(span_of(map->u.map.v[k].key));
			if (!tval_map_get(r, &all, &key, &seen))
				tval_map_add(&all, key, tval_foreign(
				    map->u.map.v[k].value));
		}
	}
	*out = all;
	return r->failed ? -1 : 0;
}

static void
root_name(const struct render *r, struct span name, struct tval *out)
{
	const struct value *map;
	size_t i, at;

	*out = tval_undefined();
	for (i = r->in->n_maps; i > 0; i--) {
		map = r->in->maps[i - 1];
		at = map->kind != VALUE_MAP ? 0 : (size_t)(uintptr_t)map_get(
		    &map->u.map.index, name);
		if (at != 0) {
			*out = tval_foreign(map->u.map.v[at - 1].value);
			return;
		}
	}
}

/* The parts behind a value; what is not there is undefined. */
static int
follow(struct render *r, struct tval *v, const struct hb_part *part)
{
	struct tval at, key;
	uint64_t index;

	for (; part != NULL && v->kind != TV_UNDEFINED; part = part->next) {
		if (render_steps(r, 1) == -1)
			return -1;
		at = *v;
		key = tval_text(part->name);
		*v = tval_undefined();
		if (at.kind == TV_LIST && text_u64(part->name, 0, INT32_MAX,
		    &index) == 0)
			key = tval_int((int64_t)index);
		if (at.kind == TV_LIST && key.kind == TV_TEXT &&
		    span_eq_str(part->name, "length")) {
			size_t n = 0;

			tval_length(&at, &n);
			*v = tval_int((int64_t)n);
		} else if ((at.kind == TV_LIST && key.kind == TV_INT) ||
		    at.kind == TV_MAP) {
			if (tval_item(r, &at, &key, v) == -1)
				return -1;
		}
	}
	return 0;
}

/* A path in one frame. */
static int
look_in(struct render *r, const struct hb_frame *f,
    const struct hb_node *path, struct tval *out)
{
	struct tval key;

	if (path->parts == NULL)
		return f->is_root ? root_value(r, out) :
		    (*out = f->context, 0);
	key = tval_text(path->parts->name);
	if (f->hash.kind == TV_MAP && tval_map_get(r, &f->hash, &key, out))
		return follow(r, out, path->parts->next);
	if (f->is_root) {
		root_name(r, path->parts->name, out);
		return follow(r, out, path->parts->next);
	}
	*out = f->context;
	return follow(r, out, path->parts);
}

static const struct hb_frame *
frame_up(const struct hb_frame *f, unsigned n)
{
	while (n-- > 0 && f != NULL)
		f = f->up;
	return f;
}

/* @index and its like: of the nearest loop, or `up` loops above. */
static int
data_value(struct render *r, const struct hb_node *path, struct tval *out)
{
	const struct hb_frame *f = r->frame;
	struct span name = path->parts->name;
	unsigned up = path->up;

	*out = tval_undefined();
	for (; f != NULL; f = f->up) {
		if (!f->is_item)
			continue;
		if (up-- == 0)
			break;
	}
	if (f == NULL)
		return 0;
	if (span_eq_str(name, "index"))
		*out = tval_int(f->index);
	else if (span_eq_str(name, "first"))
		*out = tval_bool(f->first);
	else if (span_eq_str(name, "last"))
		*out = tval_bool(f->last);
	else if (span_eq_str(name, "key"))
		*out = f->key;
	return follow(r, out, path->parts->next);
}

/* A name of "as |name|". */
static bool
param_value(const struct render *r, struct span name, struct tval *out)
{
	const struct hb_frame *f;
	unsigned i;

	for (f = r->frame; f != NULL; f = f->up) {
		for (i = 0; i < f->n_names; i++) {
			if (span_eq(f->names[i], name)) {
				*out = f->values[i];
				return true;
			}
		}
	}
	return false;
}

/* What a block does not have is looked for in those around it. */
static int
path_value(struct render *r, const struct hb_node *path, struct tval *out)
{
	const struct hb_frame *f = r->frame;

	if (path->data)
		return path->parts == NULL ? (*out = tval_undefined(), 0) :
		    data_value(r, path, out);
	if (path->root) {
		while (f->up != NULL)
			f = f->up;
		return look_in(r, f, path, out);
	}
	if (path->up == 0 && !path->explicit_this && path->parts != NULL &&
	    param_value(r, path->parts->name, out))
		return follow(r, out, path->parts->next);
	f = frame_up(f, path->up);
	*out = tval_undefined();
	for (; f != NULL; f = f->up) {
		if (render_steps(r, 1) == -1 ||
		    look_in(r, f, path, out) == -1)
			return -1;
		if (out->kind != TV_UNDEFINED || path->explicit_this ||
		    path->parts == NULL)
			break;
	}
	return 0;
}

/* ---- values -------------------------------------------------------------- */

static int
fill_call(struct render *r, const struct hb_node *n, struct call *c)
{
	const struct hb_hash *h;
	const struct hb_node *arg;
	size_t args = 0, keys = 0;

	for (arg = n->args; arg != NULL; arg = arg->next)
		args++;
	for (h = n->hash; h != NULL; h = h->next)
		keys++;
	if (keys > CALL_KEYS_MAX)
		return render_fail(r, "more than %d named arguments",
		    CALL_KEYS_MAX);
	c->v = render_alloc(r, args * sizeof(*c->v));
	c->keys = render_alloc(r, keys * sizeof(*c->keys));
	for (arg = n->args; arg != NULL; arg = arg->next) {
		if (value_of(r, arg, &c->v[c->n]) == -1)
			return -1;
		c->n++;
	}
	for (h = n->hash; h != NULL; h = h->next) {
		c->keys[c->n_keys].key = tval_text(h->key);
		if (value_of(r, h->value, &c->keys[c->n_keys].value) == -1)
			return -1;
		c->n_keys++;
	}
	return 0;
}

static int
call_helper(struct render *r, const struct hb_helper *h,
    const struct hb_node *n, struct tval *out)
{
	struct call c = { .name = h->name };

	if (fill_call(r, n, &c) == -1)
		return -1;
	r->line = n->line;
	return h->call(r, &c, out) == -1 ? -1 : call_end(r, &c);
}

static const struct hb_helper *
helper_of(const struct hb_node *target)
{
	if (target->kind != HB_PATH || target->data || target->up > 0 ||
	    target->explicit_this)
		return NULL;
	return hb_helper_find(target->name);
}

/* A helper with its arguments, or a value without. */
static int
call_value(struct render *r, const struct hb_node *n, struct tval *out)
{
	const struct hb_helper *h = helper_of(n->target);
	struct span name = n->target->name;

	if (h != NULL)
		return call_helper(r, h, n, out);
	if (n->args != NULL || n->hash != NULL) {
		r->line = n->line;
		return render_fail(r, "there is no helper '%.*s'",
		    (int)(name.len < 64 ? name.len : 64), name.p);
	}
	return value_of(r, n->target, out);
}

static int
list_value(struct render *r, const struct hb_node *n, struct tval *out)
{
	const struct hb_node *item;
	struct tval v;
	size_t count = 0;

	for (item = n->args; item != NULL; item = item->next)
		count++;
	*out = tval_list(r, count);
	for (item = n->args; item != NULL; item = item->next) {
		if (value_of(r, item, &v) == -1)
			return -1;
		tval_list_add(out, v);
	}
	return 0;
}

static int
map_value(struct render *r, const struct hb_hash *hash, struct tval *out)
{
	const struct hb_hash *h;
	struct tval v;
	size_t count = 0;

	for (h = hash; h != NULL; h = h->next)
		count++;
	*out = tval_map(r, count);
	for (h = hash; h != NULL; h = h->next) {
		if (value_of(r, h->value, &v) == -1)
			return -1;
		tval_map_add(out, tval_text(h->key), v);
	}
	return 0;
}

static int
value_of(struct render *r, const struct hb_node *n, struct tval *out)
{
	int result = -1;

	if (render_enter(r) == -1)
		return -1;
	switch (n->kind) {
	case HB_CONST:
		*out = n->value;
		result = 0;
		break;
	case HB_PATH:
		result = path_value(r, n, out);
		break;
	case HB_SUB:
		result = call_value(r, n, out);
		break;
	case HB_LIST:
		result = list_value(r, n, out);
		break;
	case HB_MAP:
		result = map_value(r, n->hash, out);
		break;
	case HB_TEXT:
	case HB_PRINT:
	case HB_BLOCK:
	case HB_PARTIAL:
	case HB_INLINE:
		result = render_fail(r, "this is no value");
		break;
	}
	render_leave(r);
	return result;
}

/* ---- printing ------------------------------------------------------------ */

/* Lists as [a, b], maps as [object], nothing for null. */
static void
put_value(struct render *r, struct buf *b, const struct tval *v,
    unsigned depth)
{
	struct tval item;
	size_t i, n;

	if (v->kind == TV_UNDEFINED || v->kind == TV_NONE)
		return;
	if (v->kind == TV_MAP) {
		render_put(r, b, SPAN_LIT("[object]"));
	} else if (v->kind == TV_LIST && depth < 64) {
		tval_length(v, &n);
		render_put(r, b, SPAN_LIT("["));
		for (i = 0; i < n && render_steps(r, 1) == 0; i++) {
			if (i > 0)
				render_put(r, b, SPAN_LIT(", "));
			item = tval_nth(v, i);
			put_value(r, b, &item, depth + 1);
		}
		render_put(r, b, SPAN_LIT("]"));
	} else {
		tval_print(r, b, v);
	}
}

/* What could be markup, or part of an attribute without quotes. */
static void
put_escaped(struct render *r, struct buf *b, struct span s)
{
	static const char *const entities[256] = {
		['<'] = "&lt;", ['>'] = "&gt;", ['&'] = "&amp;",
		['"'] = "&quot;", ['\''] = "&#x27;", ['`'] = "&#x60;",
		['='] = "&#x3D;",
	};
	size_t i, from = 0;

	for (i = 0; i < s.len; i++) {
		if (entities[(unsigned char)s.p[i]] == NULL)
			continue;
		render_put(r, b, span_make(s.p + from, i - from));
		render_put(r, b, span_of(entities[(unsigned char)s.p[i]]));
		from = i + 1;
	}
	render_put(r, b, span_from(s, from));
}

static int
run_print(struct render *r, const struct hb_node *n)
{
	struct buf b = { .base = NULL };
	struct span text;
	struct tval v;

	if (call_value(r, n, &v) == -1)
		return -1;
	if (v.kind == TV_TEXT) {
		text = v.u.text;
	} else {
		put_value(r, &b, &v, 0);
		if (render_take(r, &b, &text) == -1)
			return -1;
	}
	if (!n->raw && r->escape == ESCAPE_HTML) {
		put_escaped(r, &b, text);
		if (render_take(r, &b, &text) == -1)
			return -1;
	}
	return render_data(r, text);
}

/* ---- blocks -------------------------------------------------------------- */

static int
run_if(struct render *r, const struct hb_node *n, bool wanted)
{
	struct call c = { .name = wanted ? "if" : "unless" };
	struct tval v;
	bool zero;

	if (fill_call(r, n, &c) == -1)
		return -1;
	if (c.n == 0)
		return render_fail(r, "%s wants a value", c.name);
	v = call_arg(&c, 0, NULL);
	if (call_bool(r, &c, CALL_KEY_ONLY, "includeZero", false, &zero) ==
	    -1 || call_end(r, &c) == -1)
		return -1;
	return run(r, hb_true(&v, zero) == (wanted != n->inverted) ? n->body :
	    n->other);
}

static void
set_params(struct hb_frame *f, const struct hb_node *n, struct tval a,
    struct tval b)
{
	f->n_names = n->n_params;
	f->names[0] = n->params[0];
	f->names[1] = n->params[1];
	f->values[0] = a;
	f->values[1] = b;
}

/* The frame is one for all items: nothing keeps it. */
static int
run_item(struct render *r, const struct hb_node *n, struct tval item,
    struct tval key, size_t i, size_t count)
{
	struct hb_frame *f = r->frame;

	f->context = item;
	f->is_item = true;
	f->index = (int64_t)i;
	f->first = i == 0;
	f->last = i + 1 == count;
	f->key = key;
	set_params(f, n, item, key);
	return run(r, n->body);
}

static int
run_each(struct render *r, const struct hb_node *n)
{
	struct hb_frame *was = r->frame;
	struct tpair *pairs = NULL;
	struct tval v, item;
	size_t i, count = 0;
	int result = 0;

	if (n->args == NULL)
		return render_fail(r, "each wants a value");
	if (value_of(r, n->args, &v) == -1)
		return -1;
	if (v.kind == TV_MAP && tval_pairs(r, &v, &pairs, &count) == -1)
		return -1;
	if (v.kind == TV_LIST)
		tval_length(&v, &count);
	if (count == 0)
		return run(r, n->other);
	frame_push(r, v);
	for (i = 0; i < count && result == 0; i++) {
		item = pairs != NULL ? pairs[i].value : tval_nth(&v, i);
		result = run_item(r, n, item, pairs != NULL ? pairs[i].key :
		    tval_int((int64_t)i), i, count);
	}
	r->frame = was;
	return result;
}

static int
run_with(struct render *r, const struct hb_node *n)
{
	struct hb_frame *was = r->frame;
	struct tval v;
	int result;

	if (n->args == NULL)
		return render_fail(r, "with wants a value");
	if (value_of(r, n->args, &v) == -1)
		return -1;
	if (!tval_true(&v))
		return run(r, n->other);
	set_params(frame_push(r, v), n, v, tval_undefined());
	result = run(r, n->body);
	r->frame = was;
	return result;
}

static int
run_block(struct render *r, const struct hb_node *n)
{
	struct span name = n->target->name;
	struct hb_inline *inlines = r->inlines;
	int result;

	if (span_eq_str(name, "if"))
		result = run_if(r, n, true);
	else if (span_eq_str(name, "unless"))
		result = run_if(r, n, false);
	else if (span_eq_str(name, "each"))
		result = run_each(r, n);
	else if (span_eq_str(name, "with"))
		result = run_with(r, n);
	else if (span_eq_str(name, "raw"))
		result = run(r, n->body);
	else
		return render_fail(r, "there is no block helper '%.*s'",
		    (int)(name.len < 64 ? name.len : 64), name.p);
	r->inlines = inlines;
	return result;
}

/* ---- partials ------------------------------------------------------------ */

static int
add_inline(struct render *r, const struct hb_node *n)
{
	struct hb_inline *in = render_alloc(r, sizeof(*in));
	struct tval name;

	if (value_of(r, n->args, &name) == -1)
		return -1;
	if (name.kind != TV_TEXT)
		return render_fail(r, "the name of a partial must be a text");
	in->name = name.u.text;
	in->body = n->body;
	in->next = r->inlines;
	r->inlines = in;
	return 0;
}

/* What {{> name}} stands for: a body, of a template or not. 1: nothing. */
static int
find_partial(struct render *r, const struct hb_node *n, struct span name,
    const struct hb_node **body, const struct template **t)
{
	const struct hb_inline *in;

	*body = NULL;
	*t = r->template;
	for (in = r->inlines; in != NULL; in = in->next) {
		if (span_eq(in->name, name)) {
			*body = in->body;
			return 0;
		}
	}
	if (span_eq_str(name, template_name(r->template)))
		return render_fail(r, "a template cannot include itself");
	*t = r->in->others == NULL ? NULL :
	    templates_find(r->in->others, name);
	if (*t != NULL) {
		*body = (*t)->hb;
		return 0;
	}
	*t = r->template;
	*body = n->body;
	if (n->body == NULL)
		return render_fail(r, "there is no partial '%.*s'",
		    (int)(name.len < 64 ? name.len : 64), name.p);
	return 0;
}

/* The body in its frame; lines indented as the tag was. */
static int
run_partial_body(struct render *r, const struct hb_node *body,
    struct span indent)
{
	struct buf text = { .base = NULL }, *was = r->out;
	size_t start = r->out_start;
	struct span s, line;
	ptrdiff_t end;
	int result;

	if (indent.len == 0)
		return run(r, body);
	r->out = &text;
	r->out_start = 0;
	result = run(r, body);
	r->out = was;
	r->out_start = start;
	if (render_take(r, &text, &s) == -1 || result == -1)
		return -1;
	while (s.len > 0 && result == 0) {
		end = span_find(s, '\n');
		line = span_make(s.p, end == -1 ? s.len : (size_t)end + 1);
		result = render_data(r, indent);
		if (result == 0)
			result = render_data(r, line);
		s = span_from(s, line.len);
	}
	return result;
}

/* {{> @partial-block}}: what the tag that called us had in it. */
static int
run_partial_block(struct render *r)
{
	struct hb_frame *was = r->frame, *f = r->frame;
	int result;

	while (f != NULL && f->block == NULL)
		f = f->up;
	if (f == NULL)
		return render_fail(r, "there is no partial block here");
	r->frame = f->block_frame;
	result = run(r, f->block);
	r->frame = was;
	return result;
}

/* Inline partials in the block belong to the partial that is called. */
static int
take_inlines(struct render *r, const struct hb_node *body)
{
	const struct hb_node *n;

	for (n = body; n != NULL; n = n->next) {
		if (n->kind == HB_INLINE && add_inline(r, n) == -1)
			return -1;
	}
	return 0;
}

static int
run_partial(struct render *r, const struct hb_node *n)
{
	const struct template *was_template = r->template, *t;
	struct hb_frame *was = r->frame, *f;
	struct hb_inline *inlines = r->inlines;
	const struct hb_node *body;
	struct tval name, context, hash;
	int result = 0;

	if (value_of(r, n->target, &name) == -1)
		return -1;
	r->line = n->line;
	if (name.kind != TV_TEXT)
		return render_fail(r, "the name of a partial must be a text");
	if (span_eq_str(name.u.text, "@partial-block"))
		return run_partial_block(r);
	if (take_inlines(r, n->body) == -1 ||
	    map_value(r, n->hash, &hash) == -1 ||
	    find_partial(r, n, name.u.text, &body, &t) == -1)
		return -1;
	context = was->is_root ? tval_undefined() : was->context;
	if (n->args != NULL && value_of(r, n->args, &context) == -1)
		return -1;
	f = frame_push(r, context);
	f->is_root = was->is_root && n->args == NULL;
	f->hash = hash;
	f->block = n->body;
	f->block_frame = was;
	r->template = t;
	if (render_enter(r) == -1)
		result = -1;
	else {
		result = run_partial_body(r, body, n->name);
		render_leave(r);
	}
	r->template = was_template;
	r->frame = was;
	r->inlines = inlines;
	return result;
}

/* ---- all of them --------------------------------------------------------- */

static int
run_one(struct render *r, const struct hb_node *n)
{
	switch (n->kind) {
	case HB_TEXT:
		return render_data(r, n->name);
	case HB_PRINT:
		return run_print(r, n);
	case HB_BLOCK:
		return run_block(r, n);
	case HB_PARTIAL:
		return run_partial(r, n);
	case HB_INLINE:
		return add_inline(r, n);
	case HB_CONST:
	case HB_PATH:
	case HB_SUB:
	case HB_LIST:
	case HB_MAP:
		break;
	}
	return render_fail(r, "this is no statement");
}

static int
run(struct render *r, const struct hb_node *list)
{
	const struct hb_node *n;
	int result = 0;

	for (n = list; n != NULL && result == 0; n = n->next) {
		r->line = n->line;
		if (render_enter(r) == -1)
			return -1;
		result = run_one(r, n);
		render_leave(r);
	}
	return result;
}

int
hb_render(struct render *r, const struct template *t)
{
	struct span name = span_of(t->name);

	if (name.len >= 5 && span_eq_str(span_from(name, name.len - 5),
	    ".html"))
		r->escape = ESCAPE_HTML;
	frame_push(r, tval_undefined())->is_root = true;
	return run(r, t->hb);
}
