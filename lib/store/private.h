/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the spool handle, for this folder only. */
#ifndef LIB_STORE_PRIVATE_H
#define LIB_STORE_PRIVATE_H

#include <lmdb.h>

#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/store/row.h"
#include "lib/store/spool.h"

enum db {
	DB_INFO, DB_META, DB_DATA, DB_SCHED, DB_BODIES, DB_EVENTS, DB_CURSORS,
	DB_DAMAGED, DB_COUNT
};

enum { KEY_MAX = 32 };

/* The highest key that was ever in a database since it was opened. */
struct top_key {
	uint8_t key[KEY_MAX];
	size_t len;
};

struct spool {
	MDB_env *env;
	MDB_dbi dbi[DB_COUNT];
	MDB_txn *txn;        /* the one in use, NULL between */
	MDB_txn *snapshot;   /* reset and renewed, never freed meanwhile */
	enum spool_mode mode;
	char *path;
	uint64_t map_size;
	int lock_fd;         /* writer: held as long as the handle lives */
	int rc;              /* of the last failure, LMDB's or errno */
	struct state_row state; /* as committed */
	struct state_row next;  /* as the transaction will leave it */
	uint64_t doubtful;   /* commit that failed while being written */
	struct top_key top[DB_COUNT];
	bool journal;        /* some log is configured */
	uint64_t first_seq;  /* oldest entry that may be there, 0: ask */
	uint64_t prune_upto; /* entries up to here are wanted by nobody */
	uint64_t n_set_aside;
	uint64_t room_known;  /* free bytes counted last, less what was taken */
	struct buf scratch;
	struct arena arena;
};

const char *db_name(enum db db);

/* Remember a failure; -1. */
int spool_fail(struct spool *sp, int rc);

static inline struct span
val_span(const MDB_val *v)
{
	return span_make(v->mv_data, v->mv_size);
}

static inline MDB_val
val_of(const void *p, size_t len)
{
	return (MDB_val){ .mv_size = len, .mv_data = (void *)p };
}

enum found { FOUND, NOT_FOUND, FOUND_DAMAGED, FIND_FAILED };

/* The payload of a row, in the map: gone with the next change. */
enum found row_find(struct spool *sp, enum db db, enum row_kind kind,
    const void *key, size_t key_len, struct span *payload_out);
/* One payload in up to four parts. With `fresh` an existing key is kept. */
enum put { PUT_DONE, PUT_EXISTS, PUT_FAILED };
enum put row_put(struct spool *sp, enum db db, enum row_kind kind,
    const void *key, size_t key_len, const struct span *parts, size_t n_parts,
    bool fresh);
/* 0 also when there was none. */
int row_del(struct spool *sp, enum db db, const void *key, size_t key_len);
/* Certain not to be there: beyond the highest key ever seen. */
bool row_is_beyond(const struct spool *sp, enum db db, const void *key,
    size_t key_len);
/* Put a row apart under (database, key), as it is found; 0 or -1. */
int row_set_aside(struct spool *sp, enum db db, const void *key,
    size_t key_len);

#endif
