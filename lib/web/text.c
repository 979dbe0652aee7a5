/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/web/text.h"

#include <stdbool.h>
#include <stdint.h>

#include "lib/mail/charset.h"

/* U+FFFD. */
#define REPLACEMENT SPAN_LIT("\xef\xbf\xbd")

static unsigned
byte_at(struct span s, size_t i)
{
	return (unsigned char)s.p[i];
}

static void
put_code_point(struct buf *out, uint32_t c)
{
	if (c < 0x80) {
		buf_add_byte(out, (uint8_t)c);
		return;
	}
	if (c < 0x800) {
		buf_add_byte(out, (uint8_t)(0xc0 | c >> 6));
	} else if (c < 0x10000) {
		buf_add_byte(out, (uint8_t)(0xe0 | c >> 12));
		buf_add_byte(out, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
	} else {
		buf_add_byte(out, (uint8_t)(0xf0 | c >> 18));
		buf_add_byte(out, (uint8_t)(0x80 | (c >> 12 & 0x3f)));
		buf_add_byte(out, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
	}
	buf_add_byte(out, (uint8_t)(0x80 | (c & 0x3f)));
}

/*
 * The character at i (Unicode table 3-7): how many bytes belong together, and
 * whether they are one.
 */
static size_t
character(struct span s, size_t i, bool *ok)
{
	unsigned c = byte_at(s, i), low = 0x80, high = 0xbf;
	size_t want, n;

	*ok = true;
	if (c < 0x80)
		return 1;
	want = c >= 0xc2 && c <= 0xdf ? 1 : c >= 0xe0 && c <= 0xef ? 2 :
	    c >= 0xf0 && c <= 0xf4 ? 3 : 0;
	if (c == 0xe0)
		low = 0xa0;
	else if (c == 0xed)
		high = 0x9f;
	else if (c == 0xf0)
		low = 0x90;
	else if (c == 0xf4)
		high = 0x8f;
	for (n = 1; n <= want && i + n < s.len; n++) {
		c = byte_at(s, i + n);
		if (c < low || c > high)
			break;
		low = 0x80;
		high = 0xbf;
	}
	*ok = want != 0 && n == want + 1;
	return n;
}

static void
decode_utf8(struct span s, struct buf *out)
{
	size_t i, n;
	bool ok;

	for (i = 0; i < s.len; i += n) {
		n = character(s, i, &ok);
		buf_add_span(out, ok ? span_make(s.p + i, n) : REPLACEMENT);
	}
}

static void
decode_utf16(struct span s, bool big, struct buf *out)
{
	uint32_t unit, next;
	size_t i;

	for (i = 0; i + 1 < s.len; i += 2) {
		unit = byte_at(s, i + !big) << 8 | byte_at(s, i + big);
		if (unit < 0xd800 || unit > 0xdfff) {
			put_code_point(out, unit);
			continue;
		}
		next = i + 3 < s.len ? byte_at(s, i + 2 + !big) << 8 |
		    byte_at(s, i + 2 + big) : 0;
		if (unit < 0xdc00 && next >= 0xdc00 && next <= 0xdfff) {
			put_code_point(out, 0x10000 + ((unit - 0xd800) << 10) +
			    (next - 0xdc00));
			i += 2;
		} else {
			buf_add_span(out, REPLACEMENT);
		}
	}
	if (i < s.len)
		buf_add_span(out, REPLACEMENT);
}

enum { BAD_BYTES_MAX = 1000 }; /* then it is of another charset */

struct converter {
	const struct charsets *charsets;
	struct span name;
	unsigned bad; /* bytes so far */
};

/*
 * The converters take a text whole or not at all. What they do not take is
 * halved until the bad byte is alone.
 */
static void
decode_by_halves(struct converter *c, struct span s, struct buf *out)
{
	if (s.len == 0 || charset_to_utf8(c->charsets, c->name, s, out) == 0)
		return;
	if (c->bad >= BAD_BYTES_MAX) {
		decode_utf8(s, out);
	} else if (s.len == 1) {
		c->bad++;
		buf_add_span(out, REPLACEMENT);
	} else {
		decode_by_halves(c, span_make(s.p, s.len / 2), out);
		decode_by_halves(c, span_from(s, s.len / 2), out);
	}
}

/* UTF-8, or what is read as if it were. */
static bool
is_utf8(struct span name)
{
	static const char *const names[] = { "", "utf-8", "utf8", "us-ascii",
		"ascii" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (span_ieq_str(name, names[i]))
			return true;
	}
	return false;
}

static bool
is_known(const struct charsets *charsets, struct span name)
{
	struct buf none = { .base = NULL };
	bool known;

	known = charset_to_utf8(charsets, name, SPAN_LIT("a"), &none) == 0;
	buf_free(&none);
	return known;
}

void
web_text_decode(const struct charsets *charsets, struct span name,
    struct span s, struct buf *out)
{
	struct converter c = { .charsets = charsets, .name = name };

	if (span_starts(s, "\xef\xbb\xbf"))
		decode_utf8(span_from(s, 3), out);
	else if (span_starts(s, "\xfe\xff"))
		decode_utf16(span_from(s, 2), true, out);
	else if (span_starts(s, "\xff\xfe"))
		decode_utf16(span_from(s, 2), false, out);
	else if (span_ieq_str(name, "utf-16be"))
		decode_utf16(s, true, out);
	else if (span_ieq_str(name, "utf-16") ||
	    span_ieq_str(name, "utf-16le"))
		decode_utf16(s, false, out);
	else if (is_utf8(name) || !is_known(charsets, name))
		decode_utf8(s, out);
	else
		decode_by_halves(&c, s, out);
}
