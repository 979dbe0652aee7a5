/* SPDX-License-Identifier: Apache-2.0 */
/* The reading verbs of lib/store/message.h. */
#include <string.h>

#include "lib/base/log.h"
#include "lib/mail/envelope.h"
#include "lib/store/body.h"
#include "lib/store/message.h"
#include "lib/store/private.h"

enum {
	SCAN_ROWS_MAX = 65536,          /* rows looked at for one slice */
	SCAN_BYTES_MAX = 3 * 1024 * 1024, /* of texts in one slice */
	SCAN_ENTRY_FIXED = 48,
};

static bool
envelope_read(struct span bytes, const struct uuid *id, struct envelope *out,
    struct arena *a)
{
	struct reader r;

	reader_init(&r, bytes);
	envelope_get(&r, out, a);
	return reader_end(&r) && uuid_eq(&out->id, id);
}

enum message_look
message_look(struct spool *sp, const struct uuid *id, struct arena *a,
    struct message_view *out)
{
	struct envelope env;

	*out = (struct message_view){ .envelope = span_of("") };
	switch (row_find(sp, DB_META, ROW_META, id->b, sizeof(id->b),
	    &out->envelope)) {
	case NOT_FOUND:
		return MESSAGE_MISSING;
	case FOUND_DAMAGED:
		return MESSAGE_DAMAGED;
	case FIND_FAILED:
		return MESSAGE_UNREAD;
	case FOUND:
		break;
	}
	if (!envelope_read(out->envelope, id, &env, a))
		return MESSAGE_DAMAGED;
	out->body_id = env.body_id;
	out->body_size = env.body_size;
	switch (body_look(sp, &env.body_id, env.body_size, a, &out->pieces,
	    &out->n_pieces)) {
	case BODY_WHOLE:
		return MESSAGE_WHOLE;
	case BODY_MISSING:
	case BODY_DAMAGED:
		return MESSAGE_DAMAGED;
	case BODY_UNREAD:
		break;
	}
	return MESSAGE_UNREAD;
}

/*
 * A line of the schedule that is damaged says nothing about the message: due
 * now, as if stored long ago.
 */
static bool
entry_from_envelope(struct spool *sp, const struct uuid *id, struct arena *a,
    struct sched_row *out)
{
	char hex[UUID_HEX_MAX];
	struct envelope env;
	struct span payload;

	log_warnx("the schedule of a message is damaged id=%s",
	    uuid_hex(id, hex));
	if (row_find(sp, DB_META, ROW_META, id->b, sizeof(id->b), &payload) !=
	    FOUND || !envelope_read(payload, id, &env, a))
		return false;
	*out = (struct sched_row){ .due_ms = env.created_us / 1000,
		.n_rcpts = env.n_rcpts, .size = envelope_size(&env),
		.queue = env.queue };
	return true;
}

/* Is there such a line, and is it one of those asked for? */
static bool
entry_read(struct spool *sp, const MDB_val *k, const MDB_val *v,
    const struct sched_scan *scan, uint64_t max, struct arena *a,
    struct sched_entry *out)
{
	struct sched_row row;
	struct span payload;

	memcpy(out->id.b, k->mv_data, UUID_LEN);
	if ((!row_open(val_span(v), ROW_SCHED, &payload) ||
	    !sched_row_get(payload, &row)) &&
	    (scan->min_commit > 0 || !entry_from_envelope(sp, &out->id, a,
	    &row)))
		return false;
	/* Commit 0 stands for "not known": told to those who ask for all. */
	if (row.commit > max || (row.commit <= scan->min_commit &&
	    !(row.commit == 0 && scan->min_commit == 0)))
		return false;
	out->due_ms = row.due_ms;
	out->attempts = row.attempts;
	out->n_rcpts = row.n_rcpts;
	out->size = row.size;
	out->queue = row.queue;
	return true;
}

int
message_scan(struct spool *sp, const struct sched_scan *scan, struct arena *a,
    struct sched_slice *out)
{
	uint64_t max = scan->max_commit != 0 ? scan->max_commit : UINT64_MAX;
	uint32_t limit = scan->limit, rows = 0;
	uint8_t from[UUID_LEN + 1];
	size_t bytes = 0;
	MDB_cursor *cursor;
	MDB_val k, v;
	int rc;

	if (limit == 0 || limit > STORE_SCAN_MAX)
		limit = STORE_SCAN_MAX;
	*out = (struct sched_slice){ .snapshot = sp->state.commit,
		.upto = scan->after };
	out->entries = arena_alloc(a, limit * sizeof(*out->entries));
	rc = mdb_cursor_open(sp->txn, sp->dbi[DB_SCHED], &cursor);
	if (rc != 0)
		return spool_fail(sp, rc);
	/* One byte longer is the least key above this id. */
	memcpy(from, scan->after.b, UUID_LEN);
	from[UUID_LEN] = 0;
	k = val_of(from, sizeof(from));
	rc = mdb_cursor_get(cursor, &k, &v, MDB_SET_RANGE);
	while (rc == 0 && out->n < limit && rows++ < SCAN_ROWS_MAX &&
	    bytes < SCAN_BYTES_MAX) {
		if (k.mv_size == UUID_LEN) {
			if (entry_read(sp, &k, &v, scan, max, a,
			    &out->entries[out->n]))
				bytes += SCAN_ENTRY_FIXED +
				    out->entries[out->n++].queue.len;
			memcpy(out->upto.b, k.mv_data, UUID_LEN);
		}
		rc = mdb_cursor_get(cursor, &k, &v, MDB_NEXT);
	}
	mdb_cursor_close(cursor);
	out->more = rc == 0;
	return rc == 0 || rc == MDB_NOTFOUND ? 0 : spool_fail(sp, rc);
}
