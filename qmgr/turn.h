/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A turn: once all that came was given to the engine, it works its share, what
 * it wants done is done, and the wake-up for the next share is set.
 */
#ifndef QMGR_TURN_H
#define QMGR_TURN_H

struct qmgr;

/* From here on turns run, whenever one is due. */
void turn_init(struct qmgr *q);
/* One right now. */
void turn_run(struct qmgr *q);

#endif
