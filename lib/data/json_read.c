/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/data/json_read.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/settings/value.h"

enum { NUMBER_MAX = 1024 };

struct scanner {
	struct span text;
	size_t at;
	unsigned flags, depth;
	size_t nodes;
	const struct json_events *to;
	void *arg;
	struct data_error *error;
};

static int read_value(struct scanner *s);

static int
bad(struct scanner *s, size_t at, const char *what)
{
	if (s->error != NULL)
		data_error_at(s->error, s->text, at, "%s", what);
	return -1;
}

static int
peek(const struct scanner *s)
{
	return s->at < s->text.len ? (unsigned char)s->text.p[s->at] : -1;
}

/* ---- blanks -------------------------------------------------------------- */

/* Behind a comment that begins here; 0: none does, -1: it never ends. */
static int
comment(struct scanner *s)
{
	struct span left = span_from(s->text, s->at);
	const char *end;

	if (span_starts(left, "/*")) {
		end = memmem(left.p + 2, left.len - 2, "*/", 2);
		if (end == NULL)
			return bad(s, s->at, "a comment does not end");
		s->at += (size_t)(end - left.p) + 2;
		return 1;
	}
	if (!span_starts(left, "//") && !span_starts(left, "#"))
		return 0;
	end = memchr(left.p, '\n', left.len);
	s->at = end == NULL ? s->text.len : s->at + (size_t)(end - left.p);
	return 1;
}

static int
blanks(struct scanner *s)
{
	int result = 1;

	do {
		while (peek(s) == ' ' || peek(s) == '\t' || peek(s) == '\n' ||
		    peek(s) == '\r')
			s->at++;
		if ((s->flags & JSON_READ_COMMENTS) == 0)
			return 0;
		result = comment(s);
	} while (result == 1);
	return result;
}

/* ---- texts --------------------------------------------------------------- */

static int
hex4(struct span s, unsigned *out)
{
	unsigned v = 0;
	size_t i;
	char c;

	if (s.len < 4)
		return -1;
	for (i = 0; i < 4; i++) {
		c = ascii_lower(s.p[i]);
		if (ascii_digit(c))
			v = v << 4 | (unsigned)(c - '0');
		else if (c >= 'a' && c <= 'f')
			v = v << 4 | (unsigned)(c - 'a' + 10);
		else
			return -1;
	}
	*out = v;
	return 0;
}

/* The character behind "\u"; its length in the text, 0 when it is none. */
static size_t
unicode(struct span s, unsigned *out)
{
	unsigned high, low;

	if (hex4(s, &high) == -1 || (high >= 0xdc00 && high <= 0xdfff))
		return 0;
	*out = high;
	if (high < 0xd800 || high > 0xdbff)
		return 4;
	s = span_from(s, 4);
	if (!span_starts(s, "\\u") || hex4(span_from(s, 2), &low) == -1 ||
	    low < 0xdc00 || low > 0xdfff)
		return 0;
	*out = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
	return 10;
}

static size_t
put_utf8(char *out, unsigned c)
{
	size_t n = 0;

	if (c < 0x80) {
		out[n++] = (char)c;
		return n;
	}
	if (c < 0x800) {
		out[n++] = (char)(0xc0 | c >> 6);
	} else {
		if (c < 0x10000) {
			out[n++] = (char)(0xe0 | c >> 12);
		} else {
			out[n++] = (char)(0xf0 | c >> 18);
			out[n++] = (char)(0x80 | (c >> 12 & 0x3f));
		}
		out[n++] = (char)(0x80 | (c >> 6 & 0x3f));
	}
	out[n++] = (char)(0x80 | (c & 0x3f));
	return n;
}

static const char escapes[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";

/* Length of the escape at the front, or 0. */
static size_t
escape(struct span s)
{
	unsigned c;
	size_t len;

	if (s.len < 2 || s.p[1] == '\0')
		return 0;
	if (s.p[1] != 'u')
		return strchr(escapes, s.p[1]) != NULL ? 2 : 0;
	len = unicode(span_from(s, 2), &c);
	return len == 0 ? 0 : len + 2;
}

size_t
json_unescape(struct span raw, char *out)
{
	size_t at = 0, n = 0, run;
	const char *end;
	unsigned c;

	while (at < raw.len) {
		end = memchr(raw.p + at, '\\', raw.len - at);
		run = end == NULL ? raw.len - at :
		    (size_t)(end - raw.p) - at;
		memcpy(out + n, raw.p + at, run);
		n += run;
		at += run;
		if (end == NULL || raw.len - at < 2)
			break;
		if (raw.p[at + 1] == 'u') {
			run = unicode(span_from(raw, at + 2), &c);
			if (run == 0)
				break;
			n += put_utf8(out + n, c);
			at += 2 + run;
		} else {
			end = strchr(escapes, raw.p[at + 1]);
			if (end == NULL || *end == '\0')
				break;
			out[n++] = meant[end - escapes];
			at += 2;
		}
	}
	return n;
}

/* Behind the opening quote, to behind the closing one. */
static int
read_text(struct scanner *s, struct span *raw_out)
{
	size_t start = s->at, len;
	int c;

	while ((c = peek(s)) != '"') {
		if (c == -1)
			return bad(s, start - 1, "a text does not end");
		if (c < 0x20)
			return bad(s, s->at, "a control character stands in a "
			    "text: write it as \\u and four digits");
		if (c != '\\') {
			s->at++;
			continue;
		}
		len = escape(span_from(s->text, s->at));
		if (len == 0)
			return bad(s, s->at, "this is no escape of JSON");
		s->at += len;
	}
	*raw_out = span_make(s->text.p + start, s->at - start);
	s->at++;
	if (!text_is_utf8(*raw_out))
		return bad(s, start - 1, "a text is not UTF-8");
	return 0;
}

/* ---- numbers ------------------------------------------------------------- */

static size_t
digits(struct scanner *s)
{
	size_t n = 0;

	while (ascii_digit((char)peek(s))) {
		s->at++;
		n++;
	}
	return n;
}

/* number = [ minus ] int [ frac ] [ exp ], RFC 8259 section 6 */
static int
scan_number(struct scanner *s, bool *is_real)
{
	size_t start;

	*is_real = false;
	if (peek(s) == '-')
		s->at++;
	start = s->at;
	if (digits(s) == 0 || (s->text.p[start] == '0' && s->at - start > 1))
		return -1;
	if (peek(s) == '.') {
		*is_real = true;
		s->at++;
		if (digits(s) == 0)
			return -1;
	}
	if (peek(s) == 'e' || peek(s) == 'E') {
		*is_real = true;
		s->at++;
		if (peek(s) == '+' || peek(s) == '-')
			s->at++;
		if (digits(s) == 0)
			return -1;
	}
	return 0;
}

static bool
whole(struct span s, int64_t *out)
{
	bool minus = s.p[0] == '-';
	uint64_t v;

	if (text_u64(span_from(s, minus ? 1 : 0), 0,
	    (uint64_t)INT64_MAX + (minus ? 1 : 0), &v) == -1)
		return false;
	*out = minus ? (int64_t)(0 - v) : (int64_t)v;
	return true;
}

static int
read_number(struct scanner *s)
{
	char text[NUMBER_MAX];
	size_t start = s->at;
	struct span number;
	bool is_real;
	int64_t v;

	if (scan_number(s, &is_real) == -1)
		return bad(s, start, "this is no JSON value");
	number = span_make(s->text.p + start, s->at - start);
	if (!is_real && whole(number, &v)) {
		s->to->integer(s->arg, v);
		return 0;
	}
	if (number.len >= sizeof(text))
		return bad(s, start, "a number is too long");
	memcpy(text, number.p, number.len);
	text[number.len] = '\0';
	s->to->real(s->arg, strtod(text, NULL));
	return 0;
}

/* ---- values -------------------------------------------------------------- */

static bool
take(struct scanner *s, const char *word)
{
	if (!span_starts(span_from(s->text, s->at), word))
		return false;
	s->at += strlen(word);
	return true;
}

/* Behind an item: true when another one follows. */
static int
next_item(struct scanner *s, const char *end, bool *more)
{
	if (blanks(s) == -1)
		return -1;
	*more = take(s, ",");
	if (*more)
		return blanks(s);
	if (!take(s, end))
		return bad(s, s->at, *end == ']' ?
		    "a list wants ',' or ']' here" :
		    "a map wants ',' or '}' here");
	return 0;
}

static int
read_list(struct scanner *s)
{
	bool more = true;

	s->to->open(s->arg, false);
	if (blanks(s) == -1)
		return -1;
	if (take(s, "]"))
		more = false;
	while (more) {
		if (read_value(s) == -1 || next_item(s, "]", &more) == -1)
			return -1;
	}
	s->to->close(s->arg);
	return 0;
}

static int
read_pair(struct scanner *s)
{
	struct span key;

	if (!take(s, "\""))
		return bad(s, s->at, "a map wants a key in quotes here");
	if (read_text(s, &key) == -1 || blanks(s) == -1)
		return -1;
	if (!take(s, ":"))
		return bad(s, s->at, "a key wants ':' behind it");
	s->to->key(s->arg, key);
	return blanks(s) == -1 ? -1 : read_value(s);
}

static int
read_map(struct scanner *s)
{
	bool more = true;

	s->to->open(s->arg, true);
	if (blanks(s) == -1)
		return -1;
	if (take(s, "}"))
		more = false;
	while (more) {
		if (read_pair(s) == -1 || next_item(s, "}", &more) == -1)
			return -1;
	}
	s->to->close(s->arg);
	return 0;
}

static int
read_plain(struct scanner *s)
{
	struct span raw;

	if (take(s, "\"")) {
		if (read_text(s, &raw) == -1)
			return -1;
		s->to->text(s->arg, raw);
	} else if (take(s, "true")) {
		s->to->boolean(s->arg, true);
	} else if (take(s, "false")) {
		s->to->boolean(s->arg, false);
	} else if (take(s, "null")) {
		s->to->null(s->arg);
	} else {
		return read_number(s);
	}
	return 0;
}

static int
read_value(struct scanner *s)
{
	int result;

	if (++s->nodes > JSON_READ_NODES_MAX)
		return bad(s, s->at, "there are too many values");
	if (s->depth == JSON_READ_DEPTH_MAX && (peek(s) == '{' ||
	    peek(s) == '['))
		return bad(s, s->at, "nested too deep");
	if (peek(s) == -1)
		return bad(s, s->at, "the text ends where a value is wanted");
	s->depth++;
	if (take(s, "{"))
		result = read_map(s);
	else if (take(s, "["))
		result = read_list(s);
	else
		result = read_plain(s);
	s->depth--;
	return result;
}

int
json_read(struct span text, unsigned flags, const struct json_events *to,
    void *arg, struct data_error *error)
{
	struct scanner s = {
		.text = text, .flags = flags, .to = to, .arg = arg,
		.error = error,
	};

	if (blanks(&s) == -1 || read_value(&s) == -1 || blanks(&s) == -1)
		return -1;
	if (s.at != text.len)
		return bad(&s, s.at, "something follows behind the value");
	return 0;
}

/* ---- a tree -------------------------------------------------------------- */

struct tree {
	struct value *open[JSON_READ_DEPTH_MAX];
	char *keys[JSON_READ_DEPTH_MAX]; /* of maps: waits for its value */
	size_t key_len[JSON_READ_DEPTH_MAX];
	size_t depth;
	struct value *root;
	bool bad_key;
};

static void
place(struct tree *t, struct value *v)
{
	size_t i = t->depth - 1;

	if (t->depth == 0) {
		t->root = v;
	} else if (t->open[i]->kind == VALUE_LIST) {
		value_list_add(t->open[i], v);
	} else {
		if (value_map_set(t->open[i], 0, span_make(t->keys[i],
		    t->key_len[i]), v) == -1)
			t->bad_key = true;
		free(t->keys[i]);
		t->keys[i] = NULL;
	}
}

static void
tree_null(void *arg)
{
	place(arg, value_null(0));
}

static void
tree_boolean(void *arg, bool v)
{
	place(arg, value_bool(0, v));
}

static void
tree_integer(void *arg, int64_t v)
{
	place(arg, value_int(0, v));
}

static void
tree_real(void *arg, double v)
{
	place(arg, value_float(0, v));
}

static void
tree_text(void *arg, struct span raw)
{
	char *p = xmalloc(raw.len + 1);

	place(arg, value_text(0, span_make(p, json_unescape(raw, p))));
	free(p);
}

static void
tree_key(void *arg, struct span raw)
{
	struct tree *t = arg;
	char *p = xmalloc(raw.len + 1);

	t->keys[t->depth - 1] = p;
	t->key_len[t->depth - 1] = json_unescape(raw, p);
}

static void
tree_open(void *arg, bool is_map)
{
	struct tree *t = arg;

	t->open[t->depth++] = is_map ? value_map(0) : value_list(0);
}

static void
tree_close(void *arg)
{
	struct tree *t = arg;
	struct value *v = t->open[--t->depth];

	place(t, v);
}

struct value *
json_read_value(struct span text, unsigned flags, struct data_error *error)
{
	static const struct json_events events = {
		tree_null, tree_boolean, tree_integer, tree_real, tree_text,
		tree_key, tree_open, tree_close,
	};
	struct tree t = { .depth = 0 };
	int result = json_read(text, flags, &events, &t, error);

	while (t.depth > 0) {
		t.depth--;
		value_free(&t.open[t.depth]);
		free(t.keys[t.depth]);
	}
	if (result == 0 && t.bad_key) {
		if (error != NULL)
			data_error_at(error, text, 0, "a key holds a NUL");
		result = -1;
	}
	if (result == -1)
		value_free(&t.root);
	return t.root;
}
