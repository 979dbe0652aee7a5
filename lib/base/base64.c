/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/base64.h"

static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void
base64_encode(struct span in, struct buf *out)
{
	const uint8_t *p = (const uint8_t *)in.p;
	uint8_t *q = buf_reserve(out, in.len / 3 * 4 + 4);
	size_t left;
	uint32_t v;

	for (left = in.len; left >= 3; left -= 3, p += 3) {
		v = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
		*q++ = (uint8_t)digits[v >> 18];
		*q++ = (uint8_t)digits[v >> 12 & 63];
		*q++ = (uint8_t)digits[v >> 6 & 63];
		*q++ = (uint8_t)digits[v & 63];
	}
	if (left != 0) {
		v = (uint32_t)p[0] << 16 |
		    (left == 2 ? (uint32_t)p[1] << 8 : 0);
		*q++ = (uint8_t)digits[v >> 18];
		*q++ = (uint8_t)digits[v >> 12 & 63];
		*q++ = left == 2 ? (uint8_t)digits[v >> 6 & 63] : '=';
		*q++ = '=';
	}
	buf_commit(out, (in.len + 2) / 3 * 4);
}

/* 0 to 63, or a value with the top bit set. */
static uint32_t
digit_value(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26U;
	if (c >= '0' && c <= '9')
		return c - '0' + 52U;
	return c == '+' ? 62 : c == '/' ? 63 : UINT32_C(1) << 31;
}

int
base64_decode(struct span in, struct buf *out)
{
	const uint8_t *p = (const uint8_t *)in.p;
	uint32_t a, b, c, d, bad = 0;
	size_t pad = 0, n;
	uint8_t *q;

	if (in.len % 4 != 0)
		return -1;
	if (in.len == 0)
		return 0;
	if (p[in.len - 1] == '=')
		pad = p[in.len - 2] == '=' ? 2 : 1;
	q = buf_reserve(out, in.len / 4 * 3);
	for (n = in.len; n > 4 || (n == 4 && pad == 0); n -= 4, p += 4) {
		a = digit_value(p[0]);
		b = digit_value(p[1]);
		c = digit_value(p[2]);
		d = digit_value(p[3]);
		bad |= a | b | c | d;
		*q++ = (uint8_t)(a << 2 | b >> 4);
		*q++ = (uint8_t)(b << 4 | c >> 2);
		*q++ = (uint8_t)(c << 6 | d);
	}
	if (pad != 0) {
		a = digit_value(p[0]);
		b = digit_value(p[1]);
		c = pad == 1 ? digit_value(p[2]) : 0;
		bad |= a | b | c;
		if ((pad == 1 ? c & 3 : b & 15) != 0)
			return -1;
		*q++ = (uint8_t)(a << 2 | b >> 4);
		if (pad == 1)
			*q++ = (uint8_t)(b << 4 | c >> 2);
	}
	if (bad & UINT32_C(1) << 31)
		return -1;
	buf_commit(out, in.len / 4 * 3 - pad);
	return 0;
}
