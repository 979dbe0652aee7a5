/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spoold: the one process that writes the spool.
 *
 * As ekiden-spool, in the spool's folder as its root, without network. It hears
 * STORE and RECORD from smtpd, SETTLE from the queue manager, CURSOR_SET from
 * the logger; whatever came since the last commit goes to disk in one LMDB
 * transaction with one sync, and only then is anybody told. What it reads of
 * mail it reads to store: content is never looked into.
 *
 * THE PAGE: a message on disk, and what a crash at that point leaves.
 *
 *   state      rows that say so                    a crash here leaves
 *   ---------  ----------------------------------  ---------------------------
 *   OFFERED    none: STORE was read, its           nothing. No answer was
 *              transaction is open or its pages    given; the sender keeps the
 *              are written, the meta page is not   message and sends it again
 *   STORED     meta, sched, data; bodies if the    the message, whole: rows of
 *              body is shared; events: Reception   one transaction. STORED may
 *                                                  not have left: the sender
 *                                                  offers it again and finds it
 *                                                  stored, without a record
 *   TOLD       as STORED; ENQUEUED left for the    as STORED: a new queue
 *              queue manager                       manager, or an old one and a
 *                                                  new writer, reads the whole
 *                                                  schedule
 *   IN HAND    as STORED; a worker has a copy      as STORED. What the worker
 *                                                  delivered and nobody settled
 *                                                  is the one window in which a
 *                                                  copy too many may leave
 *   DEFERRED   meta (without recipients done),     the new schedule or the old
 *              sched (due, attempts, the           one with the old recipients,
 *              settle's request id); events: one   never a mixture. SETTLED may
 *              per record                          not have left: the settle
 *                                                  comes again and is known by
 *                                                  its attempts and request id
 *   REMOVED    none of meta, sched; data and       as IN HAND before the
 *              bodies as other messages need       commit, nothing after it; a
 *              them; events: one per record        settle that comes again
 *                                                  finds no message and leaves
 *                                                  no record
 *   LOGGED     the log's cursor is beyond the      the log's own file is behind
 *              entry                               its cursor never: the logger
 *                                                  syncs first
 *   FORGOTTEN  entries below all cursors are gone  some of them are still there
 *                                                  and go with a later commit
 *   APART      damaged: a row that failed its      the row here or there, never
 *              check, under its old place's name   both
 *
 * A commit is: pages (pwrite, writev), fdatasync, then one meta page written
 * through to the disk. Only that last write makes a state; of a process killed
 * before it nothing counts, and LMDB needs no repair. If the sync fails, the
 * transaction is over and its pages belong to nobody. If the last write fails,
 * the kernel may have it or not: the environment is opened again and the number
 * of the newest commit says which (batch_probe).
 *
 * At a failure stores are refused (451, 452), while settles, records and
 * cursors wait here in memory and are done with the next commit that works; if
 * this process dies too, their senders still have them.
 */
#include <stddef.h>

#include "lib/base/log.h"
#include "spoold/spoold.h"

static void
opened(void *state, struct daemon *d)
{
	struct spoold *s = state;
	const char *path = daemon_spool_path(d);
	const char *why;

	s->d = d;
	if (spool_open(&s->spool, path, SPOOL_WRITER, d->suite.spool.map_size,
	    &why) != 0)
		fatalx("spool %s: %s", d->suite.spool.path, why);
}

static void
started(void *state, struct daemon *d)
{
	struct spoold *s = state;

	batch_init(&s->batch, s);
	gone_init(&s->gone, loop_wall_ms(d->loop),
	    d->suite.spool.store_deadline);
	batch_probe(&s->batch);
	spoold_watch_start(s);
}

static void
reload(void *state, const struct suite *old)
{
	struct spoold *s = state;

	(void)old;
	spoold_watch_settings(s);
	batch_finish(&s->batch);
	s->batch.logs_changed = true;
	batch_probe(&s->batch);
}

/* What has arrived is still carried out: the others are gone by now. */
static void
stop(void *state)
{
	struct spoold *s = state;
	unsigned i;

	for (i = s->d->n_peers; i-- > 0;) {
		if (i < s->d->n_peers)
			channel_drain(s->d->peers[i]);
	}
	batch_finish(&s->batch);
	if (s->batch.n_kept > 0)
		batch_probe(&s->batch);
	spool_close(&s->spool);
	daemon_exit(s->d);
}

int
main(int argc, char **argv)
{
	static const struct daemon_ops ops = {
		.role = ROLE_SPOOLD,
		.jail.may = JAIL_WRITE_FILES | JAIL_MAP_FILES,
		.handlers = spoold_handlers,
		.opened = opened,
		.started = started,
		.peer_up = spoold_peer_up,
		.peer_down = spoold_peer_down,
		.peer_drained = spoold_peer_drained,
		.reload = reload,
		.stop = stop,
	};
	static struct spoold s;
	struct daemon d;

	daemon_main(&ops, &d, &s, argc, argv);
}
