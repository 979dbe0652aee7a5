/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/store/body.h"

#include <string.h>

#include "lib/store/private.h"

int
body_exists(struct spool *sp, const struct uuid *id)
{
	uint8_t key[BODY_KEY];
	MDB_val k, v;
	int rc;

	body_key(key, id, 0);
	if (row_is_beyond(sp, DB_DATA, key, sizeof(key)))
		return 0;
	k = val_of(key, sizeof(key));
	rc = mdb_get(sp->txn, sp->dbi[DB_DATA], &k, &v);
	if (rc == 0 || rc == MDB_NOTFOUND)
		return rc == 0;
	return spool_fail(sp, rc);
}

/* A damaged count is taken for "many": a body too long kept, not too short. */
static int
refs_get(struct spool *sp, const struct uuid *id, uint64_t *refs_out)
{
	struct span payload;

	*refs_out = 1;
	switch (row_find(sp, DB_BODIES, ROW_BODY, id->b, sizeof(id->b),
	    &payload)) {
	case FOUND:
		if (!body_row_get(payload, refs_out))
			*refs_out = UINT32_MAX;
		return 0;
	case NOT_FOUND:
		return 0;
	case FOUND_DAMAGED:
		*refs_out = UINT32_MAX;
		return row_set_aside(sp, DB_BODIES, id->b, sizeof(id->b));
	case FIND_FAILED:
		break;
	}
	return -1;
}

static int
refs_set(struct spool *sp, const struct uuid *id, uint64_t refs)
{
	struct span payload;

	if (refs <= 1)
		return row_del(sp, DB_BODIES, id->b, sizeof(id->b));
	buf_clear(&sp->scratch, 1024 * 1024);
	body_row_put(&sp->scratch, refs);
	payload = buf_span(&sp->scratch);
	return row_put(sp, DB_BODIES, ROW_BODY, id->b, sizeof(id->b),
	    &payload, 1, false) == PUT_DONE ? 0 : -1;
}

int
body_add(struct spool *sp, const struct uuid *id, struct span body,
    uint64_t n_messages, bool exists)
{
	uint8_t key[BODY_KEY];
	struct span piece;
	uint32_t i, n = body_pieces(body.len);
	uint64_t refs;

	if (exists) {
		if (refs_get(sp, id, &refs) != 0)
			return -1;
		return refs_set(sp, id, refs + n_messages);
	}
	for (i = 0; i < n; i++) {
		body_key(key, id, i);
		piece = span_from(body, (size_t)i * BODY_PIECE);
		if (piece.len > BODY_PIECE)
			piece.len = BODY_PIECE;
		if (row_put(sp, DB_DATA, ROW_DATA, key, sizeof(key), &piece, 1,
		    false) != PUT_DONE)
			return -1;
	}
	return n_messages > 1 ? refs_set(sp, id, n_messages) : 0;
}

/* All pieces there are, whatever the envelope says of the size. */
static int
pieces_drop(struct spool *sp, const struct uuid *id, bool keep)
{
	uint8_t key[BODY_KEY];
	MDB_cursor *cursor;
	MDB_val k, v;
	int rc;

	body_key(key, id, 0);
	rc = mdb_cursor_open(sp->txn, sp->dbi[DB_DATA], &cursor);
	if (rc != 0)
		return spool_fail(sp, rc);
	for (;;) {
		k = val_of(key, sizeof(key));
		rc = mdb_cursor_get(cursor, &k, &v, MDB_SET_RANGE);
		if (rc != 0 || k.mv_size != BODY_KEY ||
		    memcmp(k.mv_data, id->b, UUID_LEN) != 0)
			break;
		memcpy(key, k.mv_data, BODY_KEY);
		if (keep && row_set_aside(sp, DB_DATA, key, BODY_KEY) != 0) {
			mdb_cursor_close(cursor);
			return -1;
		}
		if (!keep && (rc = mdb_cursor_del(cursor, 0)) != 0)
			break;
		/* Short bodies are nearly all: do not look for more. */
		if (!keep && v.mv_size < ROW_HEAD + BODY_PIECE)
			break;
	}
	mdb_cursor_close(cursor);
	return rc == 0 || rc == MDB_NOTFOUND ? 0 : spool_fail(sp, rc);
}

int
body_drop(struct spool *sp, const struct uuid *id, bool keep)
{
	uint64_t refs = 1;

	if (refs_get(sp, id, &refs) != 0)
		return -1;
	if (refs > 1)
		return refs_set(sp, id, refs - 1);
	return pieces_drop(sp, id, keep);
}

enum body_look
body_look(struct spool *sp, const struct uuid *id, uint64_t size,
    struct arena *a, struct span **pieces_out, uint32_t *n_out)
{
	uint8_t key[BODY_KEY];
	uint32_t i, n = body_pieces(size);
	uint64_t left = size;
	struct span *v;

	/* Ask for the first before room is made for all. */
	*n_out = 0;
	*pieces_out = NULL;
	switch (body_exists(sp, id)) {
	case 0:
		return BODY_MISSING;
	case -1:
		return BODY_UNREAD;
	}
	v = arena_alloc(a, n * sizeof(*v));
	for (i = 0; i < n; i++) {
		body_key(key, id, i);
		switch (row_find(sp, DB_DATA, ROW_DATA, key, sizeof(key),
		    &v[i])) {
		case FOUND:
			break;
		case FIND_FAILED:
			return BODY_UNREAD;
		case NOT_FOUND:
		case FOUND_DAMAGED:
			return BODY_DAMAGED;
		}
		if (v[i].len != (left < BODY_PIECE ? left : BODY_PIECE))
			return BODY_DAMAGED;
		left -= v[i].len;
	}
	*pieces_out = v;
	*n_out = n;
	return BODY_WHOLE;
}
