/* SPDX-License-Identifier: Apache-2.0 */
/* What stands behind `is`. */
#include <math.h>

#include "lib/template/chars.h"
#include "lib/template/eval.h"
#include "lib/template/tables.h"

static int
is_undefined(struct render *r, struct call *c)
{
	(void)r;
	return c->in.kind == TV_UNDEFINED;
}

static int
is_defined(struct render *r, struct call *c)
{
	(void)r;
	return c->in.kind != TV_UNDEFINED;
}

static int
is_none(struct render *r, struct call *c)
{
	(void)r;
	return c->in.kind == TV_NONE;
}

static int
is_safe(struct render *r, struct call *c)
{
	(void)r;
	return c->in.kind == TV_TEXT && (c->in.flags & TV_SAFE) != 0;
}

static int
is_boolean(struct render *r, struct call *c)
{
	(void)r;
	return c->in.kind == TV_BOOL;
}

static int
is_odd(struct render *r, struct call *c)
{
	int64_t v;

	(void)r;
	return tval_as_int(&c->in, &v) && v % 2 != 0;
}

static int
is_even(struct render *r, struct call *c)
{
	int64_t v;

	(void)r;
	return tval_as_int(&c->in, &v) && v % 2 == 0;
}

static int
is_divisibleby(struct render *r, struct call *c)
{
	struct tval by = call_arg(c, 0, NULL);
	int64_t v, w;
	double f, g;

	(void)r;
	if (tval_as_int(&c->in, &v) && tval_as_int(&by, &w))
		return w != 0 && (w == -1 || v % w == 0);
	return tval_as_float(&c->in, &f) && tval_as_float(&by, &g) &&
	    fmod(f, g) == 0;
}

static int
is_number(struct render *r, struct call *c)
{
	(void)r;
	return c->in.kind == TV_INT || c->in.kind == TV_FLOAT;
}

static int
is_integer(struct render *r, struct call *c)
{
	(void)r;
	return c->in.kind == TV_INT;
}

static int
is_float(struct render *r, struct call *c)
{
	(void)r;
	return c->in.kind == TV_FLOAT;
}

static int
is_string(struct render *r, struct call *c)
{
	(void)r;
	return c->in.kind == TV_TEXT;
}

static int
is_sequence(struct render *r, struct call *c)
{
	(void)r;
	return c->in.kind == TV_LIST;
}

static int
is_iterable(struct render *r, struct call *c)
{
	(void)r;
	return c->in.kind == TV_LIST || c->in.kind == TV_MAP ||
	    c->in.kind == TV_TEXT || c->in.kind == TV_UNDEFINED;
}

static int
is_mapping(struct render *r, struct call *c)
{
	(void)r;
	return c->in.kind == TV_MAP || (c->in.kind == TV_OBJECT &&
	    c->in.u.object->type == OBJECT_NAMESPACE);
}

static int
is_startingwith(struct render *r, struct call *c)
{
	struct span s, part;

	if (tval_to_text(r, &c->in, &s) == -1 ||
	    call_text(r, c, 0, NULL, SPAN_LIT(""), &part) == -1)
		return -1;
	return s.len >= part.len && span_eq(span_make(s.p, part.len), part);
}

static int
is_endingwith(struct render *r, struct call *c)
{
	struct span s, part;

	if (tval_to_text(r, &c->in, &s) == -1 ||
	    call_text(r, c, 0, NULL, SPAN_LIT(""), &part) == -1)
		return -1;
	return s.len >= part.len && span_eq(span_from(s, s.len - part.len),
	    part);
}

static int
all_are(struct call *c, bool (*is)(uint32_t c))
{
	struct span s = c->in.u.text;
	size_t at = 0;

	if (c->in.kind != TV_TEXT)
		return 0;
	while (at < s.len) {
		if (!is(chars_next(s, &at)))
			return 0;
	}
	return 1;
}

static int
is_lower(struct render *r, struct call *c)
{
	(void)r;
	return all_are(c, chars_is_lower);
}

static int
is_upper(struct render *r, struct call *c)
{
	(void)r;
	return all_are(c, chars_is_upper);
}

/* The same thing, not only an equal one. */
static int
is_sameas(struct render *r, struct call *c)
{
	struct tval other = call_arg(c, 0, NULL);

	if (c->in.kind != other.kind)
		return 0;
	if (other.kind == TV_LIST || other.kind == TV_MAP)
		return c->in.flags == other.flags &&
		    c->in.u.value == other.u.value;
	return tval_equal(r, &c->in, &other);
}

static int
compare(struct render *r, struct call *c, enum binary_op op)
{
	struct tval other = call_arg(c, 0, NULL), result;

	if (eval_binary(r, op, &c->in, &other, &result) == -1)
		return -1;
	return result.u.flag;
}

static int
is_eq(struct render *r, struct call *c)
{
	return compare(r, c, OP_EQ);
}

static int
is_ne(struct render *r, struct call *c)
{
	return compare(r, c, OP_NE);
}

static int
is_lt(struct render *r, struct call *c)
{
	return compare(r, c, OP_LT);
}

static int
is_le(struct render *r, struct call *c)
{
	return compare(r, c, OP_LE);
}

static int
is_gt(struct render *r, struct call *c)
{
	return compare(r, c, OP_GT);
}

static int
is_ge(struct render *r, struct call *c)
{
	return compare(r, c, OP_GE);
}

static int
is_in(struct render *r, struct call *c)
{
	struct tval of = call_arg(c, 0, NULL);
	bool found;

	return eval_in(r, &c->in, &of, &found) == -1 ? -1 : found;
}

static int
is_true(struct render *r, struct call *c)
{
	(void)r;
	return c->in.kind == TV_BOOL && c->in.u.flag;
}

static int
is_false(struct render *r, struct call *c)
{
	(void)r;
	return c->in.kind == TV_BOOL && !c->in.u.flag;
}

static int
is_filter(struct render *r, struct call *c)
{
	(void)r;
	return c->in.kind == TV_TEXT && filter_find(c->in.u.text) != NULL;
}

static int
is_test(struct render *r, struct call *c)
{
	(void)r;
	return c->in.kind == TV_TEXT && test_find(c->in.u.text) != NULL;
}

const struct test_row jinja_tests[] = {
	{ "undefined", is_undefined, "",
	    "Is there no such variable or attribute?" },
	{ "defined", is_defined, "",
	    "Is there one?" },
	{ "none", is_none, "",
	    "Is it none (null)?" },
	{ "safe", is_safe, "",
	    "Is it a text that is not escaped any more?" },
	{ "escaped", is_safe, "",
	    "The same as\n.Ic safe ." },
	{ "boolean", is_boolean, "",
	    "Is it true or false?" },
	{ "odd", is_odd, "",
	    "Is it an odd whole number?" },
	{ "even", is_even, "",
	    "Is it an even one?" },
	{ "divisibleby", is_divisibleby, "number",
	    "Does a division leave nothing over?" },
	{ "number", is_number, "",
	    "Is it a number?" },
	{ "integer", is_integer, "",
	    "Is it a whole number?" },
	{ "int", is_integer, "",
	    "The same as\n.Ic integer ." },
	{ "float", is_float, "",
	    "Is it a number with a point?" },
	{ "string", is_string, "",
	    "Is it a text?" },
	{ "sequence", is_sequence, "",
	    "Is it a list?" },
	{ "iterable", is_iterable, "",
	    "Can it be walked by\n.Ic for ?" },
	{ "mapping", is_mapping, "",
	    "Is it a map?" },
	{ "startingwith", is_startingwith, "text",
	    "Does the text begin so?" },
	{ "endingwith", is_endingwith, "text",
	    "Does it end so?" },
	{ "lower", is_lower, "",
	    "Are all letters lower case?" },
	{ "upper", is_upper, "",
	    "Are all letters upper case?" },
	{ "sameas", is_sameas, "value",
	    "Is it the same list or map, or an equal value of the same kind?" },
	{ "eq", is_eq, "value",
	    "Is it equal?" },
	{ "equalto", is_eq, "value",
	    "The same as\n.Ic eq ." },
	{ "==", is_eq, "value",
	    "The same as\n.Ic eq ." },
	{ "ne", is_ne, "value",
	    "Is it not?" },
	{ "!=", is_ne, "value",
	    "The same as\n.Ic ne ." },
	{ "lt", is_lt, "value",
	    "Is it less?" },
	{ "lessthan", is_lt, "value",
	    "The same as\n.Ic lt ." },
	{ "<", is_lt, "value",
	    "The same as\n.Ic lt ." },
	{ "le", is_le, "value",
	    "Is it less or equal?" },
	{ "<=", is_le, "value",
	    "The same as\n.Ic le ." },
	{ "gt", is_gt, "value",
	    "Is it more?" },
	{ "greaterthan", is_gt, "value",
	    "The same as\n.Ic gt ." },
	{ ">", is_gt, "value",
	    "The same as\n.Ic gt ." },
	{ "ge", is_ge, "value",
	    "Is it more or equal?" },
	{ ">=", is_ge, "value",
	    "The same as\n.Ic ge ." },
	{ "in", is_in, "values",
	    "Is it one of the items, a part of the text, a name of the map?" },
	{ "true", is_true, "",
	    "Is it\n.Li true ?" },
	{ "false", is_false, "",
	    "Is it\n.Li false ?" },
	{ "filter", is_filter, "",
	    "Is it the name of a filter?" },
	{ "test", is_test, "",
	    "Is it the name of a test?" },
	{ NULL, NULL, NULL, NULL },
};
