/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/template/lex.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"

void
lexer_init(struct lexer *l, struct span source)
{
	memset(l, 0, sizeof(*l));
	/* One newline at the end is the editor's. */
	if (source.len > 0 && source.p[source.len - 1] == '\n')
		source.len--;
	if (source.len > 0 && source.p[source.len - 1] == '\r')
		source.len--;
	l->source = source;
	l->line = 1;
}

static struct span
rest(const struct lexer *l)
{
	return span_from(l->source, l->at);
}

static struct token
token_bad(const struct lexer *l, const char *what)
{
	return (struct token){ .kind = TOKEN_BAD, .line = l->line,
		.text = span_of(what) };
}

/* Move on, counting lines. */
static void
skip(struct lexer *l, size_t n)
{
	size_t end = l->at + n;

	for (; l->at < end; l->at++)
		l->line += l->source.p[l->at] == '\n';
}

static bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* ---- text between the tags ----------------------------------------------- */

/* Where the next tag begins; the end if none does. */
static size_t
find_tag(struct span s)
{
	size_t i;

	for (i = 0; i + 1 < s.len; i++) {
		if (s.p[i] == '{' && (s.p[i + 1] == '{' ||
		    s.p[i + 1] == '%' || s.p[i + 1] == '#'))
			return i;
	}
	return s.len;
}

static struct span
trim_start(struct span s)
{
	while (s.len > 0 && is_blank(s.p[0]))
		s = span_from(s, 1);
	return s;
}

static struct span
trim_end(struct span s)
{
	while (s.len > 0 && is_blank(s.p[s.len - 1]))
		s.len--;
	return s;
}

/* Behind "{%": is it `word` and the end of the tag? Its length, or 0. */
static size_t
match_word_tag(struct span s, const char *word, bool *trim_out)
{
	struct span left = s;

	if (span_starts(left, "-") || span_starts(left, "+"))
		left = span_from(left, 1);
	left = trim_start(left);
	if (!span_starts(left, word))
		return 0;
	left = trim_start(span_from(left, strlen(word)));
	*trim_out = span_starts(left, "-");
	if (*trim_out || span_starts(left, "+"))
		left = span_from(left, 1);
	if (!span_starts(left, "%}"))
		return 0;
	return s.len - left.len + 2;
}

/* Behind {% raw %}: the text to {% endraw %}. */
static struct token
raw_text(struct lexer *l, bool trim_first)
{
	struct token t = { .kind = TOKEN_DATA, .line = l->line };
	struct span s = rest(l), behind;
	size_t i, len;

	for (i = 0; i + 1 < s.len; i++) {
		if (s.p[i] != '{' || s.p[i + 1] != '%')
			continue;
		behind = span_from(s, i + 2);
		len = match_word_tag(behind, "endraw", &l->trim);
		if (len == 0)
			continue;
		t.text = span_make(s.p, i);
		if (trim_first)
			t.text = trim_start(t.text);
		if (span_starts(behind, "-"))
			t.text = trim_end(t.text);
		skip(l, i + 2 + len);
		return t;
	}
	return token_bad(l, "{% raw %} has no {% endraw %}");
}

/* At "{#"; false when it does not end. */
static bool
skip_comment(struct lexer *l)
{
	struct span s = rest(l);
	const char *end = memmem(s.p + 2, s.len - 2, "#}", 2);

	if (end == NULL)
		return false;
	l->trim = end > s.p + 2 && end[-1] == '-';
	skip(l, (size_t)(end - s.p) + 2);
	return true;
}

/* At a tag. */
static struct token
open_tag(struct lexer *l)
{
	struct token t = { .line = l->line };
	struct span s = rest(l);
	size_t len;
	bool trim;

	if (s.p[1] == '%') {
		len = match_word_tag(span_from(s, 2), "raw", &trim);
		if (len > 0) {
			skip(l, len + 2);
			return raw_text(l, trim);
		}
	}
	t.kind = s.p[1] == '{' ? TOKEN_PRINT : TOKEN_BLOCK;
	l->mode = s.p[1] == '{' ? LEX_PRINT : LEX_BLOCK;
	l->open = 0;
	l->at += 2;
	if (span_starts(rest(l), "-") || span_starts(rest(l), "+"))
		l->at++;
	return t;
}

static struct token
next_data(struct lexer *l)
{
	struct token t = { .kind = TOKEN_DATA };
	struct span s;
	size_t len;

	for (;;) {
		s = rest(l);
		len = find_tag(s);
		t.line = l->line;
		t.text = span_make(s.p, len);
		if (l->trim)
			t.text = trim_start(t.text);
		l->trim = false;
		if (len + 2 < s.len && s.p[len + 2] == '-')
			t.text = trim_end(t.text);
		skip(l, len);
		if (t.text.len > 0)
			return t;
		if (l->at == l->source.len) {
			t.kind = TOKEN_END;
			return t;
		}
		if (l->source.p[l->at + 1] != '#')
			return open_tag(l);
		if (!skip_comment(l))
			return token_bad(l, "a comment does not end");
	}
}

/* ---- inside of tags ------------------------------------------------------ */

static bool
is_name(char c)
{
	return ascii_digit(c) || c == '_' ||
	    (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z');
}

static struct token
next_name(struct lexer *l)
{
	struct token t = { .kind = TOKEN_NAME, .line = l->line };
	struct span s = rest(l);
	size_t n = 0;

	while (n < s.len && is_name(s.p[n]))
		n++;
	t.text = span_make(s.p, n);
	l->at += n;
	return t;
}

static struct token
next_text(struct lexer *l)
{
	struct token t = { .kind = TOKEN_TEXT, .line = l->line };
	struct span s = rest(l);
	size_t i;

	for (i = 1; i < s.len && s.p[i] != s.p[0]; i++) {
		if (s.p[i] == '\\') {
			t.escaped = true;
			i++;
		}
	}
	if (i >= s.len)
		return token_bad(l, "a text in quotes does not end");
	t.text = span_make(s.p + 1, i - 1);
	skip(l, i + 1);
	return t;
}

/* 0x, 0o, 0b */
static bool
based_int(struct span s, int64_t *out)
{
	unsigned base = s.p[1] == 'x' || s.p[1] == 'X' ? 16 :
	    s.p[1] == 'o' || s.p[1] == 'O' ? 8 : 2, digit;
	uint64_t v = 0;
	size_t i;
	char c;

	for (i = 2; i < s.len; i++) {
		c = ascii_lower(s.p[i]);
		if (c == '_')
			continue;
		digit = ascii_digit(c) ? (unsigned)(c - '0') :
		    (unsigned)(c - 'a') + 10;
		if (digit >= base || v > ((uint64_t)INT64_MAX - digit) / base)
			return false;
		v = v * base + digit;
	}
	*out = (int64_t)v;
	return s.len > 2;
}

/* The length of a number at the front, and whether it is a float. */
static size_t
number_length(struct span s, bool *real, bool *based)
{
	size_t n = 1;

	*real = false;
	*based = s.len > 2 && s.p[0] == '0' &&
	    memchr("xXoObB", s.p[1], 6) != NULL && is_name(s.p[2]);
	if (*based) {
		for (n = 2; n < s.len && is_name(s.p[n]); n++)
			;
		return n;
	}
	while (n < s.len && (ascii_digit(s.p[n]) || s.p[n] == '_'))
		n++;
	if (n + 1 < s.len && s.p[n] == '.' && ascii_digit(s.p[n + 1])) {
		*real = true;
		for (n++; n < s.len && (ascii_digit(s.p[n]) ||
		    s.p[n] == '_'); n++)
			;
	}
	if (n + 1 < s.len && (s.p[n] == 'e' || s.p[n] == 'E') &&
	    (ascii_digit(s.p[n + 1]) || (n + 2 < s.len &&
	    (s.p[n + 1] == '-' || s.p[n + 1] == '+') &&
	    ascii_digit(s.p[n + 2])))) {
		*real = true;
		for (n += 2; n < s.len && ascii_digit(s.p[n]); n++)
			;
	}
	return n;
}

static struct token
next_number(struct lexer *l)
{
	struct token t = { .line = l->line };
	struct span s = rest(l);
	char text[128];
	bool real, based, ok = true;
	uint64_t v = 0;
	size_t i, n = 0, len = number_length(s, &real, &based);

	if (based) {
		ok = based_int(span_make(s.p, len), &t.number);
	} else {
		for (i = 0; i < len && n < sizeof(text) - 1; i++) {
			if (s.p[i] != '_')
				text[n++] = s.p[i];
		}
		text[n] = '\0';
		ok = i == len && (real || text_u64(span_make(text, n), 0,
		    INT64_MAX, &v) == 0);
		t.number = (int64_t)v;
		if (ok && real)
			t.real = strtod(text, NULL);
	}
	if (!ok)
		return token_bad(l, "a number is too large or has wrong "
		    "digits");
	t.kind = real ? TOKEN_FLOAT : TOKEN_INT;
	t.text = span_make(s.p, len);
	l->at += len;
	return t;
}

/* The tag's end, with its whitespace mark; 0: it is not here. */
static size_t
tag_end(const struct lexer *l)
{
	struct span s = rest(l);
	size_t mark = span_starts(s, "-") || span_starts(s, "+") ? 1 : 0;

	if (l->open > 0)
		return 0;
	return span_starts(span_from(s, mark), l->mode == LEX_PRINT ? "}}" :
	    "%}") ? mark + 2 : 0;
}

static struct token
next_operator(struct lexer *l)
{
	static const char two[][3] = { "//", "**", "==", "!=", "<=", ">=" };
	static const char one[] = "+-*/%~<>=|.,:()[]{}";
	struct token t = { .kind = TOKEN_OPERATOR, .line = l->line };
	struct span s = rest(l);
	size_t i;

	t.text = span_make(s.p, 1);
	for (i = 0; i < sizeof(two) / sizeof(*two); i++) {
		if (span_starts(s, two[i]))
			t.text.len = 2;
	}
	if (t.text.len == 1 && (s.p[0] == '\0' ||
	    strchr(one, s.p[0]) == NULL))
		return token_bad(l, "this character means nothing here");
	if (memchr("([{", s.p[0], 3) != NULL)
		l->open++;
	else if (memchr(")]}", s.p[0], 3) != NULL && l->open > 0)
		l->open--;
	l->at += t.text.len;
	return t;
}

static struct token
next_inside(struct lexer *l)
{
	size_t len;
	char c;

	while (l->at < l->source.len && is_blank(l->source.p[l->at]))
		skip(l, 1);
	if (l->at == l->source.len)
		return token_bad(l, "the template ends inside of a tag");
	len = tag_end(l);
	if (len > 0) {
		struct token t = { .kind = l->mode == LEX_PRINT ?
		    TOKEN_PRINT_END : TOKEN_BLOCK_END, .line = l->line };

		l->trim = l->source.p[l->at] == '-';
		l->at += len;
		l->mode = LEX_DATA;
		return t;
	}
	c = l->source.p[l->at];
	if (ascii_digit(c))
		return next_number(l);
	if (is_name(c))
		return next_name(l);
	if (c == '"' || c == '\'')
		return next_text(l);
	return next_operator(l);
}

struct token
lexer_next(struct lexer *l)
{
	return l->mode == LEX_DATA ? next_data(l) : next_inside(l);
}
