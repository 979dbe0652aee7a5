/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bodies: pieces in `data`, and in `bodies` how many messages share one (no
 * row means one). The last message that goes takes the pieces with it.
 */
#ifndef LIB_STORE_BODY_H
#define LIB_STORE_BODY_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/arena.h"
#include "lib/base/span.h"
#include "lib/base/uuid.h"

struct spool;

/* 1, 0, or -1 when it cannot be told. */
int body_exists(struct spool *sp, const struct uuid *id);
/* Store the pieces of a new body, or count one already there; 0 or -1. */
int body_add(struct spool *sp, const struct uuid *id, struct span body,
    uint64_t n_messages, bool exists);
/* One message less. With `keep`, the last puts the pieces apart; 0 or -1. */
int body_drop(struct spool *sp, const struct uuid *id, bool keep);

enum body_look { BODY_WHOLE, BODY_MISSING, BODY_DAMAGED, BODY_UNREAD };
/*
 * The checked pieces, in order, in the map: valid until the snapshot ends.
 * The array is the arena's.
 */
enum body_look body_look(struct spool *sp, const struct uuid *id,
    uint64_t size, struct arena *a, struct span **pieces_out,
    uint32_t *n_out);

#endif
