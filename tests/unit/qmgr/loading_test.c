/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schedule's slices and the writer's reports in every order that two
 * channels allow: each message is there once. The reader is played by the test.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <sys/socket.h>

#include "lib/base/clock.h"
#include "lib/ipc/store.h"
#include "qmgr/asks.h"
#include "qmgr/flights.h"
#include "qmgr/loading.h"
#include "qmgr/qmgr.h"
#include "qmgr/settling.h"
#include "qmgr/turn.h"
#include "qmgr/workers.h"

enum { IDS = 4, STEPS = 8, HOUR_MS = 3600000 };

enum what {
	END,
	TOLD,     /* the writer's report of a commit, to its end */
	PART,     /* a part of one, not the last */
	GAP,      /* commits up to this one are not reported */
	SLICE,    /* the reader's answer: no more entries */
	SLICE_OF, /* the same, and there are more */
	ASKED,    /* a scan is asked for that begins above this commit */
	DIED,     /* the writer; its successor speaks */
};

struct step {
	enum what what;
	uint64_t commit;
	unsigned ids; /* a bit for each message */
};

static const struct row {
	const char *name;
	struct step steps[STEPS];
	unsigned want;
} rows[] = {
	{ "the report comes after the scan that saw it",
	    { { ASKED, 0, 0 }, { SLICE, 5, 1 }, { TOLD, 5, 1 },
	    { TOLD, 6, 2 } }, 3 },
	{ "it comes between two slices",
	    { { ASKED, 0, 0 }, { SLICE_OF, 5, 1 }, { TOLD, 5, 2 },
	    { TOLD, 6, 4 }, { SLICE, 5, 2 } }, 7 },
	{ "it comes before the scan's answer",
	    { { ASKED, 0, 0 }, { TOLD, 5, 1 }, { TOLD, 6, 2 },
	    { SLICE, 5, 1 } }, 3 },
	{ "a commit is told in parts",
	    { { ASKED, 0, 0 }, { SLICE, 5, 0 }, { PART, 6, 1 },
	    { PART, 6, 2 }, { TOLD, 6, 4 }, { TOLD, 7, 8 } }, 15 },
	{ "in parts that the scan saw",
	    { { ASKED, 0, 0 }, { PART, 5, 1 }, { SLICE, 5, 3 },
	    { TOLD, 5, 2 }, { TOLD, 6, 4 } }, 7 },
	{ "in parts that wait for the scan",
	    { { ASKED, 0, 0 }, { PART, 6, 1 }, { TOLD, 6, 2 },
	    { SLICE, 5, 4 } }, 7 },
	{ "the writer dies between two parts",
	    { { ASKED, 0, 0 }, { SLICE, 5, 0 }, { PART, 6, 1 }, { DIED, 0, 0 },
	    { ASKED, 5, 0 }, { TOLD, 7, 4 }, { SLICE, 6, 3 } }, 7 },
	{ "a gap is read, what is told meanwhile waits",
	    { { ASKED, 0, 0 }, { SLICE, 5, 1 }, { GAP, 7, 0 },
	    { ASKED, 5, 0 }, { TOLD, 8, 4 }, { SLICE, 7, 2 } }, 7 },
	{ "a gap is read, and what is told with it",
	    { { ASKED, 0, 0 }, { SLICE, 5, 1 }, { GAP, 7, 0 },
	    { ASKED, 5, 0 }, { TOLD, 8, 4 }, { SLICE, 8, 6 } }, 7 },
};

enum { ROWS = sizeof(rows) / sizeof(*rows) };

/* Kept until the end: the rooms have no use for taking this apart. */
static struct stage {
	struct qmgr q;
	struct channel *reader, *worker[2];
	uint64_t request;
	struct sched_scan scan;
	bool asked;
	struct timer late;
} stages[ROWS];

static void
on_scan(void *arg, struct channel *ch, uint64_t id, struct reader *r, int fd)
{
	struct stage *st = arg;

	(void)ch;
	(void)fd;
	sched_scan_get(r, &st->scan);
	st->request = id;
	st->asked = true;
	loop_stop(st->q.d.loop);
}

static void
lost(void *owner, struct channel *ch)
{
	(void)owner;
	(void)ch;
	fail_msg("a channel was lost");
}

static void
late(void *arg)
{
	(void)arg;
	fail_msg("the schedule is not asked for");
}

/* Until the schedule is asked for. */
static void
wait_asked(struct stage *st)
{
	timer_set(&st->late, 5000);
	while (!st->asked)
		loop_run(st->q.d.loop);
	timer_cancel(&st->late);
}

static const struct channel_handler reader_side[] = {
	{ MSG_SCHED_SCAN, on_scan },
	{ .handle = NULL },
};
static const struct channel_handler no_handlers[] = { { .handle = NULL } };
static const struct channel_events reader_events = {
	.handlers = reader_side, .lost = lost,
};
static const struct channel_events no_events = {
	.handlers = no_handlers, .lost = lost,
};

/* Our end of a channel to this role is a peer of the queue manager. */
static struct channel *
peer_make(struct stage *st, enum role role)
{
	struct channel *ch;
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
	    fds), 0);
	ch = channel_new(st->q.d.loop, fds[0], ROLE_QMGR, role, 0, &no_events,
	    st);
	st->q.d.peers[st->q.d.n_peers++] = ch;
	return channel_new(st->q.d.loop, fds[1], role, ROLE_QMGR, 0,
	    &reader_events, st);
}

static void
stage_make(struct stage *st)
{
	struct engine_options o = { .wait_for_room = true };

	st->q.d.loop = loop_new();
	timer_init(&st->late, st->q.d.loop, late, st);
	suite_defaults(&st->q.d.suite);
	st->q.d.suite.processes.smtp_out = 1;
	st->q.clock_offset_ms = clock_wall_ms() - clock_mono_ms();
	st->q.engine = engine_new(&o, clock_wall_ms());
	turn_init(&st->q);
	workers_init(&st->q);
	asks_init(&st->q);
	flights_init(&st->q);
	settling_init(&st->q);
	loading_init(&st->q);
	st->reader = peer_make(st, ROLE_READER);
	st->worker[0] = peer_make(st, ROLE_OUT);
	st->worker[1] = peer_make(st, ROLE_LOCAL);
	workers_reported(&st->q, worker_number(st->q.d.peers[1]));
	workers_reported(&st->q, worker_number(st->q.d.peers[2]));
	loading_store_spoke(&st->q);
}

static uint32_t
entries_of(unsigned ids, struct sched_entry *entries, char names[][8])
{
	uint32_t n = 0;
	unsigned i;

	for (i = 0; i < IDS; i++) {
		if ((ids >> i & 1) == 0)
			continue;
		snprintf(names[i], sizeof(names[i]), "q%u", i);
		entries[n] = (struct sched_entry){ .n_rcpts = 1, .size = 1,
			.due_ms = clock_wall_ms() + HOUR_MS,
			.queue = span_of(names[i]) };
		entries[n++].id.b[0] = (uint8_t)(i + 1);
	}
	return n;
}

static void
told(struct stage *st, const struct step *s)
{
	struct sched_entry entries[IDS];
	char names[IDS][8];
	struct enqueued e = { .commit = s->commit, .more = s->what == PART,
		.entries = entries };
	struct buf b = { 0 };
	struct reader r;

	e.n = entries_of(s->ids, entries, names);
	enqueued_put(&b, &e);
	reader_init(&r, buf_span(&b));
	loading_on_enqueued(&st->q, NULL, 0, &r, -1);
	buf_free(&b);
}

static void
gap(struct stage *st, uint64_t upto)
{
	struct enqueued_gap g = { .after = 0, .upto = upto };
	struct buf b = { 0 };
	struct reader r;

	g.after = upto - 2;
	enqueued_gap_put(&b, &g);
	reader_init(&r, buf_span(&b));
	loading_on_gap(&st->q, NULL, 0, &r, -1);
	buf_free(&b);
}

static void
slice(struct stage *st, const struct step *s)
{
	struct sched_entry entries[IDS];
	char names[IDS][8];
	struct sched_slice v = { .snapshot = s->commit,
		.more = s->what == SLICE_OF, .entries = entries };
	struct buf b = { 0 };
	struct reader r;

	v.n = entries_of(s->ids, entries, names);
	sched_slice_put(&b, &v);
	reader_init(&r, buf_span(&b));
	st->asked = false;
	loading_on_slice(&st->q, NULL, st->request, &r, -1);
	buf_free(&b);
	if (s->what == SLICE_OF)
		wait_asked(st);
}

static void
asked(struct stage *st, const char *name, uint64_t above)
{
	wait_asked(st);
	if (st->scan.min_commit != above)
		fail_msg("%s: want a scan above commit %llu, got %llu", name,
		    (unsigned long long)above,
		    (unsigned long long)st->scan.min_commit);
}

static void
step_run(struct stage *st, const char *name, const struct step *s)
{
	switch (s->what) {
	case TOLD:
	case PART:
		told(st, s);
		break;
	case GAP:
		gap(st, s->commit);
		break;
	case SLICE:
	case SLICE_OF:
		slice(st, s);
		break;
	case ASKED:
		asked(st, name, s->commit);
		break;
	case DIED:
		loading_store_down(&st->q);
		loading_store_up(&st->q);
		loading_store_spoke(&st->q);
		break;
	case END:
		break;
	}
}

static void
test_each_comes_once(void **state)
{
	struct engine_queue_info info;
	struct engine_totals totals;
	char name[8];
	unsigned i, k, n, want;

	(void)state;
	for (i = 0; i < ROWS; i++) {
		struct stage *st = &stages[i];

		stage_make(st);
		for (k = 0; k < STEPS && rows[i].steps[k].what != END; k++)
			step_run(st, rows[i].name, &rows[i].steps[k]);
		for (k = 0, n = 0; k < IDS; k++) {
			want = rows[i].want >> k & 1;
			n += want;
			snprintf(name, sizeof(name), "q%u", k);
			info.count = 0;
			engine_queue_get(st->q.engine, span_of(name), &info);
			if (info.count != want)
				fail_msg("%s: want message %u %u times, got "
				    "%u", rows[i].name, k, want, info.count);
		}
		engine_totals(st->q.engine, &totals);
		assert_int_equal(totals.messages, n);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_comes_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
