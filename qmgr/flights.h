/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions at the workers and the messages dispatched to them. When a spool
 * reader dies, what it was asked to hand over and no worker has got is asked of
 * its successor, once the workers have said what they got.
 */
#ifndef QMGR_FLIGHTS_H
#define QMGR_FLIGHTS_H

#include "lib/ipc/channel.h"
#include "qmgr/engine/engine.h"

struct qmgr;

void flights_init(struct qmgr *q);
void flights_worker_up(struct qmgr *q, struct channel *ch);
void flights_worker_down(struct qmgr *q, struct channel *ch);
void flights_reader_up(struct qmgr *q, const struct channel *reader);

void flights_open(struct qmgr *q, const struct action_open *a);
void flights_dispatch(struct qmgr *q, const struct action_dispatch *a);
void flights_close(struct qmgr *q, const struct action_close *a);
/*
 * Send what was gathered: dispatches leave as one frame per session. True when
 * sessions were begun and the engine has more to say.
 */
bool flights_flush(struct qmgr *q);

void flights_on_ended(void *arg, struct channel *ch, uint64_t id,
    struct reader *r, int fd);
void flights_on_held(void *arg, struct channel *ch, uint64_t id,
    struct reader *r, int fd);
void flights_on_outcome(void *arg, struct channel *ch, uint64_t id,
    struct reader *r, int fd);
void flights_on_dispatch_fail(void *arg, struct channel *ch, uint64_t id,
    struct reader *r, int fd);

#endif
