/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One transaction: sender, recipients, content; then the messages that are
 * made of it, one per recipient or per domain, and the answer that the client
 * gets once they are all stored.
 */
#ifndef SMTPD_TRANSACTION_H
#define SMTPD_TRANSACTION_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/arena.h"
#include "lib/base/uuid.h"
#include "lib/ipc/store.h"
#include "smtpd/content.h"

struct outbox_entry;
struct session;

struct recipient {
	struct span text;   /* as given; in the arena */
	struct span domain; /* normalised */
};

/* Recipients that travel as one message. */
struct batch {
	struct span *rcpts;
	uint32_t n;
	struct span domain; /* of the first */
};

/* What became of one batch. */
enum batch_fate { BATCH_KEPT, BATCH_DROPPED, BATCH_REFUSED };

struct message {
	struct batch batch;
	struct uuid id;
	enum batch_fate fate;
	struct buf envelope, record; /* encoded */
	struct sched_entry sched;
};

struct transaction {
	struct arena arena;
	struct span sender;
	struct span sender_domain; /* normalised, "" for <> */
	bool body_8bitmime, smtputf8;
	struct recipient *rcpts;
	uint32_t nrcpts, rcpts_size;
	struct recipient asked;  /* the one that is being decided on */
	struct span asked_line;
	bool has_content;
	struct content content;
	struct processing *processing; /* content is whole */
};

struct transaction *transaction_new(void);
/* Clears the caller's pointer; drops content. */
void transaction_free(struct transaction **tx);
/* The one place that brings a session back to "no transaction". */
void transaction_reset(struct session *s);
void transaction_add(struct transaction *tx, const struct recipient *r);
/* DATA or the first BDAT was allowed. */
void transaction_content(struct session *s);
/* The content is whole: check it, make the messages, store them. */
void transaction_finish(struct session *s, bool chunked);
/* The writer has answered one of the session's requests. */
void transaction_stored(struct session *s, enum stored_result result);
/* It took too long. */
void transaction_overdue(struct session *s);

/* Group recipients; the result is in the arena. */
struct batch *batches_make(const struct recipient *rcpts, uint32_t n,
    bool by_domain, struct arena *a, uint32_t *n_out);

#endif
