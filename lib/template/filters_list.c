/* SPDX-License-Identifier: Apache-2.0 */
/* Filters for lists and maps. */
#include <stdlib.h>
#include <string.h>

#include "lib/base/map.h"
#include "lib/template/chars.h"
#include "lib/template/object.h"
#include "lib/template/tables.h"
#include "lib/template/text_ops.h"

static int
items_of(struct render *r, struct call *c, struct tval **items, size_t *n)
{
	return tval_items(r, &c->in, items, n);
}

static struct tval
as_list(struct render *r, struct tval *items, size_t n)
{
	struct tval v = tval_list(r, 0);

	v.u.list->v = items;
	v.u.list->n = n;
	return v;
}

static int
do_length(struct render *r, struct call *c, struct tval *out)
{
	size_t n;

	if (!tval_length(&c->in, &n))
		return render_fail(r, "%s has no length",
		    tval_kind_name(&c->in));
	*out = tval_int((int64_t)n);
	return render_steps(r, c->in.kind == TV_TEXT ? n / 64 : 0);
}

static struct tval
pair_list(struct render *r, const struct tpair *pair)
{
	struct tval v = tval_list(r, 2);

	tval_list_add(&v, pair->key);
	tval_list_add(&v, pair->value);
	return v;
}

static int
pairs_of(struct render *r, struct call *c, struct tpair **pairs, size_t *n)
{
	if (c->in.kind != TV_MAP)
		return render_fail(r, "%s has no pairs",
		    tval_kind_name(&c->in));
	return tval_pairs(r, &c->in, pairs, n);
}

static int
do_items(struct render *r, struct call *c, struct tval *out)
{
	struct tpair *pairs;
	size_t i, n;

	if (pairs_of(r, c, &pairs, &n) == -1)
		return -1;
	*out = tval_list(r, n);
	for (i = 0; i < n; i++)
		tval_list_add(out, pair_list(r, &pairs[i]));
	return 0;
}

static int
do_list(struct render *r, struct call *c, struct tval *out)
{
	struct tval *items;
	size_t n;

	if (items_of(r, c, &items, &n) == -1)
		return -1;
	*out = as_list(r, items, n);
	return 0;
}

static int
do_reverse(struct render *r, struct call *c, struct tval *out)
{
	struct buf b = { .base = NULL };
	struct tval *items;
	struct span s;
	size_t i, n;

	if (items_of(r, c, &items, &n) == -1)
		return -1;
	if (c->in.kind == TV_TEXT) {
		for (i = n; i > 0; i--)
			render_put(r, &b, items[i - 1].u.text);
		if (render_take(r, &b, &s) == -1)
			return -1;
		*out = tval_text(s);
		return 0;
	}
	*out = tval_list(r, n);
	for (i = n; i > 0; i--)
		tval_list_add(out, items[i - 1]);
	return 0;
}

/* ---- first, last, least, most -------------------------------------------- */

static int
do_first(struct render *r, struct call *c, struct tval *out)
{
	struct tval *items;
	size_t n;

	if (items_of(r, c, &items, &n) == -1)
		return -1;
	*out = n > 0 ? items[0] : tval_undefined();
	return 0;
}

static int
do_last(struct render *r, struct call *c, struct tval *out)
{
	struct tval *items;
	size_t n;

	if (items_of(r, c, &items, &n) == -1)
		return -1;
	*out = n > 0 ? items[n - 1] : tval_undefined();
	return 0;
}

static int
extreme(struct render *r, struct call *c, int sign, struct tval *out)
{
	struct tval *items;
	size_t i, n;

	if (items_of(r, c, &items, &n) == -1)
		return -1;
	*out = n > 0 ? items[0] : tval_undefined();
	for (i = 1; i < n; i++) {
		if (tval_compare(r, &items[i], out) * sign > 0)
			*out = items[i];
	}
	return 0;
}

static int
do_min(struct render *r, struct call *c, struct tval *out)
{
	return extreme(r, c, -1, out);
}

static int
do_max(struct render *r, struct call *c, struct tval *out)
{
	return extreme(r, c, 1, out);
}

/* ---- order --------------------------------------------------------------- */

struct sorted {
	struct tval key, item;
	size_t at; /* equal keys keep their order */
};

struct sorter {
	struct render *r;
	bool case_sensitive;
};

static int
by_key(const void *a, const void *b, void *arg)
{
	const struct sorted *x = a, *y = b;
	struct sorter *s = arg;
	int c = tval_compare_case(s->r, &x->key, &y->key,
	    s->case_sensitive);

	render_steps(s->r, 1);
	return c != 0 ? c : (x->at > y->at) - (x->at < y->at);
}

/* Items with the attribute that they are sorted by; a copy. */
static int
keyed(struct render *r, struct tval *items, size_t n, struct span attribute,
    const struct tval *def, struct sorted **out)
{
	struct sorted *v;
	size_t i;

	if (render_room(r, n * sizeof(*v)) == -1)
		return -1;
	v = render_alloc(r, n * sizeof(*v));
	for (i = 0; i < n; i++) {
		v[i].item = v[i].key = items[i];
		v[i].at = i;
		if (attribute.len == 0)
			continue;
		if (tval_path_or(r, &items[i], attribute, def,
		    &v[i].key) == -1)
			return -1;
	}
	*out = v;
	return 0;
}

static int
sort_keyed(struct render *r, struct sorted *v, size_t n, bool case_sensitive)
{
	struct sorter s = { r, case_sensitive };

	if (n > 1)
		qsort_r(v, n, sizeof(*v), by_key, &s);
	return r->failed ? -1 : 0;
}

static struct tval
sorted_list(struct render *r, const struct sorted *v, size_t n, bool reverse)
{
	struct tval list = tval_list(r, n);
	size_t i;

	for (i = 0; i < n; i++)
		tval_list_add(&list, v[reverse ? n - 1 - i : i].item);
	return list;
}

static int
do_sort(struct render *r, struct call *c, struct tval *out)
{
	struct tval *items, none = tval_undefined();
	struct span attribute;
	struct sorted *v;
	bool reverse, cases;
	size_t n;

	if (items_of(r, c, &items, &n) == -1 ||
	    call_bool(r, c, 0, "reverse", false, &reverse) == -1 ||
	    call_bool(r, c, 1, "case_sensitive", false, &cases) == -1 ||
	    call_text(r, c, 2, "attribute", SPAN_LIT(""), &attribute) == -1 ||
	    keyed(r, items, n, attribute, &none, &v) == -1 ||
	    sort_keyed(r, v, n, cases) == -1)
		return -1;
	*out = sorted_list(r, v, n, reverse);
	return 0;
}

static int
do_dictsort(struct render *r, struct call *c, struct tval *out)
{
	struct tpair *pairs;
	struct sorted *v;
	bool reverse, cases, by_value;
	struct span by;
	size_t i, n;

	if (pairs_of(r, c, &pairs, &n) == -1 ||
	    call_bool(r, c, 0, "case_sensitive", false, &cases) == -1 ||
	    call_text(r, c, 1, "by", SPAN_LIT("key"), &by) == -1 ||
	    call_bool(r, c, 2, "reverse", false, &reverse) == -1)
		return -1;
	by_value = span_eq_str(by, "value");
	if (!by_value && !span_eq_str(by, "key"))
		return render_fail(r, "dictsort: by must be 'key' or 'value'");
	v = render_alloc(r, n * sizeof(*v));
	for (i = 0; i < n; i++) {
		v[i].key = by_value ? pairs[i].value : pairs[i].key;
		v[i].item = pair_list(r, &pairs[i]);
		v[i].at = i;
	}
	if (sort_keyed(r, v, n, cases) == -1)
		return -1;
	*out = sorted_list(r, v, n, reverse);
	return 0;
}

static struct tval
group(struct render *r, const struct sorted *v, size_t n)
{
	struct tval both = tval_list(r, 2), list = tval_list(r, n);
	size_t i;

	for (i = 0; i < n; i++)
		tval_list_add(&list, v[i].item);
	tval_list_add(&both, v[0].key);
	tval_list_add(&both, list);
	both.u.list->is_group = true;
	return both;
}

static int
do_groupby(struct render *r, struct call *c, struct tval *out)
{
	struct tval *items, def;
	struct span attribute;
	struct sorted *v;
	size_t i, k, n;
	bool cases;

	if (items_of(r, c, &items, &n) == -1 ||
	    call_text(r, c, 0, "attribute", SPAN_LIT(""), &attribute) == -1 ||
	    call_bool(r, c, 2, "case_sensitive", false, &cases) == -1)
		return -1;
	def = call_arg(c, 1, "default");
	if (attribute.len == 0)
		return render_fail(r, "groupby wants an attribute");
	if (keyed(r, items, n, attribute, &def, &v) == -1 ||
	    sort_keyed(r, v, n, cases) == -1)
		return -1;
	*out = tval_list(r, 0);
	for (i = 0; i < n; i = k) {
		for (k = i + 1; k < n && tval_compare_case(r, &v[i].key,
		    &v[k].key, cases) == 0; k++)
			;
		if (list_push(r, out, group(r, v + i, k - i)) == -1)
			return -1;
	}
	return r->failed ? -1 : 0;
}

/* What is compared, as bytes that differ when values do. */
static int
unique_key(struct render *r, const struct tval *v, bool case_sensitive,
    struct span *out)
{
	struct buf b = { .base = NULL };
	struct tval lower;

	buf_add_byte(&b, v->kind == TV_FLOAT || v->kind == TV_BOOL ? TV_INT :
	    v->kind);
	if (v->kind == TV_TEXT && !case_sensitive) {
		if (text_case(r, v->u.text, CASE_LOWER, &lower) == 0)
			render_put(r, &b, lower.u.text);
	} else {
		tval_print(r, &b, v);
	}
	return render_take(r, &b, out);
}

static int
do_unique(struct render *r, struct call *c, struct tval *out)
{
	struct tval *items, key, none = tval_undefined();
	struct map seen = { .slots = NULL };
	struct span attribute, text;
	int result = 0;
	size_t i, n;
	bool cases;

	if (items_of(r, c, &items, &n) == -1 ||
	    call_bool(r, c, 0, "case_sensitive", false, &cases) == -1 ||
	    call_text(r, c, 1, "attribute", SPAN_LIT(""), &attribute) == -1)
		return -1;
	*out = tval_list(r, 0);
	for (i = 0; i < n && result == 0; i++) {
		key = items[i];
		if (attribute.len > 0)
			result = tval_path_or(r, &items[i], attribute, &none,
			    &key);
		if (result == 0)
			result = unique_key(r, &key, cases, &text);
		if (result == 0 && map_set(&seen, text, out) == NULL)
			result = list_push(r, out, items[i]);
	}
	map_free(&seen, NULL);
	return result;
}

/* ---- rows ---------------------------------------------------------------- */

static int
do_batch(struct render *r, struct call *c, struct tval *out)
{
	struct tval *items, fill = call_arg(c, 1, "fill_with"), row;
	size_t i, k, n, size;
	int64_t count;

	if (items_of(r, c, &items, &n) == -1 ||
	    call_int(r, c, 0, "linecount", 1, 100000, 0, &count) == -1)
		return -1;
	if (count == 0)
		return render_fail(r, "batch wants a count");
	size = (size_t)count;
	if (render_steps(r, n + size) == -1)
		return -1;
	*out = tval_list(r, n / size + 1);
	for (i = 0; i < n; i += size) {
		row = tval_list(r, size);
		for (k = i; k < n && k < i + size; k++)
			tval_list_add(&row, items[k]);
		for (; k < i + size && fill.kind > TV_NONE; k++)
			tval_list_add(&row, fill);
		tval_list_add(out, row);
	}
	return 0;
}

static int
do_slice(struct render *r, struct call *c, struct tval *out)
{
	struct tval *items, fill = call_arg(c, 1, "fill_with"), row;
	size_t i, k, n, slices, each, more, at = 0;
	int64_t count;

	if (items_of(r, c, &items, &n) == -1 ||
	    call_int(r, c, 0, "slices", 1, 100000, 0, &count) == -1)
		return -1;
	if (count == 0)
		return render_fail(r, "slice wants a count");
	slices = (size_t)count;
	if (render_steps(r, n + slices) == -1)
		return -1;
	each = n / slices;
	more = n % slices;
	*out = tval_list(r, slices);
	for (i = 0; i < slices; i++) {
		row = tval_list(r, each + 1);
		for (k = 0; k < each + (i < more ? 1 : 0); k++)
			tval_list_add(&row, items[at++]);
		if (i >= more && fill.kind > TV_NONE)
			tval_list_add(&row, fill);
		tval_list_add(out, row);
	}
	return 0;
}

/* ---- several lists ------------------------------------------------------- */

static int
chain_maps(struct render *r, struct call *c, struct tval *out)
{
	struct tobject *vars;
	struct tpair *pairs;
	struct span key;
	size_t i, k, n;

	object_new(r, OBJECT_NAMESPACE, &vars);
	vars->u.vars = tval_map(r, 0);
	for (i = 0; i <= c->n; i++) {
		if (tval_pairs(r, i == 0 ? &c->in : &c->v[i - 1], &pairs,
		    &n) == -1)
			return -1;
		for (k = 0; k < n; k++) {
			if (tval_to_text(r, &pairs[k].key, &key) == -1 ||
			    namespace_set(r, vars, key, pairs[k].value) == -1)
				return -1;
		}
	}
	*out = vars->u.vars;
	return 0;
}

static int
do_chain(struct render *r, struct call *c, struct tval *out)
{
	bool maps = c->in.kind == TV_MAP;
	struct tval *items;
	size_t i, k, n;

	call_takes_all(c);
	for (i = 0; i < c->n; i++)
		maps = maps && c->v[i].kind == TV_MAP;
	if (maps)
		return chain_maps(r, c, out);
	*out = tval_list(r, 0);
	for (i = 0; i <= c->n; i++) {
		if (tval_items(r, i == 0 ? &c->in : &c->v[i - 1], &items,
		    &n) == -1)
			return -1;
		for (k = 0; k < n; k++) {
			if (list_push(r, out, items[k]) == -1)
				return -1;
		}
	}
	return 0;
}

enum { ZIP_MAX = 32 };

static int
do_zip(struct render *r, struct call *c, struct tval *out)
{
	struct tval *items[ZIP_MAX], row;
	size_t i, k, n, least = SIZE_MAX;

	call_takes_all(c);
	if (c->n + 1 > ZIP_MAX)
		return render_fail(r, "zip takes at most %d lists", ZIP_MAX);
	for (i = 0; i <= c->n; i++) {
		if (tval_items(r, i == 0 ? &c->in : &c->v[i - 1], &items[i],
		    &n) == -1)
			return -1;
		if (n < least)
			least = n;
	}
	*out = tval_list(r, least);
	for (k = 0; k < least; k++) {
		if (render_steps(r, c->n + 1) == -1)
			return -1;
		row = tval_list(r, c->n + 1);
		for (i = 0; i <= c->n; i++)
			tval_list_add(&row, items[i][k]);
		tval_list_add(out, row);
	}
	return 0;
}

const struct filter_row filters_list[] = {
	{ "length", do_length, "",
	    "The number of characters, items or pairs." },
	{ "count", do_length, "",
	    "The same as\n.Ic length ." },
	{ "items", do_items, "",
	    "The pairs of a map as lists of two, by name." },
	{ "dictsort", do_dictsort, "case_sensitive?, by='key', reverse?",
	    "The pairs of a map as lists of two, by\n.Ql key\nor\n"
	    ".Ql value ." },
	{ "list", do_list, "",
	    "The characters of a text, the names of a map, the items of a "
	    "list." },
	{ "reverse", do_reverse, "",
	    "From the end to the start." },
	{ "first", do_first, "",
	    "The first item." },
	{ "last", do_last, "",
	    "The last item." },
	{ "min", do_min, "",
	    "The smallest item." },
	{ "max", do_max, "",
	    "The largest item." },
	{ "sort", do_sort, "reverse?, case_sensitive?, attribute?",
	    "The items in order, by an attribute such as\n.Ql city.name\nif "
	    "one is given, or by several,\n.Ql a,b ." },
	{ "groupby", do_groupby, "attribute, default?, case_sensitive?",
	    "Lists of two, the value of an attribute and the items that have "
	    "it, in the order of the values; they are also\n.Va grouper\nand\n"
	    ".Va list ." },
	{ "unique", do_unique, "case_sensitive?, attribute?",
	    "The items without those that were there before." },
	{ "batch", do_batch, "count, fill_with?",
	    "Lists of so many items, the last one filled up." },
	{ "slice", do_slice, "count, fill_with?",
	    "The items in so many lists, the first ones being longer." },
	{ "chain", do_chain, "list, ...",
	    "The items of all lists one behind the other; the pairs of maps, "
	    "the last one counting." },
	{ "zip", do_zip, "list, ...",
	    "Lists of the first items, the second ones and so on, as long as "
	    "each list has one." },
	{ NULL, NULL, NULL, NULL },
};
