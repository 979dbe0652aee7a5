/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One message: how it comes in, waits, and leaves. "Loose" is a message that
 * the caller has just taken off the list of its place.
 */
#ifndef QMGR_ENGINE_MESSAGE_H
#define QMGR_ENGINE_MESSAGE_H

#include "qmgr/engine/action.h"
#include "qmgr/engine/state.h"

/* How a loose message goes back to its scheduled queue. */
struct going_back {
	const struct verdict *verdict; /* NULL: no record of ours */
	uint32_t context;
	int64_t delay_ms; /* -1: by the retry schedule */
	uint64_t token;
	uint16_t nrcpt;   /* left; 0: as before */
};

/* Note where it is; the list is the caller's. */
void message_set_place(struct engine *e, uint32_t i, enum place place);
/*
 * An attempt was made: count it and wait for the next, or expire. r may be
 * NULL.
 */
void message_retry(struct engine *e, uint32_t i, struct ready *r,
    const struct going_back *how);
/*
 * Wait without counting an attempt, or expire. The record is written once
 * between two times of being ready.
 */
void message_postpone(struct engine *e, uint32_t i, struct ready *r,
    const struct going_back *how);
/* It stays where it is, but the record says that it is late; once, too. */
void message_log_delay(struct engine *e, uint32_t i, struct ready *r,
    uint32_t context, const struct verdict *v);
/* It leaves. v may be NULL. */
void message_remove(struct engine *e, uint32_t i, uint64_t token,
    struct ready *r, const struct verdict *v);
/* It is refused for good. */
void message_bounce(struct engine *e, uint32_t i, struct ready *r,
    const struct verdict *v);
/* Has its time run out? */
bool message_is_expired(const struct engine *e, uint32_t i, int64_t at_ms);
void message_expire(struct engine *e, uint32_t i, uint64_t token,
    struct ready *r);
/* The outcome of a message in hand or held, loose now. */
void message_outcome(struct engine *e, uint32_t i, struct ready *r,
    const struct engine_outcome *o);
/* Due now: into its queue's list. */
void message_due(struct engine *e, uint32_t i);

#endif
