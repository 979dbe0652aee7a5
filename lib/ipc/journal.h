/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words around the event journal. Its entries are numbered without gaps; each
 * reader of it (a configured log) has a cursor: the number of the last entry
 * it has safely written, and a state of its own (which files, how long they
 * were then). Entries that every cursor has passed are dropped.
 *
 * A cursor bears the name of its log: log_dir as configured, "#" and how many
 * earlier logs of the list have the same one. The writer makes the cursor of a
 * log that is new (at the newest entry: it begins with what comes next) and
 * drops those of logs no longer configured; CURSOR_SET for any other name is
 * acknowledged and changes nothing.
 */
#ifndef LIB_IPC_JOURNAL_H
#define LIB_IPC_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/base/wire.h"

enum {
	JOURNAL_STATE_MAX = 32768, /* bytes of a cursor's own state */
	JOURNAL_READ_MAX = 1024 * 1024,
};

struct journal_entry {
	uint64_t seq;
	uint16_t attempts;
	struct span record;   /* lib/mail/record.h, encoded; "": damaged */
	struct span envelope; /* lib/mail/envelope.h, encoded */
};

void journal_entry_put(struct buf *b, const struct journal_entry *e);
void journal_entry_get(struct reader *r, struct journal_entry *out);

/* JOURNAL_GROWN: entries up to this number are committed. */
void journal_grown_put(struct buf *b, uint64_t last);
uint64_t journal_grown_get(struct reader *r);

/*
 * LOG_SPACE: a log folder has less than its min_free_space or min_free_inodes,
 * or has enough again. Sent when it changes and to each new writer, which
 * refuses new mail meanwhile.
 */
void log_space_put(struct buf *b, bool low);
bool log_space_get(struct reader *r);

struct journal_read {
	uint64_t after;     /* entries above this number */
	uint32_t max_bytes; /* about this much, at least one entry */
};

struct journal_part {
	uint64_t last; /* newest committed entry, 0 when there was none yet */
	struct journal_entry *entries;
	uint32_t n;
};

void journal_read_put(struct buf *b, const struct journal_read *j);
void journal_read_get(struct reader *r, struct journal_read *out);
void journal_part_put(struct buf *b, const struct journal_part *p);
void journal_part_get(struct reader *r, struct journal_part *out,
    struct arena *a);

struct cursor_state {
	struct span name;
	uint64_t seq;
	struct span state;
};

/*
 * CURSOR_IS: all cursors there are. Asked of the writer, so that a cursor
 * which a dead logger still had under way is counted.
 */
struct cursors {
	struct cursor_state *v;
	uint32_t n;
};

void cursor_state_put(struct buf *b, const struct cursor_state *c);
void cursor_state_get(struct reader *r, struct cursor_state *out);
void cursors_put(struct buf *b, const struct cursors *c);
void cursors_get(struct reader *r, struct cursors *out, struct arena *a);

#endif
