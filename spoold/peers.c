/* SPDX-License-Identifier: Apache-2.0 */
/* Every message the writer accepts, and what it does as peers come and go. */
#include <stddef.h>

#include "lib/base/log.h"
#include "lib/ipc/journal.h"
#include "lib/ipc/store.h"
#include "lib/store/journal.h"
#include "spoold/spoold.h"

static void
on_store(void *arg, struct channel *ch, uint64_t id, struct reader *r, int fd)
{
	struct spoold *s = arg;

	batch_store(&s->batch, ch, id, r, fd);
}

static void
on_record(void *arg, struct channel *ch, uint64_t id, struct reader *r, int fd)
{
	struct spoold *s = arg;

	(void)fd;
	batch_record(&s->batch, ch, id, r);
}

static void
on_settle(void *arg, struct channel *ch, uint64_t id, struct reader *r, int fd)
{
	struct spoold *s = arg;

	(void)fd;
	batch_settle(&s->batch, ch, id, r);
}

static void
on_cursor_set(void *arg, struct channel *ch, uint64_t id, struct reader *r,
    int fd)
{
	struct spoold *s = arg;

	(void)fd;
	batch_cursor(&s->batch, ch, id, r);
}

/* Not while the spool fails: asked again each second until it works. */
void
spoold_tell_cursors(struct spoold *s)
{
	struct channel *logger = daemon_peer(s->d, ROLE_LOGGER, 0);
	struct arena a = { 0 };
	struct cursors all;

	batch_finish(&s->batch);
	if (logger == NULL || spool_read_begin(s->spool) != 0)
		return;
	if (journal_cursors(s->spool, &a, &all) == 0) {
		s->cursors_owed = false;
		cursors_put(channel_begin(logger, MSG_CURSOR_IS, 0), &all);
		channel_end(logger);
	}
	spool_read_end(s->spool);
	arena_free(&a);
}

static void
on_cursor_ask(void *arg, struct channel *ch, uint64_t id, struct reader *r,
    int fd)
{
	struct spoold *s = arg;

	(void)ch;
	(void)id;
	(void)r;
	(void)fd;
	s->cursors_owed = true;
	spoold_tell_cursors(s);
}

static void
on_log_space(void *arg, struct channel *ch, uint64_t id, struct reader *r,
    int fd)
{
	struct spoold *s = arg;
	bool low = log_space_get(r);

	(void)ch;
	(void)id;
	(void)fd;
	if (!reader_end(r))
		return;
	health_logs_low(&s->watch, low);
	spoold_tell_health(s);
}

const struct channel_handler spoold_handlers[] = {
	{ MSG_STORE, on_store },
	{ MSG_RECORD, on_record },
	{ MSG_SETTLE, on_settle },
	{ MSG_CURSOR_SET, on_cursor_set },
	{ MSG_CURSOR_ASK, on_cursor_ask },
	{ MSG_LOG_SPACE, on_log_space },
	{ .handle = NULL },
};

static void
health_send(struct channel *ch, enum health state)
{
	health_put(channel_begin(ch, MSG_HEALTH, 0), state);
	channel_end(ch);
}

void
spoold_tell_health(struct spoold *s)
{
	enum health state = health_of(&s->watch);
	unsigned i;

	if (state == s->told)
		return;
	log_warnx("spool health=%s was=%s", health_name(state),
	    health_name(s->told));
	s->told = state;
	for (i = 0; i < s->d->n_peers; i++)
		health_send(s->d->peers[i], state);
}

static void
gap_send(struct spoold *s, struct channel *qmgr)
{
	const struct enqueued_gap g = { s->gap_after, s->gap_upto };

	s->gap = false;
	enqueued_gap_put(channel_begin(qmgr, MSG_ENQUEUED_GAP, 0), &g);
	channel_end(qmgr);
}

void
spoold_owe(struct spoold *s, uint64_t after, uint64_t upto)
{
	struct channel *qmgr = daemon_peer(s->d, ROLE_QMGR, 0);

	if (!s->gap)
		s->gap_after = after;
	s->gap = true;
	s->gap_upto = upto;
	if (qmgr != NULL && !channel_full(qmgr) &&
	    channel_pending(qmgr) < CHANNEL_LOW)
		gap_send(s, qmgr);
}

void
spoold_peer_up(void *state, struct channel *ch)
{
	struct spoold *s = state;

	health_send(ch, s->told);
	/* A new queue manager reads the whole schedule: nothing is owed. */
	if (channel_peer(ch) == ROLE_QMGR)
		s->gap = false;
	if (channel_peer(ch) == ROLE_LOGGER) {
		journal_grown_put(channel_begin(ch, MSG_JOURNAL_GROWN, 0),
		    spool_last_seq(s->spool));
		channel_end(ch);
	}
}

void
spoold_peer_down(void *state, struct channel *ch)
{
	struct spoold *s = state;

	batch_forget(&s->batch, ch);
	if (channel_peer(ch) == ROLE_QMGR)
		s->gap = false;
	if (channel_peer(ch) == ROLE_LOGGER)
		s->cursors_owed = false;
	/* It may have died with others; their snapshots pin pages. */
	spool_check_readers(s->spool);
}

void
spoold_peer_drained(void *state, struct channel *ch)
{
	struct spoold *s = state;

	if (channel_peer(ch) == ROLE_QMGR && s->gap)
		gap_send(s, ch);
}
