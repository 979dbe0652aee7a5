/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine wants done, in order, until the caller takes it. */
#ifndef QMGR_ENGINE_ACTION_H
#define QMGR_ENGINE_ACTION_H

#include "qmgr/engine/state.h"

/* A zeroed action at the end; good until the next push. */
struct action *action_push(struct engine *e, enum action_kind kind);
/* A copy that lives until all actions were taken. Push first. */
struct span action_text(struct engine *e, struct span s);
void action_ask(struct engine *e, enum action_kind kind, struct span name);
void action_close(struct engine *e, uint32_t session, enum close_reason why);

/* What the engine has to say about a message. */
struct verdict {
	enum record_kind kind;
	uint16_t code;
	const char *enhanced;
	struct span text;
};

/*
 * Push a SETTLE of the message as it is now, with a record of v unless that is
 * NULL; r is the ready queue it was in, or NULL.
 */
void action_settle(struct engine *e, const struct message *m,
    enum settle_op op, uint32_t context, uint64_t token,
    const struct ready *r, const struct verdict *v);

static inline uint64_t
session_id(const struct engine *e, uint32_t session)
{
	return (uint64_t)session_at(e, session)->serial << 32 | session;
}

#endif
