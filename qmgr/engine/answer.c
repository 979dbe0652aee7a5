/* SPDX-License-Identifier: Apache-2.0 */
#include "qmgr/engine/answer.h"

enum known
answer_want(struct engine *e, struct answer *a, enum action_kind kind,
    struct span name)
{
	if (!answer_is_stale(e, a))
		return a->known;
	if (!a->asked) {
		action_ask(e, kind, name);
		a->asked = true;
		/* An answer speaks of the epoch it was asked in. */
		a->epoch = e->epoch;
	}
	return answer_meanwhile(e, a);
}

void
answer_got(struct engine *e, struct answer *a, enum known known,
    int64_t ttl_ms, bool by_epoch)
{
	a->asked = false;
	a->known = (uint8_t)known;
	a->known_epoch = a->epoch;
	a->by_epoch = by_epoch;
	a->expires_ms = e->now_ms + (ttl_ms > 0 ? ttl_ms : 1);
	answer_done(e, a);
}

void
answer_failed(struct engine *e, struct answer *a)
{
	answer_got(e, a, a->known == KNOWN_YES ? KNOWN_YES : KNOWN_FAILED,
	    NEGATIVE_MS, false);
}

void
answer_done(struct engine *e, struct answer *a)
{
	/* They still say IN_ANSWER; it means the same until they are run. */
	list_splice(&e->queue_work, &a->waiters, QUEUE_LINKS(e));
}
