/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One configured log: it follows the journal and writes its segments.
 *
 * Exactly once: the cursor on disk names the last entry that is safely in the
 * files and how long each open file was then. After a crash the files are cut
 * back to those lengths and the entries behind the cursor are written again,
 * which gives the same lines in the same order.
 */
#ifndef SPOOLD_LOGGER_LOG_H
#define SPOOLD_LOGGER_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/uuid.h"
#include "lib/ipc/journal.h"
#include "lib/settings/local_logs.h"

struct log;

/*
 * The options must outlive the log. Its folders are opened here, before the
 * jail: the logger's own right to them is all it needs later.
 */
struct log *log_new(const struct local_logs *opts, const char *name);
void log_free(struct log **log);
/* Names its cursor. */
const char *log_name(const struct log *log);

/*
 * Go on where the cursor stands; NULL: there is none, begin at the start. False
 * when there was no safe point yet: make one (log_secure) and have the cursor
 * kept before anything is written, else a crash could not be told from an
 * earlier life of the folder.
 */
bool log_begin(struct log *log, const struct cursor_state *cursor);
/* The last entry written, safely or not. */
uint64_t log_position(const struct log *log);
/*
 * Write these entries. -1 when a file cannot take them: the log then stands
 * again at its last safe point and wants to be fed anew, later.
 */
int log_write(struct log *log, const struct journal_part *part,
    const struct uuid *node, int64_t wall_us);
/* End segments that are old or large enough. */
void log_roll(struct log *log, int64_t wall_us);
/* Is there anything behind the last safe point? */
bool log_is_dirty(const struct log *log);
/* Make a safe point and encode the cursor's state; 0 or -1 as log_write. */
int log_secure(struct log *log, struct buf *state_out, int64_t wall_us);
/* Has one of its folders less free than the options ask for? */
bool log_is_low(const struct log *log);
/* Close all segments as finished; call log_secure() before and after. */
void log_finish(struct log *log);

#endif
