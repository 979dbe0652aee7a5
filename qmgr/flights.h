/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions at the workers and the messages dispatched to them. The engine
 * numbers its workers; here that number is a role and an index. When a spool
 * reader dies, what it was asked to hand over and no worker has got is asked of
 * its successor, once the workers have said what they got.
 */
#ifndef QMGR_FLIGHTS_H
#define QMGR_FLIGHTS_H

#include "lib/ipc/channel.h"
#include "qmgr/engine/engine.h"

struct qmgr;

void flights_init(struct qmgr *q);
struct channel *flights_worker_channel(struct qmgr *q, uint32_t worker);
/* The engine's number of the worker behind this channel. */
uint32_t flights_worker(const struct channel *ch);
void flights_worker_up(struct qmgr *q, struct channel *ch);
void flights_worker_down(struct qmgr *q, struct channel *ch);
void flights_reader_up(struct qmgr *q, const struct channel *reader);
/* Have all workers that should be there said what they hold? */
bool flights_all_reported(const struct qmgr *q);

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
