/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of the queue manager around the engine: what is asked of the
 * policy, what is in flight at the workers, what the store has not yet kept.
 *
 * The files, each calling those below it and none above:
 *
 *	main       start, reload, stop
 *	peers      the messages that come, the peers that come and go
 *	turn       the one place where the engine's actions are carried out
 *	flights    sessions and dispatched messages
 *	asks       questions to the policy
 *	loading    what the spool holds
 *	settling   outcomes on their way to disk
 *	workers    the delivery processes and the engine's numbers for them
 *	qmgr       this state, and the mark that a turn is due
 *
 * What comes in is given to the engine (qmgr_input() first) and carried out
 * later in the same turn of the loop, together with all else that came.
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
struct workers;

struct qmgr {
	struct daemon d;
	struct engine *engine;
	int64_t clock_offset_ms;   /* wall minus monotonic, at start */
	struct deferred turn;      /* turn.c sets it up and runs it */
	struct timer wake;
	struct timer stop;         /* while stopping: is all on disk? */
	struct asks *asks;
	struct flights *flights;
	struct settling *settling;
	struct loading *loading;
	struct workers *workers;
};

/* The engine's time by the loop's clock. */
int64_t qmgr_now_ms(const struct qmgr *q);
/*
 * Input for the engine follows: it is told the time, and what it wants done
 * is done before this turn of the loop ends.
 */
void qmgr_input(struct qmgr *q);

#endif
