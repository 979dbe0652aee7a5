/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/json.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/text.h"

void
json_init(struct json *j, struct buf *out)
{
	j->out = out;
	j->comma = false;
}

static void
json_open(struct json *j)
{
	if (j->comma)
		buf_add_byte(j->out, ',');
	j->comma = true;
}

void
json_object(struct json *j)
{
	json_open(j);
	buf_add_byte(j->out, '{');
	j->comma = false;
}

void
json_object_end(struct json *j)
{
	buf_add_byte(j->out, '}');
	j->comma = true;
}

void
json_array(struct json *j)
{
	json_open(j);
	buf_add_byte(j->out, '[');
	j->comma = false;
}

void
json_array_end(struct json *j)
{
	buf_add_byte(j->out, ']');
	j->comma = true;
}

static void
json_escape_ascii(struct buf *out, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	char u[6] = { '\\', 'u', '0', '0', 0, 0 };

	switch (c) {
	case '"':
		buf_add(out, "\\\"", 2);
		return;
	case '\\':
		buf_add(out, "\\\\", 2);
		return;
	case '\n':
		buf_add(out, "\\n", 2);
		return;
	case '\r':
		buf_add(out, "\\r", 2);
		return;
	case '\t':
		buf_add(out, "\\t", 2);
		return;
	default:
		u[4] = hex[c >> 4];
		u[5] = hex[c & 15];
		buf_add(out, u, sizeof(u));
	}
}

static bool
json_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

static void
json_quote(struct buf *out, struct span s)
{
	bool utf8 = text_is_utf8(s);
	size_t i = 0, run;
	unsigned char c;

	buf_add_byte(out, '"');
	while (i < s.len) {
		for (run = i; run < s.len; run++) {
			c = (unsigned char)s.p[run];
			if (!json_plain(c) && !(utf8 && c >= 0x80))
				break;
		}
		buf_add(out, s.p + i, run - i);
		i = run;
		if (i == s.len)
			break;
		c = (unsigned char)s.p[i];
		if (c < 0x80) {
			json_escape_ascii(out, c);
			i++;
			continue;
		}
		/* Not UTF-8 as a whole: keep its good characters. */
		for (run = 2; run <= 4 && i + run <= s.len; run++) {
			if (text_is_utf8(span_make(s.p + i, run)))
				break;
		}
		if (run <= 4 && i + run <= s.len) {
			buf_add(out, s.p + i, run);
			i += run;
		} else {
			buf_add(out, "\xef\xbf\xbd", 3);
			i++;
		}
	}
	buf_add_byte(out, '"');
}

void
json_key(struct json *j, struct span key)
{
	json_open(j);
	json_quote(j->out, key);
	buf_add_byte(j->out, ':');
	j->comma = false;
}

void
json_text(struct json *j, struct span s)
{
	json_open(j);
	json_quote(j->out, s);
}

void
json_int(struct json *j, int64_t v)
{
	char text[24];

	json_open(j);
	buf_add(j->out, text,
	    (size_t)snprintf(text, sizeof(text), "%lld", (long long)v));
}

void
json_uint(struct json *j, uint64_t v)
{
	char text[24];
	size_t at = sizeof(text);

	json_open(j);
	do {
		text[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v != 0);
	buf_add(j->out, text + at, sizeof(text) - at);
}

void
json_bool(struct json *j, bool v)
{
	json_open(j);
	buf_add_str(j->out, v ? "true" : "false");
}

void
json_null(struct json *j)
{
	json_open(j);
	buf_add(j->out, "null", 4);
}

void
json_raw(struct json *j, struct span s)
{
	json_open(j);
	buf_add_span(j->out, s);
}

void
json_key_text(struct json *j, const char *key, struct span s)
{
	json_key(j, span_of(key));
	json_text(j, s);
}

void
json_key_uint(struct json *j, const char *key, uint64_t v)
{
	json_key(j, span_of(key));
	json_uint(j, v);
}

void
json_key_null(struct json *j, const char *key)
{
	json_key(j, span_of(key));
	json_null(j);
}

/* ---- is it JSON? --------------------------------------------------------- */

/* What is left to read; each reader moves it behind what it took. */
static void
value_blanks(struct span *s)
{
	while (s->len > 0 && (s->p[0] == ' ' || s->p[0] == '\t'))
		*s = span_from(*s, 1);
}

static bool
value_byte(struct span *s, char c)
{
	if (s->len == 0 || s->p[0] != c)
		return false;
	*s = span_from(*s, 1);
	return true;
}

static size_t
value_digits(struct span *s)
{
	size_t n = 0;

	while (n < s->len && ascii_digit(s->p[n]))
		n++;
	*s = span_from(*s, n);
	return n;
}

/* [ "-" ] int [ frac ] [ exp ]   RFC 8259 section 6 */
static bool
value_number(struct span *s)
{
	value_byte(s, '-');
	if (!value_byte(s, '0') && value_digits(s) == 0)
		return false;
	if (value_byte(s, '.') && value_digits(s) == 0)
		return false;
	if (!value_byte(s, 'e') && !value_byte(s, 'E'))
		return true;
	if (!value_byte(s, '+'))
		value_byte(s, '-');
	return value_digits(s) > 0;
}

/* Four hex digits as a number, or -1. */
static int
value_hex(struct span *s)
{
	int v = 0;
	size_t i;
	char c;

	if (s->len < 4)
		return -1;
	for (i = 0; i < 4; i++) {
		c = ascii_lower(s->p[i]);
		if (!ascii_digit(c) && (c < 'a' || c > 'f'))
			return -1;
		v = v << 4 | (ascii_digit(c) ? c - '0' : c - 'a' + 10);
	}
	*s = span_from(*s, 4);
	return v;
}

/* Behind the backslash. Halves of a surrogate pair only come together. */
static bool
value_escape(struct span *s)
{
	int unit;

	if (s->len == 0 || memchr("\"\\/bfnrtu", s->p[0], 9) == NULL)
		return false;
	if (!value_byte(s, 'u')) {
		*s = span_from(*s, 1);
		return true;
	}
	unit = value_hex(s);
	if (unit < 0xd800 || unit > 0xdfff)
		return unit >= 0;
	if (unit > 0xdbff || !value_byte(s, '\\') || !value_byte(s, 'u'))
		return false;
	unit = value_hex(s);
	return unit >= 0xdc00 && unit <= 0xdfff;
}

static bool
value_text(struct span *s)
{
	unsigned char c;

	if (!value_byte(s, '"'))
		return false;
	while (s->len > 0) {
		c = (unsigned char)s->p[0];
		*s = span_from(*s, 1);
		if (c == '"')
			return true;
		if (c < ' ' || (c == '\\' && !value_escape(s)))
			return false;
	}
	return false;
}

static bool
value_word(struct span *s)
{
	static const char *const words[] = { "true", "false", "null" };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (span_starts(*s, words[i])) {
			*s = span_from(*s, strlen(words[i]));
			return true;
		}
	}
	return value_number(s);
}

/*
 * Without recursion: `closing` holds the bracket that ends each open level.
 * Each turn takes one value, or the beginning of one, and all brackets that
 * end behind it.
 */
bool
json_is_value(struct span s)
{
	char closing[JSON_DEPTH_MAX];
	unsigned depth = 0;

	if (!text_is_utf8(s))
		return false;
	for (;;) {
		value_blanks(&s);
		if (s.len > 0 && (s.p[0] == '{' || s.p[0] == '[')) {
			if (depth == JSON_DEPTH_MAX)
				return false;
			closing[depth++] = s.p[0] == '{' ? '}' : ']';
			s = span_from(s, 1);
			value_blanks(&s);
			if (s.len == 0)
				return false;
			if (s.p[0] != closing[depth - 1])
				goto member;
		} else if (s.len > 0 && s.p[0] == '"' ? !value_text(&s) :
		    !value_word(&s))
			return false;
		value_blanks(&s);
		while (depth > 0 && value_byte(&s, closing[depth - 1])) {
			depth--;
			value_blanks(&s);
		}
		if (depth == 0)
			return s.len == 0;
		if (!value_byte(&s, ','))
			return false;
		value_blanks(&s);
member:
		if (closing[depth - 1] == '}') {
			if (!value_text(&s))
				return false;
			value_blanks(&s);
			if (!value_byte(&s, ':'))
				return false;
		}
	}
}
