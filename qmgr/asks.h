/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions of the engine to the policy process. Each waits until it is
 * answered; a new policy process is asked again.
 */
#ifndef QMGR_ASKS_H
#define QMGR_ASKS_H

#include "lib/ipc/channel.h"
#include "qmgr/engine/engine.h"

struct qmgr;

void asks_init(struct qmgr *q);
void asks_put(struct qmgr *q, const struct action *a);
void asks_policy_up(struct qmgr *q);
/* The path of this ready queue wants a broken TLS remembered that long; <= 0:
 * not at all. */
int64_t asks_broken_tls_ms(struct qmgr *q, struct span ready_queue);

void asks_on_queue(void *arg, struct channel *ch, uint64_t id,
    struct reader *r, int fd);
void asks_on_pool(void *arg, struct channel *ch, uint64_t id,
    struct reader *r, int fd);
void asks_on_source(void *arg, struct channel *ch, uint64_t id,
    struct reader *r, int fd);
void asks_on_path(void *arg, struct channel *ch, uint64_t id,
    struct reader *r, int fd);
void asks_on_mx(void *arg, struct channel *ch, uint64_t id,
    struct reader *r, int fd);

#endif
