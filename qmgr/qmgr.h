/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of the queue manager around the engine: what is asked of the
 * policy, what is in flight at the workers, what the store has not yet kept.
 */
#ifndef QMGR_QMGR_H
#define QMGR_QMGR_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/map.h"
#include "lib/io/loop.h"
#include "lib/proc/daemon.h"
#include "qmgr/engine/engine.h"

struct asks;
struct flights;
struct settling;
struct loading;

struct qmgr {
	struct daemon d;
	struct engine *engine;
	int64_t clock_offset_ms; /* wall minus monotonic, at start */
	struct deferred turn;
	struct timer wake;
	struct timer stop;         /* while stopping: is all on disk? */
	struct asks *asks;         /* asks.c: questions to the policy */
	struct flights *flights;   /* flights.c: sessions, dispatched messages */
	struct settling *settling; /* settling.c: outcomes on their way to disk */
	struct loading *loading;   /* loading.c: reading the schedule */
};

/* Tell the engine the time; before each input. */
void qmgr_clock(struct qmgr *q);
/* There was input: have the engine's actions carried out this turn. */
void qmgr_turn(struct qmgr *q);

#endif
