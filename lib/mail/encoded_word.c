/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Encoded words of header fields (RFC 2047) as UTF-8. Words that follow each
 * other in one character set are joined before they are converted: many
 * writers cut characters in two.
 */
#include "lib/mail/header.h"

#include <string.h>

#include "lib/base/base64.h"
#include "lib/base/text.h"
#include "lib/mail/charset.h"

/* "=?" charset ["*" language] "?" encoding "?" text "?=" */
struct word {
	struct span charset;
	char encoding; /* 'b' or 'q' */
	struct span text;
	size_t len; /* of the whole */
};

/* Words of one charset that wait to be converted. */
struct pending {
	struct span charset; /* p NULL: none wait */
	struct span source;  /* as they stand in the header */
	struct buf bytes;
};

/* Up to a "?", with no blank in it; moves s behind the "?". */
static int
word_part(struct span *s, struct span *out)
{
	ptrdiff_t at = span_find(*s, '?');

	if (at < 0)
		return -1;
	*out = span_make(s->p, (size_t)at);
	*s = span_from(*s, (size_t)at + 1);
	return span_find(*out, ' ') < 0 && span_find(*out, '\t') < 0 ? 0 : -1;
}

static int
word_parse(struct span s, struct word *out)
{
	struct span rest, encoding;
	ptrdiff_t star;

	if (!span_starts(s, "=?"))
		return -1;
	rest = span_from(s, 2);
	if (word_part(&rest, &out->charset) != 0 ||
	    word_part(&rest, &encoding) != 0 ||
	    word_part(&rest, &out->text) != 0)
		return -1;
	star = span_find(out->charset, '*');
	if (star >= 0)
		out->charset.len = (size_t)star;
	if (out->charset.len == 0 || encoding.len != 1 || rest.len == 0 ||
	    rest.p[0] != '=')
		return -1;
	out->encoding = ascii_lower(encoding.p[0]);
	out->len = (size_t)(rest.p + 1 - s.p);
	return out->encoding == 'b' || out->encoding == 'q' ? 0 : -1;
}

static int
hex_digit(char c)
{
	c = ascii_lower(c);
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The "Q" encoding, RFC 2047 section 4.2. */
static int
q_decode(struct span s, struct buf *out)
{
	uint8_t *p = buf_reserve(out, s.len + 1);
	size_t i, n = 0;
	int high, low;

	for (i = 0; i < s.len; i++) {
		if (s.p[i] != '=') {
			p[n++] = s.p[i] == '_' ? ' ' : (uint8_t)s.p[i];
			continue;
		}
		if (s.len - i < 3)
			return -1;
		high = hex_digit(s.p[i + 1]);
		low = hex_digit(s.p[i + 2]);
		if (high < 0 || low < 0)
			return -1;
		p[n++] = (uint8_t)(high << 4 | low);
		i += 2;
	}
	buf_commit(out, n);
	return 0;
}

static void
pending_end(struct pending *w, const struct charsets *charsets,
    struct buf *out)
{
	if (w->charset.p == NULL)
		return;
	if (charset_to_utf8(charsets, w->charset, buf_span(&w->bytes),
	    out) != 0)
		buf_add_span(out, w->source);
	buf_clear(&w->bytes, SIZE_MAX);
	w->charset.p = NULL;
}

/* 0 when the word waits or is written, -1 when it cannot be decoded. */
static int
pending_add(struct pending *w, const struct word *word, struct span source,
    const struct charsets *charsets, struct buf *out)
{
	int rc;

	if (w->charset.p != NULL && !span_ieq(w->charset, word->charset))
		pending_end(w, charsets, out);
	rc = word->encoding == 'b' ? base64_decode(word->text, &w->bytes) :
	    q_decode(word->text, &w->bytes);
	if (rc != 0)
		return -1;
	if (w->charset.p == NULL) {
		w->charset = word->charset;
		w->source.p = source.p;
	}
	w->source.len = (size_t)(source.p + source.len - w->source.p);
	return 0;
}

static bool
all_blank(struct span s)
{
	return span_trim(s).len == 0;
}

static void
words_decode(struct span s, const struct charsets *charsets, struct buf *out)
{
	struct pending w = { .charset = { NULL, 0 } };
	struct span lead;
	struct word word;
	const char *at;
	bool is_word, joined;

	buf_reserve(&w.bytes, 1);
	while (s.len > 0) {
		at = memmem(s.p, s.len, "=?", 2);
		lead = span_make(s.p, at != NULL ? (size_t)(at - s.p) : s.len);
		s = span_from(s, lead.len);
		is_word = word_parse(s, &word) == 0;
		/* Blanks between two words are no part of the text. */
		joined = is_word && w.charset.p != NULL && all_blank(lead);
		if (!joined) {
			pending_end(&w, charsets, out);
			buf_add_span(out, lead);
		}
		if (is_word && pending_add(&w, &word, span_make(s.p, word.len),
		    charsets, out) == 0) {
			s = span_from(s, word.len);
			continue;
		}
		pending_end(&w, charsets, out);
		if (joined)
			buf_add_span(out, lead);
		lead = span_make(s.p, s.len < 2 ? s.len : 2);
		buf_add_span(out, lead);
		s = span_from(s, lead.len);
	}
	pending_end(&w, charsets, out);
	buf_free(&w.bytes);
}

void
header_decode(struct span value, const struct charsets *charsets,
    struct buf *out)
{
	struct buf unfolded = { 0 };

	if (value.len == 0 || memmem(value.p, value.len, "=?", 2) == NULL) {
		header_unfold(value, out);
		return;
	}
	header_unfold(value, &unfolded);
	words_decode(buf_span(&unfolded), charsets, out);
	buf_free(&unfolded);
}
