/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions to the policy and the resolver: each is asked once, its answer is
 * kept by time or epoch, a failed one for a while too. While an answer that is
 * too old is renewed it goes on counting; queues wait for a first one, and for
 * the first one of a new epoch: what was configured away must not count on.
 */
#ifndef QMGR_ENGINE_ANSWER_H
#define QMGR_ENGINE_ANSWER_H

#include "qmgr/engine/action.h"
#include "qmgr/engine/state.h"

/* Must it be asked (again), and was not yet? */
static inline bool
answer_is_stale(const struct engine *e, const struct answer *a)
{
	return a->known == KNOWN_NOT || a->known_epoch != e->epoch ||
	    (!a->by_epoch && e->now_ms >= a->expires_ms);
}

/* What counts until the answer comes that was asked for. */
static inline enum known
answer_meanwhile(const struct engine *e, const struct answer *a)
{
	return a->known == KNOWN_YES && a->known_epoch == e->epoch ?
	    KNOWN_YES : KNOWN_NOT;
}

/* Ask if need be. What is known meanwhile; KNOWN_NOT: wait. */
enum known answer_want(struct engine *e, struct answer *a,
    enum action_kind kind, struct span name);
/* It came: remember it and let the queues that wait go on. */
void answer_got(struct engine *e, struct answer *a, int64_t ttl_ms,
    bool by_epoch);
/* Words that came with it, until the next answer. */
void answer_why(struct engine *e, struct answer *a, struct span text);
/* The thing goes away: let the queues that wait go on. */
void answer_done(struct engine *e, struct answer *a);

#endif
