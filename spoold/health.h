/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is the spool fit to take mail? Pure: what happened and when come in, the
 * state comes out.
 *
 * A failing disk counts at once, other errors when they last; it is well again
 * after commits went through for a while (never, if the operator wants to look
 * first). Want of space ends when there is space.
 */
#ifndef SPOOLD_HEALTH_H
#define SPOOLD_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/ipc/store.h"
#include "lib/store/spool.h"

struct health_watch {
	int64_t latch_ms, unlatch_ms;
	bool allow_unlatch;

	bool failed;
	bool full;     /* a store found no room */
	bool low;      /* below a floor of free space */
	bool logs_low; /* a log folder is, says the logger */
	int64_t odd_since_ms;  /* first of errors without a success, 0: none */
	int64_t well_since_ms; /* first of successes without an error */
};

void health_error(struct health_watch *w, enum spool_error error,
    int64_t now_ms);
/* A commit went through. */
void health_success(struct health_watch *w, int64_t now_ms);
void health_full(struct health_watch *w, bool full);
void health_low(struct health_watch *w, bool low);
void health_logs_low(struct health_watch *w, bool low);
enum health health_of(const struct health_watch *w);
const char *health_name(enum health state);

#endif
