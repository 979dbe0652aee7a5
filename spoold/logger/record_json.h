/* SPDX-License-Identifier: Apache-2.0 */
/* A journal entry as the JSON object that operators' tools read. */
#ifndef SPOOLD_LOGGER_RECORD_JSON_H
#define SPOOLD_LOGGER_RECORD_JSON_H

#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/base/uuid.h"
#include "lib/mail/envelope.h"
#include "lib/mail/record.h"
#include "lib/settings/local_logs.h"

struct log_entry {
	struct record record;
	struct envelope envelope;
	uint16_t attempts;
};

/*
 * Decode what the journal holds; spans point into the given bytes, lists into
 * the arena. False when the bytes are not a record.
 */
bool log_entry_get(struct log_entry *out, struct span record,
    struct span envelope, uint16_t attempts, struct arena *a);
/* One line with its newline, as this log wants it. */
void log_entry_json(struct buf *out, const struct log_entry *e,
    const struct local_logs *opts, const struct uuid *node);

#endif
