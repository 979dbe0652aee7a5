/* SPDX-License-Identifier: Apache-2.0 */
/* Filters that lay values out: as JSON, by a pattern, for reading. */
#include <stdio.h>
#include <string.h>

#include "lib/data/json_write.h"
#include "lib/mail/normalise.h"
#include "lib/template/chars.h"
#include "lib/template/tables.h"

static int
taken(struct render *r, struct buf *b, struct tval *out)
{
	struct span s;

	if (render_take(r, b, &s) == -1)
		return -1;
	*out = tval_text(s);
	return 0;
}

/* ---- JSON ---------------------------------------------------------------- */

/* What HTML reads otherwise is written by its code. */
static void
put_harmless(struct render *r, struct buf *b, struct span s)
{
	char code[8];
	size_t i, run = 0;

	for (i = 0; i < s.len; i++) {
		if (memchr("<>&'", s.p[i], 4) == NULL)
			continue;
		snprintf(code, sizeof(code), "\\u%04x",
		    (unsigned char)s.p[i]);
		render_put(r, b, span_make(s.p + run, i - run));
		render_put(r, b, span_of(code));
		run = i + 1;
	}
	render_put(r, b, span_from(s, run));
}

static int
do_tojson(struct render *r, struct call *c, struct tval *out)
{
	struct tval how = call_arg(c, 0, "indent");
	struct buf compact = { .base = NULL }, pretty = { .base = NULL };
	struct buf safe = { .base = NULL };
	int64_t indent = -1;

	if (how.kind == TV_BOOL)
		indent = how.u.flag ? 2 : -1;
	else if (call_int(r, c, 0, "indent", 0, 64, -1, &indent) == -1)
		return -1;
	if (tval_json(r, &compact, &c->in) == 0) {
		if (indent >= 0)
			json_write_pretty(&pretty, buf_span(&compact),
			    (unsigned)indent);
		put_harmless(r, &safe, buf_span(indent >= 0 ? &pretty :
		    &compact));
	}
	buf_free(&compact);
	buf_free(&pretty);
	if (taken(r, &safe, out) == -1)
		return -1;
	out->flags |= TV_SAFE;
	return 0;
}

/* ---- for reading --------------------------------------------------------- */

static void
new_line(struct render *r, struct buf *b, unsigned depth)
{
	render_put(r, b, SPAN_LIT("\n"));
	while (depth-- > 0)
		render_put(r, b, SPAN_LIT("    "));
}

/* Texts as they stand in lists: a list of one, without its brackets. */
static void
put_plain(struct render *r, struct buf *b, const struct tval *v)
{
	struct buf one = { .base = NULL };
	struct tval list = tval_list(r, 1);
	struct span s;

	tval_list_add(&list, *v);
	tval_print(r, &one, &list);
	s = buf_span(&one);
	if (s.len >= 2)
		render_put(r, b, span_make(s.p + 1, s.len - 2));
	buf_free(&one);
}

static void
put_pretty(struct render *r, struct buf *b, const struct tval *v,
    unsigned depth)
{
	struct tpair *pairs;
	struct tval item;
	size_t i, n = 0;

	if (depth > 64 || render_steps(r, 1) == -1 ||
	    (v->kind != TV_LIST && v->kind != TV_MAP) ||
	    !tval_length(v, &n) || n == 0) {
		put_plain(r, b, v);
		return;
	}
	if (v->kind == TV_MAP && tval_pairs(r, v, &pairs, &n) == -1)
		return;
	render_put(r, b, v->kind == TV_LIST ? SPAN_LIT("[") : SPAN_LIT("{"));
	for (i = 0; i < n; i++) {
		new_line(r, b, depth + 1);
		if (v->kind == TV_MAP) {
			put_plain(r, b, &pairs[i].key);
			render_put(r, b, SPAN_LIT(": "));
		}
		item = v->kind == TV_MAP ? pairs[i].value : tval_nth(v, i);
		put_pretty(r, b, &item, depth + 1);
		render_put(r, b, SPAN_LIT(","));
	}
	new_line(r, b, depth);
	render_put(r, b, v->kind == TV_LIST ? SPAN_LIT("]") : SPAN_LIT("}"));
}

static int
do_pprint(struct render *r, struct call *c, struct tval *out)
{
	struct buf b = { .base = NULL };

	put_pretty(r, &b, &c->in, 0);
	return taken(r, &b, out);
}

/* ---- by a pattern, as printf --------------------------------------------- */

struct spec {
	char flags[8];
	size_t n_flags;
	int width, precision; /* -1: not given */
	char conversion;
};

static int
digits_of(struct span *s)
{
	int v = -1;

	while (s->len > 0 && s->p[0] >= '0' && s->p[0] <= '9') {
		v = (v == -1 ? 0 : v) * 10 + (s->p[0] - '0');
		if (v > 10000)
			v = 10000;
		*s = span_from(*s, 1);
	}
	return v;
}

/* Behind "%"; false: it is no conversion. */
static bool
spec_parse(struct span *s, struct spec *spec)
{
	memset(spec, 0, sizeof(*spec));
	while (s->len > 0 && memchr("-+ #0", s->p[0], 5) != NULL) {
		if (spec->n_flags < sizeof(spec->flags) - 1)
			spec->flags[spec->n_flags++] = s->p[0];
		*s = span_from(*s, 1);
	}
	spec->width = digits_of(s);
	spec->precision = -1;
	if (s->len > 0 && s->p[0] == '.') {
		*s = span_from(*s, 1);
		spec->precision = digits_of(s);
		if (spec->precision == -1)
			spec->precision = 0;
	}
	if (s->len == 0)
		return false;
	spec->conversion = s->p[0];
	*s = span_from(*s, 1);
	return memchr("sdiufFeEgGxXoc", spec->conversion, 14) != NULL;
}

static void
put_padded(struct render *r, struct buf *b, const struct spec *spec,
    struct span s)
{
	bool left = memchr(spec->flags, '-', sizeof(spec->flags)) != NULL;
	size_t n = chars_count(s), pad;

	pad = spec->width > 0 && n < (size_t)spec->width ?
	    (size_t)spec->width - n : 0;
	if (left)
		render_put(r, b, s);
	while (pad-- > 0 && !r->failed)
		render_put(r, b, SPAN_LIT(" "));
	if (!left)
		render_put(r, b, s);
}

static int
put_text(struct render *r, struct buf *b, const struct spec *spec,
    const struct tval *v)
{
	struct span s;

	if (tval_to_text(r, v, &s) == -1)
		return -1;
	if (spec->precision >= 0)
		s.len = chars_skip(s, 0, (size_t)spec->precision);
	put_padded(r, b, spec, s);
	return 0;
}

static int
put_number(struct render *r, struct buf *b, const struct spec *spec,
    const struct tval *v)
{
	char pattern[40], text[10400 + 400];
	const char *length = "ll";
	int64_t number = 0;
	double real = 0;
	bool whole = memchr("diuxXo", spec->conversion, 6) != NULL;

	if (!tval_as_float(v, &real))
		return render_fail(r, "format: %%%c wants a number, not %s",
		    spec->conversion, tval_kind_name(v));
	if (whole && !tval_as_int(v, &number)) {
		if (!(real > -9.2e18 && real < 9.2e18))
			return render_fail(r, "format: the number is too "
			    "large");
		number = (int64_t)real;
	}
	if (!whole)
		length = "";
	if (spec->precision >= 0)
		snprintf(pattern, sizeof(pattern), "%%%s*.%d%s%c",
		    spec->flags, spec->precision > 300 ? 300 :
		    spec->precision, length, spec->conversion);
	else
		snprintf(pattern, sizeof(pattern), "%%%s*%s%c", spec->flags,
		    length, spec->conversion);
	if (whole)
		snprintf(text, sizeof(text), pattern,
		    spec->width < 0 ? 0 : spec->width, (long long)number);
	else
		snprintf(text, sizeof(text), pattern,
		    spec->width < 0 ? 0 : spec->width, real);
	render_put(r, b, span_of(text));
	return 0;
}

static int
put_char(struct render *r, struct buf *b, const struct spec *spec,
    const struct tval *v)
{
	struct buf one = { .base = NULL };
	int64_t c;

	if (v->kind == TV_TEXT && chars_count(v->u.text) == 1) {
		put_padded(r, b, spec, v->u.text);
		return 0;
	}
	if (!tval_as_int(v, &c) || c < 0 || c > 0x10ffff)
		return render_fail(r, "format: %%c wants a character");
	chars_put(&one, (uint32_t)c);
	put_padded(r, b, spec, buf_span(&one));
	buf_free(&one);
	return 0;
}

static int
next_value(struct render *r, struct call *c, size_t *place, struct tval *out)
{
	if (*place >= c->n)
		return render_fail(r, "format: there are more places than "
		    "values");
	*out = c->v[(*place)++];
	return 0;
}

/* "%(name)s" takes an argument by its name, or from a map. */
static int
named_value(struct render *r, struct call *c, struct span *s,
    struct tval *out)
{
	ptrdiff_t end = span_find(*s, ')');
	char name[64];

	if (end == -1 || (size_t)end > sizeof(name))
		return render_fail(r, "format: a name in brackets does not "
		    "end");
	memcpy(name, s->p + 1, (size_t)end - 1);
	name[end - 1] = '\0';
	*s = span_from(*s, (size_t)end + 1);
	*out = call_arg(c, CALL_KEY_ONLY, name);
	if (out->kind == TV_UNDEFINED && c->n > 0 && c->v[0].kind == TV_MAP)
		return tval_attr(r, &c->v[0], span_of(name), out);
	return 0;
}

/* Behind "%". */
static int
put_spec(struct render *r, struct call *c, struct span *s, size_t *place,
    struct buf *b)
{
	bool named = span_starts(*s, "(");
	struct tval v = tval_undefined();
	struct spec spec;

	if (span_starts(*s, "%")) {
		render_put(r, b, SPAN_LIT("%"));
		*s = span_from(*s, 1);
		return 0;
	}
	if (named && named_value(r, c, s, &v) == -1)
		return -1;
	if (!spec_parse(s, &spec))
		return render_fail(r, "format: behind %% stands no "
		    "conversion");
	if (!named && next_value(r, c, place, &v) == -1)
		return -1;
	if (spec.conversion == 's')
		return put_text(r, b, &spec, &v);
	if (spec.conversion == 'c')
		return put_char(r, b, &spec, &v);
	return put_number(r, b, &spec, &v);
}

static int
do_format(struct render *r, struct call *c, struct tval *out)
{
	struct buf b = { .base = NULL };
	size_t place = 0;
	ptrdiff_t at;
	struct span s;

	call_takes_all(c);
	if (tval_to_text(r, &c->in, &s) == -1)
		return -1;
	while ((at = span_find(s, '%')) != -1 && !r->failed) {
		render_put(r, &b, span_make(s.p, (size_t)at));
		s = span_from(s, (size_t)at + 1);
		put_spec(r, c, &s, &place, &b);
		render_steps(r, 1);
	}
	render_put(r, &b, s);
	return taken(r, &b, out);
}

/* ---- replies ------------------------------------------------------------- */

static int
do_normalize(struct render *r, struct call *c, struct tval *out)
{
	struct buf b = { .base = NULL };
	struct span s;

	if (tval_to_text(r, &c->in, &s) == -1 ||
	    render_room(r, s.len * 4) == -1 ||
	    render_steps(r, s.len / 4) == -1)
		return -1;
	normalise_response(s, &b);
	return taken(r, &b, out);
}

const struct filter_row filters_format[] = {
	{ "tojson", do_tojson, "indent?",
	    "The value as JSON, safe in HTML:\n.Ql < , > , &\nand\n.Ql '\nare "
	    "written as escapes.\n.Fa indent\nis a number of blanks, or true "
	    "for two." },
	{ "pprint", do_pprint, "",
	    "The value over several lines, for people." },
	{ "format", do_format, "value, ...",
	    "The text as a pattern of\n.Xr printf 3\nfor the arguments:\n.Ql "
	    "%s , %d , %x , %o , %f , %e , %g , %c\nand\n.Ql %(name)s\n"
	    "for one by its name, or of a map." },
	{ "normalize_smtp_response", do_normalize, "",
	    "As\n.Fn kumo.string.normalize_smtp_response ;\nsee\n.Xr "
	    "kumo.string 7 ." },
	{ NULL, NULL, NULL, NULL },
};
