/* SPDX-License-Identifier: Apache-2.0 */
/* Filters that choose and look up. */
#include "lib/template/random.h"
#include "lib/template/tables.h"
#include "lib/template/text_ops.h"

static int
do_default(struct render *r, struct call *c, struct tval *out)
{
	struct tval other = call_arg(c, 0, "default_value");
	bool lax;

	if (call_bool(r, c, 1, "boolean", false, &lax) == -1)
		return -1;
	*out = c->in;
	if (c->in.kind == TV_UNDEFINED || (lax && !tval_true(&c->in)))
		*out = other.kind == TV_UNDEFINED ? tval_text(SPAN_LIT("")) :
		    other;
	return 0;
}

static int
do_attr(struct render *r, struct call *c, struct tval *out)
{
	struct tval key = call_arg(c, 0, "name");

	return tval_item(r, &c->in, &key, out);
}

static int
do_random(struct render *r, struct call *c, struct tval *out)
{
	struct random random;
	struct tval *items;
	size_t n;

	if (c->in.kind != TV_LIST && c->in.kind != TV_TEXT)
		return render_fail(r, "nothing can be chosen of %s",
		    tval_kind_name(&c->in));
	if (tval_items(r, &c->in, &items, &n) == -1 ||
	    random_init(r, &random) == -1)
		return -1;
	*out = n > 0 ? items[random_below(&random, n)] : tval_undefined();
	return 0;
}

/* ---- select and reject --------------------------------------------------- */

/* The test that argument `place` names; NULL: none is given. */
static int
named_test(struct render *r, struct call *c, size_t place,
    const struct test_row **out)
{
	struct span name;

	*out = NULL;
	if (call_text(r, c, place, NULL, span_make(NULL, 0), &name) == -1)
		return -1;
	if (name.p == NULL)
		return 0;
	*out = test_find(name);
	if (*out == NULL)
		return render_fail(r, "there is no test '%.*s'",
		    (int)(name.len < 64 ? name.len : 64), name.p);
	return 0;
}

static int
passes(struct render *r, struct call *c, const struct test_row *test,
    size_t skip, const struct tval *v)
{
	struct call inner = { .name = test != NULL ? test->name : "",
		.in = *v };
	int result;

	if (test == NULL)
		return tval_true(v);
	if (c->n > skip) {
		inner.v = c->v + skip;
		inner.n = c->n - skip;
	}
	result = test->call(r, &inner);
	return result == -1 || call_end(r, &inner) == -1 ? -1 : result;
}

static int
choose(struct render *r, struct call *c, bool by_attr, bool invert,
    struct tval *out)
{
	const struct test_row *test;
	struct tval *items, v;
	struct span attr = SPAN_LIT("");
	size_t i, n, place = by_attr ? 1 : 0;
	int result;

	if (tval_items(r, &c->in, &items, &n) == -1 ||
	    (by_attr && call_text(r, c, 0, NULL, SPAN_LIT(""),
	    &attr) == -1) || named_test(r, c, place, &test) == -1)
		return -1;
	if (by_attr && attr.len == 0)
		return render_fail(r, "%s wants an attribute", c->name);
	call_takes_all(c);
	*out = tval_list(r, 0);
	for (i = 0; i < n; i++) {
		v = items[i];
		if (by_attr && tval_path(r, &items[i], attr, &v) == -1)
			return -1;
		result = passes(r, c, test, place + 1, &v);
		if (result == -1 || ((result == 1) != invert &&
		    list_push(r, out, items[i]) == -1))
			return -1;
	}
	return 0;
}

static int
do_select(struct render *r, struct call *c, struct tval *out)
{
	return choose(r, c, false, false, out);
}

static int
do_reject(struct render *r, struct call *c, struct tval *out)
{
	return choose(r, c, false, true, out);
}

static int
do_selectattr(struct render *r, struct call *c, struct tval *out)
{
	return choose(r, c, true, false, out);
}

static int
do_rejectattr(struct render *r, struct call *c, struct tval *out)
{
	return choose(r, c, true, true, out);
}

/* ---- map ----------------------------------------------------------------- */

static int
map_attribute(struct render *r, struct call *c, const struct tval *attr,
    struct tval *items, size_t n, struct tval *out)
{
	struct tval def = call_arg(c, CALL_KEY_ONLY, "default"), v;
	size_t i;
	int result;

	for (i = 0; i < n; i++) {
		if (attr->kind != TV_TEXT)
			result = tval_item(r, &items[i], attr, &v);
		else if (def.kind == TV_UNDEFINED)
			result = tval_path(r, &items[i], attr->u.text, &v);
		else
			result = tval_path_or(r, &items[i], attr->u.text,
			    &def, &v);
		if (result == -1)
			return -1;
		tval_list_add(out, v.kind == TV_UNDEFINED ? def : v);
	}
	return 0;
}

static int
map_filter(struct render *r, struct call *c, struct tval *items, size_t n,
    struct tval *out)
{
	const struct filter_row *filter;
	struct call inner;
	struct span name;
	struct tval v;
	size_t i;

	if (call_text(r, c, 0, NULL, SPAN_LIT(""), &name) == -1)
		return -1;
	filter = filter_find(name);
	if (filter == NULL)
		return render_fail(r, "map wants attribute= or the name of a "
		    "filter");
	call_takes_all(c);
	c->used = UINT64_MAX;
	for (i = 0; i < n; i++) {
		inner = (struct call){ .name = filter->name, .in = items[i],
			.v = c->v + 1, .n = c->n - 1, .keys = c->keys,
			.n_keys = c->n_keys };
		if (render_enter(r) == -1)
			return -1;
		if (filter->call(r, &inner, &v) == -1 ||
		    call_end(r, &inner) == -1)
			return -1;
		render_leave(r);
		tval_list_add(out, v);
	}
	return 0;
}

static int
do_map(struct render *r, struct call *c, struct tval *out)
{
	struct tval *items, attr = call_arg(c, CALL_KEY_ONLY, "attribute");
	size_t n;

	if (tval_items(r, &c->in, &items, &n) == -1)
		return -1;
	*out = tval_list(r, n);
	if (attr.kind != TV_UNDEFINED)
		return map_attribute(r, c, &attr, items, n, out);
	return map_filter(r, c, items, n, out);
}

const struct filter_row filters_pick[] = {
	{ "default", do_default, "value, lax?",
	    "The argument when the value is undefined; with a true\n.Fa lax\n"
	    "also when it is not true." },
	{ "d", do_default, "value, lax?",
	    "The same as\n.Ic default ." },
	{ "attr", do_attr, "name",
	    "The attribute of that name." },
	{ "random", do_random, "",
	    "One of the items or characters." },
	{ "select", do_select, "test?, arg, ...",
	    "The items that pass the test, or that are true." },
	{ "reject", do_reject, "test?, arg, ...",
	    "The other ones." },
	{ "selectattr", do_selectattr, "attribute, test?, arg, ...",
	    "The items whose attribute passes the test, or is true." },
	{ "rejectattr", do_rejectattr, "attribute, test?, arg, ...",
	    "The other ones." },
	{ "map", do_map, "filter, arg, ...; attribute=, default=",
	    "The items, each through the filter; or that attribute of each." },
	{ NULL, NULL, NULL, NULL },
};
