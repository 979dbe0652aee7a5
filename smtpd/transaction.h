/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One transaction: sender, recipients, content. What is made of it when it is
 * whole is in message.h.
 */
#ifndef SMTPD_TRANSACTION_H
#define SMTPD_TRANSACTION_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/arena.h"
#include "smtpd/content.h"
#include "smtpd/relay.h"

struct session;
struct smtpd;

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

struct policy_message;
struct processing;

struct transaction {
	struct transaction *next; /* among the spare ones */
	struct arena arena;
	struct span sender;
	struct span sender_domain; /* normalised, "" for <> */
	bool body_8bitmime, smtputf8;
	struct recipient *rcpts;
	uint32_t nrcpts, rcpts_size;
	struct recipient asked;  /* the one that is being decided on */
	struct span asked_line;
	uint32_t nrefused; /* recipients */
	struct relay_asking relay;
	struct content content;
	struct policy_message *shown; /* to a policy, as a whole */
	bool header_8bit;
	bool whole; /* the content is: what comes is about messages */
	struct processing *processing; /* when the content is whole */
};

/* One of those that ended before, emptied, if there is any. */
struct transaction *transaction_new(struct smtpd *d);
/* Clears the caller's pointer; drops content. */
void transaction_free(struct smtpd *d, struct transaction **tx);
/* The one place that brings a session back to "no transaction". */
void transaction_reset(struct session *s);
void transaction_add(struct transaction *tx, const struct recipient *r);
/* DATA or the first BDAT was allowed. */
void transaction_content(struct session *s);
/* Group recipients; the result is in the arena. */
struct batch *batches_make(const struct recipient *rcpts, uint32_t n,
    bool by_domain, struct arena *a, uint32_t *n_out);

#endif
