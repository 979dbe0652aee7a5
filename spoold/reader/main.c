/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spoold-reader: hands stored messages to delivery.
 *
 * As ekiden-spool, in the spool's folder as its root, without network, with
 * the spool opened to read. The queue manager names a message and the worker
 * that is to deliver it (DISPATCH); this process chooses none itself. It also
 * reads the schedule for a new queue manager and the journal for the logger.
 *
 * A snapshot of the spool is held for one turn of the loop at most: it keeps
 * pages from being used again. What is read is checked before it goes anywhere,
 * and what fails its check is never sent.
 */
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "spoold/reader/reader.h"

enum { OPEN_WAIT_MS = 10000, OPEN_STEP_US = 10000 };

/* The writer, which is started at the same time, makes the files. */
static void
opened(void *state, struct daemon *d)
{
	struct spool_reader *s = state;
	const char *path = daemon_spool_path(d);
	int64_t until = clock_mono_ms() + OPEN_WAIT_MS;
	const char *why;

	s->d = d;
	while (spool_open(&s->spool, path, SPOOL_READER,
	    d->suite.spool.map_size, &why) != 0) {
		if (clock_mono_ms() > until)
			fatalx("spool %s: %s", d->suite.spool.path, why);
		usleep(OPEN_STEP_US);
	}
}

static void
turn_end(void *arg)
{
	struct spool_reader *s = arg;

	if (s->reading)
		spool_read_end(s->spool);
	s->reading = false;
}

static void
started(void *state, struct daemon *d)
{
	struct spool_reader *s = state;

	s->turn_end = (struct deferred){ .run = turn_end, .arg = s };
	handover_init(&s->handover, s);
	(void)d;
}

static void
peer_up(void *state, struct channel *ch)
{
	struct spool_reader *s = state;

	(void)ch;
	handover_wake(&s->handover);
}

static void
peer_down(void *state, struct channel *ch)
{
	struct spool_reader *s = state;

	switch (channel_peer(ch)) {
	case ROLE_QMGR:
		handover_forget(&s->handover);
		break;
	case ROLE_OUT:
	case ROLE_LOCAL:
		handover_worker_gone(&s->handover, ch);
		break;
	default:
		break;
	}
}

static void
peer_drained(void *state, struct channel *ch)
{
	struct spool_reader *s = state;

	(void)ch;
	handover_wake(&s->handover);
}

static void
stop(void *state)
{
	struct spool_reader *s = state;

	turn_end(s);
	spool_close(&s->spool);
	daemon_exit(s->d);
}

int
main(int argc, char **argv)
{
	static const struct daemon_ops ops = {
		.role = ROLE_READER,
		.jail.may = JAIL_MAP_FILES | JAIL_MEMFD,
		.handlers = reader_handlers,
		.opened = opened,
		.started = started,
		.peer_up = peer_up,
		.peer_down = peer_down,
		.peer_drained = peer_drained,
		.stop = stop,
	};
	static struct spool_reader s;
	struct daemon d;

	daemon_main(&ops, &d, &s, argc, argv);
}
