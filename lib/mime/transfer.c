/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/mime/transfer.h"

#include <string.h>

#include "lib/base/base64.h"
#include "lib/base/text.h"

enum { LINE_OUT = 76, BASE64_LINE_BYTES = 57 };

static const char *const names[] = {
	[MIME_7BIT] = "7bit",
	[MIME_8BIT] = "8bit",
	[MIME_BINARY] = "binary",
	[MIME_QUOTED_PRINTABLE] = "quoted-printable",
	[MIME_BASE64] = "base64",
};

enum mime_encoding
mime_encoding_of(struct span name)
{
	unsigned i;

	if (name.len == 0)
		return MIME_7BIT;
	for (i = 0; i < MIME_UNKNOWN_ENCODING; i++) {
		if (span_ieq_str(name, names[i]))
			return (enum mime_encoding)i;
	}
	return MIME_UNKNOWN_ENCODING;
}

const char *
mime_encoding_name(enum mime_encoding encoding)
{
	return encoding == MIME_UNKNOWN_ENCODING ? "x-unknown" :
	    names[encoding];
}

bool
mime_encoding_is_identity(enum mime_encoding encoding)
{
	return encoding == MIME_7BIT || encoding == MIME_8BIT ||
	    encoding == MIME_BINARY;
}

/* ---- reading ------------------------------------------------------------ */

static int
digit_value(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/*
 * Octets of no meaning are passed over (RFC 2045 section 6.8), padding ends a
 * group, and bits that are no whole octet at the end are lost.
 */
static void
base64_take(struct span in, struct buf *out)
{
	uint8_t *q = buf_reserve(out, in.len / 4 * 3 + 3);
	unsigned have = 0;
	uint32_t v = 0;
	size_t i, n = 0;
	int d;

	for (i = 0; i < in.len; i++) {
		if (in.p[i] == '=') {
			have = 0;
			continue;
		}
		d = digit_value((uint8_t)in.p[i]);
		if (d < 0)
			continue;
		v = v << 6 | (uint32_t)d;
		/* Each digit but a group's first completes an octet. */
		if (have == 1)
			q[n++] = (uint8_t)(v >> 4);
		else if (have == 2)
			q[n++] = (uint8_t)(v >> 2);
		else if (have == 3)
			q[n++] = (uint8_t)v;
		have = (have + 1) % 4;
	}
	buf_commit(out, n);
}

static int
hex_value(char c)
{
	c = ascii_lower(c);
	if (ascii_digit(c))
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool
is_end(char c)
{
	return c == '\r' || c == '\n';
}

/* Blanks from `at` up to the line's end? Where that is, or SIZE_MAX. */
static size_t
blanks_to_end(struct span s, size_t at)
{
	while (at < s.len && is_blank(s.p[at]))
		at++;
	return at == s.len || is_end(s.p[at]) ? at : SIZE_MAX;
}

/* Behind the line end at `at`. */
static size_t
over_end(struct span s, size_t at)
{
	if (at < s.len && s.p[at] == '\r')
		at++;
	if (at < s.len && s.p[at] == '\n')
		at++;
	return at;
}

/* RFC 2045 section 6.7; an "=" that begins nothing stands for itself. */
static void
qp_take(struct span in, struct buf *out)
{
	uint8_t *q = buf_reserve(out, in.len + 1);
	size_t i = 0, n = 0, end;
	int high, low;

	while (i < in.len) {
		if (in.p[i] == '=') {
			high = i + 1 < in.len ? hex_value(in.p[i + 1]) : -1;
			low = i + 2 < in.len ? hex_value(in.p[i + 2]) : -1;
			if (high >= 0 && low >= 0) {
				q[n++] = (uint8_t)(high << 4 | low);
				i += 3;
				continue;
			}
			end = blanks_to_end(in, i + 1);
			if (end != SIZE_MAX) {
				i = over_end(in, end);
				continue;
			}
		} else if (is_blank(in.p[i])) {
			/* Blanks at a line's end came on the way. */
			end = blanks_to_end(in, i);
			if (end != SIZE_MAX) {
				i = end;
				continue;
			}
			while (is_blank(in.p[i]))
				q[n++] = (uint8_t)in.p[i++];
			continue;
		}
		q[n++] = (uint8_t)in.p[i++];
	}
	buf_commit(out, n);
}

void
mime_decode(enum mime_encoding encoding, struct span body, struct buf *out)
{
	if (encoding == MIME_BASE64)
		base64_take(body, out);
	else if (encoding == MIME_QUOTED_PRINTABLE)
		qp_take(body, out);
	else
		buf_add_span(out, body);
}

/* ---- writing ------------------------------------------------------------ */

void
mime_base64_put(struct span content, struct buf *out)
{
	size_t at, len;

	for (at = 0; at < content.len; at += len) {
		len = content.len - at < BASE64_LINE_BYTES ? content.len - at :
		    BASE64_LINE_BYTES;
		if (at != 0)
			buf_add_str(out, "\r\n");
		base64_encode(span_make(content.p + at, len), out);
	}
}

struct qp_line {
	struct buf *out;
	size_t column;
};

static void
qp_add(struct qp_line *line, const char *p, size_t len)
{
	/* Room is kept for the "=" of a soft line break. */
	if (line->column + len > LINE_OUT - 1) {
		buf_add_str(line->out, "=\r\n");
		line->column = 0;
	}
	buf_add(line->out, p, len);
	line->column += len;
}

static void
qp_add_hex(struct qp_line *line, char c)
{
	static const char digits[] = "0123456789ABCDEF";
	char hex[3] = { '=', digits[(uint8_t)c >> 4], digits[c & 15] };

	qp_add(line, hex, sizeof(hex));
}

static bool
at_line_end(struct span s, size_t at)
{
	return at == s.len || s.p[at] == '\n' ||
	    (s.p[at] == '\r' && at + 1 < s.len && s.p[at + 1] == '\n');
}

void
mime_qp_put(struct span text, struct buf *out)
{
	struct qp_line line = { out, 0 };
	size_t i;
	char c;

	for (i = 0; i < text.len; i++) {
		c = text.p[i];
		if (at_line_end(text, i)) {
			buf_add_str(out, "\r\n");
			line.column = 0;
			i += c == '\r';
		} else if (is_blank(c) ? at_line_end(text, i + 1) :
		    c < '!' || c > '~' || c == '=') {
			qp_add_hex(&line, c);
		} else if (c == '-' && i + 1 < text.len &&
		    text.p[i + 1] == '-' && (line.column == 0 ||
		    line.column + 1 > LINE_OUT - 1)) {
			/* No line here begins as a delimiter does. */
			qp_add_hex(&line, c);
		} else {
			qp_add(&line, &c, 1);
		}
	}
}

void
mime_crlf_put(struct span text, struct buf *out)
{
	size_t i, start = 0;

	for (i = 0; i < text.len; i++) {
		if (!is_end(text.p[i]))
			continue;
		buf_add(out, text.p + start, i - start);
		buf_add_str(out, "\r\n");
		if (text.p[i] == '\r' && i + 1 < text.len &&
		    text.p[i + 1] == '\n')
			i++;
		start = i + 1;
	}
	buf_add_span(out, span_from(text, start));
}

/* A line as "--x": but not "--" or "-- " alone. */
static bool
like_delimiter(struct span line)
{
	return line.len > 2 && line.p[0] == '-' && line.p[1] == '-' &&
	    !is_blank(line.p[2]);
}

void
mime_lines_read(struct span body, struct mime_lines *out)
{
	size_t i, start = 0;
	uint8_t c;

	memset(out, 0, sizeof(*out));
	for (i = 0; i <= body.len; i++) {
		c = i < body.len ? (uint8_t)body.p[i] : '\n';
		if (c >= 0x80) {
			out->has_8bit = true;
		} else if (c == '\r' || c == '\n') {
			struct span line = span_make(body.p + start, i - start);

			if (line.len > out->longest)
				out->longest = line.len;
			out->delimiter |= like_delimiter(line);
			if (c == '\r' && i + 1 < body.len &&
			    body.p[i + 1] == '\n')
				i++;
			else if (i < body.len)
				out->bare = true;
			start = i + 1;
		} else if (c == '\0') {
			out->has_nul = true;
		} else if ((c < ' ' && c != '\t') || c == 0x7f) {
			out->control = true;
		}
	}
}

/* Octets that quoted-printable triples. */
static size_t
count_tripled(struct span text)
{
	size_t i, n = 0;

	for (i = 0; i < text.len; i++)
		n += text.p[i] < ' ' ? !is_end(text.p[i]) && text.p[i] != '\t' :
		    text.p[i] > '~' || text.p[i] == '=';
	return n;
}

/* A CR that begins no CRLF? CRLF and LF are ends of lines, that is content. */
static bool
has_lone_cr(struct span text)
{
	const char *p = text.p, *end = text.p + text.len, *cr;

	while (p < end && (cr = memchr(p, '\r', (size_t)(end - p))) != NULL) {
		if (cr + 1 == end || cr[1] != '\n')
			return true;
		p = cr + 2;
	}
	return false;
}

enum mime_encoding
mime_text_put(struct span text, struct buf *out)
{
	struct buf canonical = { 0 };
	struct mime_lines lines;

	mime_lines_read(text, &lines);
	if (!lines.has_8bit && !lines.has_nul && !lines.control &&
	    !lines.delimiter && lines.longest <= MIME_LINE_MAX &&
	    !has_lone_cr(text)) {
		mime_crlf_put(text, out);
		return MIME_7BIT;
	}
	/* Two octets more for a third of them: base64 is then shorter. */
	if (!lines.has_nul && count_tripled(text) <= text.len / 6) {
		mime_qp_put(text, out);
		return MIME_QUOTED_PRINTABLE;
	}
	if (lines.has_nul || has_lone_cr(text)) {
		mime_base64_put(text, out);
	} else {
		mime_crlf_put(text, &canonical);
		mime_base64_put(buf_span(&canonical), out);
		buf_free(&canonical);
	}
	return MIME_BASE64;
}
