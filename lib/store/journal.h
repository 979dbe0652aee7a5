/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event journal in `events` and the places of its readers in `cursors`.
 * Entries are kept while some configured log still needs them; without any
 * log nothing is written. What a cursor is called: lib/ipc/journal.h.
 */
#ifndef LIB_STORE_JOURNAL_H
#define LIB_STORE_JOURNAL_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/arena.h"
#include "lib/base/span.h"
#include "lib/ipc/journal.h"

struct spool;

enum { JOURNAL_LOGS_MAX = 64 };

/*
 * These logs are configured: their cursors are made where they are missing
 * (a new log begins with what comes next), others are dropped. 0 or -1.
 */
int journal_logs(struct spool *sp, const struct span *names, size_t n);
/* Does any log want entries? */
bool journal_is_on(const struct spool *sp);
/* As told by the last journal_logs(), for a spool that was reopened. */
void journal_set_on(struct spool *sp, bool on);

int journal_append(struct spool *sp, uint16_t attempts, struct span record,
    struct span envelope);
/* Unknown logs are passed over; 0 or -1. */
int journal_cursor_set(struct spool *sp, const struct cursor_state *c);
/*
 * Drop at most max entries that every log has passed. 1 when there are more,
 * 0 when not, -1.
 */
int journal_prune(struct spool *sp, uint32_t max);

/*
 * Entries above `after`, about max_bytes of them and at least one; they point
 * into the map. A damaged one has an empty record and envelope. 0 or -1.
 */
int journal_read(struct spool *sp, uint64_t after, uint32_t max_bytes,
    struct arena *a, struct journal_part *out);
int journal_cursors(struct spool *sp, struct arena *a, struct cursors *out);

#endif
