/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One group commit: what arrives is put into the writer's transaction straight
 * from the channel's buffer; the turn's end commits it with one sync and
 * answers all. What needs no answer to be true (SETTLE, RECORD, CURSOR_SET,
 * and stores acknowledged early) is kept as bytes until it is on disk, so that
 * a commit that fails is done again; the other stores of it are refused.
 *
 *   IDLE     no transaction
 *   OPEN     a transaction with work in it; ends this turn or a later one
 *   FAILING  the last commit failed; kept work waits for the next try, mail is
 *            refused
 */
#ifndef SPOOLD_BATCH_H
#define SPOOLD_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/arena.h"
#include "lib/io/loop.h"
#include "lib/ipc/channel.h"
#include "lib/ipc/store.h"

struct spoold;
struct kept;
struct answer;

enum batch_state { BATCH_IDLE, BATCH_OPEN, BATCH_FAILING };

struct batch {
	struct spoold *s;
	enum batch_state state;
	struct deferred turn_end;
	struct timer again;     /* another turn, without waiting */
	int64_t began_us;
	uint32_t n_ops, n_ops_before; /* now, and when the turn before ended */
	size_t bytes;
	uint64_t last_seq;      /* of the journal when it began */
	struct answer *answers;
	size_t n_answers, answers_size;
	struct sched_entry *entries; /* stored by it, texts in arena */
	size_t n_entries, entries_size;
	struct arena arena;     /* of the batch */
	struct arena decode;    /* of the message being read */
	struct kept *kept, **kept_last;
	uint32_t n_kept, n_doubtful; /* the first were in the failed commit */
	size_t kept_bytes;
	bool logs_changed;      /* the list of logs is to be written */
	bool paused;            /* peers wait until kept work is done */
};

void batch_init(struct batch *b, struct spoold *s);

/* The handlers' ends: each takes over the descriptor. */
void batch_store(struct batch *b, struct channel *ch, uint64_t request,
    struct reader *r, int fd);
void batch_settle(struct batch *b, struct channel *ch, uint64_t request,
    struct reader *r);
void batch_record(struct batch *b, struct channel *ch, uint64_t request,
    struct reader *r);
void batch_cursor(struct batch *b, struct channel *ch, uint64_t request,
    struct reader *r);
/* The channel is gone: nobody is to be answered there. */
void batch_forget(struct batch *b, const struct channel *ch);

/* Commit what is open, now. */
void batch_finish(struct batch *b);
/*
 * Commit something, if only the counters: tells whether the spool works, and
 * carries out what was kept. Opens the spool again when it must.
 */
void batch_probe(struct batch *b);

#endif
