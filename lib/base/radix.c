/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/radix.h"

#include <stdint.h>
#include <string.h>

static const struct {
	const char *name;
	const char *digits;
	unsigned bits;  /* of one digit */
	unsigned group; /* digits between two ends of bytes; 0: no padding */
} kinds[RADIX_COUNT] = {
#define HEX "0123456789abcdef"
#define BASE32 "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
#define BASE32HEX "0123456789ABCDEFGHIJKLMNOPQRSTUV"
#define BASE62 "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	[RADIX_HEX] = { "hex", HEX, 4, 0 },
	[RADIX_BASE32] = { "base32", BASE32, 5, 8 },
	[RADIX_BASE32_NOPAD] = { "base32_nopad", BASE32, 5, 0 },
	[RADIX_BASE32HEX] = { "base32hex", BASE32HEX, 5, 8 },
	[RADIX_BASE32HEX_NOPAD] = { "base32hex_nopad", BASE32HEX, 5, 0 },
	[RADIX_BASE64] = { "base64", BASE62 "+/", 6, 4 },
	[RADIX_BASE64_NOPAD] = { "base64_nopad", BASE62 "+/", 6, 0 },
	[RADIX_BASE64URL] = { "base64url", BASE62 "-_", 6, 4 },
	[RADIX_BASE64URL_NOPAD] = { "base64url_nopad", BASE62 "-_", 6, 0 },
};

const char *
radix_name(enum radix radix)
{
	return kinds[radix].name;
}

size_t
radix_encoded_len(enum radix radix, size_t len)
{
	size_t bits = kinds[radix].bits, group = kinds[radix].group;
	size_t n = len / bits * 8 + (len % bits * 8 + bits - 1) / bits;

	return group == 0 ? n : (n + group - 1) / group * group;
}

void
radix_encode(enum radix radix, struct span in, char *out)
{
	const char *digits = kinds[radix].digits;
	char *end = out + radix_encoded_len(radix, in.len);
	unsigned bits = kinds[radix].bits, have = 0;
	uint32_t mask = (1U << bits) - 1, acc = 0;
	size_t i;

	for (i = 0; i < in.len; i++) {
		acc = acc << 8 | (unsigned char)in.p[i];
		for (have += 8; have >= bits; have -= bits)
			*out++ = digits[acc >> (have - bits) & mask];
	}
	if (have > 0)
		*out++ = digits[acc << (bits - have) & mask];
	while (out < end)
		*out++ = '=';
}

size_t
radix_decoded_max(enum radix radix, size_t len)
{
	return len / 8 * kinds[radix].bits + kinds[radix].bits;
}

ssize_t
radix_decode(enum radix radix, struct span in, char *out, size_t *place_out)
{
	unsigned bits = kinds[radix].bits, have = 0;
	size_t len = in.len, i, n = 0;
	uint8_t value[256];
	uint32_t acc = 0;

	memset(value, 0xff, sizeof(value));
	for (i = 0; kinds[radix].digits[i] != '\0'; i++)
		value[(unsigned char)kinds[radix].digits[i]] = (uint8_t)i;
	while (kinds[radix].group != 0 && len > 0 && in.p[len - 1] == '=')
		len--;
	for (i = 0; i < len; i++) {
		if (value[(unsigned char)in.p[i]] == 0xff) {
			*place_out = i;
			return -1;
		}
		acc = acc << bits | value[(unsigned char)in.p[i]];
		have += bits;
		if (have >= 8) {
			have -= 8;
			out[n++] = (char)(acc >> have);
		}
	}
	/* A digit too many, or bits that would say something. */
	if (have >= bits || (acc & ((1U << have) - 1)) != 0) {
		*place_out = in.len;
		return -1;
	}
	return (ssize_t)n;
}
