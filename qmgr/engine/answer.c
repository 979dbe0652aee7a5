/* SPDX-License-Identifier: Apache-2.0 */
#include "qmgr/engine/answer.h"

#include "qmgr/engine/names.h"

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

static void
answer_came(struct engine *e, struct answer *a, enum known known,
    int64_t ttl_ms)
{
	a->asked = false;
	a->known = (uint8_t)known;
	a->known_epoch = a->epoch;
	a->by_epoch = false;
	a->expires_ms = e->now_ms + (ttl_ms > 0 ? ttl_ms : 1);
	answer_done(e, a);
}

void
answer_got(struct engine *e, struct answer *a, int64_t ttl_ms, bool by_epoch)
{
	answer_came(e, a, KNOWN_YES, ttl_ms);
	a->by_epoch = by_epoch;
}

void
answer_why(struct engine *e, struct answer *a, struct span text)
{
	blob_unref(e, a->why);
	a->why = blob_ref(e, text);
}

void
answer_done(struct engine *e, struct answer *a)
{
	/* They still say IN_ANSWER; it means the same until they are run. */
	list_splice(&e->queue_work, &a->waiters, QUEUE_LINKS(e));
	blob_unref(e, a->why);
	a->why = 0;
}

/* Of the thing with this name; NULL: it went away while it was asked for. */
static struct answer *
answer_find(const struct engine *e, enum action_kind asked, struct span name)
{
	uint32_t i;

	switch (asked) {
	case ACTION_ASK_QUEUE_CONFIG:
		i = registry_find(&e->queues, name);
		return i != 0 ? &queue_at(e, i)->config : NULL;
	case ACTION_ASK_POOL:
		i = registry_find(&e->pools, name);
		return i != 0 ?
		    &((struct pool *)registry_at(&e->pools, i))->config : NULL;
	case ACTION_ASK_SOURCE:
		i = registry_find(&e->sources, name);
		return i != 0 ?
		    &((struct source *)registry_at(&e->sources, i))->config :
		    NULL;
	case ACTION_ASK_PATH:
		i = registry_find(&e->readies, name);
		return i != 0 ? &ready_at(e, i)->config : NULL;
	case ACTION_ASK_MX: /* engine_mx() has a result for it */
	case ACTION_OPEN_SESSION:
	case ACTION_DISPATCH:
	case ACTION_CLOSE_SESSION:
	case ACTION_SETTLE:
		break;
	}
	return NULL;
}

void
engine_no_answer(struct engine *e, enum action_kind asked, struct span name,
    struct span why)
{
	struct answer *a = answer_find(e, asked, name);

	if (a == NULL)
		return;
	if (a->known == KNOWN_YES) {
		answer_came(e, a, KNOWN_YES, NEGATIVE_MS);
	} else {
		answer_came(e, a, KNOWN_FAILED, NEGATIVE_MS);
		answer_why(e, a, why);
	}
}
