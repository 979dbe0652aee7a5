/* SPDX-License-Identifier: Apache-2.0 */
/* What Python's values can be asked: "a b".split(), map.items(). */
#include <string.h>

#include "lib/template/chars.h"
#include "lib/template/object.h"
#include "lib/template/tables.h"
#include "lib/template/text_ops.h"

/* ---- texts --------------------------------------------------------------- */

static int
m_upper(struct render *r, struct call *c, struct tval *out)
{
	return text_case(r, c->in.u.text, CASE_UPPER, out);
}

static int
m_lower(struct render *r, struct call *c, struct tval *out)
{
	return text_case(r, c->in.u.text, CASE_LOWER, out);
}

static int
m_title(struct render *r, struct call *c, struct tval *out)
{
	return text_case(r, c->in.u.text, CASE_TITLE, out);
}

static int
m_capitalize(struct render *r, struct call *c, struct tval *out)
{
	return text_case(r, c->in.u.text, CASE_CAPITALIZE, out);
}

static int
all_are(struct call *c, bool (*is)(uint32_t c), struct tval *out)
{
	struct span s = c->in.u.text;
	bool all = true;
	size_t at = 0;

	while (at < s.len && all)
		all = is(chars_next(s, &at));
	*out = tval_bool(all);
	return 0;
}

static bool
is_digit(uint32_t c)
{
	return c >= '0' && c <= '9';
}

static bool
is_ascii(uint32_t c)
{
	return c < 0x80;
}

static bool
is_alpha(uint32_t c)
{
	return chars_is_letter(c) && !is_digit(c);
}

static int
m_islower(struct render *r, struct call *c, struct tval *out)
{
	(void)r;
	return all_are(c, chars_is_lower, out);
}

static int
m_isupper(struct render *r, struct call *c, struct tval *out)
{
	(void)r;
	return all_are(c, chars_is_upper, out);
}

static int
m_isspace(struct render *r, struct call *c, struct tval *out)
{
	(void)r;
	return all_are(c, chars_is_blank, out);
}

static int
m_isdigit(struct render *r, struct call *c, struct tval *out)
{
	(void)r;
	return all_are(c, is_digit, out);
}

static int
m_isalnum(struct render *r, struct call *c, struct tval *out)
{
	(void)r;
	return all_are(c, chars_is_letter, out);
}

static int
m_isalpha(struct render *r, struct call *c, struct tval *out)
{
	(void)r;
	return all_are(c, is_alpha, out);
}

static int
m_isascii(struct render *r, struct call *c, struct tval *out)
{
	(void)r;
	return all_are(c, is_ascii, out);
}

static int
strip(struct render *r, struct call *c, unsigned ends, struct tval *out)
{
	struct span s = c->in.u.text, chars;

	if (call_text(r, c, 0, "chars", SPAN_LIT(""), &chars) == -1 ||
	    render_steps(r, s.len / 64 * (chars.len / 64 + 1)) == -1)
		return -1;
	*out = tval_text(text_strip(s, chars, ends));
	return 0;
}

static int
m_strip(struct render *r, struct call *c, struct tval *out)
{
	return strip(r, c, END_BOTH, out);
}

static int
m_lstrip(struct render *r, struct call *c, struct tval *out)
{
	return strip(r, c, END_START, out);
}

static int
m_rstrip(struct render *r, struct call *c, struct tval *out)
{
	return strip(r, c, END_END, out);
}

static int
m_replace(struct render *r, struct call *c, struct tval *out)
{
	struct span from, to;
	int64_t count;

	if (call_text(r, c, 0, "old", SPAN_LIT(""), &from) == -1 ||
	    call_text(r, c, 1, "new", SPAN_LIT(""), &to) == -1 ||
	    call_int(r, c, 2, "count", -1, INT32_MAX, -1, &count) == -1)
		return -1;
	return text_replace(r, c->in.u.text, from, to, count, out);
}

static int
m_split(struct render *r, struct call *c, struct tval *out)
{
	struct span sep;
	int64_t most;

	if (call_text(r, c, 0, "sep", span_make(NULL, 0), &sep) == -1 ||
	    call_int(r, c, 1, "maxsplit", -1, INT32_MAX, -1, &most) == -1)
		return -1;
	return text_split(r, c->in.u.text, sep, most, out);
}

static int
m_splitlines(struct render *r, struct call *c, struct tval *out)
{
	bool keep;

	if (call_bool(r, c, 0, "keepends", false, &keep) == -1)
		return -1;
	return text_lines(r, c->in.u.text, keep, out);
}

/* Where the part stands behind byte `from`, in bytes; -1: nowhere. */
static int64_t
find_from(struct span s, struct span part, size_t from)
{
	const char *at;

	if (part.len > s.len || from > s.len - part.len)
		return -1;
	if (part.len == 0)
		return (int64_t)from;
	at = memmem(s.p + from, s.len - from, part.p, part.len);
	return at == NULL ? -1 : at - s.p;
}

/* In characters. */
static int
m_find(struct render *r, struct call *c, struct tval *out)
{
	struct span s = c->in.u.text, part;
	int64_t at;

	if (call_text(r, c, 0, "sub", SPAN_LIT(""), &part) == -1 ||
	    render_steps(r, s.len / 64) == -1)
		return -1;
	at = find_from(s, part, 0);
	*out = tval_int(at < 0 ? at :
	    (int64_t)chars_count(span_make(s.p, (size_t)at)));
	return 0;
}

static int
m_rfind(struct render *r, struct call *c, struct tval *out)
{
	struct span s = c->in.u.text, part;
	int64_t at = -1, next;

	if (call_text(r, c, 0, "sub", SPAN_LIT(""), &part) == -1 ||
	    render_steps(r, s.len / 64) == -1)
		return -1;
	while ((next = find_from(s, part, (size_t)(at + 1))) != -1 &&
	    render_steps(r, 1) == 0)
		at = next;
	*out = tval_int(at < 0 ? at :
	    (int64_t)chars_count(span_make(s.p, (size_t)at)));
	return r->failed ? -1 : 0;
}

static int
m_text_count(struct render *r, struct call *c, struct tval *out)
{
	struct span s = c->in.u.text, part;
	int64_t at = 0, n = 0;

	if (call_text(r, c, 0, "sub", SPAN_LIT(""), &part) == -1)
		return -1;
	if (part.len == 0) {
		*out = tval_int((int64_t)chars_count(s) + 1);
		return 0;
	}
	while ((at = find_from(s, part, (size_t)at)) != -1 &&
	    render_steps(r, 1) == 0) {
		at += (int64_t)part.len;
		n++;
	}
	*out = tval_int(n);
	return r->failed ? -1 : 0;
}

/* One text, or any of a list. */
static int
edge(struct render *r, struct call *c, bool at_end, struct tval *out)
{
	struct tval part = call_arg(c, 0, NULL), *items = &part;
	struct span s = c->in.u.text, text;
	size_t i, n = 1;
	bool found = false;

	if (part.kind == TV_LIST && tval_items(r, &part, &items, &n) == -1)
		return -1;
	for (i = 0; i < n && !found; i++) {
		if (items[i].kind != TV_TEXT)
			return render_fail(r, "%s wants a text", c->name);
		text = items[i].u.text;
		found = text.len <= s.len && span_eq(text, at_end ?
		    span_from(s, s.len - text.len) :
		    span_make(s.p, text.len));
	}
	*out = tval_bool(found);
	return 0;
}

static int
m_startswith(struct render *r, struct call *c, struct tval *out)
{
	return edge(r, c, false, out);
}

static int
m_endswith(struct render *r, struct call *c, struct tval *out)
{
	return edge(r, c, true, out);
}

static int
m_join(struct render *r, struct call *c, struct tval *out)
{
	struct tval items = call_arg(c, 0, NULL);
	struct call join = { .name = "join", .in = items, .v = &c->in,
		.n = 1 };

	return filter_find(SPAN_LIT("join"))->call(r, &join, out);
}

/* ---- maps and lists ------------------------------------------------------ */

static int
m_items(struct render *r, struct call *c, struct tval *out)
{
	return filter_find(SPAN_LIT("items"))->call(r, c, out);
}

static int
m_keys(struct render *r, struct call *c, struct tval *out)
{
	return filter_find(SPAN_LIT("list"))->call(r, c, out);
}

static int
m_values(struct render *r, struct call *c, struct tval *out)
{
	struct tpair *pairs;
	size_t i, n;

	if (tval_pairs(r, &c->in, &pairs, &n) == -1)
		return -1;
	*out = tval_list(r, n);
	for (i = 0; i < n; i++)
		tval_list_add(out, pairs[i].value);
	return 0;
}

static int
m_get(struct render *r, struct call *c, struct tval *out)
{
	struct tval key = call_arg(c, 0, "key"), def = call_arg(c, 1,
	    "default");

	if (!tval_map_get(r, &c->in, &key, out))
		*out = def.kind == TV_UNDEFINED ? tval_none() : def;
	return r->failed ? -1 : 0;
}

static int
m_list_count(struct render *r, struct call *c, struct tval *out)
{
	struct tval what = call_arg(c, 0, NULL), *items;
	int64_t found = 0;
	size_t i, n;

	if (tval_items(r, &c->in, &items, &n) == -1)
		return -1;
	for (i = 0; i < n; i++)
		found += tval_equal(r, &items[i], &what);
	*out = tval_int(found);
	return r->failed ? -1 : 0;
}

const struct method_row jinja_methods[] = {
	{ TV_TEXT, "upper", m_upper, "",
	    "As the filter." },
	{ TV_TEXT, "lower", m_lower, "",
	    "As the filter." },
	{ TV_TEXT, "title", m_title, "",
	    "As the filter." },
	{ TV_TEXT, "capitalize", m_capitalize, "",
	    "As the filter." },
	{ TV_TEXT, "islower", m_islower, "",
	    "Are all letters lower case, and is there one?" },
	{ TV_TEXT, "isupper", m_isupper, "",
	    "Are all letters upper case, and is there one?" },
	{ TV_TEXT, "isspace", m_isspace, "",
	    "Is it all blanks, and not empty?" },
	{ TV_TEXT, "isdigit", m_isdigit, "",
	    "Is it all digits, and not empty?" },
	{ TV_TEXT, "isnumeric", m_isdigit, "",
	    "The same as\n.Ic isdigit ." },
	{ TV_TEXT, "isalnum", m_isalnum, "",
	    "Is it all letters and digits, and not empty?" },
	{ TV_TEXT, "isalpha", m_isalpha, "",
	    "Is it all letters, and not empty?" },
	{ TV_TEXT, "isascii", m_isascii, "",
	    "Is it all ASCII?" },
	{ TV_TEXT, "strip", m_strip, "chars?",
	    "Without blanks, or those characters, at both ends." },
	{ TV_TEXT, "lstrip", m_lstrip, "chars?",
	    "The same at the start alone." },
	{ TV_TEXT, "rstrip", m_rstrip, "chars?",
	    "The same at the end alone." },
	{ TV_TEXT, "replace", m_replace, "old, new, count?",
	    "As the filter." },
	{ TV_TEXT, "split", m_split, "sep?, maxsplit?",
	    "As the filter." },
	{ TV_TEXT, "splitlines", m_splitlines, "keepends?",
	    "The lines." },
	{ TV_TEXT, "find", m_find, "part",
	    "Where the part begins, counted from 0; -1 when it is not there." },
	{ TV_TEXT, "rfind", m_rfind, "part",
	    "Where the last one begins." },
	{ TV_TEXT, "count", m_text_count, "part",
	    "How often the part is there." },
	{ TV_TEXT, "startswith", m_startswith, "part",
	    "Does the text begin so, or as an item of that list?" },
	{ TV_TEXT, "endswith", m_endswith, "part",
	    "Does it end so?" },
	{ TV_TEXT, "join", m_join, "items",
	    "The items as one text with this one between them." },
	{ TV_MAP, "items", m_items, "",
	    "The pairs as lists of two, by name." },
	{ TV_MAP, "keys", m_keys, "",
	    "The names." },
	{ TV_MAP, "values", m_values, "",
	    "The values, by name." },
	{ TV_MAP, "get", m_get, "key, default?",
	    "The value of that name, or the default, or none." },
	{ TV_LIST, "count", m_list_count, "value",
	    "How many items are equal to the value." },
	{ 0, NULL, NULL, NULL, NULL },
};

int
method_call(struct render *r, const struct tval *v, struct span name,
    struct call *c, struct tval *out)
{
	const struct method_row *m;

	for (m = jinja_methods; m->name != NULL; m++) {
		if (m->kind != v->kind || !span_eq_str(name, m->name))
			continue;
		c->in = *v;
		c->name = m->name;
		return m->call(r, c, out);
	}
	return 1;
}
