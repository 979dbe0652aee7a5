/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes as text of 16, 32 or 64 digits (RFC 4648), into room that the caller
 * measured. base64.h is the strict and fast form of mail and keys.
 */
#ifndef LIB_BASE_RADIX_H
#define LIB_BASE_RADIX_H

#include <stddef.h>
#include <sys/types.h>

#include "lib/base/span.h"

enum radix {
	RADIX_HEX, /* lower case */
	RADIX_BASE32,
	RADIX_BASE32_NOPAD,
	RADIX_BASE32HEX, /* sorts as the bytes do */
	RADIX_BASE32HEX_NOPAD,
	RADIX_BASE64,
	RADIX_BASE64_NOPAD,
	RADIX_BASE64URL,
	RADIX_BASE64URL_NOPAD,
};

enum { RADIX_COUNT = RADIX_BASE64URL_NOPAD + 1 };

/* "base32hex_nopad" */
const char *radix_name(enum radix radix);
size_t radix_encoded_len(enum radix radix, size_t len);
/* Exactly radix_encoded_len() bytes, no NUL. */
void radix_encode(enum radix radix, struct span in, char *out);
/* At least what radix_decode() may write. */
size_t radix_decoded_max(enum radix radix, size_t len);
/*
 * The bytes' number. Of padded forms the padding may be short, long or absent;
 * the others have none. Digits count in their own case only. -1 for anything
 * else, with the place where it stands: in.len when bits are left over or
 * missing at the end.
 */
ssize_t radix_decode(enum radix radix, struct span in, char *out,
    size_t *place_out);

#endif
