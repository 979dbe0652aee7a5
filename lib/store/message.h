/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A message in the spool: stored, settled, loaded. The verbs that change need
 * the writer's transaction, the others a snapshot.
 */
#ifndef LIB_STORE_MESSAGE_H
#define LIB_STORE_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/arena.h"
#include "lib/base/span.h"
#include "lib/base/uuid.h"
#include "lib/ipc/store.h"

struct spool;

enum stow {
	STOW_DONE,
	STOW_MALFORMED, /* the sender breaks the rules; nothing was changed */
	STOW_FAILED,    /* see spool_error(); end the transaction */
};

/*
 * Store what is not there yet. `body` is all of the body, wherever it came
 * from. The entries of messages that are new are appended to fresh_out (room
 * for n_messages), with texts of the arena: what they say is taken from the
 * envelopes.
 */
enum stow message_store(struct spool *sp, const struct store *s,
    struct span body, struct sched_entry *fresh_out, uint32_t *n_out,
    struct arena *a);

/* Carry out a SETTLE, once however often it comes; 0 or -1. */
int message_settle(struct spool *sp, uint64_t request,
    const struct settle *s);

enum message_look {
	MESSAGE_WHOLE,
	MESSAGE_MISSING,
	MESSAGE_DAMAGED, /* the envelope or the body fails its check */
	MESSAGE_UNREAD,  /* the spool fails */
};

/* All spans point into the map: valid until the snapshot ends. */
struct message_view {
	struct span envelope; /* encoded */
	struct uuid body_id;
	uint64_t body_size;
	struct span *pieces;  /* of the body; the array is the arena's */
	uint32_t n_pieces;
};

enum message_look message_look(struct spool *sp, const struct uuid *id,
    struct arena *a, struct message_view *out);

/*
 * The next entries of the schedule, as lib/ipc/store.h says. Texts point into
 * the map. Looks at a bounded number of rows, so a slice may be empty and
 * still say that there is more. 0 or -1.
 */
int message_scan(struct spool *sp, const struct sched_scan *scan,
    struct arena *a, struct sched_slice *out);

#endif
