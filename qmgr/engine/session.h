/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A delivery session at a worker: what it has in hand, and when it ends.
 *
 *	opening   a message is kept for it (unless it dials early)
 *	active    takes messages as its window allows
 *	ending    takes none; closes when its hand is empty
 *	closing   was told to; only its end is awaited
 */
#ifndef QMGR_ENGINE_SESSION_H
#define QMGR_ENGINE_SESSION_H

#include "qmgr/engine/state.h"

/* Which worker carries a new one; UINT32_MAX: none is there. */
uint32_t worker_choose(const struct engine *e, enum worker_kind kind);
/* Limits were checked; the ready queue holds a message. */
void session_open(struct engine *e, uint32_t ready, uint32_t worker);
/* A loose message for it. */
void session_give(struct engine *e, uint32_t session, uint32_t message);
/*
 * Its ready queue has another path on the same terms: that one's limits hold
 * from now on.
 */
void session_renew(struct engine *e, uint32_t session);
/* Take no more; close when the hand is empty, which may be now. */
void session_end_soon(struct engine *e, uint32_t session,
    enum close_reason why);
void session_timer(struct engine *e, uint32_t session);
void sessions_done(struct engine *e);

#endif
