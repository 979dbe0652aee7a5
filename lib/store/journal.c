/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/store/journal.h"

#include <string.h>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/base/wire.h"
#include "lib/store/private.h"

enum { CURSOR_KEY_MAX = 511, PART_ENTRIES = 4096 };

bool
journal_is_on(const struct spool *sp)
{
	return sp->journal;
}

void
journal_set_on(struct spool *sp, bool on)
{
	sp->journal = on;
}

/* LMDB keys are short; a longer path counts by its end. */
static struct span
cursor_key(struct span name)
{
	return name.len <= CURSOR_KEY_MAX ? name :
	    span_from(name, name.len - CURSOR_KEY_MAX);
}

static int
cursor_write(struct spool *sp, struct span name, uint64_t seq,
    struct span state)
{
	const struct cursor_row row = { .seq = seq, .state = state };
	struct span key = cursor_key(name), payload;

	buf_clear(&sp->scratch, 1024 * 1024);
	cursor_row_put(&sp->scratch, &row);
	payload = buf_span(&sp->scratch);
	return row_put(sp, DB_CURSORS, ROW_CURSOR, key.p, key.len, &payload, 1,
	    false) == PUT_DONE ? 0 : -1;
}

static bool
is_listed(struct span key, const struct span *names, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (span_eq(cursor_key(names[i]), key))
			return true;
	}
	return false;
}

/* The lowest place of all cursors is what may go. */
static int
prune_mark(struct spool *sp)
{
	uint64_t lowest = sp->next.last_seq;
	struct cursor_row row;
	struct span payload;
	MDB_cursor *cursor;
	MDB_val k, v;
	int rc;

	rc = mdb_cursor_open(sp->txn, sp->dbi[DB_CURSORS], &cursor);
	if (rc != 0)
		return spool_fail(sp, rc);
	while ((rc = mdb_cursor_get(cursor, &k, &v, MDB_NEXT)) == 0) {
		if (!row_open(val_span(&v), ROW_CURSOR, &payload) ||
		    !cursor_row_get(payload, &row))
			lowest = 0;
		else if (row.seq < lowest)
			lowest = row.seq;
	}
	mdb_cursor_close(cursor);
	sp->prune_upto = lowest;
	return rc == MDB_NOTFOUND ? 0 : spool_fail(sp, rc);
}

static int
cursors_drop_others(struct spool *sp, const struct span *names, size_t n)
{
	MDB_cursor *cursor;
	MDB_val k, v;
	int rc;

	rc = mdb_cursor_open(sp->txn, sp->dbi[DB_CURSORS], &cursor);
	if (rc != 0)
		return spool_fail(sp, rc);
	while ((rc = mdb_cursor_get(cursor, &k, &v, MDB_NEXT)) == 0) {
		if (is_listed(val_span(&k), names, n))
			continue;
		if ((rc = mdb_cursor_del(cursor, 0)) != 0)
			break;
	}
	mdb_cursor_close(cursor);
	return rc == MDB_NOTFOUND ? 0 : spool_fail(sp, rc);
}

int
journal_logs(struct spool *sp, const struct span *names, size_t n)
{
	struct span payload, key;
	struct cursor_row row;
	enum found found;
	size_t i;

	if (n > JOURNAL_LOGS_MAX)
		n = JOURNAL_LOGS_MAX;
	if (cursors_drop_others(sp, names, n) != 0)
		return -1;
	for (i = 0; i < n; i++) {
		key = cursor_key(names[i]);
		found = row_find(sp, DB_CURSORS, ROW_CURSOR, key.p, key.len,
		    &payload);
		if (found == FIND_FAILED)
			return -1;
		if (found == FOUND && cursor_row_get(payload, &row))
			continue;
		/* A lost place: rather twice than not at all. */
		if (found != NOT_FOUND)
			log_warnx("a log's place in the journal was damaged; "
			    "it begins with the oldest entry kept");
		if (cursor_write(sp, names[i], found == NOT_FOUND ?
		    sp->next.last_seq : 0, span_of("")) != 0)
			return -1;
	}
	sp->journal = n > 0;
	return prune_mark(sp);
}

int
journal_append(struct spool *sp, uint16_t attempts, struct span record,
    struct span envelope)
{
	uint8_t key[8], head[6], mid[4];
	struct span parts[4];
	struct buf b = { .base = head, .size = sizeof(head) };
	struct buf m = { .base = mid, .size = sizeof(mid) };

	if (!sp->journal)
		return 0;
	put_u16(&b, attempts);
	put_u32(&b, (uint32_t)record.len);
	put_u32(&m, (uint32_t)envelope.len);
	parts[0] = buf_span(&b);
	parts[1] = record;
	parts[2] = buf_span(&m);
	parts[3] = envelope;
	seq_key(key, sp->next.last_seq + 1);
	if (row_put(sp, DB_EVENTS, ROW_EVENT, key, sizeof(key), parts, 4,
	    false) != PUT_DONE)
		return -1;
	sp->next.last_seq++;
	return 0;
}

int
journal_cursor_set(struct spool *sp, const struct cursor_state *c)
{
	struct span payload, key = cursor_key(c->name);

	if (key.len == 0)
		return 0;
	switch (row_find(sp, DB_CURSORS, ROW_CURSOR, key.p, key.len,
	    &payload)) {
	case NOT_FOUND:
		return 0;
	case FIND_FAILED:
		return -1;
	case FOUND:
	case FOUND_DAMAGED:
		break;
	}
	if (cursor_write(sp, c->name, c->seq < sp->next.last_seq ? c->seq :
	    sp->next.last_seq, c->state) != 0)
		return -1;
	return prune_mark(sp);
}

int
journal_prune(struct spool *sp, uint32_t max)
{
	MDB_cursor *cursor;
	MDB_cursor_op op = MDB_FIRST;
	MDB_val k, v;
	uint64_t seq;
	int rc = 0;

	if (sp->first_seq > sp->prune_upto ||
	    (sp->first_seq == 0 && sp->prune_upto == 0))
		return 0;
	rc = mdb_cursor_open(sp->txn, sp->dbi[DB_EVENTS], &cursor);
	if (rc != 0)
		return spool_fail(sp, rc);
	for (;;) {
		rc = mdb_cursor_get(cursor, &k, &v, op);
		if (rc != 0)
			break;
		seq = k.mv_size == 8 ? seq_key_get(val_span(&k)) : 0;
		sp->first_seq = seq;
		if (seq > sp->prune_upto || max-- == 0)
			break;
		if ((rc = mdb_cursor_del(cursor, 0)) != 0)
			break;
		op = MDB_NEXT;
	}
	mdb_cursor_close(cursor);
	if (rc == MDB_NOTFOUND) {
		sp->first_seq = sp->next.last_seq + 1;
		return 0;
	}
	if (rc != 0)
		return spool_fail(sp, rc);
	return sp->first_seq <= sp->prune_upto ? 1 : 0;
}

/* A damaged one keeps its number and has nothing else. */
static void
entry_read(const MDB_val *k, const MDB_val *v, struct journal_entry *out)
{
	struct event_row row;
	struct span payload;

	if (!row_open(val_span(v), ROW_EVENT, &payload) ||
	    !event_row_get(payload, &row)) {
		log_warnx("an entry of the journal is damaged seq=%llu",
		    (unsigned long long)seq_key_get(val_span(k)));
		row = (struct event_row){ 0, span_of(""), span_of("") };
	}
	*out = (struct journal_entry){ .seq = seq_key_get(val_span(k)),
		.attempts = row.attempts, .record = row.record,
		.envelope = row.envelope };
}

int
journal_read(struct spool *sp, uint64_t after, uint32_t max_bytes,
    struct arena *a, struct journal_part *out)
{
	MDB_cursor *cursor;
	MDB_val k, v;
	uint8_t key[8];
	size_t bytes = 0;
	int rc;

	*out = (struct journal_part){ .last = sp->state.last_seq };
	if (after >= out->last)
		return 0;
	rc = mdb_cursor_open(sp->txn, sp->dbi[DB_EVENTS], &cursor);
	if (rc != 0)
		return spool_fail(sp, rc);
	out->entries = arena_alloc(a, PART_ENTRIES * sizeof(*out->entries));
	seq_key(key, after + 1);
	k = val_of(key, sizeof(key));
	rc = mdb_cursor_get(cursor, &k, &v, MDB_SET_RANGE);
	while (rc == 0 && out->n < PART_ENTRIES) {
		if (k.mv_size != sizeof(key) ||
		    (out->n > 0 && bytes + v.mv_size > max_bytes))
			break;
		entry_read(&k, &v, &out->entries[out->n++]);
		bytes += v.mv_size;
		rc = mdb_cursor_get(cursor, &k, &v, MDB_NEXT);
	}
	mdb_cursor_close(cursor);
	return rc == 0 || rc == MDB_NOTFOUND ? 0 : spool_fail(sp, rc);
}

int
journal_cursors(struct spool *sp, struct arena *a, struct cursors *out)
{
	struct cursor_row row;
	struct span payload;
	MDB_cursor *cursor;
	MDB_val k, v;
	int rc;

	*out = (struct cursors){ 0 };
	rc = mdb_cursor_open(sp->txn, sp->dbi[DB_CURSORS], &cursor);
	if (rc != 0)
		return spool_fail(sp, rc);
	out->v = arena_alloc(a, JOURNAL_LOGS_MAX * sizeof(*out->v));
	while (out->n < JOURNAL_LOGS_MAX &&
	    (rc = mdb_cursor_get(cursor, &k, &v, MDB_NEXT)) == 0) {
		if (!row_open(val_span(&v), ROW_CURSOR, &payload) ||
		    !cursor_row_get(payload, &row))
			row = (struct cursor_row){ .state = span_of("") };
		out->v[out->n++] = (struct cursor_state){
			.name = val_span(&k), .seq = row.seq,
			.state = row.state };
	}
	mdb_cursor_close(cursor);
	return rc == 0 || rc == MDB_NOTFOUND ? 0 : spool_fail(sp, rc);
}
