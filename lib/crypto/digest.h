/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Digests and keyed digests by OpenSSL. Looking one up is slow and may read
 * OpenSSL's configuration: digests_prepare() does it once, before a jail.
 */
#ifndef LIB_CRYPTO_DIGEST_H
#define LIB_CRYPTO_DIGEST_H

#include <stdint.h>

#include "lib/base/span.h"

enum digest {
	DIGEST_SHA1,
	DIGEST_SHA224,
	DIGEST_SHA256,
	DIGEST_SHA384,
	DIGEST_SHA512,
	DIGEST_SHA512_256,
	DIGEST_SHA3_256,
	DIGEST_SHA3_384,
	DIGEST_SHA3_512,
};

enum { DIGEST_COUNT = DIGEST_SHA3_512 + 1, DIGEST_LEN_MAX = 64 };

void digests_prepare(void);
/*
 * One digest at a time in a process: begin, add what there is, end. One that
 * was begun and not ended is forgotten at the next begin.
 */
void digest_begin(enum digest digest);
void digest_add(struct span s);
/* The length written. */
unsigned digest_end(uint8_t out[DIGEST_LEN_MAX]);
unsigned digest_of(enum digest digest, struct span s,
    uint8_t out[DIGEST_LEN_MAX]);
/* HMAC (RFC 2104), of the digests up to DIGEST_SHA512_256. */
unsigned digest_hmac(enum digest digest, struct span key, struct span s,
    uint8_t out[DIGEST_LEN_MAX]);

#endif
