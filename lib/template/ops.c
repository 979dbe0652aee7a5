/* SPDX-License-Identifier: Apache-2.0 */
/* Operators on values. */
#include <math.h>
#include <string.h>

#include "lib/template/chars.h"
#include "lib/template/eval.h"

static int
unsupported(struct render *r, const char *op, const struct tval *a,
    const struct tval *b)
{
	return render_fail(r, "%s does not work with %s and %s", op,
	    tval_kind_name(a), tval_kind_name(b));
}

static int
overflow(struct render *r, const char *op)
{
	return render_fail(r, "the result of %s is no number of 64 bits", op);
}

static bool
both_whole(const struct tval *a, const struct tval *b, int64_t *x, int64_t *y)
{
	return a->kind != TV_FLOAT && b->kind != TV_FLOAT &&
	    tval_as_int(a, x) && tval_as_int(b, y);
}

/* ---- numbers ------------------------------------------------------------- */

/* Euclid's: the rest is never negative. */
static bool
divide(int64_t a, int64_t b, int64_t *quotient, int64_t *rest)
{
	if (b == 0 || (a == INT64_MIN && b == -1))
		return false;
	*quotient = a / b;
	*rest = a % b;
	if (*rest < 0) {
		*rest += b > 0 ? b : -b;
		*quotient += b > 0 ? -1 : 1;
	}
	return true;
}

static bool
power(int64_t base, int64_t exponent, int64_t *out)
{
	int64_t v = 1;

	if (exponent < 0)
		return false;
	while (exponent > 0) {
		if ((exponent & 1) != 0 && __builtin_mul_overflow(v, base, &v))
			return false;
		exponent >>= 1;
		if (exponent > 0 && __builtin_mul_overflow(base, base, &base))
			return false;
	}
	*out = v;
	return true;
}

static int
whole_op(struct render *r, enum binary_op op, const char *sign, int64_t x,
    int64_t y, struct tval *out)
{
	int64_t v = 0, other;
	bool ok = false;

	switch (op) {
	case OP_ADD:
		ok = !__builtin_add_overflow(x, y, &v);
		break;
	case OP_SUB:
		ok = !__builtin_sub_overflow(x, y, &v);
		break;
	case OP_MUL:
		ok = !__builtin_mul_overflow(x, y, &v);
		break;
	case OP_FLOOR_DIV:
		ok = divide(x, y, &v, &other);
		break;
	case OP_MOD:
		ok = divide(x, y, &other, &v);
		break;
	case OP_POW:
		ok = power(x, y, &v);
		break;
	case OP_DIV:
	case OP_CONCAT:
	case OP_EQ:
	case OP_NE:
	case OP_LT:
	case OP_LE:
	case OP_GT:
	case OP_GE:
		break;
	}
	if (!ok)
		return y == 0 ? render_fail(r, "division by zero") :
		    overflow(r, sign);
	*out = tval_int(v);
	return 0;
}

static int
float_op(enum binary_op op, double x, double y, struct tval *out)
{
	double rest;

	switch (op) {
	case OP_ADD:
		*out = tval_float(x + y);
		break;
	case OP_SUB:
		*out = tval_float(x - y);
		break;
	case OP_MUL:
		*out = tval_float(x * y);
		break;
	case OP_DIV:
		*out = tval_float(x / y);
		break;
	case OP_FLOOR_DIV:
		rest = fmod(x, y);
		*out = tval_float(rest < 0 ? trunc(x / y) + (y > 0 ? -1 : 1) :
		    trunc(x / y));
		break;
	case OP_MOD:
		rest = fmod(x, y);
		*out = tval_float(rest < 0 ? rest + fabs(y) : rest);
		break;
	case OP_POW:
		*out = tval_float(pow(x, y));
		break;
	case OP_CONCAT:
	case OP_EQ:
	case OP_NE:
	case OP_LT:
	case OP_LE:
	case OP_GT:
	case OP_GE:
		return -1;
	}
	return 0;
}

/* ---- texts and lists ----------------------------------------------------- */

static int
concat(struct render *r, const struct tval *a, const struct tval *b,
    struct tval *out)
{
	struct buf text = { .base = NULL };
	struct span s;

	tval_print(r, &text, a);
	tval_print(r, &text, b);
	if (render_take(r, &text, &s) == -1)
		return -1;
	*out = tval_text(s);
	return 0;
}

static int
join_lists(struct render *r, const struct tval *a, const struct tval *b,
    struct tval *out)
{
	size_t i, n, m;

	tval_length(a, &n);
	tval_length(b, &m);
	if (render_steps(r, n + m) == -1 ||
	    render_room(r, (n + m) * sizeof(struct tval)) == -1)
		return -1;
	*out = tval_list(r, n + m);
	for (i = 0; i < n; i++)
		tval_list_add(out, tval_nth(a, i));
	for (i = 0; i < m; i++)
		tval_list_add(out, tval_nth(b, i));
	return 0;
}

/* "ab" * 3, [1] * 3 */
static int
repeat(struct render *r, const struct tval *v, int64_t times,
    struct tval *out)
{
	struct buf text = { .base = NULL };
	struct span s;
	size_t i, n;
	int64_t k;

	if (times < 0)
		return render_fail(r, "nothing can be repeated %lld times",
		    (long long)times);
	tval_length(v, &n);
	if (n > 0 && (uint64_t)times > r->limits.memory / sizeof(*v) / n)
		return render_room(r, SIZE_MAX);
	if (v->kind == TV_TEXT) {
		for (k = 0; k < times && !r->failed; k++)
			render_put(r, &text, v->u.text);
		if (render_take(r, &text, &s) == -1)
			return -1;
		*out = tval_text(s);
		return 0;
	}
	if (render_steps(r, n * (uint64_t)times) == -1)
		return -1;
	*out = tval_list(r, n * (size_t)times);
	for (k = 0; k < times; k++) {
		for (i = 0; i < n; i++)
			tval_list_add(out, tval_nth(v, i));
	}
	return 0;
}

static bool
can_repeat(const struct tval *v)
{
	return v->kind == TV_TEXT || v->kind == TV_LIST;
}

/* ---- all of them --------------------------------------------------------- */

static int
arithmetic(struct render *r, enum binary_op op, const char *sign,
    const struct tval *a, const struct tval *b, struct tval *out)
{
	int64_t x, y;
	double f, g;

	if (op == OP_ADD && a->kind == TV_TEXT && b->kind == TV_TEXT)
		return concat(r, a, b, out);
	if (op == OP_ADD && a->kind == TV_LIST && b->kind == TV_LIST)
		return join_lists(r, a, b, out);
	if (op == OP_MUL && can_repeat(a) && b->kind == TV_INT)
		return repeat(r, a, b->u.number, out);
	if (op == OP_MUL && can_repeat(b) && a->kind == TV_INT)
		return repeat(r, b, a->u.number, out);
	if (op != OP_DIV && both_whole(a, b, &x, &y) &&
	    !(op == OP_POW && y < 0))
		return whole_op(r, op, sign, x, y, out);
	if (!tval_as_float(a, &f) || !tval_as_float(b, &g))
		return unsupported(r, sign, a, b);
	return float_op(op, f, g, out);
}

int
eval_binary(struct render *r, enum binary_op op, const struct tval *a,
    const struct tval *b, struct tval *out)
{
	static const char *const signs[] = {
		[OP_ADD] = "+", [OP_SUB] = "-", [OP_MUL] = "*",
		[OP_DIV] = "/", [OP_FLOOR_DIV] = "//", [OP_MOD] = "%",
		[OP_POW] = "**",
	};

	switch (op) {
	case OP_ADD:
	case OP_SUB:
	case OP_MUL:
	case OP_DIV:
	case OP_FLOOR_DIV:
	case OP_MOD:
	case OP_POW:
		return arithmetic(r, op, signs[op], a, b, out);
	case OP_CONCAT:
		return concat(r, a, b, out);
	case OP_EQ:
		*out = tval_bool(tval_equal(r, a, b));
		break;
	case OP_NE:
		*out = tval_bool(!tval_equal(r, a, b));
		break;
	case OP_LT:
		*out = tval_bool(tval_compare(r, a, b) < 0);
		break;
	case OP_LE:
		*out = tval_bool(tval_compare(r, a, b) <= 0);
		break;
	case OP_GT:
		*out = tval_bool(tval_compare(r, a, b) > 0);
		break;
	case OP_GE:
		*out = tval_bool(tval_compare(r, a, b) >= 0);
		break;
	}
	return r->failed ? -1 : 0;
}

int
eval_in(struct render *r, const struct tval *item, const struct tval *of,
    bool *out)
{
	struct tval v;
	struct span part;
	size_t i, n;

	*out = false;
	switch ((enum tval_kind)of->kind) {
	case TV_UNDEFINED:
		return 0;
	case TV_TEXT:
		if (tval_to_text(r, item, &part) == -1 ||
		    render_steps(r, of->u.text.len / 64) == -1)
			return -1;
		*out = part.len == 0 || (of->u.text.len >= part.len &&
		    memmem(of->u.text.p, of->u.text.len, part.p, part.len) !=
		    NULL);
		return 0;
	case TV_LIST:
		tval_length(of, &n);
		for (i = 0; i < n && !*out && render_steps(r, 1) == 0; i++) {
			v = tval_nth(of, i);
			*out = tval_equal(r, &v, item);
		}
		return r->failed ? -1 : 0;
	case TV_MAP:
		*out = tval_map_get(r, of, item, &v);
		return r->failed ? -1 : 0;
	case TV_OBJECT:
		if (of->u.object->type == OBJECT_NAMESPACE)
			return eval_in(r, item, &of->u.object->u.vars, out);
		break;
	case TV_NONE:
	case TV_BOOL:
	case TV_INT:
	case TV_FLOAT:
		break;
	}
	return render_fail(r, "nothing can be in %s", tval_kind_name(of));
}

/* ---- slices -------------------------------------------------------------- */

static int
slice_number(struct render *r, const struct tval *v, int64_t def,
    int64_t *out)
{
	*out = def;
	if (v->kind == TV_NONE || v->kind == TV_UNDEFINED)
		return 0;
	if (v->kind == TV_INT && tval_as_int(v, out))
		return 0;
	return render_fail(r, "a slice wants whole numbers, not %s",
	    tval_kind_name(v));
}

static int64_t
clamp(int64_t v, int64_t n)
{
	if (v < 0)
		v += n;
	return v < 0 ? 0 : v > n ? n : v;
}

int
eval_slice(struct render *r, const struct tval *v, const struct tval *start,
    const struct tval *stop, const struct tval *step, struct tval *out)
{
	struct buf text = { .base = NULL };
	struct tval *items;
	int64_t from, to, by, i;
	struct span s;
	size_t n;

	if (v->kind == TV_UNDEFINED || v->kind == TV_NONE) {
		*out = tval_list(r, 0);
		return 0;
	}
	if (v->kind != TV_LIST && v->kind != TV_TEXT)
		return render_fail(r, "%s cannot be sliced",
		    tval_kind_name(v));
	if (tval_items(r, v, &items, &n) == -1 ||
	    slice_number(r, start, 0, &from) == -1 ||
	    slice_number(r, stop, (int64_t)n, &to) == -1 ||
	    slice_number(r, step, 1, &by) == -1)
		return -1;
	if (by <= 0)
		return render_fail(r, "the step of a slice must be above 0");
	from = clamp(from, (int64_t)n);
	to = clamp(to, (int64_t)n);
	if (by > (int64_t)n)
		by = (int64_t)n + 1;
	if (v->kind == TV_TEXT) {
		for (i = from; i < to; i += by)
			render_put(r, &text, items[i].u.text);
		if (render_take(r, &text, &s) == -1)
			return -1;
		*out = tval_text(s);
		return 0;
	}
	*out = tval_list(r, to > from ? (size_t)(to - from) : 0);
	for (i = from; i < to; i += by)
		tval_list_add(out, items[i]);
	return 0;
}
