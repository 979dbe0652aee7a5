/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows of the spool as bytes. Each stands behind a head of magic, version,
 * kind, length and checksum, so that a row that was damaged, cut or written by
 * something else is known before a field of it is read. Readers here are pure:
 * they take bytes and say whether they were a row of that kind.
 */
#ifndef LIB_STORE_ROW_H
#define LIB_STORE_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/span.h"
#include "lib/base/uuid.h"

enum row_kind {
	ROW_STATE = 1, /* info: counters of the spool */
	ROW_META,      /* an envelope, lib/mail/envelope.h */
	ROW_DATA,      /* a piece of a body */
	ROW_SCHED,     /* when and where to */
	ROW_BODY,      /* how many messages share a body */
	ROW_EVENT,     /* an entry of the journal */
	ROW_CURSOR,    /* how far a log has come */
};

enum {
	ROW_HEAD = 16,
	ROW_VERSION = 1,
	SPOOL_FORMAT = 1,
	/* A piece fills sixteen pages with its head and the page's own. */
	BODY_PIECE = 65536 - ROW_HEAD - 16,
	BODY_KEY = UUID_LEN + 4,
};

/* The head of a row whose payload follows it in memory at head + ROW_HEAD. */
void row_seal(uint8_t *head, enum row_kind kind, size_t len);
/* False when this is not an undamaged row of that kind. */
bool row_open(struct span value, enum row_kind kind, struct span *payload_out);

struct state_row {
	uint32_t format;
	uint64_t commit;   /* number of the commit that wrote this */
	uint64_t last_seq; /* newest entry of the journal */
};

void state_row_put(struct buf *b, const struct state_row *s);
bool state_row_get(struct span payload, struct state_row *out);

struct sched_row {
	uint64_t commit;   /* that stored the message */
	uint64_t settled;  /* request id of the last SETTLE, 0 for none */
	int64_t due_ms;    /* wall time */
	uint16_t attempts;
	uint32_t n_rcpts;
	uint64_t size;     /* bytes of the whole content */
	struct span queue;
};

void sched_row_put(struct buf *b, const struct sched_row *s);
bool sched_row_get(struct span payload, struct sched_row *out);

void body_row_put(struct buf *b, uint64_t refs);
bool body_row_get(struct span payload, uint64_t *refs_out);

struct event_row {
	uint16_t attempts;
	struct span record, envelope; /* encoded */
};

/* The fields before the record's and between record and envelope. */
bool event_row_get(struct span payload, struct event_row *out);

struct cursor_row {
	uint64_t seq;
	struct span state;
};

void cursor_row_put(struct buf *b, const struct cursor_row *c);
bool cursor_row_get(struct span payload, struct cursor_row *out);

/* Keys. A number that orders is big-endian. */
void body_key(uint8_t out[BODY_KEY], const struct uuid *body, uint32_t piece);
uint32_t body_key_piece(struct span key);
void seq_key(uint8_t out[8], uint64_t seq);
uint64_t seq_key_get(struct span key);

/* Pieces of a body; an empty one has an empty piece. */
uint32_t body_pieces(uint64_t size);

#endif
