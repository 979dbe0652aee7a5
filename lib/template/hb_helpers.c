/* SPDX-License-Identifier: Apache-2.0 */
/* Helpers of Handlebars that give a value. */
#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/template/chars.h"
#include "lib/template/hb.h"

bool
hb_true(const struct tval *v, bool include_zero)
{
	if (include_zero && (v->kind == TV_INT || v->kind == TV_FLOAT))
		return !(v->kind == TV_FLOAT && v->u.real != v->u.real);
	return tval_true(v);
}

/* ---- comparing ----------------------------------------------------------- */

static int
two(struct render *r, struct call *c, struct tval *a, struct tval *b)
{
	*a = call_arg(c, 0, NULL);
	*b = call_arg(c, 1, NULL);
	return c->n >= 2 ? 0 : render_fail(r, "%s wants two values", c->name);
}

static bool
is_number(const struct tval *v)
{
	return v->kind == TV_INT || v->kind == TV_FLOAT;
}

/* The same kind and equal: 5 is not "5". */
static bool
equal(struct render *r, const struct tval *a, const struct tval *b)
{
	if (a->kind != b->kind && !(is_number(a) && is_number(b)) &&
	    !(a->kind <= TV_NONE && b->kind <= TV_NONE))
		return false;
	return (a->kind <= TV_NONE && b->kind <= TV_NONE) ||
	    tval_equal(r, a, b);
}

static int
do_eq(struct render *r, struct call *c, struct tval *out)
{
	struct tval a, b;

	if (two(r, c, &a, &b) == -1)
		return -1;
	*out = tval_bool(equal(r, &a, &b));
	return r->failed ? -1 : 0;
}

static int
do_ne(struct render *r, struct call *c, struct tval *out)
{
	struct tval a, b;

	if (two(r, c, &a, &b) == -1)
		return -1;
	*out = tval_bool(!equal(r, &a, &b));
	return r->failed ? -1 : 0;
}

/* A text that is a number is one beside a number. */
static struct tval
number_of(const struct tval *v)
{
	char text[64], *end;
	double real;

	if (v->kind != TV_TEXT || v->u.text.len == 0 ||
	    v->u.text.len >= sizeof(text))
		return *v;
	memcpy(text, v->u.text.p, v->u.text.len);
	text[v->u.text.len] = '\0';
	if (strspn(text, "0123456789+-.eE") != v->u.text.len)
		return *v;
	real = strtod(text, &end);
	return *end == '\0' ? tval_float(real) : *v;
}

/* -1, 0, 1; 2: they do not compare. */
static int
order(struct render *r, const struct tval *x, const struct tval *y)
{
	struct tval a = *x, b = *y;
	int c;

	if (is_number(&a))
		b = number_of(&b);
	else if (is_number(&b))
		a = number_of(&a);
	if (!(is_number(&a) && is_number(&b)) &&
	    (a.kind != b.kind || (a.kind != TV_TEXT && a.kind != TV_BOOL)))
		return 2;
	c = tval_compare(r, &a, &b);
	return (c > 0) - (c < 0);
}

static int
ordered(struct render *r, struct call *c, unsigned wanted, struct tval *out)
{
	struct tval a, b;
	int result;

	if (two(r, c, &a, &b) == -1)
		return -1;
	result = order(r, &a, &b);
	*out = tval_bool(result != 2 && (wanted >> (result + 1) & 1) != 0);
	return r->failed ? -1 : 0;
}

static int
do_gt(struct render *r, struct call *c, struct tval *out)
{
	return ordered(r, c, 4, out);
}

static int
do_gte(struct render *r, struct call *c, struct tval *out)
{
	return ordered(r, c, 4 | 2, out);
}

static int
do_lt(struct render *r, struct call *c, struct tval *out)
{
	return ordered(r, c, 1, out);
}

static int
do_lte(struct render *r, struct call *c, struct tval *out)
{
	return ordered(r, c, 1 | 2, out);
}

static int
do_and(struct render *r, struct call *c, struct tval *out)
{
	size_t i;

	(void)r;
	call_takes_all(c);
	*out = tval_bool(true);
	for (i = 0; i < c->n; i++)
		out->u.flag = out->u.flag && tval_true(&c->v[i]);
	return 0;
}

static int
do_or(struct render *r, struct call *c, struct tval *out)
{
	size_t i;

	(void)r;
	call_takes_all(c);
	*out = tval_bool(false);
	for (i = 0; i < c->n; i++)
		out->u.flag = out->u.flag || tval_true(&c->v[i]);
	return 0;
}

static int
do_not(struct render *r, struct call *c, struct tval *out)
{
	struct tval v = call_arg(c, 0, NULL);

	(void)r;
	*out = tval_bool(!tval_true(&v));
	return 0;
}

/* ---- looking ------------------------------------------------------------- */

/* Items, pairs; of a text its bytes. */
static int
do_len(struct render *r, struct call *c, struct tval *out)
{
	struct tval v = call_arg(c, 0, NULL);
	size_t n = 0;

	(void)r;
	if (v.kind == TV_TEXT)
		n = v.u.text.len;
	else
		tval_length(&v, &n);
	*out = tval_int((int64_t)n);
	return 0;
}

static int
do_lookup(struct render *r, struct call *c, struct tval *out)
{
	struct tval v, key;

	if (two(r, c, &v, &key) == -1)
		return -1;
	*out = tval_undefined();
	if (v.kind == TV_LIST || v.kind == TV_MAP)
		return tval_item(r, &v, &key, out);
	return 0;
}

/* There is nobody who reads it: values belong to the log records. */
static int
do_log(struct render *r, struct call *c, struct tval *out)
{
	(void)r;
	call_takes_all(c);
	c->used = UINT64_MAX;
	*out = tval_text(SPAN_LIT(""));
	return 0;
}

/* ---- names --------------------------------------------------------------- */

enum word_case {
	WORD_LOWER,
	WORD_UPPER,
	WORD_TITLE,
};

/* Does a new word begin with c, given the character before and behind it? */
static bool
begins_word(uint32_t last, uint32_t c, uint32_t next)
{
	if (!chars_is_letter(last))
		return true;
	return chars_is_upper(c) && (chars_is_lower(last) ||
	    (last >= '0' && last <= '9') ||
	    (chars_is_upper(last) && chars_is_lower(next)));
}

static uint32_t
peek_char(struct span s, size_t at)
{
	return at < s.len ? chars_next(s, &at) : ' ';
}

/* The words of a text, each in that case, with `between` between them. */
static int
words(struct render *r, struct call *c, const char *between,
    enum word_case first, enum word_case others, struct tval *out)
{
	struct tval v = call_arg(c, 0, NULL);
	struct buf b = { .base = NULL };
	enum word_case how = first;
	uint32_t last = ' ', ch;
	bool begins, any = false;
	struct span s;
	size_t at = 0;

	if (v.kind != TV_TEXT)
		return render_fail(r, "%s wants a string, not %s", c->name,
		    tval_kind_name(&v));
	if (render_room(r, v.u.text.len * 2) == -1 ||
	    render_steps(r, v.u.text.len / 16) == -1)
		return -1;
	while (at < v.u.text.len) {
		ch = chars_next(v.u.text, &at);
		if (chars_is_letter(ch)) {
			begins = begins_word(last, ch, peek_char(v.u.text,
			    at));
			if (begins && any) {
				buf_add_str(&b, between);
				how = others;
			}
			any = true;
			chars_put(&b, how == WORD_UPPER ||
			    (how == WORD_TITLE && begins) ? chars_upper(ch) :
			    chars_lower(ch));
		}
		last = ch;
	}
	if (render_take(r, &b, &s) == -1)
		return -1;
	*out = tval_text(s);
	return 0;
}

static int
do_lower_camel(struct render *r, struct call *c, struct tval *out)
{
	return words(r, c, "", WORD_LOWER, WORD_TITLE, out);
}

static int
do_upper_camel(struct render *r, struct call *c, struct tval *out)
{
	return words(r, c, "", WORD_TITLE, WORD_TITLE, out);
}

static int
do_snake(struct render *r, struct call *c, struct tval *out)
{
	return words(r, c, "_", WORD_LOWER, WORD_LOWER, out);
}

static int
do_shouty_snake(struct render *r, struct call *c, struct tval *out)
{
	return words(r, c, "_", WORD_UPPER, WORD_UPPER, out);
}

static int
do_kebab(struct render *r, struct call *c, struct tval *out)
{
	return words(r, c, "-", WORD_LOWER, WORD_LOWER, out);
}

static int
do_shouty_kebab(struct render *r, struct call *c, struct tval *out)
{
	return words(r, c, "-", WORD_UPPER, WORD_UPPER, out);
}

static int
do_title(struct render *r, struct call *c, struct tval *out)
{
	return words(r, c, " ", WORD_TITLE, WORD_TITLE, out);
}

static int
do_train(struct render *r, struct call *c, struct tval *out)
{
	return words(r, c, "-", WORD_TITLE, WORD_TITLE, out);
}

const struct hb_helper hb_helpers[] = {
	{ "eq", do_eq, "a b",
	    "Are both equal, and of one kind?" },
	{ "ne", do_ne, "a b",
	    "Are they not?" },
	{ "gt", do_gt, "a b",
	    "Is the first more than the second?\nA text that is a number is "
	    "one beside a number." },
	{ "gte", do_gte, "a b",
	    "Is it more or equal?" },
	{ "lt", do_lt, "a b",
	    "Is it less?" },
	{ "lte", do_lte, "a b",
	    "Is it less or equal?" },
	{ "and", do_and, "a b",
	    "Are all values true?" },
	{ "or", do_or, "a b",
	    "Is one of them?" },
	{ "not", do_not, "a",
	    "Is the value not true?" },
	{ "len", do_len, "a",
	    "Items, pairs, or bytes of a text." },
	{ "lookup", do_lookup, "of key",
	    "The item or the value of that name; nothing when there is none." },
	{ "log", do_log, "a ...",
	    "Nothing: the arguments go nowhere." },
	{ "lowerCamelCase", do_lower_camel, "text",
	    "The words of the text in one, as\n.Ql oneTwo ." },
	{ "upperCamelCase", do_upper_camel, "text",
	    "As\n.Ql OneTwo ." },
	{ "snakeCase", do_snake, "text",
	    "As\n.Ql one_two ." },
	{ "shoutySnakeCase", do_shouty_snake, "text",
	    "As\n.Ql ONE_TWO ." },
	{ "kebabCase", do_kebab, "text",
	    "As\n.Ql one-two ." },
	{ "shoutyKebabCase", do_shouty_kebab, "text",
	    "As\n.Ql ONE-TWO ." },
	{ "titleCase", do_title, "text",
	    "As\n.Ql One Two ." },
	{ "trainCase", do_train, "text",
	    "As\n.Ql One-Two ." },
	{ NULL, NULL, NULL, NULL },
};

const struct hb_helper *
hb_helper_find(struct span name)
{
	const struct hb_helper *h;

	for (h = hb_helpers; h->name != NULL; h++) {
		if (span_eq_str(name, h->name))
			return h;
	}
	return NULL;
}
