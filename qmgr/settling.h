/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Outcomes on their way to disk. What a worker reported is kept here until the
 * engine has decided what it means (SETTLE), then the SETTLE is kept until the
 * store has committed it; only then the worker may forget. A new store process
 * is told again all that the old one did not acknowledge: settling twice is
 * harmless there.
 */
#ifndef QMGR_SETTLING_H
#define QMGR_SETTLING_H

#include <stdbool.h>

#include "lib/ipc/channel.h"
#include "lib/ipc/delivery.h"
#include "qmgr/engine/engine.h"

struct qmgr;

void settling_init(struct qmgr *q);
/*
 * Keep a worker's report; the token is the engine's name for it. worker is the
 * engine's number, request the id to acknowledge.
 */
uint64_t settling_keep(struct qmgr *q, uint32_t worker, uint64_t request,
    const struct outcome *o);
/* For a message that the spool cannot give: it is set aside, not removed. */
uint64_t settling_keep_damaged(struct qmgr *q);
/* The engine wants nothing written for it: acknowledge it in its turn. */
void settling_drop(struct qmgr *q, uint64_t token);
/* ACTION_SETTLE: send it to the store. */
void settling_settle(struct qmgr *q, const struct action_settle *s);
void settling_store_up(struct qmgr *q);
/* A worker is gone: nobody waits for its acknowledgements. */
void settling_worker_gone(struct qmgr *q, uint32_t worker);
/* Nothing is owed to the disk any more. */
bool settling_is_idle(const struct qmgr *q);

void settling_on_settled(void *arg, struct channel *ch, uint64_t id,
    struct reader *r, int fd);

#endif
