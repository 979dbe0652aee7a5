/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/mime/word.h"

#include "lib/base/text.h"
#include "lib/mail/chars.h"
#include "lib/mail/fold.h"

enum { WORD_MAX = 75 }; /* RFC 2047 section 2 */

static bool
blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* ---- folding ------------------------------------------------------------ */

static size_t
run_length(struct span s, bool blanks)
{
	size_t n = 0;

	while (n < s.len && blank(s.p[n]) == blanks)
		n++;
	return n;
}

void
mime_unfold(struct span value, struct buf *out)
{
	size_t i = 0;

	while (i < value.len) {
		if (value.p[i] != '\r' && value.p[i] != '\n') {
			buf_add_byte(out, (uint8_t)value.p[i++]);
			continue;
		}
		i += run_length(span_from(value, i), true);
		buf_add_byte(out, ' ');
	}
}

/* ---- encoded words ------------------------------------------------------ */

/* May stand for itself in a phrase, too: RFC 2047 section 5 (3). */
static bool
q_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    ascii_digit(c) || c == '!' || c == '*' || c == '+' || c == '-' ||
	    c == '/';
}

/* The character at the front of s, or its first octet when it is none. */
static size_t
char_length(struct span s, bool utf8)
{
	size_t n = 1;

	while (utf8 && n < s.len && ((uint8_t)s.p[n] & 0xc0) == 0x80)
		n++;
	return n;
}

static void
q_put(struct span s, struct buf *out)
{
	size_t i;

	for (i = 0; i < s.len; i++) {
		if (q_plain(s.p[i]))
			buf_add_byte(out, (uint8_t)s.p[i]);
		else if (s.p[i] == ' ')
			buf_add_byte(out, '_');
		else
			buf_addf(out, "=%02X", (uint8_t)s.p[i]);
	}
}

static size_t
q_width(struct span s)
{
	size_t i, n = 0;

	for (i = 0; i < s.len; i++)
		n += q_plain(s.p[i]) || s.p[i] == ' ' ? 1 : 3;
	return n;
}

static void
encode(struct span text, struct buf *out)
{
	bool utf8 = text_is_utf8(text), first = true;
	struct span frame = utf8 ? SPAN_LIT("=?UTF-8?q?") :
	    SPAN_LIT("=?unknown-8bit?q?");
	size_t len, next, width, more;

	while (text.len != 0) {
		width = frame.len + 2;
		for (len = 0; len < text.len; len += next, width += more) {
			next = char_length(span_from(text, len), utf8);
			more = q_width(span_make(text.p + len, next));
			if (len != 0 && width + more > WORD_MAX)
				break;
		}
		if (!first)
			buf_add_str(out, "\r\n\t");
		first = false;
		buf_add_span(out, frame);
		q_put(span_make(text.p, len), out);
		buf_add_str(out, "?=");
		text = span_from(text, len);
	}
}

static bool
printable(struct span s)
{
	size_t i;

	for (i = 0; i < s.len; i++) {
		if ((s.p[i] < ' ' || s.p[i] > '~') && !blank(s.p[i]))
			return false;
	}
	return true;
}

void
mime_words_put(struct span text, struct buf *out)
{
	if (!printable(text))
		encode(text, out);
	else if (text.len <= FOLD_SOFT && span_find(text, '\r') < 0 &&
	    span_find(text, '\n') < 0)
		buf_add_span(out, span_trim(text));
	else
		fold_text(text, FOLD_SOFT, FOLD_HARD, out);
}

static bool
is_atoms(struct span s, bool several)
{
	size_t i;

	for (i = 0; i < s.len; i++) {
		if (char_is(s.p[i], CHAR_ATEXT))
			continue;
		/* One blank between two atoms. */
		if (!several || s.p[i] != ' ' || i == 0 || i + 1 == s.len ||
		    s.p[i + 1] == ' ')
			return false;
	}
	return s.len > 0;
}

void
mime_phrase_put(struct span name, bool words, struct buf *out)
{
	size_t i;

	if (is_atoms(name, words) && !span_starts(name, "=?")) {
		buf_add_span(out, name);
		return;
	}
	/* What looks encoded would be decoded by readers. */
	if (!printable(name) || span_starts(name, "=?") ||
	    memmem(name.p, name.len, "\n", 1) != NULL ||
	    memmem(name.p, name.len, "\r", 1) != NULL) {
		encode(name, out);
		return;
	}
	buf_add_byte(out, '"');
	for (i = 0; i < name.len; i++) {
		if (name.p[i] == '"' || name.p[i] == '\\')
			buf_add_byte(out, '\\');
		buf_add_byte(out, (uint8_t)name.p[i]);
	}
	buf_add_byte(out, '"');
}
