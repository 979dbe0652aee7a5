/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/json.h"

#include <string.h>

#include "lib/base/text.h"

/* What is left to read; each reader moves it behind what it took. */
static void
take_blanks(struct span *s)
{
	while (s->len > 0 && (s->p[0] == ' ' || s->p[0] == '\t'))
		*s = span_from(*s, 1);
}

static bool
take_byte(struct span *s, char c)
{
	if (s->len == 0 || s->p[0] != c)
		return false;
	*s = span_from(*s, 1);
	return true;
}

static size_t
take_digits(struct span *s)
{
	size_t n = 0;

	while (n < s->len && ascii_digit(s->p[n]))
		n++;
	*s = span_from(*s, n);
	return n;
}

/* [ "-" ] int [ frac ] [ exp ]   RFC 8259 section 6 */
static bool
take_number(struct span *s)
{
	take_byte(s, '-');
	if (!take_byte(s, '0') && take_digits(s) == 0)
		return false;
	if (take_byte(s, '.') && take_digits(s) == 0)
		return false;
	if (!take_byte(s, 'e') && !take_byte(s, 'E'))
		return true;
	if (!take_byte(s, '+'))
		take_byte(s, '-');
	return take_digits(s) > 0;
}

/* Four hex digits as a number, or -1. */
static int
take_hex(struct span *s)
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
take_escape(struct span *s)
{
	int unit;

	if (s->len == 0 || memchr("\"\\/bfnrtu", s->p[0], 9) == NULL)
		return false;
	if (!take_byte(s, 'u')) {
		*s = span_from(*s, 1);
		return true;
	}
	unit = take_hex(s);
	if (unit < 0xd800 || unit > 0xdfff)
		return unit >= 0;
	if (unit > 0xdbff || !take_byte(s, '\\') || !take_byte(s, 'u'))
		return false;
	unit = take_hex(s);
	return unit >= 0xdc00 && unit <= 0xdfff;
}

static bool
take_text(struct span *s)
{
	unsigned char c;

	if (!take_byte(s, '"'))
		return false;
	while (s->len > 0) {
		c = (unsigned char)s->p[0];
		*s = span_from(*s, 1);
		if (c == '"')
			return true;
		if (c < ' ' || (c == '\\' && !take_escape(s)))
			return false;
	}
	return false;
}

static bool
take_word(struct span *s)
{
	static const char *const words[] = { "true", "false", "null" };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (span_starts(*s, words[i])) {
			*s = span_from(*s, strlen(words[i]));
			return true;
		}
	}
	return take_number(s);
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
		take_blanks(&s);
		if (s.len > 0 && (s.p[0] == '{' || s.p[0] == '[')) {
			if (depth == JSON_DEPTH_MAX)
				return false;
			closing[depth++] = s.p[0] == '{' ? '}' : ']';
			s = span_from(s, 1);
			take_blanks(&s);
			if (s.len == 0)
				return false;
			if (s.p[0] != closing[depth - 1])
				goto member;
		} else if (s.len > 0 && s.p[0] == '"' ? !take_text(&s) :
		    !take_word(&s))
			return false;
		take_blanks(&s);
		while (depth > 0 && take_byte(&s, closing[depth - 1])) {
			depth--;
			take_blanks(&s);
		}
		if (depth == 0)
			return s.len == 0;
		if (!take_byte(&s, ','))
			return false;
		take_blanks(&s);
member:
		if (closing[depth - 1] == '}') {
			if (!take_text(&s))
				return false;
			take_blanks(&s);
			if (!take_byte(&s, ':'))
				return false;
		}
	}
}
