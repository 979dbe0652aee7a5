/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The opening handshake of a WebSocket, as a client (RFC 6455 section 4.1):
 * the request's head, and the response's, whose reader is a pure function.
 */
#ifndef LIB_WEB_UPGRADE_H
#define LIB_WEB_UPGRADE_H

#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/base/span.h"
#include "lib/mail/parse.h"

struct url;

enum {
	UPGRADE_KEY = 24,                /* base64 of 16 bytes */
	UPGRADE_HEAD_MAX = 64 * 1024,
	UPGRADE_FIELDS_MAX = 1000,
};

struct upgrade_field {
	struct span name, value;
};

struct upgrade {
	unsigned status;
	struct upgrade_field *fields;
	size_t n_fields;
	size_t len; /* of the head; what follows is the first frames */
};

/* A random key, NUL-ended. */
void upgrade_key(char out[UPGRADE_KEY + 1]);
/* authorization may be empty. */
void upgrade_put(struct buf *out, const struct url *url, const char *key,
    struct span authorization);
/*
 * Read a response's head; its fields live in the arena. PARSE_BAD comes with
 * a reason, a constant. A status other than 101 is none of this function's
 * business.
 */
enum parse upgrade_read(struct span in, struct arena *a, struct upgrade *out,
    const char **why_out);
/* NULL when the head says yes to this key, else why it does not. */
const char *upgrade_refusal(const struct upgrade *u, const char *key);

#endif
