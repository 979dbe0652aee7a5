/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/mail/xtext.h"

#include "lib/base/text.h"
#include "lib/mail/chars.h"

/* hexchar has upper-case digits only. */
static int
hex_upper(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int
xtext_decode(struct span s, struct buf *out)
{
	uint8_t *p = buf_reserve(out, s.len + 1);
	size_t i, n = 0;
	int high, low;

	for (i = 0; i < s.len; i++) {
		/* xchar: 33 to 126 but "+" and "=" */
		if (!char_is(s.p[i], CHAR_VALUE))
			return -1;
		if (s.p[i] != '+') {
			p[n++] = (uint8_t)s.p[i];
			continue;
		}
		if (s.len - i < 3)
			return -1;
		high = hex_upper(s.p[i + 1]);
		low = hex_upper(s.p[i + 2]);
		if (high < 0 || low < 0)
			return -1;
		p[n] = (uint8_t)(high << 4 | low);
		if (char_is((char)p[n], CHAR_CONTROL))
			return -1;
		n++;
		i += 2;
	}
	if (!text_is_utf8(span_make(p, n)))
		return -1;
	buf_commit(out, n);
	return 0;
}

void
xtext_encode(struct span s, struct buf *out)
{
	static const char hex[] = "0123456789ABCDEF";
	unsigned char c;
	size_t i;

	for (i = 0; i < s.len; i++) {
		c = (unsigned char)s.p[i];
		if (char_is(s.p[i], CHAR_VALUE) && c != '+') {
			buf_add_byte(out, c);
			continue;
		}
		buf_add_byte(out, '+');
		buf_add_byte(out, (uint8_t)hex[c >> 4]);
		buf_add_byte(out, (uint8_t)hex[c & 15]);
	}
}
