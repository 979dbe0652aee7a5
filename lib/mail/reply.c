/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/mail/reply.h"

#include <assert.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/mail/chars.h"

enum {
	OUT_LINE_MAX = 512, /* with CRLF; RFC 5321 section 4.5.3.1.5 */
	TEXT_KEEP = 4096,
};

/* One to three digits at s[*at]; moves *at behind them. */
static int
short_number(struct span s, size_t *at, uint16_t *out)
{
	size_t start = *at;
	unsigned n = 0;

	while (*at < s.len && *at - start < 3 && char_is(s.p[*at], CHAR_DIGIT))
		n = n * 10 + (unsigned)(s.p[(*at)++] - '0');
	*out = (uint16_t)n;
	return *at > start ? 0 : -1;
}

size_t
reply_enhanced(struct span s, uint8_t *class_out, uint16_t *subject_out,
    uint16_t *detail_out)
{
	uint16_t subject, detail;
	size_t at = 2;

	if (s.len < 5 || s.p[1] != '.' ||
	    (s.p[0] != '2' && s.p[0] != '4' && s.p[0] != '5'))
		return 0;
	if (short_number(s, &at, &subject) != 0 || at == s.len ||
	    s.p[at++] != '.' || short_number(s, &at, &detail) != 0)
		return 0;
	if (at < s.len && s.p[at++] != ' ')
		return 0;
	*class_out = (uint8_t)(s.p[0] - '0');
	*subject_out = subject;
	*detail_out = detail;
	return at;
}

/*
 * Bytes of text for one line of at most max: all, or up to a space, or what
 * fits without cutting a UTF-8 character.
 */
static size_t
line_fit(struct span text, size_t max)
{
	size_t n;

	if (text.len <= max)
		return text.len;
	for (n = max; n > max / 2; n--) {
		if (text.p[n] == ' ')
			return n;
	}
	for (n = max; n > max - 3 && ((uint8_t)text.p[n] & 0xc0) == 0x80; n--)
		continue;
	return n;
}

/* What a reply may not carry becomes harmless, in place. */
static void
text_clean(uint8_t *p, size_t len)
{
	bool bad_8bit = text_has_8bit(span_make(p, len)) &&
	    !text_is_utf8(span_make(p, len));
	size_t i;

	for (i = 0; i < len; i++) {
		if (char_is((char)p[i], CHAR_CONTROL))
			p[i] = ' ';
		else if (bad_8bit && p[i] >= 0x80)
			p[i] = '?';
	}
}

static void
line_put(struct buf *b, const char code[3], bool last, struct span enhanced,
    struct span text)
{
	uint8_t *p = buf_reserve(b, enhanced.len + text.len + 7);
	size_t n = 4;

	memcpy(p, code, 3);
	p[3] = last ? ' ' : '-';
	if (enhanced.len != 0) {
		memcpy(p + n, enhanced.p, enhanced.len);
		n += enhanced.len;
		p[n++] = ' ';
	}
	if (text.len != 0) {
		memcpy(p + n, text.p, text.len);
		text_clean(p + n, text.len);
		n += text.len;
	}
	p[n++] = '\r';
	p[n++] = '\n';
	buf_commit(b, n);
}

/* One line of the text, in as many lines of the reply as it needs. */
static void
line_put_broken(struct buf *b, const char code[3], bool last,
    struct span enhanced, struct span text)
{
	size_t max = OUT_LINE_MAX - 7 - enhanced.len, n;

	while (text.len > max) {
		n = line_fit(text, max);
		line_put(b, code, false, enhanced, span_make(text.p, n));
		text = span_from(text, text.p[n] == ' ' ? n + 1 : n);
	}
	line_put(b, code, last, enhanced, text);
}

/* Without the enhanced code that is written in front of it anyway. */
static struct span
line_strip(struct span line, struct span enhanced)
{
	if (enhanced.len != 0 && line.len > enhanced.len &&
	    line.p[enhanced.len] == ' ' &&
	    memcmp(line.p, enhanced.p, enhanced.len) == 0)
		return span_from(line, enhanced.len + 1);
	return line;
}

void
reply_put(struct buf *b, unsigned code, const char *enhanced, struct span text)
{
	char digits[3] = { (char)('0' + code / 100),
		(char)('0' + code / 10 % 10), (char)('0' + code % 10) };
	struct span mark = span_of(enhanced), line;
	uint16_t subject, detail;
	uint8_t class;
	ptrdiff_t at;
	size_t n;

	assert(code >= 200 && code <= 599);
	if (enhanced == NULL) {
		n = reply_enhanced(text, &class, &subject, &detail);
		mark = span_make(text.p, n);
		text = span_from(text, n);
		if (n != 0 && mark.p[n - 1] == ' ')
			mark.len--;
	}
	while ((at = span_find(text, '\n')) >= 0) {
		line = span_make(text.p, (size_t)at);
		text = span_from(text, (size_t)at + 1);
		if (line.len > 0 && line.p[line.len - 1] == '\r')
			line.len--;
		/* A line end behind the last line begins no other. */
		line_put_broken(b, digits, text.len == 0, mark,
		    line_strip(line, mark));
		if (text.len == 0)
			return;
	}
	line_put_broken(b, digits, true, mark, line_strip(text, mark));
}

void
reply_put_refusal(struct buf *b, const struct refusal *r)
{
	reply_put(b, r->code, r->enhanced, span_of(r->text));
}

static void
reply_begin(struct reply *r)
{
	buf_clear(&r->text, TEXT_KEEP);
	buf_reserve(&r->text, 1);
	r->code = 0;
	r->has_enhanced = false;
	r->class = 0;
	r->subject = r->detail = 0;
	r->content = span_of(NULL);
	r->done = false;
	r->nlines = 0;
	r->bytes = 0;
}

/* The text of a line without the reply's enhanced code. */
static struct span
line_text(struct reply *r, struct span text)
{
	uint16_t subject, detail;
	uint8_t class;
	size_t n;

	if (r->nlines != 0 && !r->has_enhanced)
		return text;
	n = reply_enhanced(text, &class, &subject, &detail);
	if (n == 0)
		return text;
	if (r->nlines == 0) {
		r->has_enhanced = true;
		r->class = class;
		r->subject = subject;
		r->detail = detail;
	} else if (class != r->class || subject != r->subject ||
	    detail != r->detail)
		return text;
	return span_from(text, n);
}

/* Reply-line without its CRLF: *last_out tells whether it ends the reply. */
static const char *
line_take(struct reply *r, struct span line, bool *last_out)
{
	unsigned code;

	if (line.len < 3 || line.p[0] < '2' || line.p[0] > '5' ||
	    !char_is(line.p[1], CHAR_DIGIT) || !char_is(line.p[2], CHAR_DIGIT))
		return "no reply code";
	code = (unsigned)(line.p[0] - '0') * 100 +
	    (unsigned)(line.p[1] - '0') * 10 + (unsigned)(line.p[2] - '0');
	if (line.len > 3 && line.p[3] != ' ' && line.p[3] != '-')
		return "no reply code";
	if (r->nlines != 0 && code != r->code)
		return "reply code changes between lines";
	if (r->nlines == REPLY_LINES_MAX)
		return "too many lines in a reply";
	*last_out = line.len == 3 || line.p[3] == ' ';
	line = line_text(r, span_from(line, 4));
	r->code = (uint16_t)code;
	if (r->nlines != 0)
		buf_add_byte(&r->text, ' ');
	r->line_at[r->nlines++] = (uint32_t)buf_len(&r->text);
	buf_add_span(&r->text, line);
	r->line_at[r->nlines] = (uint32_t)buf_len(&r->text) + 1;
	return NULL;
}

/* The next line in `in` without its CRLF; NULL p when it is not all there. */
static const char *
line_cut(struct span in, struct span *line_out)
{
	size_t max = in.len < REPLY_LINE_MAX ? in.len : REPLY_LINE_MAX;
	const char *lf = max != 0 ? memchr(in.p, '\n', max) : NULL;
	size_t len;

	line_out->p = NULL;
	if (lf == NULL)
		return in.len >= REPLY_LINE_MAX ? "reply line is too long" :
		    NULL;
	len = (size_t)(lf - in.p);
	if (len == 0 || memchr(in.p, '\r', len) != lf - 1)
		return "CR or LF alone in a reply";
	if (memchr(in.p, '\0', len) != NULL)
		return "NUL in a reply";
	*line_out = span_make(in.p, len - 1);
	return NULL;
}

enum parse
reply_parse(struct reply *r, struct buf *in, const char **why_out)
{
	struct span line;
	bool last = false;

	if (r->done || r->nlines == 0)
		reply_begin(r);
	while (!last) {
		*why_out = line_cut(buf_span(in), &line);
		if (*why_out == NULL && line.p == NULL)
			return PARSE_MORE;
		if (*why_out == NULL) {
			r->bytes += line.len + 2;
			*why_out = r->bytes > REPLY_BYTES_MAX ?
			    "reply is too long" : line_take(r, line, &last);
		}
		if (*why_out != NULL) {
			r->done = true;
			return PARSE_BAD;
		}
		buf_take(in, line.len + 2);
	}
	r->content = buf_span(&r->text);
	r->done = true;
	return PARSE_DONE;
}

unsigned
reply_lines(const struct reply *r)
{
	return r->nlines;
}

struct span
reply_line(const struct reply *r, unsigned i)
{
	struct span all = buf_span(&r->text);

	assert(i < r->nlines);
	return span_make(all.p + r->line_at[i],
	    r->line_at[i + 1] - r->line_at[i] - 1);
}

void
reply_free(struct reply *r)
{
	buf_free(&r->text);
	memset(r, 0, sizeof(*r));
}
