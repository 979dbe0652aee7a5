/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures of HTTP requests for Amazon's services (AWS Signature Version 4,
 * AWS4-HMAC-SHA256). A pure function: the time is the caller's.
 */
#ifndef LIB_CRYPTO_SIGV4_H
#define LIB_CRYPTO_SIGV4_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/span.h"

struct sigv4_pair {
	struct span name, value;
};

struct sigv4 {
	struct span access_key, secret_key, session_token; /* "": none */
	struct span region, service;
	struct span method;
	struct span uri;    /* the path, as the request line will have it */
	struct span payload;
	/* Both are sorted here. Header names are lower case. */
	struct sigv4_pair *query;
	size_t n_query;
	struct sigv4_pair *headers; /* host and what else is signed */
	size_t n_headers;
	char timestamp[17]; /* "20150830T123600Z" */
};

enum { SIGV4_SIGNATURE_LEN = 64 };

/*
 * Appends the canonical request, the string to sign and the value of the
 * field Authorization, one behind the other; ends_out says where each ends in
 * out. signature gets hexadecimal digits and a NUL.
 */
void sigv4_sign(struct sigv4 *s, struct buf *out, size_t ends_out[3],
    char signature[SIGV4_SIGNATURE_LEN + 1]);

#endif
