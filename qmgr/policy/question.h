/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One question of a peer, from its frame to its answer. It keeps a copy of its
 * body. When the peer is gone first, the answer finds no channel and is
 * dropped.
 */
#ifndef QMGR_POLICY_QUESTION_H
#define QMGR_POLICY_QUESTION_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/arena.h"
#include "lib/base/wire.h"
#include "lib/io/loop.h"
#include "lib/ipc/message.h"

struct channel;
struct policyd;

enum {
	QUESTIONS_MAX = 100000, /* then peers are read no further */
	QUESTION_WAIT_MS = 30000, /* then the answer is that there is none */
};

struct question {
	struct policyd *pd;
	struct question *prev, *next;
	struct channel *channel; /* NULL: the peer is gone */
	uint64_t id;
	enum message type, answer;
	struct arena arena;
	struct span body;
	uint64_t call;       /* of the policy, while it waits; else 0 */
	struct timer deadline;
	bool timed;          /* deadline was made */
};

struct question *question_new(struct policyd *pd, struct channel *ch,
    uint64_t id, enum message type, enum message answer, struct reader *body);
/* NULL when the peer is gone; else write the body and call question_sent. */
struct buf *question_answer(struct question *q);
/* The question is over and freed. */
void question_sent(struct question *q);
void questions_forget_peer(struct policyd *pd, const struct channel *ch);
/* Put the fire function on a question that has to wait. */
void question_wait(struct question *q, void (*fire)(void *arg));

#endif
