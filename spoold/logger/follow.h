/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A log on its way through the journal: entries are asked of a spool reader
 * and written, and from time to time the log is made safe and the spool's
 * writer keeps how far it came (its cursor). A log begins at its cursor; what
 * was written behind that is written again.
 */
#ifndef SPOOLD_LOGGER_FOLLOW_H
#define SPOOLD_LOGGER_FOLLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/ipc/journal.h"
#include "lib/ipc/store.h"

struct log;
struct logger;

struct follow {
	struct log *log;
	bool asked;         /* a JOURNAL_READ is out */
	bool cursor_out;    /* a CURSOR_SET is out */
	bool fresh;         /* its first safe point is not kept yet */
	uint64_t secured;   /* position of the last CURSOR_SET */
};

/* The logs of the configuration; they wait for their cursors. */
void follows_open(struct logger *l);
void follows_close(struct logger *l);
/* The cursors came: all logs begin there. */
void follows_begin(struct logger *l, const struct cursors *cursors);
/* What was asked before this does not count any more. */
void follows_new_life(struct logger *l);
/* Ask for entries that are known to be there. */
void follows_ask(struct logger *l);
/* The log of a request of this life, or NULL. */
struct follow *follow_of(struct logger *l, uint64_t request);
/* Ask for what follows, whether it is known to be there or not. */
void follow_ask(struct logger *l, struct follow *f);
/* Make it safe and have its cursor kept, if there is anything new. */
void follow_secure(struct logger *l, struct follow *f);
/* The answer to follow_ask. */
void follow_part(struct logger *l, struct follow *f,
    const struct journal_part *part);
/* The answer to follow_secure. */
void follow_secured(struct logger *l, struct follow *f);
/* While stopping: one more step of the last lines on their way to safety. */
void follow_stop(struct logger *l, struct follow *f);

#endif
