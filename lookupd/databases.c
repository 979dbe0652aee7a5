/* SPDX-License-Identifier: Apache-2.0 */
#include "lookupd/databases.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/base/log.h"
#include "lib/base/map.h"
#include "lib/base/text.h"
#include "lib/io/loop.h"
#include "lookupd/ask.h"
#include "lookupd/lookupd.h"
#include "lookupd/statement.h"

enum {
	HANDLES_MAX = 1000,
	RETRY_MS = 10,
	BUSY_MS_MAX = 60000,
	HEAP_MAX = 512 * 1024 * 1024,
};

struct handle_key {
	const struct channel *ch;
	int64_t number;
};

struct waiting {
	struct waiting *next;
	struct ask *ask;
	int64_t until_ms; /* tried until then; 0: not tried yet */
};

struct database {
	struct databases *all;
	struct handle_key key;
	char *path;
	sqlite3 *db;
	struct waiting *first, **last;
	struct timer retry;
};

struct databases {
	struct loop *loop;
	const char *account;
	struct map handles; /* struct handle_key -> struct database */
};

/* SQLite gives files that root makes to the database's owner; the system call
 * is none that this process may make. */
static int
no_chown(int fd, uid_t uid, gid_t gid)
{
	(void)fd;
	(void)uid;
	(void)gid;
	return 0;
}

struct databases *
databases_new(struct loop *loop, const char *account)
{
	struct databases *d = xcalloc(1, sizeof(*d));
	sqlite3_vfs *vfs;

	if (sqlite3_initialize() != SQLITE_OK ||
	    (vfs = sqlite3_vfs_find(NULL)) == NULL)
		fatalx("sqlite cannot begin");
	vfs->xSetSystemCall(vfs, "fchown", (sqlite3_syscall_ptr)no_chown);
	sqlite3_hard_heap_limit64(HEAP_MAX);
	d->loop = loop;
	d->account = account;
	return d;
}

static void
database_free(void *arg)
{
	struct database *db = arg;
	struct waiting *w;

	while ((w = db->first) != NULL) {
		db->first = w->next;
		free(w);
	}
	timer_done(&db->retry);
	/* What is left of a transaction is rolled back. */
	sqlite3_close_v2(db->db);
	free(db->path);
	free(db);
}

void
databases_free(struct databases **dp)
{
	struct databases *d = *dp;

	*dp = NULL;
	if (d == NULL)
		return;
	map_free(&d->handles, database_free);
	free(d);
}

static struct handle_key
key_of(const struct ask *a)
{
	struct handle_key key;

	memset(&key, 0, sizeof(key));
	key.ch = a->ch;
	key.number = ask_number(a, "handle", 0);
	return key;
}

static struct span
key_span(const struct handle_key *key)
{
	return span_make(key, sizeof(*key));
}

static void
database_close(struct database *db)
{
	map_del(&db->all->handles, key_span(&db->key));
	database_free(db);
}

/* ---- errors ------------------------------------------------------------- */

/* Is it one that permissions explain? */
static bool
is_access(int code)
{
	return code == SQLITE_CANTOPEN || code == SQLITE_READONLY ||
	    code == SQLITE_PERM || code == SQLITE_AUTH;
}

static void
fail_with(struct ask *a, struct databases *d, sqlite3 *db, struct span path,
    const char *why)
{
	int error = db == NULL ? 0 : sqlite3_system_errno(db);
	char name[300];

	text_printable(path, name, sizeof(name));
	if (db != NULL && is_access(sqlite3_errcode(db)))
		ask_fail(a, "%s: %s%s%s: %s must be able to read and write "
		    "the file and to make files in its folder", name, why,
		    error != 0 ? ": " : "", error != 0 ? strerror(error) : "",
		    d->account);
	else
		ask_fail(a, "%s: %s", name, why);
}

/* ---- opening ------------------------------------------------------------ */

static void on_retry(void *arg);

/* NULL: the ask has ended. */
static struct database *
database_open(struct databases *d, struct ask *a)
{
	struct handle_key key = key_of(a);
	struct span path = ask_text(a, "path");
	struct database *db;
	sqlite3 *handle = NULL;
	int code;

	if (d->handles.count >= HANDLES_MAX) {
		ask_fail(a, "%d databases are open: close some", HANDLES_MAX);
		return NULL;
	}
	if (path.len == 0 || memchr(path.p, '\0', path.len) != NULL) {
		ask_fail(a, "this is no path of a file");
		return NULL;
	}
	code = sqlite3_open_v2(path.p, &handle, SQLITE_OPEN_READWRITE |
	    SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI, NULL);
	if (code != SQLITE_OK) {
		fail_with(a, d, handle, path, handle == NULL ?
		    "out of memory" : sqlite3_errmsg(handle));
		sqlite3_close_v2(handle);
		return NULL;
	}
	db = xcalloc(1, sizeof(*db));
	db->all = d;
	db->key = key;
	db->path = span_dup(path);
	db->db = handle;
	db->last = &db->first;
	timer_init(&db->retry, d->loop, on_retry, db);
	map_set(&d->handles, key_span(&db->key), db);
	return db;
}

/* ---- questions of one handle, in order ---------------------------------- */

static void
waiting_drop(struct database *db, struct waiting *w)
{
	struct waiting **at = &db->first;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	if (*at == NULL)
		db->last = at;
	free(w);
}

static void
answer_result(struct ask *a, struct database *db, struct value *result)
{
	struct value *out = value_map(0);

	value_map_add(out, 0, SPAN_LIT("result"), result);
	value_map_add(out, 0, SPAN_LIT("transaction"), value_bool(0,
	    sqlite3_get_autocommit(db->db) == 0));
	ask_answer(a, out);
}

/* False: it met a lock and waits for the next try. */
static bool
try_one(struct database *db, struct waiting *w)
{
	static const struct value none = { .kind = VALUE_LIST };
	struct ask *a = w->ask;
	const struct value *params = value_get(a->args, "params");
	struct buf why = { .base = NULL };
	struct value *result = NULL;
	int64_t now = loop_mono_ms(db->all->loop);
	enum statement_result r;

	if (w->until_ms == 0) {
		w->until_ms = now + ask_number(a, "busy_ms", 0);
		if (w->until_ms > now + BUSY_MS_MAX)
			w->until_ms = now + BUSY_MS_MAX;
	}
	r = statement_run(db->db, ask_text(a, "sql"),
	    params == NULL ? &none : params, ask_number(a, "n", 0),
	    value_get(a->args, "named"), &result, &why);
	if (r == STATEMENT_BUSY && now < w->until_ms) {
		buf_free(&why);
		timer_set(&db->retry, RETRY_MS);
		return false;
	}
	waiting_drop(db, w);
	a->work = NULL;
	buf_add_byte(&why, '\0');
	if (r == STATEMENT_DONE)
		answer_result(a, db, result);
	else
		fail_with(a, db->all, db->db, span_of(db->path),
		    (const char *)buf_data(&why));
	buf_free(&why);
	return true;
}

static void
on_retry(void *arg)
{
	struct database *db = arg;

	while (db->first != NULL && try_one(db, db->first))
		;
}

static void
execute(struct databases *d, struct ask *a)
{
	struct handle_key key = key_of(a);
	struct database *db = map_get(&d->handles, key_span(&key));
	struct waiting *w;
	struct value *out;

	if (db == NULL && ask_flag(a, "transaction")) {
		out = value_map(0);
		value_map_add(out, 0, SPAN_LIT("lost"), value_bool(0, true));
		ask_answer(a, out);
		return;
	}
	if (db == NULL && (db = database_open(d, a)) == NULL)
		return;
	w = xcalloc(1, sizeof(*w));
	w->ask = a;
	a->work = db;
	*db->last = w;
	db->last = &w->next;
	if (db->first == w)
		on_retry(db);
}

static void
close_handle(struct databases *d, struct ask *a)
{
	struct handle_key key = key_of(a);
	struct database *db = map_get(&d->handles, key_span(&key));
	struct waiting *w;
	struct ask *other;

	while (db != NULL && (w = db->first) != NULL) {
		other = w->ask;
		waiting_drop(db, w);
		other->work = NULL;
		ask_fail(other, "the database was closed meanwhile");
	}
	if (db != NULL)
		database_close(db);
	ask_answer(a, NULL);
}

void
databases_ask(struct ask *a)
{
	struct databases *d = a->l->databases;
	struct handle_key key = key_of(a);
	struct span what = ask_text(a, "what");

	if (span_eq_str(what, "execute"))
		execute(d, a);
	else if (span_eq_str(what, "close"))
		close_handle(d, a);
	else if (!span_eq_str(what, "open"))
		ask_fail(a, "unknown operation");
	else if (map_get(&d->handles, key_span(&key)) != NULL ||
	    database_open(d, a) != NULL)
		ask_answer(a, NULL);
}

void
databases_cancel(struct ask *a)
{
	struct database *db = a->work;
	struct waiting *w;

	if (db == NULL)
		return;
	for (w = db->first; w->ask != a; w = w->next)
		;
	waiting_drop(db, w);
	/* The next one need not wait for its try. */
	if (db->first != NULL)
		timer_set(&db->retry, 0);
}

void
databases_forget_peer(struct databases *d, const struct channel *ch)
{
	struct database *db;
	struct span key;
	size_t at = 0;
	void *v;

	while (map_next(&d->handles, &at, &key, &v)) {
		db = v;
		if (db->key.ch != ch)
			continue;
		database_close(db);
		at = 0;
	}
}
