/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a script asked for, from its frame to its answer. An operation's start
 * answers at once or keeps the ask and answers later; exactly one ask_answer
 * or ask_fail ends it. When nobody waits any more (the asker is gone, or its
 * event was given up) cancel is called in their place: it drops what is under
 * way and must not answer.
 */
#ifndef LOOKUPD_ASK_H
#define LOOKUPD_ASK_H

#include <stdint.h>

#include "lib/ipc/lookup.h"
#include "lib/settings/value.h"

struct channel;
struct lookupd;
struct reader;

struct ask {
	struct lookupd *l;
	struct ask *prev, *next;
	struct channel *ch; /* who waits */
	uint64_t id;        /* 0: told, nobody waits for an answer */
	enum lookup_op op;
	struct value *args;
	size_t bytes;       /* of the args */
	void *work;         /* of the operation */
};

struct ask_op {
	void (*start)(struct ask *a);
	void (*cancel)(struct ask *a); /* NULL: start always ends it */
};

/* By enum lookup_op; ops.c. */
extern const struct ask_op ask_ops[LOOKUP_OPS];

/* MSG_LOOKUP and MSG_LOOKUP_CANCEL. */
void ask_on_lookup(void *arg, struct channel *ch, uint64_t id,
    struct reader *r, int fd);
void ask_on_cancel(void *arg, struct channel *ch, uint64_t id,
    struct reader *r, int fd);
void asks_forget_peer(struct lookupd *l, const struct channel *ch);

/* Ends the ask; takes result (NULL is nil). */
void ask_answer(struct ask *a, struct value *result);
/* Ends the ask: the script sees this as an error. */
void ask_fail(struct ask *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Arguments by name, or what stands for a missing one. The scripts' side
 * checked what users wrote: these only guard against a broken peer.
 */
struct span ask_text(const struct ask *a, const char *name);
int64_t ask_number(const struct ask *a, const char *name, int64_t otherwise);
bool ask_flag(const struct ask *a, const char *name);

#endif
