/* SPDX-License-Identifier: Apache-2.0 */
/* A scheduled queue: what is due moves on to ready queues, in turn. */
#ifndef QMGR_ENGINE_QUEUE_H
#define QMGR_ENGINE_QUEUE_H

#include "qmgr/engine/state.h"

/* Find or make. */
uint32_t queue_get(struct engine *e, struct span name);
/* Its last message has left. */
void queue_empty(struct engine *e, uint32_t q);
/* It has something due: let it have its turn, unless it waits. */
void queue_work(struct engine *e, uint32_t q);
/* Its turn. */
void queue_run(struct engine *e, uint32_t q);
void queue_timer(struct engine *e, uint32_t q);
/* A new configuration: all that wait for their timer may try. */
void queues_unhalt(struct engine *e);
/* Wait for this answer; it was KNOWN_NOT. */
void queue_wait_answer(struct engine *e, uint32_t q, struct answer *a);
/* There is room in a ready queue it waited for. */
void queue_room(struct engine *e, uint32_t q);
/* Give up what a configuration refers to. */
void profile_unref(struct engine *e, uint32_t profile);
void queues_done(struct engine *e);

#endif
