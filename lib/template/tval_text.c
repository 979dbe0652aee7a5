/* SPDX-License-Identifier: Apache-2.0 */
/* Values as text and as JSON. */
#include <stdio.h>

#include "lib/base/jout.h"
#include "lib/base/text.h"
#include "lib/template/object.h"
#include "lib/template/render.h"

enum { DEPTH_MAX = 100 };

static void print_at(struct render *r, struct buf *b, const struct tval *v,
    unsigned depth);

/* In lists and maps texts stand in quotes. */
static void
print_quoted(struct render *r, struct buf *b, struct span s)
{
	static const char from[] = "\"\\\n\r\t", to[] = "\"\\nrt";
	char code[16], two[2] = { '\\' };
	const char *at;
	size_t i;

	render_put(r, b, SPAN_LIT("\""));
	for (i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		at = c != 0 ? strchr(from, c) : NULL;
		if (at != NULL) {
			two[1] = to[at - from];
			render_put(r, b, span_make(two, 2));
		} else if (c < 0x20 || c == 0x7f) {
			snprintf(code, sizeof(code), "\\u{%x}", c);
			render_put(r, b, span_of(code));
		} else {
			render_put(r, b, span_make(s.p + i, 1));
		}
	}
	render_put(r, b, SPAN_LIT("\""));
}

static void
print_inner(struct render *r, struct buf *b, const struct tval *v,
    unsigned depth)
{
	if (v->kind == TV_UNDEFINED)
		render_put(r, b, SPAN_LIT("undefined"));
	else if (tval_is_text(v))
		print_quoted(r, b, v->u.text);
	else
		print_at(r, b, v, depth);
}

static void
print_list(struct render *r, struct buf *b, const struct tval *v,
    unsigned depth)
{
	struct tval item;
	size_t i, n;

	tval_length(v, &n);
	render_put(r, b, SPAN_LIT("["));
	for (i = 0; i < n && render_steps(r, 1) == 0; i++) {
		if (i > 0)
			render_put(r, b, SPAN_LIT(", "));
		item = tval_nth(v, i);
		print_inner(r, b, &item, depth + 1);
	}
	render_put(r, b, SPAN_LIT("]"));
}

static void
print_map(struct render *r, struct buf *b, const struct tval *v,
    unsigned depth)
{
	struct tpair *pairs;
	size_t i, n;

	if (tval_pairs(r, v, &pairs, &n) == -1)
		return;
	render_put(r, b, SPAN_LIT("{"));
	for (i = 0; i < n; i++) {
		if (i > 0)
			render_put(r, b, SPAN_LIT(", "));
		print_inner(r, b, &pairs[i].key, depth + 1);
		render_put(r, b, SPAN_LIT(": "));
		print_inner(r, b, &pairs[i].value, depth + 1);
	}
	render_put(r, b, SPAN_LIT("}"));
}

static void
print_at(struct render *r, struct buf *b, const struct tval *v,
    unsigned depth)
{
	char text[TEXT_DOUBLE_MAX];

	if (depth > DEPTH_MAX) {
		render_fail(r, "a value is nested too deep to be printed");
		return;
	}
	switch ((enum tval_kind)v->kind) {
	case TV_UNDEFINED:
		break;
	case TV_NONE:
		render_put(r, b, SPAN_LIT("none"));
		break;
	case TV_BOOL:
		render_put(r, b, span_of(v->u.flag ? "true" : "false"));
		break;
	case TV_INT:
		snprintf(text, sizeof(text), "%lld", (long long)v->u.number);
		render_put(r, b, span_of(text));
		break;
	case TV_FLOAT:
		if (v->u.real != v->u.real)
			render_put(r, b, SPAN_LIT("NaN"));
		else
			render_put(r, b,
			    span_of(text_double(v->u.real, text)));
		break;
	case TV_TEXT:
		render_put(r, b, v->u.text);
		break;
	case TV_LIST:
		print_list(r, b, v, depth);
		break;
	case TV_MAP:
		print_map(r, b, v, depth);
		break;
	case TV_OBJECT:
		object_print(r, b, v->u.object);
		break;
	}
}

void
tval_print(struct render *r, struct buf *b, const struct tval *v)
{
	print_at(r, b, v, 0);
}

int
tval_to_text(struct render *r, const struct tval *v, struct span *out)
{
	struct buf b = { .base = NULL };

	if (tval_is_text(v)) {
		*out = v->u.text;
		return 0;
	}
	print_at(r, &b, v, 0);
	return render_take(r, &b, out);
}

/* ---- JSON ---------------------------------------------------------------- */

static int json_at(struct render *r, struct jout *j, const struct tval *v,
    unsigned depth);

static int
json_list(struct render *r, struct jout *j, const struct tval *v,
    unsigned depth)
{
	struct tval item;
	size_t i, n;

	tval_length(v, &n);
	jout_array(j);
	for (i = 0; i < n; i++) {
		item = tval_nth(v, i);
		if (json_at(r, j, &item, depth + 1) == -1)
			return -1;
	}
	jout_array_end(j);
	return 0;
}

static int
json_map(struct render *r, struct jout *j, const struct tval *v,
    unsigned depth)
{
	struct tpair *pairs;
	struct span key;
	size_t i, n;

	if (tval_pairs(r, v, &pairs, &n) == -1)
		return -1;
	jout_object(j);
	for (i = 0; i < n; i++) {
		if (tval_to_text(r, &pairs[i].key, &key) == -1)
			return -1;
		jout_key(j, key);
		if (json_at(r, j, &pairs[i].value, depth + 1) == -1)
			return -1;
	}
	jout_object_end(j);
	return 0;
}

static int
json_at(struct render *r, struct jout *j, const struct tval *v,
    unsigned depth)
{
	char text[TEXT_DOUBLE_MAX];

	if (render_steps(r, 1) == -1 ||
	    render_room(r, buf_len(j->out)) == -1)
		return -1;
	if (depth > DEPTH_MAX)
		return render_fail(r, "a value is nested too deep for JSON");
	switch ((enum tval_kind)v->kind) {
	case TV_UNDEFINED:
	case TV_NONE:
		jout_null(j);
		return 0;
	case TV_BOOL:
		jout_bool(j, v->u.flag);
		return 0;
	case TV_INT:
		jout_int(j, v->u.number);
		return 0;
	case TV_FLOAT:
		if (v->u.real - v->u.real != 0) /* infinite, or no number */
			jout_null(j);
		else
			jout_raw(j, span_of(text_double(v->u.real, text)));
		return 0;
	case TV_TEXT:
		jout_text(j, v->u.text);
		return render_steps(r, v->u.text.len / 64);
	case TV_LIST:
		return json_list(r, j, v, depth);
	case TV_MAP:
		return json_map(r, j, v, depth);
	case TV_OBJECT:
		if (v->u.object->type == OBJECT_NAMESPACE)
			return json_map(r, j, &v->u.object->u.vars, depth);
		break;
	}
	return render_fail(r, "an object cannot be written as JSON");
}

int
tval_json(struct render *r, struct buf *b, const struct tval *v)
{
	struct jout j;

	jout_init(&j, b);
	return json_at(r, &j, v, 0);
}
