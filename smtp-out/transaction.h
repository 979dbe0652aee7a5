/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One transaction: a batch of recipients of the message in hand. Commands go
 * out as one group where the peer allows it (RFC 2920), one by one elsewhere;
 * replies are matched by position. Large content is written in pieces, each
 * when the one before has gone.
 */
#ifndef SMTP_OUT_TRANSACTION_H
#define SMTP_OUT_TRANSACTION_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/mail/data.h"

struct session;
struct mail;

enum {
	TX_RCPTS_MAX = 256,        /* of one batch, whatever the options say */
	TX_PIECE = 128 * 1024,     /* of content, at once */
	TX_RECORDS_MAX = 256 * 1024, /* then no further batch is begun */
};

/* What the commands of a batch are, by position. */
enum step { STEP_RSET, STEP_MAIL, STEP_RCPT, STEP_DATA, STEP_END };

struct transaction {
	uint32_t rcpts[TX_RCPTS_MAX]; /* indices into the envelope */
	uint32_t n;
	bool rset;         /* the group begins with RSET */
	uint32_t sent;     /* commands written */
	uint32_t answered; /* replies taken */
	uint32_t accepted; /* recipients */
	bool refused;      /* MAIL was: what follows means nothing */
	bool empty;        /* 354 although no recipient stands: send a dot */
	uint32_t begun;    /* transactions on this connection */
	uint32_t lmtp_at;  /* next recipient whose final reply is due */
	uint64_t written;  /* content bytes handed to the stream */
	int64_t content_until_ms; /* monotonic; all of it has gone by then */
	struct data_out data;
	struct buf wire;   /* commands, or a piece of content, being written */
};

/* Pure: which command is at this position, and which recipient (of n). */
enum step tx_step(bool rset, uint32_t n, uint32_t at, uint32_t *rcpt_out);
/* Pure: choose the next batch of pending recipients. */
uint32_t tx_batch(struct mail *m, uint64_t max, uint32_t *rcpts_out);

/* The connection is idle and the first message in hand is to be sent. */
void transaction_start(struct session *s);
/* A reply in ENVELOPE or DOT. */
void transaction_reply(struct session *s);
/* What was written of the content has gone. */
void transaction_drained(struct session *s);
/*
 * Time is over or the connection is gone (transport), or the peer does not
 * speak SMTP.
 */
void transaction_abort(struct session *s, bool transport, const char *why);
void transaction_free(struct session *s);

#endif
