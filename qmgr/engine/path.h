/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the engine keeps of an egress path: its limits, and the throttles and
 * connection counts that it shares with other paths by name.
 */
#ifndef QMGR_ENGINE_PATH_H
#define QMGR_ENGINE_PATH_H

#include "qmgr/engine/state.h"

void path_unref(struct engine *e, uint32_t path);
uint32_t path_ref(struct engine *e, const struct egress_path *from,
    struct span wire);

/* Until the next message, or connection, may go; 0: now. */
int64_t path_message_wait_ms(const struct engine *e, const struct ready *r);
void path_message_take(struct engine *e, struct ready *r);
int64_t path_connection_wait_ms(const struct engine *e,
    const struct ready *r);

/* The shared count that is full, or 0. */
uint32_t path_lease_full(const struct engine *e, const struct path *p);
void path_lease_take(struct engine *e, const struct path *p);
/* Also lets those that wait for them go on. */
void path_lease_drop(struct engine *e, const struct path *p);
/* This ready queue waits for none any more. */
void path_lease_forget(struct engine *e, uint32_t ready);
/* Where there is still room for a waiting ready queue, wake one. */
void path_lease_pass(struct engine *e, const struct path *p);
void paths_done(struct engine *e);

#endif
