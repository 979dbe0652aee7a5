/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/store/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/base/log.h"
#include "lib/store/private.h"

enum {
	READERS_MAX = 254,
	FREE_LIST_DBI = 0, /* LMDB's own list of free pages */
	DISK_END = 1024 * 1024, /* with less left, a short write is no error */
};

/* Kept back from stores, so that removals always find pages. */
#define ROOM_RESERVE ((uint64_t)64 * 1024 * 1024)

static const char *const names[DB_COUNT] = {
	[DB_INFO] = "info", [DB_META] = "meta", [DB_DATA] = "data",
	[DB_SCHED] = "sched", [DB_BODIES] = "bodies", [DB_EVENTS] = "events",
	[DB_CURSORS] = "cursors", [DB_DAMAGED] = "damaged",
};

static const struct span state_name = SPAN_LIT("state");

const char *
db_name(enum db db)
{
	return db < DB_COUNT ? names[db] : "unknown";
}

int
spool_fail(struct spool *sp, int rc)
{
	sp->rc = rc;
	return -1;
}

enum spool_error
spool_error(const struct spool *sp)
{
	switch (sp->rc) {
	case 0:
		return SPOOL_FINE;
	case MDB_MAP_FULL:
	case MDB_TXN_FULL:
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return SPOOL_FULL;
	case EIO:
	case EROFS:
	case ENXIO:
	case ENODEV:
	case ESTALE:
	case MDB_PANIC:
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND:
	case MDB_INVALID:
	case MDB_VERSION_MISMATCH:
		return SPOOL_BROKEN;
	}
	return SPOOL_ODD;
}

const char *
spool_strerror(const struct spool *sp)
{
	return mdb_strerror(sp->rc);
}

static char *
path_in(const char *folder, const char *name)
{
	return xasprintf("%s%s%s", folder,
	    folder[strlen(folder) - 1] == '/' ? "" : "/", name);
}

bool
spool_exists(const char *path)
{
	char *file = path_in(path, "data.mdb");
	struct stat st;
	bool is = stat(file, &st) == 0 && st.st_size > 0;

	free(file);
	return is;
}

/* Half of what this process may map, whole pages. */
static size_t
map_size_within_limits(uint64_t wish)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_AS, &rl) == 0 && rl.rlim_cur != RLIM_INFINITY &&
	    wish > rl.rlim_cur / 2)
		wish = rl.rlim_cur / 2;
	if (wish > SIZE_MAX / 4)
		wish = SIZE_MAX / 4;
	return (size_t)(wish / 4096 * 4096);
}

/*
 * The lock is ours as long as the descriptor is open: a second writer, or the
 * tool that replaces the file, sees it and keeps off.
 */
static int
writer_lock(struct spool *sp, const char **why_out)
{
	char *file = path_in(sp->path, "writer.lock");

	sp->lock_fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
	    0600);
	free(file);
	if (sp->lock_fd == -1) {
		*why_out = strerror(errno);
		return spool_fail(sp, errno);
	}
	if (flock(sp->lock_fd, LOCK_EX | LOCK_NB) == -1) {
		*why_out = errno == EWOULDBLOCK ?
		    "another process writes to this spool" : strerror(errno);
		return spool_fail(sp, errno);
	}
	return 0;
}

static int
databases_open(struct spool *sp, MDB_txn *txn)
{
	unsigned flags = sp->mode == SPOOL_WRITER ? MDB_CREATE : 0;
	int i, rc;

	for (i = 0; i < DB_COUNT; i++) {
		rc = mdb_dbi_open(txn, names[i], flags, &sp->dbi[i]);
		if (rc != 0)
			return spool_fail(sp, rc);
	}
	return 0;
}

static int
top_key_read(struct spool *sp, MDB_txn *txn, enum db db)
{
	MDB_cursor *cursor;
	MDB_val k, v;
	int rc = mdb_cursor_open(txn, sp->dbi[db], &cursor);

	if (rc != 0)
		return spool_fail(sp, rc);
	rc = mdb_cursor_get(cursor, &k, &v, MDB_LAST);
	mdb_cursor_close(cursor);
	sp->top[db].len = 0;
	if (rc == MDB_NOTFOUND)
		return 0;
	if (rc != 0)
		return spool_fail(sp, rc);
	if (k.mv_size > KEY_MAX) {
		/* Not a key of ours: nothing lies beyond it. */
		memset(sp->top[db].key, 0xff, KEY_MAX);
		sp->top[db].len = KEY_MAX;
		return 0;
	}
	memcpy(sp->top[db].key, k.mv_data, k.mv_size);
	sp->top[db].len = k.mv_size;
	return 0;
}

/* 1: read, 0: there is none yet. */
static int
state_read(struct spool *sp, struct state_row *out)
{
	struct span payload;

	switch (row_find(sp, DB_INFO, ROW_STATE, state_name.p, state_name.len,
	    &payload)) {
	case FOUND:
		if (!state_row_get(payload, out))
			return spool_fail(sp, MDB_CORRUPTED);
		if (out->format != SPOOL_FORMAT)
			return spool_fail(sp, MDB_VERSION_MISMATCH);
		return 1;
	case NOT_FOUND:
		*out = (struct state_row){ .format = SPOOL_FORMAT };
		return 0;
	case FOUND_DAMAGED:
		return spool_fail(sp, MDB_CORRUPTED);
	case FIND_FAILED:
		break;
	}
	return -1;
}

/*
 * The counters may only grow: what a damaged state row would say is behind
 * the rows there are, so it is made again from the highest of them.
 */
static int
state_rebuild(struct spool *sp)
{
	struct sched_row row;
	struct span payload;
	MDB_cursor *cursor;
	MDB_val k, v;
	int rc;

	sp->state = (struct state_row){ .format = SPOOL_FORMAT };
	if (sp->top[DB_EVENTS].len == 8)
		sp->state.last_seq = seq_key_get(span_make(
		    sp->top[DB_EVENTS].key, 8));
	rc = mdb_cursor_open(sp->txn, sp->dbi[DB_SCHED], &cursor);
	if (rc != 0)
		return spool_fail(sp, rc);
	while ((rc = mdb_cursor_get(cursor, &k, &v, MDB_NEXT)) == 0) {
		if (row_open(val_span(&v), ROW_SCHED, &payload) &&
		    sched_row_get(payload, &row) &&
		    row.commit > sp->state.commit)
			sp->state.commit = row.commit;
	}
	mdb_cursor_close(cursor);
	sp->state.commit += 1000000;
	log_warnx("spool counters were damaged and made again commit=%llu "
	    "last=%llu", (unsigned long long)sp->state.commit,
	    (unsigned long long)sp->state.last_seq);
	return rc == MDB_NOTFOUND ? 0 : spool_fail(sp, rc);
}

/*
 * LMDB calls it EIO when the kernel takes a part of a write only, which it does
 * where the disk ends.
 */
static int
commit_error(struct spool *sp, int rc)
{
	struct statvfs vfs;
	mdb_filehandle_t fd;

	if (rc == EIO && mdb_env_get_fd(sp->env, &fd) == 0 &&
	    fstatvfs(fd, &vfs) == 0 &&
	    (uint64_t)vfs.f_bavail * vfs.f_frsize < DISK_END)
		return ENOSPC;
	return rc;
}

static int
txn_commit(struct spool *sp)
{
	struct span payload;
	int rc;

	buf_clear(&sp->scratch, 1024 * 1024);
	state_row_put(&sp->scratch, &sp->next);
	payload = buf_span(&sp->scratch);
	if (row_put(sp, DB_INFO, ROW_STATE, state_name.p, state_name.len,
	    &payload, 1, false) != PUT_DONE) {
		spool_abort(sp);
		return -1;
	}
	rc = mdb_txn_commit(sp->txn);
	sp->txn = NULL;
	if (rc != 0) {
		sp->next = sp->state;
		sp->first_seq = 0;
		return spool_fail(sp, commit_error(sp, rc));
	}
	sp->state = sp->next;
	return 0;
}

/* Databases, counters, highest keys; the writer makes what is missing. */
static int
contents_open(struct spool *sp)
{
	static const enum db ordered[] = { DB_META, DB_DATA, DB_SCHED,
		DB_EVENTS };
	size_t i;
	int rc, have;

	rc = mdb_txn_begin(sp->env, NULL,
	    sp->mode == SPOOL_WRITER ? 0 : MDB_RDONLY, &sp->txn);
	if (rc != 0)
		return spool_fail(sp, rc);
	if (databases_open(sp, sp->txn) != 0)
		goto fail;
	/* The others' keys have no order that would pay. */
	for (i = 0; i < DB_COUNT; i++) {
		memset(sp->top[i].key, 0xff, KEY_MAX);
		sp->top[i].len = KEY_MAX;
	}
	for (i = 0; i < sizeof(ordered) / sizeof(*ordered); i++) {
		if (top_key_read(sp, sp->txn, ordered[i]) != 0)
			goto fail;
	}
	have = state_read(sp, &sp->state);
	if (have == -1 && sp->rc == MDB_CORRUPTED && sp->mode == SPOOL_WRITER)
		have = state_rebuild(sp);
	if (have == -1)
		goto fail;
	if (have == 0 && sp->mode == SPOOL_READER) {
		spool_fail(sp, ENOENT);
		goto fail;
	}
	sp->next = sp->state;
	sp->first_seq = 0;
	if (sp->mode == SPOOL_WRITER)
		return txn_commit(sp);
	/* Databases opened here stay open only if this ends in a commit. */
	rc = mdb_txn_commit(sp->txn);
	sp->txn = NULL;
	return rc == 0 ? 0 : spool_fail(sp, rc);
fail:
	mdb_txn_abort(sp->txn);
	sp->txn = NULL;
	return -1;
}

static int
env_open(struct spool *sp)
{
	unsigned flags = MDB_NOTLS;
	int rc;

	if (sp->mode == SPOOL_READER)
		flags |= MDB_RDONLY;
	if ((rc = mdb_env_create(&sp->env)) != 0)
		return spool_fail(sp, rc);
	if ((rc = mdb_env_set_maxdbs(sp->env, DB_COUNT)) != 0 ||
	    (rc = mdb_env_set_maxreaders(sp->env, READERS_MAX)) != 0 ||
	    (rc = mdb_env_set_mapsize(sp->env, sp->map_size)) != 0 ||
	    (rc = mdb_env_open(sp->env, sp->path, flags, 0600)) != 0 ||
	    contents_open(sp) != 0) {
		if (rc != 0)
			spool_fail(sp, rc);
		mdb_env_close(sp->env);
		sp->env = NULL;
		return -1;
	}
	return 0;
}

int
spool_open(struct spool **out, const char *path, enum spool_mode mode,
    uint64_t map_size, const char **why_out)
{
	struct spool *sp = xcalloc(1, sizeof(*sp));

	*out = NULL;
	sp->mode = mode;
	sp->path = xstrdup(path);
	sp->map_size = map_size_within_limits(map_size);
	sp->lock_fd = -1;
	if (mode == SPOOL_WRITER && writer_lock(sp, why_out) != 0) {
		spool_close(&sp);
		return -1;
	}
	if (env_open(sp) != 0) {
		*why_out = spool_strerror(sp);
		if (sp->rc == MDB_VERSION_MISMATCH)
			*why_out = "the spool was made by another version";
		spool_close(&sp);
		return -1;
	}
	spool_check_readers(sp);
	*out = sp;
	return 0;
}

static void
env_close(struct spool *sp)
{
	spool_abort(sp);
	spool_read_end(sp);
	if (sp->snapshot != NULL)
		mdb_txn_abort(sp->snapshot);
	sp->snapshot = NULL;
	if (sp->env != NULL)
		mdb_env_close(sp->env);
	sp->env = NULL;
}

void
spool_close(struct spool **spp)
{
	struct spool *sp = *spp;

	*spp = NULL;
	if (sp == NULL)
		return;
	env_close(sp);
	if (sp->lock_fd != -1)
		close(sp->lock_fd);
	buf_free(&sp->scratch);
	arena_free(&sp->arena);
	free(sp->path);
	free(sp);
}

int
spool_begin(struct spool *sp)
{
	int rc;

	if (sp->env == NULL)
		return spool_fail(sp, MDB_PANIC);
	rc = mdb_txn_begin(sp->env, NULL, 0, &sp->txn);
	if (rc != 0) {
		sp->txn = NULL;
		return spool_fail(sp, rc);
	}
	sp->next = sp->state;
	sp->next.commit++;
	/* It goes on from the last state: a commit that failed is not in it. */
	sp->doubtful = 0;
	return 0;
}

int
spool_commit(struct spool *sp)
{
	uint64_t commit = sp->next.commit;

	if (txn_commit(sp) == 0)
		return 0;
	sp->doubtful = commit;
	return -1;
}

void
spool_abort(struct spool *sp)
{
	if (sp->txn == NULL || sp->txn == sp->snapshot)
		return;
	mdb_txn_abort(sp->txn);
	sp->txn = NULL;
	sp->next = sp->state;
	sp->first_seq = 0;
}

bool
spool_is_writing(const struct spool *sp)
{
	return sp->txn != NULL && sp->txn != sp->snapshot;
}

int
spool_reopen(struct spool *sp)
{
	uint64_t doubtful = sp->doubtful;
	struct state_row before = sp->state;

	env_close(sp);
	if (env_open(sp) != 0)
		return -1;
	/* Opening commits once itself, under the number it found. */
	if (sp->state.commit < before.commit ||
	    sp->state.last_seq < before.last_seq) {
		log_errorx("the spool went back from commit %llu to %llu",
		    (unsigned long long)before.commit,
		    (unsigned long long)sp->state.commit);
		return spool_fail(sp, MDB_CORRUPTED);
	}
	sp->doubtful = 0;
	return doubtful != 0 && sp->state.commit == doubtful ? 1 : 0;
}

int
spool_read_begin(struct spool *sp)
{
	int rc;

	if (sp->env == NULL)
		return spool_fail(sp, MDB_PANIC);
	if (sp->snapshot == NULL)
		rc = mdb_txn_begin(sp->env, NULL, MDB_RDONLY, &sp->snapshot);
	else
		rc = mdb_txn_renew(sp->snapshot);
	if (rc != 0)
		return spool_fail(sp, rc);
	sp->txn = sp->snapshot;
	if (state_read(sp, &sp->state) != 1) {
		spool_read_end(sp);
		return -1;
	}
	sp->next = sp->state;
	return 0;
}

void
spool_read_end(struct spool *sp)
{
	if (sp->txn == NULL || sp->txn != sp->snapshot)
		return;
	mdb_txn_reset(sp->snapshot);
	sp->txn = NULL;
}

uint64_t
spool_commit_number(const struct spool *sp)
{
	return sp->next.commit;
}

uint64_t
spool_last_seq(const struct spool *sp)
{
	return sp->next.last_seq;
}

uint64_t
spool_set_aside(const struct spool *sp)
{
	return sp->n_set_aside;
}

int
spool_check_readers(struct spool *sp)
{
	int dead = 0;

	if (sp->env != NULL && sp->mode == SPOOL_WRITER)
		mdb_reader_check(sp->env, &dead);
	return dead;
}

int
spool_space(struct spool *sp, struct spool_space *out)
{
	struct statvfs vfs;
	MDB_envinfo info;
	MDB_stat st;
	mdb_filehandle_t fd;
	int rc;

	*out = (struct spool_space){ 0 };
	if (sp->env == NULL)
		return spool_fail(sp, MDB_PANIC);
	if ((rc = mdb_env_get_fd(sp->env, &fd)) != 0 ||
	    (rc = mdb_env_info(sp->env, &info)) != 0 ||
	    (rc = mdb_env_stat(sp->env, &st)) != 0)
		return spool_fail(sp, rc);
	if (fstatvfs(fd, &vfs) == -1)
		return spool_fail(sp, errno);
	out->disk_bytes = (uint64_t)vfs.f_blocks * vfs.f_frsize;
	out->disk_free = (uint64_t)vfs.f_bavail * vfs.f_frsize;
	out->inodes = vfs.f_files;
	out->inodes_free = vfs.f_favail;
	out->page_bytes = st.ms_psize;
	out->map_bytes = info.me_mapsize;
	out->map_used = (uint64_t)(info.me_last_pgno + 1) * st.ms_psize;
	return 0;
}

/* LMDB shows its free list to read transactions only. */
static int
free_list_sum(struct spool *sp, MDB_txn *txn, uint64_t *pages_out)
{
	MDB_cursor *cursor;
	MDB_val k, v;
	size_t count, n;
	int rc;

	*pages_out = 0;
	if ((rc = mdb_cursor_open(txn, FREE_LIST_DBI, &cursor)) != 0)
		return spool_fail(sp, rc);
	/* Each entry is a count and that many page numbers. */
	while ((rc = mdb_cursor_get(cursor, &k, &v, MDB_NEXT)) == 0) {
		if (v.mv_size < sizeof(count))
			continue;
		memcpy(&count, v.mv_data, sizeof(count));
		n = v.mv_size / sizeof(count) - 1;
		*pages_out += count < n ? count : n;
	}
	mdb_cursor_close(cursor);
	return rc == MDB_NOTFOUND ? 0 : spool_fail(sp, rc);
}

int
spool_free_bytes(struct spool *sp, uint64_t *out)
{
	MDB_stat st;
	MDB_txn *txn;
	uint64_t pages;
	int rc;

	*out = 0;
	if ((rc = mdb_env_stat(sp->env, &st)) != 0 ||
	    (rc = mdb_txn_begin(sp->env, NULL, MDB_RDONLY, &txn)) != 0)
		return spool_fail(sp, rc);
	rc = free_list_sum(sp, txn, &pages);
	mdb_txn_abort(txn);
	*out = pages * st.ms_psize;
	return rc;
}

bool
spool_has_room(struct spool *sp, uint64_t bytes)
{
	uint64_t reserve, beyond, freed;
	MDB_envinfo info;
	MDB_stat st;

	if (mdb_env_info(sp->env, &info) != 0 ||
	    mdb_env_stat(sp->env, &st) != 0)
		return true;
	reserve = info.me_mapsize / 8;
	if (reserve > ROOM_RESERVE)
		reserve = ROOM_RESERVE;
	/* Rows round up to pages, and pages of the trees are copied. */
	bytes += bytes / 8 + 64 * 1024;
	beyond = info.me_mapsize - (uint64_t)(info.me_last_pgno + 1) *
	    st.ms_psize;
	if (beyond > reserve + bytes)
		return true;
	if (sp->room_known < reserve + bytes) {
		if (spool_free_bytes(sp, &freed) != 0)
			return false;
		sp->room_known = beyond + freed;
	}
	if (sp->room_known < reserve + bytes)
		return false;
	sp->room_known -= bytes;
	return true;
}
