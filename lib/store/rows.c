/* SPDX-License-Identifier: Apache-2.0 */
/* Rows in the databases: find, put, delete, set aside. */
#include <string.h>

#include "lib/base/log.h"
#include "lib/store/private.h"

static int
key_cmp(const void *a, size_t a_len, const void *b, size_t b_len)
{
	int c = memcmp(a, b, a_len < b_len ? a_len : b_len);

	if (c != 0)
		return c;
	return a_len < b_len ? -1 : a_len > b_len;
}

bool
row_is_beyond(const struct spool *sp, enum db db, const void *key,
    size_t key_len)
{
	const struct top_key *top = &sp->top[db];

	/* Only the writer knows the top: it alone moves it. */
	return spool_is_writing(sp) && key_len <= KEY_MAX &&
	    key_cmp(key, key_len, top->key, top->len) > 0;
}

enum found
row_find(struct spool *sp, enum db db, enum row_kind kind, const void *key,
    size_t key_len, struct span *payload_out)
{
	MDB_val k = val_of(key, key_len), v;
	int rc = mdb_get(sp->txn, sp->dbi[db], &k, &v);

	if (rc == MDB_NOTFOUND)
		return NOT_FOUND;
	if (rc != 0) {
		spool_fail(sp, rc);
		return FIND_FAILED;
	}
	return row_open(val_span(&v), kind, payload_out) ? FOUND :
	    FOUND_DAMAGED;
}

/*
 * The page is reserved and written in place: a body is copied once. Ids are
 * made in the order of time, so most keys lie behind all others; told so, LMDB
 * fills pages to the end in place of halving them.
 */
enum put
row_put(struct spool *sp, enum db db, enum row_kind kind, const void *key,
    size_t key_len, const struct span *parts, size_t n_parts, bool fresh)
{
	MDB_val k = val_of(key, key_len), v;
	unsigned flags = MDB_RESERVE | (fresh ? MDB_NOOVERWRITE : 0);
	size_t len = 0, i;
	uint8_t *p;
	int rc;

	for (i = 0; i < n_parts; i++)
		len += parts[i].len;
	if (row_is_beyond(sp, db, key, key_len)) {
		flags |= MDB_APPEND;
		memcpy(sp->top[db].key, key, key_len);
		sp->top[db].len = key_len;
	}
	v = val_of(NULL, ROW_HEAD + len);
	rc = mdb_put(sp->txn, sp->dbi[db], &k, &v, flags);
	if (rc == MDB_KEYEXIST)
		return PUT_EXISTS;
	if (rc != 0) {
		spool_fail(sp, rc);
		return PUT_FAILED;
	}
	p = (uint8_t *)v.mv_data + ROW_HEAD;
	for (i = 0; i < n_parts; i++) {
		if (parts[i].len != 0)
			memcpy(p, parts[i].p, parts[i].len);
		p += parts[i].len;
	}
	row_seal(v.mv_data, kind, len);
	return PUT_DONE;
}

int
row_del(struct spool *sp, enum db db, const void *key, size_t key_len)
{
	MDB_val k = val_of(key, key_len);
	int rc = mdb_del(sp->txn, sp->dbi[db], &k, NULL);

	return rc == 0 || rc == MDB_NOTFOUND ? 0 : spool_fail(sp, rc);
}

int
row_set_aside(struct spool *sp, enum db db, const void *key, size_t key_len)
{
	uint8_t name[1 + KEY_MAX];
	MDB_val k = val_of(key, key_len), v, copy;
	int rc = mdb_get(sp->txn, sp->dbi[db], &k, &v);

	if (rc == MDB_NOTFOUND || key_len > KEY_MAX)
		return 0;
	if (rc != 0)
		return spool_fail(sp, rc);
	/* A value in the map may move with the next change. */
	buf_clear(&sp->scratch, 1024 * 1024);
	buf_add(&sp->scratch, v.mv_data, v.mv_size);
	copy = val_of(buf_data(&sp->scratch), v.mv_size);
	name[0] = (uint8_t)db;
	memcpy(name + 1, key, key_len);
	k = val_of(name, 1 + key_len);
	rc = mdb_put(sp->txn, sp->dbi[DB_DAMAGED], &k, &copy, 0);
	if (rc != 0)
		return spool_fail(sp, rc);
	sp->n_set_aside++;
	log_warnx("spool row set aside database=%s bytes=%zu", db_name(db),
	    copy.mv_size);
	return row_del(sp, db, key, key_len);
}
