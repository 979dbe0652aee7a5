/* SPDX-License-Identifier: Apache-2.0 */
/* What the spool's writer and reader say. */
#include "lib/ipc/journal.h"
#include "lib/ipc/store.h"
#include "spoold/logger/logger.h"

enum { GATHER_MS = 20 }; /* small batches cost more than a moment's delay */

struct channel *
logger_writer(struct logger *l)
{
	return daemon_peer(&l->d, ROLE_SPOOLD, 0);
}

struct channel *
logger_journal(struct logger *l)
{
	return daemon_peer_nth(&l->d, ROLE_READER, 0);
}

static void
on_part(void *arg, struct channel *ch, uint64_t id, struct reader *r, int fd)
{
	struct logger *l = arg;
	struct follow *f = follow_of(l, id);
	struct arena a = { 0 };
	struct journal_part part;

	(void)ch;
	(void)fd;
	journal_part_get(r, &part, &a);
	if (reader_end(r) && f != NULL)
		follow_part(l, f, &part);
	arena_free(&a);
}

static void
on_grown(void *arg, struct channel *ch, uint64_t id, struct reader *r, int fd)
{
	struct logger *l = arg;
	uint64_t last = journal_grown_get(r);

	(void)ch;
	(void)id;
	(void)fd;
	if (last > l->newest)
		l->newest = last;
	if (!timer_is_set(&l->gather))
		timer_set(&l->gather, GATHER_MS);
}

static void
on_cursors(void *arg, struct channel *ch, uint64_t id, struct reader *r,
    int fd)
{
	struct logger *l = arg;
	struct arena a = { 0 };
	struct cursors all;

	(void)ch;
	(void)id;
	(void)fd;
	cursors_get(r, &all, &a);
	if (reader_end(r) && !l->have_cursors)
		follows_begin(l, &all);
	arena_free(&a);
}

static void
on_cursor_done(void *arg, struct channel *ch, uint64_t id, struct reader *r,
    int fd)
{
	struct logger *l = arg;
	struct follow *f = follow_of(l, id);

	(void)ch;
	(void)r;
	(void)fd;
	if (f != NULL)
		follow_secured(l, f);
}

static void
on_health(void *arg, struct channel *ch, uint64_t id, struct reader *r, int fd)
{
	(void)arg;
	(void)ch;
	(void)id;
	(void)fd;
	(void)health_get(r);
}

const struct channel_handler logger_handlers[] = {
	{ MSG_JOURNAL_PART, on_part },
	{ MSG_JOURNAL_GROWN, on_grown },
	{ MSG_CURSOR_IS, on_cursors },
	{ MSG_CURSOR_DONE, on_cursor_done },
	{ MSG_HEALTH, on_health },
	{ .handle = NULL },
};

static void
writer_up(struct logger *l, struct channel *ch)
{
	unsigned i;

	logger_tell_space(l);
	/* What a dead writer did not confirm is behind us or comes again with
	 * the next safe point. */
	for (i = 0; i < l->n_follows; i++) {
		l->follows[i].cursor_out = false;
		if (l->follows[i].fresh)
			l->have_cursors = false;
	}
	if (!l->have_cursors)
		channel_send(ch, MSG_CURSOR_ASK, 0);
}

void
logger_peer_up(void *state, struct channel *ch)
{
	struct logger *l = state;
	unsigned i;

	if (channel_peer(ch) == ROLE_SPOOLD) {
		writer_up(l, ch);
		return;
	}
	for (i = 0; i < l->n_follows; i++)
		l->follows[i].asked = false;
	follows_ask(l);
}
