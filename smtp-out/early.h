/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages that came before the word of their session: the two travel over
 * different channels. They wait a moment; what nobody asks for goes back.
 * Sessions that have just ended are remembered, so that their stragglers are
 * dropped at once: the queue manager has them back already.
 */
#ifndef SMTP_OUT_EARLY_H
#define SMTP_OUT_EARLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/io/loop.h"

struct mail;

enum {
	EARLY_WAIT_MS = 5000,
	EARLY_MAX = 256,   /* messages */
	EARLY_ENDED = 256, /* sessions remembered */
};

/* Zero-initialised is empty; the timer is the owner's to set up. */
struct early {
	struct mail *first, **last;
	unsigned n;
	struct timer timer;
	uint64_t ended[EARLY_ENDED];
	unsigned n_ended;
};

/* Takes the mail; false (and not taken) when there are too many. */
bool early_add(struct early *e, struct mail *m);
/* The next one of this session, or NULL. */
struct mail *early_take(struct early *e, uint64_t session);
/* The oldest one that has waited long enough by now, or NULL. */
struct mail *early_expired(struct early *e, int64_t now_ms);
void early_drop_all(struct early *e);
void early_note_ended(struct early *e, uint64_t session);
bool early_has_ended(const struct early *e, uint64_t session);

#endif
