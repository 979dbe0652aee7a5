/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/mime/params.h"

#include <string.h>

#include "lib/base/text.h"
#include "lib/mail/charset.h"
#include "lib/mail/header.h"
#include "lib/mime/scan.h"

enum {
	QUOTED_MAX = 700, /* octets on one line, the name not counted */
	PIECE_MAX = 60,   /* octets of a continuation */
};

/* One "name*0*=value" as it stands. */
struct piece {
	struct span name;   /* without its stars, in lower case */
	unsigned section;   /* 0 when it has none */
	bool has_section, encoded;
	struct span value;
};

struct pieces {
	struct piece v[MIME_PARAMS_MAX];
	size_t n;
};

static bool
token_char(char c)
{
	return c > ' ' && c < 0x7f && strchr("()<>@,;:\\\"/[]?=", c) == NULL;
}

bool
mime_token_valid(struct span text)
{
	size_t i;

	for (i = 0; i < text.len; i++) {
		if (!token_char(text.p[i]))
			return false;
	}
	return text.len > 0;
}

bool
mime_type_valid(struct span type)
{
	ptrdiff_t slash = span_find(type, '/');

	return slash > 0 && type.len < 256 &&
	    mime_token_valid(span_make(type.p, (size_t)slash)) &&
	    mime_token_valid(span_from(type, (size_t)slash + 1));
}

/* ---- reading ------------------------------------------------------------ */

/* "name", "name*", "name*3", "name*3*". */
static void
piece_name(struct arena *a, struct span s, struct piece *out)
{
	ptrdiff_t star = span_find(s, '*');
	struct span digits;
	uint64_t n;

	if (star > 0) {
		digits = span_from(s, (size_t)star + 1);
		out->encoded = digits.len == 0;
		if (digits.len > 0 && digits.p[digits.len - 1] == '*') {
			out->encoded = true;
			digits.len--;
		}
		if (digits.len == 0 || text_u64(digits, 0, 9999, &n) == 0) {
			out->has_section = digits.len != 0;
			out->section = out->has_section ? (unsigned)n : 0;
			s.len = (size_t)star;
		} else {
			out->encoded = false;
		}
	}
	out->name = arena_span(a, s);
	ascii_lower_all((char *)(uintptr_t)out->name.p, out->name.len);
}

static int
piece_value(struct scan *s, struct arena *a, struct piece *out)
{
	struct buf text = { 0 };
	int rc = 0;

	scan_skip(s);
	if (scan_peek(s) != '"') {
		out->value = scan_until(s, ";(");
		return 0;
	}
	rc = scan_quoted(s, &text);
	out->value = arena_span(a, buf_span(&text));
	buf_free(&text);
	return rc;
}

/* What lies before the next ";" is of no use. */
static void
skip_to_next(struct scan *s)
{
	struct buf lost = { 0 };

	while (scan_more(s) && scan_peek(s) != ';') {
		if (scan_peek(s) == '"') {
			if (scan_quoted(s, &lost) != 0)
				break;
		} else if (scan_peek(s) == '(') {
			scan_skip(s);
		} else {
			s->p++;
		}
	}
	s->why = NULL;
	buf_free(&lost);
}

static int
pieces_read(struct scan *s, struct arena *a, struct pieces *out)
{
	struct piece *piece;
	struct span name;

	for (;;) {
		scan_skip(s);
		if (!scan_more(s))
			return 0;
		if (!scan_take(s, ';'))
			return scan_fault(s, "text behind the value");
		scan_skip(s);
		name = scan_until(s, ";=(\"");
		scan_skip(s);
		if (name.len != 0 && scan_take(s, '=')) {
			if (out->n == MIME_PARAMS_MAX)
				return scan_fault(s, "too many parameters");
			piece = &out->v[out->n];
			memset(piece, 0, sizeof(*piece));
			piece_name(a, name, piece);
			if (piece_value(s, a, piece) == 0)
				out->n++;
		}
		skip_to_next(s);
	}
}

static int
hex_value(char c)
{
	c = ascii_lower(c);
	if (ascii_digit(c))
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void
percent_take(struct span s, struct buf *out)
{
	int high, low;
	size_t i;

	for (i = 0; i < s.len; i++) {
		high = s.p[i] == '%' && i + 2 < s.len ?
		    hex_value(s.p[i + 1]) : -1;
		low = high >= 0 ? hex_value(s.p[i + 2]) : -1;
		if (low >= 0) {
			buf_add_byte(out, (uint8_t)(high << 4 | low));
			i += 2;
		} else {
			buf_add_byte(out, (uint8_t)s.p[i]);
		}
	}
}

/* charset'language'text: moves s to the text. */
static struct span
take_charset(struct span *s)
{
	ptrdiff_t first = span_find(*s, '\''), second;
	struct span charset, rest;

	if (first < 0)
		return span_make("", 0);
	rest = span_from(*s, (size_t)first + 1);
	second = span_find(rest, '\'');
	if (second < 0)
		return span_make("", 0);
	charset = span_make(s->p, (size_t)first);
	*s = span_from(rest, (size_t)second + 1);
	return charset;
}

/* Sections of one name, in their order: 0, 1, 2 ... */
static const struct piece *
section_find(const struct pieces *p, struct span name, unsigned section)
{
	size_t i;

	for (i = 0; i < p->n; i++) {
		if (p->v[i].has_section && p->v[i].section == section &&
		    span_eq(p->v[i].name, name))
			return &p->v[i];
	}
	return NULL;
}

static struct span
value_join(struct arena *a, const struct charsets *charsets,
    const struct pieces *p, const struct piece *first)
{
	const struct piece *at = first;
	struct span charset = { "", 0 }, text, joined;
	struct buf bytes = { 0 }, utf8 = { 0 };
	bool encoded = first->encoded;
	unsigned n = 0;

	buf_reserve(&bytes, 1);
	do {
		text = at->value;
		if (at == first && encoded)
			charset = take_charset(&text);
		if (at->encoded)
			percent_take(text, &bytes);
		else
			buf_add_span(&bytes, text);
		at = first->has_section ?
		    section_find(p, first->name, ++n) : NULL;
	} while (at != NULL);
	joined = buf_span(&bytes);
	if (charset.len != 0 &&
	    charset_to_utf8(charsets, charset, joined, &utf8) == 0)
		joined = buf_span(&utf8);
	else if (!encoded && memmem(joined.p, joined.len, "=?", 2) != NULL) {
		/* Wrong here (RFC 2047 section 5), and common. */
		header_decode(joined, charsets, &utf8);
		joined = buf_span(&utf8);
	}
	joined = arena_span(a, joined);
	buf_free(&bytes);
	buf_free(&utf8);
	return joined;
}

static bool
begins_value(const struct pieces *p, size_t i)
{
	return !p->v[i].has_section || p->v[i].section == 0;
}

/*
 * A name that is there twice counts once: the extended form wins over the
 * plain one (RFC 5987 section 4.2), else the first.
 */
static void
params_take(struct arena *a, const struct charsets *charsets,
    const struct pieces *p, struct mime_params *out)
{
	struct mime_param *param;
	bool *extended = arena_alloc(a, p->n + 1), is_extended;
	size_t i, k;

	out->v = arena_alloc(a, (p->n + 1) * sizeof(*out->v));
	for (i = 0; i < p->n; i++) {
		if (!begins_value(p, i))
			continue;
		for (k = 0; k < out->n; k++) {
			if (span_eq(out->v[k].name, p->v[i].name))
				break;
		}
		param = &out->v[k];
		is_extended = p->v[i].encoded || p->v[i].has_section;
		if (k < out->n && (extended[k] || !is_extended))
			continue;
		if (k == out->n)
			out->n++;
		param->name = p->v[i].name;
		param->value = value_join(a, charsets, p, &p->v[i]);
		extended[k] = is_extended;
	}
}

int
mime_params_parse(struct arena *a, const struct charsets *charsets,
    struct span text, struct mime_params *out, const char **why_out)
{
	struct scan s = scan_of(text);
	struct pieces *pieces = arena_alloc(a, sizeof(*pieces));
	int rc = 0;

	memset(out, 0, sizeof(*out));
	scan_skip(&s);
	out->value = arena_span(a, scan_until(&s, ";(\""));
	if (out->value.len == 0)
		rc = scan_fault(&s, "there is no value");
	if (rc == 0)
		rc = pieces_read(&s, a, pieces);
	if (rc == 0)
		params_take(a, charsets, pieces, out);
	*why_out = s.why;
	return rc;
}

const struct span *
mime_params_get(const struct mime_params *p, const char *name)
{
	size_t i;

	for (i = 0; i < p->n; i++) {
		if (span_eq_str(p->v[i].name, name))
			return &p->v[i].value;
	}
	return NULL;
}

void
mime_params_set(struct arena *a, struct mime_params *p, const char *name,
    struct span value)
{
	struct mime_param *v;
	size_t i;

	for (i = 0; i < p->n; i++) {
		if (span_eq_str(p->v[i].name, name)) {
			p->v[i].value = value;
			return;
		}
	}
	v = arena_alloc(a, (p->n + 1) * sizeof(*v));
	if (p->n != 0)
		memcpy(v, p->v, p->n * sizeof(*v));
	v[p->n].name = span_of(name);
	v[p->n].value = value;
	p->v = v;
	p->n++;
}

/* ---- writing ------------------------------------------------------------ */

static bool
plain_value(struct span s)
{
	size_t i;

	for (i = 0; i < s.len; i++) {
		if (s.p[i] < ' ' || s.p[i] > '~')
			return false;
	}
	return s.len <= QUOTED_MAX;
}

static void
quoted_put(struct span s, struct buf *out)
{
	size_t i;

	buf_add_byte(out, '"');
	for (i = 0; i < s.len; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			buf_add_byte(out, '\\');
		buf_add_byte(out, (uint8_t)s.p[i]);
	}
	buf_add_byte(out, '"');
}

/* attribute-char, RFC 2231 section 7. */
static bool
attribute_char(char c)
{
	return token_char(c) && c != '*' && c != '\'' && c != '%';
}

/* As many octets of s as take no more than PIECE_MAX. */
static size_t
piece_length(struct span s)
{
	size_t i, width = 0;

	for (i = 0; i < s.len; i++) {
		width += attribute_char(s.p[i]) ? 1 : 3;
		if (width > PIECE_MAX)
			break;
	}
	return i;
}

static void
extended_put(struct span name, struct span value, struct buf *out)
{
	const char *charset = text_is_utf8(value) ? "utf-8''" : "''";
	bool split = piece_length(value) < value.len;
	size_t i, len, n = 0;

	do {
		if (n != 0)
			buf_add_str(out, ";\r\n\t");
		buf_add_span(out, name);
		if (split)
			buf_addf(out, "*%zu", n);
		buf_add_str(out, "*=");
		if (n++ == 0)
			buf_add_str(out, charset);
		len = piece_length(value);
		for (i = 0; i < len; i++) {
			if (attribute_char(value.p[i]))
				buf_add_byte(out, (uint8_t)value.p[i]);
			else
				buf_addf(out, "%%%02X", (uint8_t)value.p[i]);
		}
		value = span_from(value, len);
	} while (value.len != 0);
}

void
mime_params_put(const struct mime_params *p, struct buf *out)
{
	size_t i;

	buf_add_span(out, p->value);
	for (i = 0; i < p->n; i++) {
		buf_add_str(out, ";\r\n\t");
		if (plain_value(p->v[i].value)) {
			buf_add_span(out, p->v[i].name);
			buf_add_byte(out, '=');
			quoted_put(p->v[i].value, out);
		} else {
			extended_put(p->v[i].name, p->v[i].value, out);
		}
	}
}
