/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The envelope of a stored message: everything about it but its body. The same
 * bytes travel from smtpd to the spool, lie in `meta`, ride with the message to
 * delivery and with each event to the logger. Content of a message is
 * `prefix` (header fields that we put in front, which may differ between the
 * recipients of one transaction) followed by the body, which they share.
 */
#ifndef LIB_MAIL_ENVELOPE_H
#define LIB_MAIL_ENVELOPE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/base/span.h"
#include "lib/base/uuid.h"
#include "lib/base/wire.h"

/*
 * Pairs of texts in wire form: metadata (key, JSON text of the value) and
 * captured header fields (name as found, decoded value).
 */
struct pairs_writer {
	struct buf out; /* the encoded pairs so far */
	uint32_t n;
};

void pairs_add(struct pairs_writer *w, struct span key, struct span value);
/* The encoded form, valid until the next change; "" when there are none. */
struct span pairs_span(struct pairs_writer *w);
void pairs_free(struct pairs_writer *w);
/* Visit: set r by reader_init() on the encoded span; false at the end. */
bool pairs_next(struct reader *r, struct span *key_out, struct span *value_out);
/* The value of the first pair with this key; false if there is none. */
bool pairs_find(struct span pairs, struct span key, struct span *value_out);

enum envelope_flags {
	ENVELOPE_8BITMIME = 1,   /* BODY=8BITMIME was given */
	ENVELOPE_SMTPUTF8 = 2,   /* SMTPUTF8 was given */
	ENVELOPE_BODY_8BIT = 4,  /* content holds bytes above 0x7f */
	ENVELOPE_HEADER_8BIT = 8, /* so does a header field */
	ENVELOPE_FLAGS = 15,
};

struct envelope {
	struct uuid id;         /* zero in the record of a refusal */
	int64_t created_us;     /* wall time */
	uint32_t flags;
	struct span sender;     /* "" is the null sender */
	struct span *rcpts;
	uint32_t n_rcpts;
	struct span queue;      /* scheduled queue name */
	struct span meta;       /* pairs */
	struct span headers;    /* pairs: fields captured for the logs */
	struct span prefix;
	struct uuid body_id;
	uint64_t body_size;
};

enum {
	ENVELOPE_MAX = 1024 * 1024, /* encoded bytes */
	ENVELOPE_RCPTS_MAX = 65536,
};

static inline uint64_t
envelope_size(const struct envelope *e)
{
	return e->prefix.len + e->body_size;
}

void envelope_put(struct buf *b, const struct envelope *e);
/* Spans point into the reader's bytes; the recipient list is in the arena. */
void envelope_get(struct reader *r, struct envelope *out, struct arena *a);

#endif
