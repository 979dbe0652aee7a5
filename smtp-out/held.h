/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Outcomes that were reported and not yet kept by the queue manager. Numbers
 * grow for the life of the process; a new queue manager hears all of them
 * again, under the same numbers.
 */
#ifndef SMTP_OUT_HELD_H
#define SMTP_OUT_HELD_H

#include <stdint.h>

struct arena;
struct channel;
struct outcome;
struct held_outcome;
struct uuid;

/* Zero-initialised is empty. */
struct held {
	struct held_outcome *first, *last;
	uint64_t next; /* number of the last one given */
	uint32_t n;
};

/* ch may be NULL: it is sent when there is a queue manager again. */
void held_add(struct held *h, struct channel *ch, const struct outcome *o);
void held_kept(struct held *h, uint64_t upto);
void held_send_all(const struct held *h, struct channel *ch);
/* The ids of all, in the arena. */
struct uuid *held_ids(const struct held *h, struct arena *a);
void held_free(struct held *h);

#endif
