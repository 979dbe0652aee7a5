/* SPDX-License-Identifier: Apache-2.0 */
/* The state of a spool reader. */
#ifndef SPOOLD_READER_READER_H
#define SPOOLD_READER_READER_H

#include "lib/io/loop.h"
#include "lib/proc/daemon.h"
#include "lib/store/spool.h"
#include "spoold/reader/handover.h"

struct spool_reader {
	struct daemon *d;
	struct spool *spool;
	struct handover handover;
	bool reading;             /* a snapshot is held in this turn */
	struct deferred turn_end; /* lets it go */
	struct arena arena;
};

extern const struct channel_handler reader_handlers[];

/* Take the turn's snapshot if there is none yet; 0 or -1. */
int reader_snapshot(struct spool_reader *s);

#endif
