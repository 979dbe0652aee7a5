/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The spool: one LMDB environment in a folder, opened by the one writer, by
 * readers and by the offline tool. This folder alone includes lmdb.h.
 *
 *   info     "state" -> format, commit number, newest journal entry
 *   meta     id -> envelope            sched    id -> when and where to
 *   data     body id, piece -> bytes   bodies   body id -> messages sharing it
 *   events   number -> journal entry   cursors  log -> how far it has come
 *   damaged  database, key -> a row that failed its check
 *
 * A spool handle holds at most one transaction: the writer's, or a snapshot to
 * read. Every commit is synced; there is no other mode. After a failure the
 * transaction is over (nothing of it is on disk, but for one case: see
 * spool_reopen), and spool_error() says of which kind the failure was.
 */
#ifndef LIB_STORE_SPOOL_H
#define LIB_STORE_SPOOL_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/span.h"

struct spool;

enum spool_mode {
	SPOOL_WRITER, /* makes the folder's files; one at a time, by a lock */
	SPOOL_READER, /* cannot write; fails until a writer made the files */
};

enum spool_error {
	SPOOL_FINE,
	SPOOL_FULL,   /* the disk or the map is full */
	SPOOL_BROKEN, /* the disk fails or what it gives back is damaged */
	SPOOL_ODD,    /* anything else; may pass */
};

/*
 * 0 or -1; why_out is a message for people, valid until the next call. The
 * map is cut to the address space this process may have.
 */
int spool_open(struct spool **out, const char *path, enum spool_mode mode,
    uint64_t map_size, const char **why_out);
void spool_close(struct spool **sp);
/* Is there a spool in this folder? */
bool spool_exists(const char *path);

/* The writer's transaction; 0 or -1. */
int spool_begin(struct spool *sp);
/* Writes and syncs; the number of the commit is spool_commit_number(). */
int spool_commit(struct spool *sp);
void spool_abort(struct spool *sp);
bool spool_is_writing(const struct spool *sp);
/*
 * Close and open again after a failed commit, and see what is there: 1 when
 * the commit that failed is on disk after all, 0 when it is not, -1 when the
 * spool cannot be used.
 */
int spool_reopen(struct spool *sp);

/* A snapshot; cheap. End it before anything that waits. */
int spool_read_begin(struct spool *sp);
void spool_read_end(struct spool *sp);

/* Of the last thing that failed. */
enum spool_error spool_error(const struct spool *sp);
const char *spool_strerror(const struct spool *sp);

/* Of the transaction at hand, else of the last commit. */
uint64_t spool_commit_number(const struct spool *sp);
uint64_t spool_last_seq(const struct spool *sp);
/* Rows moved to `damaged` by this handle so far. */
uint64_t spool_set_aside(const struct spool *sp);

/* Free readers' places whose process is gone; how many there were. */
int spool_check_readers(struct spool *sp);

struct spool_space {
	uint64_t disk_bytes, disk_free;   /* of the file system */
	uint64_t inodes, inodes_free;     /* 0, 0: it does not say */
	uint64_t map_bytes, map_used;     /* used: up to the last page */
	uint64_t page_bytes;
};

int spool_space(struct spool *sp, struct spool_space *out);
/* Bytes in free pages as last committed; reads the whole free list. */
int spool_free_bytes(struct spool *sp, uint64_t *out);
/*
 * Is there room to store this much and still carry out what removes? Asked
 * before mail is taken; needs the writer's transaction.
 */
bool spool_has_room(struct spool *sp, uint64_t bytes);

#endif
