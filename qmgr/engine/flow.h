/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The messages of a ready queue, a list for each scheduled queue, served by
 * deficit round robin: each visit grants some cost, a message costs by size.
 */
#ifndef QMGR_ENGINE_FLOW_H
#define QMGR_ENGINE_FLOW_H

#include "qmgr/engine/state.h"

/* At the end of its queue's flow, or (first) at its head. */
void flow_put(struct engine *e, uint32_t ready, uint32_t message, bool first);
/* The message whose turn it is; the ready queue must hold one. */
uint32_t flow_peek(struct engine *e, uint32_t ready);
/* Take that one. */
void flow_take(struct engine *e, uint32_t ready, uint32_t message);
/* Take the last of the present flow and pass to the next: for overflow. */
uint32_t flow_take_last(struct engine *e, uint32_t ready);

#endif
