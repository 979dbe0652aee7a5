/* SPDX-License-Identifier: Apache-2.0 */
/* Filters for numbers. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/template/eval.h"
#include "lib/template/tables.h"

static int
no_number(struct render *r, struct call *c)
{
	return render_fail(r, "%s wants a number, not %s", c->name,
	    tval_kind_name(&c->in));
}

static int
do_abs(struct render *r, struct call *c, struct tval *out)
{
	if (c->in.kind == TV_FLOAT)
		*out = tval_float(fabs(c->in.u.real));
	else if (c->in.kind == TV_INT && c->in.u.number != INT64_MIN)
		*out = tval_int(llabs(c->in.u.number));
	else
		return no_number(r, c);
	return 0;
}

static int
do_round(struct render *r, struct call *c, struct tval *out)
{
	struct span method;
	int64_t digits;
	double by, v;

	if (call_int(r, c, 0, "precision", -300, 300, 0, &digits) == -1 ||
	    call_text(r, c, 1, "method", SPAN_LIT("common"), &method) == -1)
		return -1;
	*out = c->in;
	if (c->in.kind == TV_INT)
		return 0;
	if (c->in.kind != TV_FLOAT)
		return no_number(r, c);
	by = pow(10, (double)digits);
	v = c->in.u.real * by;
	if (span_eq_str(method, "ceil"))
		v = ceil(v);
	else if (span_eq_str(method, "floor"))
		v = floor(v);
	else if (span_eq_str(method, "common"))
		v = round(v);
	else
		return render_fail(r, "round: the method must be 'common', "
		    "'ceil' or 'floor'");
	*out = tval_float(v / by);
	return 0;
}

/* The whole text is a number. */
static bool
text_number(struct span s, double *out)
{
	char text[128], *end;

	s = span_trim(s);
	if (s.len == 0 || s.len >= sizeof(text) ||
	    memchr(s.p, '\0', s.len) != NULL)
		return false;
	memcpy(text, s.p, s.len);
	text[s.len] = '\0';
	/* Not what strtod takes beside: 0x1p3, nan(x). */
	if (strspn(text, "0123456789+-.eE") != s.len &&
	    strspn(text, "+-infatyINFATY") != s.len)
		return false;
	*out = strtod(text, &end);
	return *end == '\0';
}

static bool
text_whole(struct span s, int64_t *out)
{
	bool minus;
	uint64_t v;

	s = span_trim(s);
	minus = span_starts(s, "-");
	if (minus || span_starts(s, "+"))
		s = span_from(s, 1);
	if (text_u64(s, 0, INT64_MAX, &v) == -1)
		return false;
	*out = minus ? -(int64_t)v : (int64_t)v;
	return true;
}

static int
do_int(struct render *r, struct call *c, struct tval *out)
{
	struct tval def = call_arg(c, 0, "default");
	double real = 0;
	int64_t v = 0;

	*out = tval_int(0);
	switch ((enum tval_kind)c->in.kind) {
	case TV_UNDEFINED:
	case TV_NONE:
		return 0;
	case TV_TEXT:
		if (text_whole(c->in.u.text, &v)) {
			*out = tval_int(v);
			return 0;
		}
		if (text_number(c->in.u.text, &real))
			break;
		*out = def;
		return def.kind != TV_UNDEFINED ? 0 :
		    render_fail(r, "the text is no number");
	case TV_BOOL:
	case TV_INT:
		tval_as_int(&c->in, &v);
		*out = tval_int(v);
		return 0;
	case TV_FLOAT:
		real = c->in.u.real;
		break;
	case TV_LIST:
	case TV_MAP:
	case TV_OBJECT:
		return no_number(r, c);
	}
	if (!(fabs(real) < 9.2e18))
		return render_fail(r, "the number is too large");
	*out = tval_int((int64_t)real);
	return 0;
}

static int
do_float(struct render *r, struct call *c, struct tval *out)
{
	struct tval def = call_arg(c, 0, "default");
	double v = 0;

	if (c->in.kind == TV_TEXT && !text_number(c->in.u.text, &v)) {
		*out = def;
		return def.kind != TV_UNDEFINED ? 0 :
		    render_fail(r, "the text is no number");
	}
	if (c->in.kind > TV_NONE && c->in.kind != TV_TEXT &&
	    !tval_as_float(&c->in, &v))
		return no_number(r, c);
	*out = tval_float(v);
	return 0;
}

static int
do_bool(struct render *r, struct call *c, struct tval *out)
{
	(void)r;
	*out = tval_bool(tval_true(&c->in));
	return 0;
}

static int
do_sum(struct render *r, struct call *c, struct tval *out)
{
	struct tval *items, sum = tval_int(0);
	struct span attribute;
	struct tval v;
	size_t i, n;

	if (tval_items(r, &c->in, &items, &n) == -1 ||
	    call_text(r, c, 0, "attribute", SPAN_LIT(""), &attribute) == -1)
		return -1;
	for (i = 0; i < n; i++) {
		v = items[i];
		if (attribute.len > 0 &&
		    tval_path(r, &items[i], attribute, &v) == -1)
			return -1;
		if (v.kind == TV_UNDEFINED)
			continue;
		if (v.kind != TV_INT && v.kind != TV_FLOAT)
			return render_fail(r, "sum wants numbers, not %s",
			    tval_kind_name(&v));
		if (eval_binary(r, OP_ADD, &sum, &v, out) == -1)
			return -1;
		sum = *out;
	}
	*out = sum;
	return 0;
}

static int
do_filesizeformat(struct render *r, struct call *c, struct tval *out)
{
	static const char *const units[2][8] = {
		{ "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB" },
		{ "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB" },
	};
	char text[400], number[TEXT_DOUBLE_MAX];
	struct span s;
	double v, base;
	bool binary;
	size_t i;

	if (call_bool(r, c, 0, "binary", false, &binary) == -1)
		return -1;
	if (!tval_as_float(&c->in, &v))
		return no_number(r, c);
	base = binary ? 1024 : 1000;
	if (v == 1) {
		*out = tval_text(SPAN_LIT("1 Byte"));
		return 0;
	}
	if (!(fabs(v) >= base)) {
		/* Whole numbers without their point. */
		text_double(fabs(v), number);
		if (fabs(v) == floor(fabs(v)))
			*strchr(number, '.') = '\0';
		snprintf(text, sizeof(text), "%s%s Bytes", v < 0 ? "-" : "",
		    number);
	} else {
		for (i = 0; i < 7 && fabs(v) >= pow(base, (double)i + 2); i++)
			;
		snprintf(text, sizeof(text), "%.1f %s",
		    v / pow(base, (double)i + 1), units[binary][i]);
	}
	s = span_of(text);
	*out = tval_text(arena_span(&r->arena, s));
	return 0;
}

static int
do_pluralize(struct render *r, struct call *c, struct tval *out)
{
	struct tval one = call_arg(c, 0, "singular");
	struct tval many = call_arg(c, 1, "plural");
	int64_t n = 0;
	size_t length;

	/* '1' is one, and so is a text of one character. */
	if (c->in.kind == TV_TEXT && text_whole(c->in.u.text, &n))
		n = n == 1;
	else if (tval_length(&c->in, &length))
		n = length == 1;
	else if (tval_as_int(&c->in, &n) || c->in.kind == TV_FLOAT)
		n = n == 1;
	else
		return render_fail(r, "pluralize wants a number or what has a "
		    "length, not %s", tval_kind_name(&c->in));
	*out = n != 0 ? one : many;
	if (out->kind <= TV_NONE)
		*out = tval_text(n != 0 ? SPAN_LIT("") : SPAN_LIT("s"));
	return 0;
}

const struct filter_row filters_number[] = {
	{ "abs", do_abs, "",
	    "The number without its sign." },
	{ "round", do_round, "precision=0, method='common'",
	    "The number with so many digits behind the point; the method is\n"
	    ".Ql common , ceil\nor\n.Ql floor ." },
	{ "int", do_int, "default?",
	    "A whole number.\nText that is none gives the default, or is an "
	    "error." },
	{ "float", do_float, "default?",
	    "A number with a point, likewise." },
	{ "bool", do_bool, "",
	    "Is the value true?" },
	{ "sum", do_sum, "attribute?",
	    "The sum of the numbers, or of that attribute of the items." },
	{ "filesizeformat", do_filesizeformat, "binary=false",
	    "A number of bytes for people:\n.Ql 1.5 MB ,\nor with\n.Fa binary\n"
	    ".Ql 1.4 MiB ." },
	{ "pluralize", do_pluralize, "singular='', plural='s'",
	    "The first ending for 1 or one item, else the second:\n.Ql {{ n }} "
	    "messag{{ n | pluralize('e', 'es') }} ." },
	{ NULL, NULL, NULL, NULL },
};
