/* SPDX-License-Identifier: Apache-2.0 */
/* The state of the logger: how far each configured log has come. */
#ifndef SPOOLD_LOGGER_LOGGER_H
#define SPOOLD_LOGGER_LOGGER_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/uuid.h"
#include "lib/io/loop.h"
#include "lib/proc/daemon.h"
#include "spoold/logger/follow.h"

struct logger {
	struct daemon d;
	struct follow *follows; /* one per log */
	unsigned n_follows;
	/*
	 * Counts how often the logs were begun. Requests carry it: what was
	 * asked before a log stepped back to its cursor does not fit any more,
	 * entries would be passed over.
	 */
	uint64_t life;
	struct uuid node;
	uint64_t newest;     /* journal entry that is known to be committed */
	bool have_cursors;   /* logs know where to go on */
	bool low;            /* what the writer knows of our folders */
	unsigned ticks;
	struct timer tick;   /* rolls by time, retries, cursor commits */
	struct timer gather; /* lets entries gather before they are asked for */
};

/* peers.c */
extern const struct channel_handler logger_handlers[];
void logger_peer_up(void *state, struct channel *ch);
/* The spool's writer, and the reader that the journal is asked of, or NULL. */
struct channel *logger_writer(struct logger *l);
struct channel *logger_journal(struct logger *l);

/* watch.c */
void logger_watch_start(struct logger *l);
/* Tell the writer whether the log folders have room. */
void logger_tell_space(struct logger *l);

#endif
