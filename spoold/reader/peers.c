/* SPDX-License-Identifier: Apache-2.0 */
/* What the reader is asked, and its answers. */
#include "lib/base/log.h"
#include "lib/ipc/delivery.h"
#include "lib/ipc/journal.h"
#include "lib/ipc/store.h"
#include "lib/store/journal.h"
#include "lib/store/message.h"
#include "spoold/reader/reader.h"

int
reader_snapshot(struct spool_reader *s)
{
	/* Whatever is asked for after this was committed before. */
	if (s->reading)
		return 0;
	if (spool_read_begin(s->spool) != 0) {
		log_warnx("spool cannot be read reason=\"%s\"",
		    spool_strerror(s->spool));
		return -1;
	}
	s->reading = true;
	loop_defer(s->d->loop, &s->turn_end);
	return 0;
}

static void
snapshot_renew(struct spool_reader *s)
{
	if (s->reading)
		spool_read_end(s->spool);
	s->reading = false;
}

/*
 * An empty slice with `more` says "ask again": the spool could not be read.
 */
static void
on_scan(void *arg, struct channel *ch, uint64_t id, struct reader *r, int fd)
{
	struct spool_reader *s = arg;
	struct sched_slice slice;
	struct sched_scan scan;

	(void)fd;
	sched_scan_get(r, &scan);
	if (!reader_end(r))
		return;
	slice = (struct sched_slice){ .upto = scan.after, .more = true };
	arena_reset(&s->arena);
	snapshot_renew(s);
	if (reader_snapshot(s) == 0 &&
	    message_scan(s->spool, &scan, &s->arena, &slice) != 0) {
		log_warnx("schedule cannot be read reason=\"%s\"",
		    spool_strerror(s->spool));
		slice = (struct sched_slice){ .upto = scan.after,
			.more = true };
	}
	sched_slice_put(channel_begin(ch, MSG_SCHED_SLICE, id), &slice);
	channel_end(ch);
}

static void
on_dispatch(void *arg, struct channel *ch, uint64_t id, struct reader *r,
    int fd)
{
	struct spool_reader *s = arg;
	struct arena a = { 0 };
	struct dispatch d;

	(void)ch;
	(void)id;
	(void)fd;
	dispatch_get(r, &d, &a);
	if (reader_end(r)) {
		snapshot_renew(s);
		handover_add(&s->handover, &d);
	}
	arena_free(&a);
}

static void
on_journal_read(void *arg, struct channel *ch, uint64_t id, struct reader *r,
    int fd)
{
	struct spool_reader *s = arg;
	struct journal_part part = { 0 };
	struct journal_read q;

	(void)fd;
	journal_read_get(r, &q);
	if (!reader_end(r))
		return;
	arena_reset(&s->arena);
	snapshot_renew(s);
	if (reader_snapshot(s) == 0 && journal_read(s->spool, q.after,
	    q.max_bytes, &s->arena, &part) != 0)
		part = (struct journal_part){ 0 };
	journal_part_put(channel_begin(ch, MSG_JOURNAL_PART, id), &part);
	channel_end(ch);
}

/* Health is for those who take mail or send it. */
const struct channel_handler reader_handlers[] = {
	{ MSG_SCHED_SCAN, on_scan },
	{ MSG_DISPATCH, on_dispatch },
	{ MSG_JOURNAL_READ, on_journal_read },
	{ .handle = NULL },
};
