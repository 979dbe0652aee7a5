/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ready queue SOURCE->SITE@PROTO: messages that may go now, a flow for each
 * scheduled queue, the sessions that carry them, and the limits of its path.
 */
#ifndef QMGR_ENGINE_READY_H
#define QMGR_ENGINE_READY_H

#include "qmgr/engine/state.h"

/* Find or make the one for the queue's site from this source. */
uint32_t ready_get(struct engine *e, const struct queue *q, uint32_t source);
/* What is known of its path; KNOWN_NOT: the queue waits. */
enum known ready_want_path(struct engine *e, struct ready *r);
bool ready_is_full(const struct engine *e, const struct ready *r);
/* A loose message enters behind those of its queue. */
void ready_insert(struct engine *e, uint32_t r, uint32_t message);
/* One that was in hand is ready again, ahead of those of its queue. */
void ready_reinsert(struct engine *e, uint32_t r, uint32_t message);
/* Let it have its turn. */
void ready_work(struct engine *e, uint32_t r);
void ready_run(struct engine *e, uint32_t r);
void ready_timer(struct engine *e, uint32_t r);
/* All it holds goes back; text (may be empty) for the records. */
void ready_give_back(struct engine *e, uint32_t r, enum giving_back why,
    int64_t until_ms, struct span text);
/* This source is configured anew: its sessions, opened as it was, end. */
void readies_source_changed(struct engine *e, uint32_t source);
/* The wait for a worker, the store or memory may be over. */
void readies_resume(struct engine *e);
void readies_done(struct engine *e);

#endif
