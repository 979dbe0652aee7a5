/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server's replies (RESP2) as values: the only place where hiredis' reader
 * is used. Texts are bytes, arrays are lists, nil is null; a reply with an
 * error anywhere in it is that error.
 */
#ifndef LIB_REDIS_REPLY_H
#define LIB_REDIS_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/span.h"
#include "lib/settings/value.h"

enum {
	REDIS_REPLY_BYTES_MAX = 16 * 1024 * 1024 - 128 * 1024,
	REDIS_REPLY_VALUES_MAX = 200000,
};

enum redis_read { REDIS_READ_REPLY, REDIS_READ_MORE, REDIS_READ_BAD };

struct redis_replies;

/* One of the two is set; both on the heap and the taker's. */
struct redis_reply {
	struct value *value;
	char *error;
};

struct redis_replies *redis_replies_new(void);
void redis_replies_free(struct redis_replies **r);
void redis_replies_feed(struct redis_replies *r, struct span bytes);
/*
 * The next whole reply. After BAD (not RESP, too much of it, or deeper than
 * seven arrays), which comes with a reason, nothing more can be read.
 */
enum redis_read redis_replies_next(struct redis_replies *r,
    struct redis_reply *out, const char **why_out);
void redis_reply_free(struct redis_reply *reply);

#endif
