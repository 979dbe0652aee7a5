/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/template/tval.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/settings/value.h"
#include "lib/template/chars.h"
#include "lib/template/object.h"
#include "lib/template/render.h"

enum { DEPTH_MAX = 100 }; /* what compares or prints recurses */

/* ---- making -------------------------------------------------------------- */

struct tval
tval_undefined(void)
{
	return (struct tval){ .kind = TV_UNDEFINED };
}

struct tval
tval_none(void)
{
	return (struct tval){ .kind = TV_NONE };
}

struct tval
tval_bool(bool v)
{
	return (struct tval){ .kind = TV_BOOL, .u.flag = v };
}

struct tval
tval_int(int64_t v)
{
	return (struct tval){ .kind = TV_INT, .u.number = v };
}

struct tval
tval_float(double v)
{
	return (struct tval){ .kind = TV_FLOAT, .u.real = v };
}

struct tval
tval_text(struct span s)
{
	return (struct tval){ .kind = TV_TEXT, .u.text = s };
}

struct tval
tval_safe(struct span s)
{
	return (struct tval){ .kind = TV_TEXT, .flags = TV_SAFE,
		.u.text = s };
}

struct tval
tval_foreign(const struct value *v)
{
	switch (v->kind) {
	case VALUE_NULL:
		break;
	case VALUE_BOOL:
		return tval_bool(v->u.flag);
	case VALUE_INT:
		return tval_int(v->u.number);
	case VALUE_FLOAT:
		return tval_float(v->u.real);
	case VALUE_TEXT:
		return tval_text(span_make(v->u.text.p, v->u.text.len));
	case VALUE_LIST:
		return (struct tval){ .kind = TV_LIST, .flags = TV_FOREIGN,
			.u.value = v };
	case VALUE_MAP:
		return (struct tval){ .kind = TV_MAP, .flags = TV_FOREIGN,
			.u.value = v };
	}
	return tval_none();
}

struct tval
tval_list(struct render *r, size_t n)
{
	struct tlist *list = render_alloc(r, sizeof(*list));

	list->v = render_alloc(r, n * sizeof(*list->v));
	return (struct tval){ .kind = TV_LIST, .u.list = list };
}

struct tval
tval_map(struct render *r, size_t n)
{
	struct tmap *map = render_alloc(r, sizeof(*map));

	map->v = render_alloc(r, n * sizeof(*map->v));
	return (struct tval){ .kind = TV_MAP, .u.map = map };
}

void
tval_list_add(struct tval *list, struct tval item)
{
	list->u.list->v[list->u.list->n++] = item;
}

void
tval_map_add(struct tval *map, struct tval key, struct tval value)
{
	map->u.map->v[map->u.map->n++] = (struct tpair){ key, value };
}

/* ---- asking -------------------------------------------------------------- */

const char *
tval_kind_name(const struct tval *v)
{
	static const char *const names[] = {
		[TV_UNDEFINED] = "undefined", [TV_NONE] = "none",
		[TV_BOOL] = "a bool", [TV_INT] = "a number",
		[TV_FLOAT] = "a number", [TV_TEXT] = "a string",
		[TV_LIST] = "a sequence", [TV_MAP] = "a map",
		[TV_OBJECT] = "an object",
	};

	return names[v->kind];
}

bool
tval_true(const struct tval *v)
{
	size_t n;

	switch ((enum tval_kind)v->kind) {
	case TV_UNDEFINED:
	case TV_NONE:
		return false;
	case TV_BOOL:
		return v->u.flag;
	case TV_INT:
		return v->u.number != 0;
	case TV_FLOAT:
		return v->u.real != 0;
	case TV_TEXT:
		return v->u.text.len > 0;
	case TV_LIST:
	case TV_MAP:
		return tval_length(v, &n) && n > 0;
	case TV_OBJECT:
		return true;
	}
	return false;
}

bool
tval_length(const struct tval *v, size_t *n_out)
{
	bool foreign = (v->flags & TV_FOREIGN) != 0;

	if (v->kind == TV_TEXT)
		*n_out = chars_count(v->u.text);
	else if (v->kind == TV_LIST)
		*n_out = foreign ? v->u.value->u.list.n : v->u.list->n;
	else if (v->kind == TV_MAP)
		*n_out = foreign ? v->u.value->u.map.n : v->u.map->n;
	else
		return false;
	return true;
}

struct tval
tval_nth(const struct tval *list, size_t i)
{
	if ((list->flags & TV_FOREIGN) != 0)
		return tval_foreign(list->u.value->u.list.v[i]);
	return list->u.list->v[i];
}

static struct tpair
nth_pair(const struct tval *map, size_t i)
{
	const struct value_pair *pair;

	if ((map->flags & TV_FOREIGN) == 0)
		return map->u.map->v[i];
	pair = &map->u.value->u.map.v[i];
	return (struct tpair){ tval_text(span_of(pair->key)),
		tval_foreign(pair->value) };
}

bool
tval_as_int(const struct tval *v, int64_t *out)
{
	if (v->kind == TV_BOOL)
		*out = v->u.flag;
	else if (v->kind == TV_INT)
		*out = v->u.number;
	else if (v->kind == TV_FLOAT && v->u.real == floor(v->u.real) &&
	    fabs(v->u.real) < 9.2e18)
		*out = (int64_t)v->u.real;
	else
		return false;
	return true;
}

bool
tval_as_float(const struct tval *v, double *out)
{
	if (v->kind == TV_BOOL)
		*out = v->u.flag;
	else if (v->kind == TV_INT)
		*out = (double)v->u.number;
	else if (v->kind == TV_FLOAT)
		*out = v->u.real;
	else
		return false;
	return true;
}

/* ---- comparing ----------------------------------------------------------- */

static bool
is_number(const struct tval *v)
{
	return v->kind == TV_BOOL || v->kind == TV_INT || v->kind == TV_FLOAT;
}

static int
compare_numbers(const struct tval *a, const struct tval *b)
{
	double x = 0, y = 0;
	int64_t i, k;

	if (a->kind != TV_FLOAT && b->kind != TV_FLOAT) {
		tval_as_int(a, &i);
		tval_as_int(b, &k);
		return (i > k) - (i < k);
	}
	tval_as_float(a, &x);
	tval_as_float(b, &y);
	/* No number comes last, so that sorting has an order. */
	if (isnan(x) || isnan(y))
		return (isnan(x) != 0) - (isnan(y) != 0);
	return (x > y) - (x < y);
}

static int
compare_spans(struct span a, struct span b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int c = n == 0 ? 0 : memcmp(a.p, b.p, n);

	return c != 0 ? c : (a.len > b.len) - (a.len < b.len);
}

static int
rank(const struct tval *v)
{
	return is_number(v) ? TV_INT : v->kind;
}

static int compare_at(struct render *r, const struct tval *a,
    const struct tval *b, unsigned depth);

static int
compare_lists(struct render *r, const struct tval *a, const struct tval *b,
    unsigned depth)
{
	struct tval x, y;
	size_t i, n, m;
	int c;

	tval_length(a, &n);
	tval_length(b, &m);
	for (i = 0; i < n && i < m && render_steps(r, 1) == 0; i++) {
		x = tval_nth(a, i);
		y = tval_nth(b, i);
		c = compare_at(r, &x, &y, depth + 1);
		if (c != 0)
			return c;
	}
	return (n > m) - (n < m);
}

/* Equal maps have the same pairs, in any order; others have no real order. */
static int
compare_maps(struct render *r, const struct tval *a, const struct tval *b,
    unsigned depth)
{
	struct tpair pair;
	struct tval other;
	size_t i, n, m;
	int c;

	tval_length(a, &n);
	tval_length(b, &m);
	if (n != m)
		return n > m ? 1 : -1;
	for (i = 0; i < n && render_steps(r, 1) == 0; i++) {
		pair = nth_pair(a, i);
		if (!tval_map_get(r, b, &pair.key, &other))
			return 1;
		c = compare_at(r, &pair.value, &other, depth + 1);
		if (c != 0)
			return c;
	}
	return 0;
}

static int
compare_at(struct render *r, const struct tval *a, const struct tval *b,
    unsigned depth)
{
	if (depth > DEPTH_MAX)
		return 0;
	if (is_number(a) && is_number(b))
		return compare_numbers(a, b);
	if (a->kind != b->kind)
		return rank(a) > rank(b) ? 1 : -1;
	switch ((enum tval_kind)a->kind) {
	case TV_TEXT:
		render_steps(r, a->u.text.len / 256);
		return compare_spans(a->u.text, b->u.text);
	case TV_LIST:
		return compare_lists(r, a, b, depth);
	case TV_MAP:
		return compare_maps(r, a, b, depth);
	case TV_OBJECT:
		return (a->u.object > b->u.object) -
		    (a->u.object < b->u.object);
	case TV_UNDEFINED:
	case TV_NONE:
	case TV_BOOL:
	case TV_INT:
	case TV_FLOAT:
		break;
	}
	return 0;
}

int
tval_compare(struct render *r, const struct tval *a, const struct tval *b)
{
	return compare_at(r, a, b, 0);
}

bool
tval_equal(struct render *r, const struct tval *a, const struct tval *b)
{
	if (a->kind == TV_FLOAT && b->kind == TV_FLOAT)
		return a->u.real == b->u.real;
	return compare_at(r, a, b, 0) == 0;
}

int
tval_compare_case(struct render *r, const struct tval *a,
    const struct tval *b, bool case_sensitive)
{
	size_t i = 0, k = 0;
	uint32_t x, y;

	if (case_sensitive || a->kind != TV_TEXT || b->kind != TV_TEXT)
		return compare_at(r, a, b, 0);
	render_steps(r, a->u.text.len / 64);
	while (i < a->u.text.len && k < b->u.text.len) {
		x = chars_lower(chars_next(a->u.text, &i));
		y = chars_lower(chars_next(b->u.text, &k));
		if (x != y)
			return x > y ? 1 : -1;
	}
	return (i < a->u.text.len) - (k < b->u.text.len);
}

/* ---- looking inside ------------------------------------------------------ */

bool
tval_map_get(struct render *r, const struct tval *map, const struct tval *key,
    struct tval *out)
{
	const struct tmap *own;
	size_t i, at;

	if ((map->flags & TV_FOREIGN) != 0) {
		if (key->kind != TV_TEXT)
			return false;
		at = (size_t)(uintptr_t)map_get(
		    &map->u.value->u.map.index, key->u.text);
		if (at == 0)
			return false;
		*out = tval_foreign(map->u.value->u.map.v[at - 1].value);
		return true;
	}
	own = map->u.map;
	render_steps(r, own->n / 8);
	for (i = 0; i < own->n; i++) {
		if (own->v[i].key.kind == key->kind &&
		    tval_equal(r, &own->v[i].key, key)) {
			*out = own->v[i].value;
			return true;
		}
	}
	return false;
}

int
tval_attr(struct render *r, const struct tval *v, struct span name,
    struct tval *out)
{
	struct tval key = tval_text(name);

	*out = tval_undefined();
	switch ((enum tval_kind)v->kind) {
	case TV_UNDEFINED:
		return render_fail(r, "undefined value: it has no '%.*s'",
		    (int)(name.len < 100 ? name.len : 100), name.p);
	case TV_MAP:
		tval_map_get(r, v, &key, out);
		return r->failed ? -1 : 0;
	case TV_OBJECT:
		return object_attr(r, v->u.object, name, out);
	case TV_LIST:
		if ((v->flags & TV_FOREIGN) == 0 && v->u.list->is_group) {
			if (span_eq_str(name, "grouper"))
				*out = v->u.list->v[0];
			else if (span_eq_str(name, "list"))
				*out = v->u.list->v[1];
		}
		return 0;
	case TV_NONE:
	case TV_BOOL:
	case TV_INT:
	case TV_FLOAT:
	case TV_TEXT:
		return 0;
	}
	return 0;
}

/* The place that an index means, from the end if it is negative. */
static bool
index_of(const struct tval *key, size_t n, size_t *out)
{
	int64_t i;

	if (key->kind != TV_INT && key->kind != TV_FLOAT)
		return false;
	if (!tval_as_int(key, &i))
		return false;
	if (i < 0)
		i += (int64_t)n;
	*out = (size_t)i;
	return i >= 0 && (uint64_t)i < n;
}

int
tval_item(struct render *r, const struct tval *v, const struct tval *key,
    struct tval *out)
{
	size_t n, i, at;

	*out = tval_undefined();
	if (v->kind == TV_UNDEFINED)
		return render_fail(r, "undefined value: it has no items");
	if (v->kind == TV_LIST) {
		tval_length(v, &n);
		if (index_of(key, n, &i)) {
			*out = tval_nth(v, i);
			return 0;
		}
	} else if (v->kind == TV_TEXT && key->kind == TV_INT) {
		if (render_steps(r, v->u.text.len / 16) == -1)
			return -1;
		tval_length(v, &n);
		if (index_of(key, n, &i)) {
			at = chars_skip(v->u.text, 0, i);
			*out = tval_text(span_make(v->u.text.p + at,
			    chars_skip(v->u.text, at, 1)));
		}
		return 0;
	} else if (v->kind == TV_MAP && key->kind != TV_TEXT) {
		tval_map_get(r, v, key, out);
		return r->failed ? -1 : 0;
	}
	if (key->kind == TV_TEXT)
		return tval_attr(r, v, key->u.text, out);
	return 0;
}

static int
walk_path(struct render *r, const struct tval *v, struct span path,
    bool lenient, struct tval *out)
{
	struct tval at = *v, key;
	ptrdiff_t dot;
	struct span part;
	uint64_t index;

	do {
		dot = span_find(path, '.');
		part = span_make(path.p, dot == -1 ? path.len : (size_t)dot);
		path = span_from(path, dot == -1 ? path.len :
		    (size_t)dot + 1);
		key = tval_text(part);
		if (at.kind == TV_LIST && text_u64(part, 0, INT32_MAX,
		    &index) == 0)
			key = tval_int((int64_t)index);
		*out = tval_undefined();
		if (lenient && at.kind == TV_UNDEFINED)
			return 0;
		if (tval_item(r, &at, &key, out) == -1)
			return -1;
		at = *out;
	} while (dot != -1);
	return 0;
}

int
tval_path(struct render *r, const struct tval *v, struct span path,
    struct tval *out)
{
	return walk_path(r, v, path, false, out);
}

int
tval_path_or(struct render *r, const struct tval *v, struct span path,
    const struct tval *def, struct tval *out)
{
	if (walk_path(r, v, path, true, out) == -1)
		return -1;
	if (out->kind == TV_UNDEFINED)
		*out = *def;
	return 0;
}

static int
by_key(const void *a, const void *b, void *arg)
{
	return compare_at(arg, &((const struct tpair *)a)->key,
	    &((const struct tpair *)b)->key, 0);
}

int
tval_pairs(struct render *r, const struct tval *map,
    struct tpair **pairs_out, size_t *n_out)
{
	struct tpair *pairs;
	size_t i, n;

	tval_length(map, &n);
	if (render_steps(r, n) == -1 ||
	    render_room(r, n * sizeof(*pairs)) == -1)
		return -1;
	pairs = render_alloc(r, n * sizeof(*pairs));
	for (i = 0; i < n; i++)
		pairs[i] = nth_pair(map, i);
	if (n > 0)
		qsort_r(pairs, n, sizeof(*pairs), by_key, r);
	*pairs_out = pairs;
	*n_out = n;
	return 0;
}

static int
keys_of(struct render *r, const struct tval *map, struct tval **items_out,
    size_t *n_out)
{
	struct tpair *pairs;
	struct tval *items;
	size_t i;

	if (tval_pairs(r, map, &pairs, n_out) == -1)
		return -1;
	items = render_alloc(r, *n_out * sizeof(*items));
	for (i = 0; i < *n_out; i++)
		items[i] = pairs[i].key;
	*items_out = items;
	return 0;
}

static void
characters(struct span s, struct tval *items)
{
	size_t at = 0, start, i;

	for (i = 0; at < s.len; i++) {
		start = at;
		chars_next(s, &at);
		items[i] = tval_text(span_make(s.p + start, at - start));
	}
}

int
tval_items(struct render *r, const struct tval *v, struct tval **items_out,
    size_t *n_out)
{
	struct tval *items;
	size_t i, n;

	*items_out = NULL;
	*n_out = 0;
	if (v->kind == TV_UNDEFINED)
		return 0;
	if (v->kind == TV_MAP)
		return keys_of(r, v, items_out, n_out);
	if (v->kind == TV_OBJECT && v->u.object->type == OBJECT_NAMESPACE)
		return keys_of(r, &v->u.object->u.vars, items_out, n_out);
	if (v->kind != TV_LIST && v->kind != TV_TEXT)
		return render_fail(r, "%s cannot be walked",
		    tval_kind_name(v));
	tval_length(v, &n);
	if (render_steps(r, n) == -1 ||
	    render_room(r, n * sizeof(*items)) == -1)
		return -1;
	*n_out = n;
	if (v->kind == TV_LIST && (v->flags & TV_FOREIGN) == 0) {
		*items_out = v->u.list->v;
		return 0;
	}
	items = render_alloc(r, n * sizeof(*items));
	if (v->kind == TV_TEXT)
		characters(v->u.text, items);
	else for (i = 0; i < n; i++)
		items[i] = tval_nth(v, i);
	*items_out = items;
	return 0;
}
