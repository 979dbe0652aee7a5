/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/data/toml.h"

#include <math.h>

#include "lib/base/text.h"
#include "lib/settings/value.h"

enum { PATH_MAX_PARTS = TOML_DEPTH_MAX };

struct writer {
	struct buf *out;
	enum toml_form form;
	const char *path[PATH_MAX_PARTS];
	size_t n_path;
	const char *why;
};

static int put_inline(struct writer *w, const struct value *v,
    unsigned depth);

/* ---- texts --------------------------------------------------------------- */

struct text_facts {
	bool controls; /* that only an escape can say */
	bool newline, escapes; /* escapes: a quote or a backslash */
	bool backslash;
	unsigned doubles, singles; /* longest run of that quote */
};

static struct text_facts
facts_of(struct span s)
{
	struct text_facts f = { .controls = false };
	unsigned doubles = 0, singles = 0;
	unsigned char c;
	size_t i;

	for (i = 0; i < s.len; i++) {
		c = (unsigned char)s.p[i];
		doubles = c == '"' ? doubles + 1 : 0;
		singles = c == '\'' ? singles + 1 : 0;
		if (doubles > f.doubles)
			f.doubles = doubles;
		if (singles > f.singles)
			f.singles = singles;
		if (c == '\n')
			f.newline = true;
		else if ((c < 0x20 && c != '\t') || c == 0x7f)
			f.controls = true;
		else if (c == '\\')
			f.backslash = true;
	}
	f.escapes = f.backslash || f.doubles > 0;
	return f;
}

static void
put_escaped(struct buf *out, struct span s)
{
	static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
	const char *at;
	size_t i;

	buf_add_byte(out, '"');
	for (i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		at = c != 0 ? strchr(from, c) : NULL;
		if (at != NULL) {
			buf_add_byte(out, '\\');
			buf_add_byte(out, (uint8_t)to[at - from]);
		} else if (c < 0x20 || c == 0x7f) {
			buf_addf(out, "\\u%04X", c);
		} else {
			buf_add_byte(out, c);
		}
	}
	buf_add_byte(out, '"');
}

static void
put_between(struct buf *out, const char *open, struct span s,
    const char *close)
{
	buf_add_str(out, open);
	buf_add_span(out, s);
	buf_add_str(out, close);
}

/* The plainest of TOML's four forms that says the text as it is. */
static void
put_text(struct buf *out, struct span s)
{
	struct text_facts f = facts_of(s);

	if (f.controls)
		put_escaped(out, s);
	else if (!f.escapes && !f.newline)
		put_between(out, "\"", s, "\"");
	else if (f.singles == 0 && !f.newline)
		put_between(out, "'", s, "'");
	else if (!f.backslash && f.doubles <= 2 &&
	    (s.len == 0 || s.p[s.len - 1] != '"'))
		put_between(out, f.newline ? "\"\"\"\n" : "\"\"\"", s,
		    "\"\"\"");
	else if (f.singles <= 2 && (s.len == 0 || s.p[s.len - 1] != '\''))
		put_between(out, f.newline ? "'''\n" : "'''", s, "'''");
	else
		put_escaped(out, s);
}

/* Of the four forms a key may have two. */
static void
put_key(struct buf *out, struct span key)
{
	struct text_facts f = facts_of(key);
	bool bare = key.len > 0;
	size_t i;

	for (i = 0; i < key.len; i++) {
		char c = ascii_lower(key.p[i]);

		bare = bare && (ascii_digit(c) || (c >= 'a' && c <= 'z') ||
		    c == '_' || c == '-');
	}
	if (bare)
		buf_add_span(out, key);
	else if (f.controls || f.newline || (f.escapes && f.singles > 0))
		put_escaped(out, key);
	else
		put_text(out, key);
}

/* ---- values that stand behind a key -------------------------------------- */

static void
put_float(struct buf *out, double v)
{
	char text[TEXT_DOUBLE_MAX];

	buf_add_str(out, text_double(v, text));
}

static int
put_list(struct writer *w, const struct value *v, unsigned depth)
{
	bool lines = w->form == TOML_PRETTY && v->u.list.n > 1;
	size_t i;

	buf_add_byte(w->out, '[');
	for (i = 0; i < v->u.list.n; i++) {
		if (lines)
			buf_add_str(w->out, "\n    ");
		else if (i > 0)
			buf_add_byte(w->out, ' ');
		if (put_inline(w, v->u.list.v[i], depth + 1) == -1)
			return -1;
		if (lines || i + 1 < v->u.list.n)
			buf_add_byte(w->out, ',');
	}
	buf_add_str(w->out, lines ? "\n]" : "]");
	return 0;
}

static int
put_inline_map(struct writer *w, const struct value *v, unsigned depth)
{
	size_t i;

	if (v->u.map.n == 0) {
		buf_add_str(w->out, "{}");
		return 0;
	}
	for (i = 0; i < v->u.map.n; i++) {
		buf_add_str(w->out, i == 0 ? "{ " : ", ");
		put_key(w->out, span_of(v->u.map.v[i].key));
		buf_add_str(w->out, " = ");
		if (put_inline(w, v->u.map.v[i].value, depth + 1) == -1)
			return -1;
	}
	buf_add_str(w->out, " }");
	return 0;
}

static int
put_inline(struct writer *w, const struct value *v, unsigned depth)
{
	if (depth >= TOML_DEPTH_MAX) {
		w->why = "the table is too deep";
		return -1;
	}
	switch (v->kind) {
	case VALUE_NULL:
		w->why = "TOML has no word for nil";
		return -1;
	case VALUE_BOOL:
		buf_add_str(w->out, v->u.flag ? "true" : "false");
		return 0;
	case VALUE_INT:
		buf_addf(w->out, "%lld", (long long)v->u.number);
		return 0;
	case VALUE_FLOAT:
		put_float(w->out, v->u.real);
		return 0;
	case VALUE_TEXT:
		put_text(w->out, span_make(v->u.text.p, v->u.text.len));
		return 0;
	case VALUE_LIST:
		return put_list(w, v, depth);
	case VALUE_MAP:
		return put_inline_map(w, v, depth);
	}
	return -1;
}

/* ---- tables -------------------------------------------------------------- */

static bool
is_table_list(const struct value *v)
{
	size_t i;

	if (v->kind != VALUE_LIST || v->u.list.n == 0)
		return false;
	for (i = 0; i < v->u.list.n; i++) {
		if (v->u.list.v[i]->kind != VALUE_MAP)
			return false;
	}
	return true;
}

/* Does it get a header of its own? */
static bool
is_table(const struct writer *w, const struct value *v)
{
	if (v->kind == VALUE_MAP)
		return v->u.map.n > 0 || w->form != TOML_COMPACT;
	return is_table_list(v);
}

static void
put_header(struct writer *w, const char *open, const char *close)
{
	size_t i;

	if (buf_len(w->out) > 0)
		buf_add_byte(w->out, '\n');
	buf_add_str(w->out, open);
	for (i = 0; i < w->n_path; i++) {
		if (i > 0)
			buf_add_byte(w->out, '.');
		put_key(w->out, span_of(w->path[i]));
	}
	buf_add_str(w->out, close);
	buf_add_byte(w->out, '\n');
}

static int
put_values(struct writer *w, const struct value *map)
{
	const struct value_pair *pair;
	size_t i;

	for (i = 0; i < map->u.map.n; i++) {
		pair = &map->u.map.v[i];
		if (is_table(w, pair->value))
			continue;
		put_key(w->out, span_of(pair->key));
		buf_add_str(w->out, " = ");
		if (put_inline(w, pair->value, (unsigned)w->n_path) == -1)
			return -1;
		buf_add_byte(w->out, '\n');
	}
	return 0;
}

/* A table that only holds tables says nothing itself. */
static bool
needs_header(const struct writer *w, const struct value *map)
{
	size_t i;

	for (i = 0; i < map->u.map.n; i++) {
		if (!is_table(w, map->u.map.v[i].value))
			return true;
	}
	return map->u.map.n == 0;
}

static int put_tables(struct writer *w, const struct value *map);

static int
put_table(struct writer *w, const struct value *v)
{
	size_t i;

	if (v->kind == VALUE_MAP) {
		if (needs_header(w, v))
			put_header(w, "[", "]");
		return put_values(w, v) == -1 ? -1 : put_tables(w, v);
	}
	for (i = 0; i < v->u.list.n; i++) {
		put_header(w, "[[", "]]");
		if (put_values(w, v->u.list.v[i]) == -1 ||
		    put_tables(w, v->u.list.v[i]) == -1)
			return -1;
	}
	return 0;
}

static int
put_tables(struct writer *w, const struct value *map)
{
	size_t i;
	int result = 0;

	for (i = 0; i < map->u.map.n && result == 0; i++) {
		if (!is_table(w, map->u.map.v[i].value))
			continue;
		if (w->n_path == PATH_MAX_PARTS) {
			w->why = "the table is too deep";
			return -1;
		}
		w->path[w->n_path++] = map->u.map.v[i].key;
		result = put_table(w, map->u.map.v[i].value);
		w->n_path--;
	}
	return result;
}

int
toml_write(struct buf *out, const struct value *map, enum toml_form form,
    const char **why_out)
{
	struct buf text = { .base = NULL };
	struct writer w = { .out = &text, .form = form };
	int result = -1;

	if (map->kind != VALUE_MAP)
		w.why = "a TOML document is a table of named values";
	else if (put_values(&w, map) == 0)
		result = put_tables(&w, map);
	if (result == 0)
		buf_add_span(out, buf_span(&text));
	buf_free(&text);
	*why_out = w.why;
	return result;
}
