/* SPDX-License-Identifier: Apache-2.0 */
/* The state of the spool's writer. */
#ifndef SPOOLD_SPOOLD_H
#define SPOOLD_SPOOLD_H

#include "lib/io/loop.h"
#include "lib/proc/daemon.h"
#include "lib/store/spool.h"
#include "spoold/batch.h"
#include "spoold/gone.h"
#include "spoold/health.h"

struct spoold {
	struct daemon *d;
	struct spool *spool;
	struct batch batch;
	struct gone gone;
	struct health_watch watch;
	enum health told;      /* what the peers know */
	struct timer tick;
	unsigned ticks;
	/* The queue manager was not told of these: after < commit <= upto. */
	bool gap;
	uint64_t gap_after, gap_upto;
	bool cursors_owed; /* the logger asked while the spool failed */
};

extern const struct channel_handler spoold_handlers[];

/* peers.c */
void spoold_peer_up(void *state, struct channel *ch);
void spoold_peer_down(void *state, struct channel *ch);
void spoold_peer_drained(void *state, struct channel *ch);
/* Tell all peers when health is not what they were told. */
void spoold_tell_health(struct spoold *s);
/* Answer the logger's question for its places, when that can be. */
void spoold_tell_cursors(struct spoold *s);
/* Commits the queue manager must find by a scan. */
void spoold_owe(struct spoold *s, uint64_t after, uint64_t upto);

/* watch.c */
void spoold_watch_start(struct spoold *s);
/* Times and floors of the configuration in force. */
void spoold_watch_settings(struct spoold *s);

#endif
