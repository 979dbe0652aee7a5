/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One message in hand: its envelope, its content in one place, and what has
 * become of each recipient so far with the log records that say so. Owned by
 * the session it is queued at.
 */
#ifndef SMTP_OUT_MAIL_H
#define SMTP_OUT_MAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/base/span.h"
#include "lib/mail/envelope.h"
#include "lib/mail/record.h"
#include "smtp-out/verdict.h"

struct delivery_message;
struct outcome;

enum {
	MAIL_LARGE = 256 * 1024, /* alone in hand while it is there */
	MAIL_REPLY_MAX = 1024,   /* of a reply in a record */
	MAIL_REPLY_SHORT = 128,  /* when there are many records */
};

/* A reply, or words of our own, that decided something. */
struct answer {
	uint16_t code;
	bool has_enhanced;
	uint8_t class;
	uint16_t subject, detail;
	struct span content; /* one line, printable */
	struct span command; /* "" is none */
};

struct mail_rcpt {
	enum fate fate;
	bool cut;                   /* left over by the transaction before */
	bool in_batch;
	const struct answer *answer; /* what decided its fate */
};

struct mail {
	struct mail *next;
	uint64_t session;
	int64_t came_ms;
	uint16_t attempts;
	struct span pool;
	struct envelope env;
	struct span body;
	struct mail_rcpt *rcpts; /* env.n_rcpts */
	uint32_t settled;        /* those no longer pending */
	bool attempted;
	bool unreached;          /* no host of the plan could be used */
	struct arena arena;
	struct buf records;      /* each a u32 length and its bytes */
	uint32_t n_records;
	void *map;               /* of a large body, map_len bytes */
	size_t map_len;
	uint8_t bytes[];         /* pool, envelope, body */
};

/*
 * NULL when the frame's envelope or its descriptor are not what they should
 * be; why_out then says so. fd is closed in either case (-1: none).
 */
struct mail *mail_new(const struct delivery_message *m, int fd,
    const char **why_out);
void mail_free(struct mail **m);
static inline uint64_t
mail_size(const struct mail *m)
{
	return envelope_size(&m->env);
}

/* A copy that lives as long as the mail; content is made printable. */
const struct answer *mail_answer(struct mail *m, const struct answer *from);
/* Decide a pending recipient. */
void mail_settle(struct mail *m, uint32_t rcpt, enum fate fate,
    const struct answer *answer);
/* Decide all that are pending. */
void mail_settle_rest(struct mail *m, enum fate fate,
    const struct answer *answer);
/*
 * Write the records of what was decided since the last call: one for each
 * answer, with the recipients concerned. `base` has the fields that do not
 * depend on the answer.
 */
void mail_record(struct mail *m, const struct record *base);
/* Deferred recipients are pending again: for another try at once. */
void mail_reopen(struct mail *m);
/* The outcome so far; the arrays are in the mail's arena. */
void mail_outcome(struct mail *m, struct outcome *out);

/* Reply text for records: one line, no control, valid UTF-8, at most max. */
struct span answer_text(struct arena *a, struct span s, size_t max);

#endif
