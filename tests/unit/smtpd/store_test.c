/* SPDX-License-Identifier: Apache-2.0 */
/* The outbox against a writer that comes and goes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/io/loop.h"
#include "lib/io/sock.h"
#include "lib/ipc/channel.h"
#include "smtpd/session.h"
#include "smtpd/store.h"

struct world {
	struct loop *loop;
	struct outbox box;
	struct channel *ours, *writer;
	struct channel_events our_events;
	struct session one, two;
	uint64_t got[64];
	unsigned ngot, nrecords;
	struct deferred stop;
};

static void
writer_store(void *arg, struct channel *ch, uint64_t id, struct reader *r,
    int fd)
{
	struct world *w = arg;

	(void)ch;
	(void)fd;
	(void)reader_take(r, reader_left(r));
	w->got[w->ngot++] = id;
}

static void
writer_record(void *arg, struct channel *ch, uint64_t id, struct reader *r,
    int fd)
{
	struct world *w = arg;

	(void)ch;
	(void)id;
	(void)fd;
	(void)reader_take(r, reader_left(r));
	w->nrecords++;
}

static const struct channel_handler writer_handlers[] = {
	{ MSG_STORE, writer_store },
	{ MSG_RECORD, writer_record },
	{ .handle = NULL },
};

static void
lost(void *arg, struct channel *ch)
{
	(void)arg;
	(void)ch;
}

static void
drained(void *arg, struct channel *ch)
{
	struct world *w = arg;

	(void)ch;
	outbox_pump(&w->box);
}

static const struct channel_events writer_events = {
	.handlers = writer_handlers, .lost = lost,
};
static const struct channel_handler no_handlers[] = { { .handle = NULL } };

static void
connect_writer(struct world *w)
{
	int pair[2];

	w->our_events = (struct channel_events){ .handlers = no_handlers,
		.lost = lost, .drained = drained, .owner = w };
	assert_int_equal(sock_pair(pair), 0);
	w->ours = channel_new(w->loop, pair[0], ROLE_SMTPD, ROLE_SPOOLD, 0,
	    &w->our_events, w);
	w->writer = channel_new(w->loop, pair[1], ROLE_SPOOLD, ROLE_SMTPD, 0,
	    &writer_events, w);
	outbox_writer_up(&w->box, w->ours);
}

static void
lose_writer(struct world *w)
{
	outbox_writer_down(&w->box);
	channel_close(&w->ours);
	channel_close(&w->writer);
}

static void
stop_loop(void *arg)
{
	loop_stop(arg);
}

/* Long enough for what is on the socket pair to arrive. */
static void
turns(struct world *w, int ms)
{
	struct timer t;

	timer_init(&t, w->loop, stop_loop, w->loop);
	timer_set(&t, ms);
	loop_run(w->loop);
	timer_done(&t);
}

static void
add(struct world *w, struct session *s, size_t size)
{
	struct buf head = { 0 }, body = { 0 };

	buf_add_str(&head, "head");
	memset(buf_reserve(&body, size), 'x', size);
	buf_commit(&body, size);
	outbox_add(&w->box, s, &head, &body, -1, size);
}

static int
start(void **state)
{
	static struct world w;

	memset(&w, 0, sizeof(w));
	w.loop = loop_new();
	outbox_init(&w.box);
	*state = &w;
	return 0;
}

static int
stop(void **state)
{
	struct world *w = *state;

	while (w->box.nspare > 0)
		buf_free(&w->box.spare[--w->box.nspare]);
	buf_free(&w->box.records);
	free(w->box.slots);
	loop_free(&w->loop);
	return 0;
}

/* What was not answered goes to the next writer, with the same ids. */
static void
test_resend(void **state)
{
	struct world *w = *state;
	struct outbox_entry *e;

	add(w, &w->one, 10); /* while it is away */
	connect_writer(w);
	add(w, &w->two, 10);
	add(w, &w->one, 10);
	turns(w, 20);
	assert_int_equal(w->ngot, 3);
	e = outbox_take(&w->box, w->got[1]);
	assert_non_null(e);
	assert_ptr_equal(e->session, &w->two);
	outbox_entry_free(&w->box, e);
	assert_null(outbox_take(&w->box, w->got[1]));
	assert_null(w->two.stores);

	lose_writer(w);
	connect_writer(w);
	turns(w, 20);
	assert_int_equal(w->ngot, 5);
	assert_int_equal(w->got[3], w->got[0]);
	assert_int_equal(w->got[4], w->got[2]);
	assert_int_equal(w->box.held, 20);
	outbox_forget(&w->box, &w->one);
	assert_int_equal(w->box.held, 0);
	assert_null(outbox_take(&w->box, w->got[0]));
	lose_writer(w);
}

/* A slot that is used again does not answer to its old id. */
static void
test_late_answer(void **state)
{
	struct world *w = *state;

	connect_writer(w);
	add(w, &w->one, 1);
	turns(w, 20);
	outbox_forget(&w->box, &w->one);
	add(w, &w->two, 1);
	turns(w, 20);
	assert_int_equal(w->ngot, 2);
	assert_int_not_equal(w->got[0], w->got[1]);
	assert_null(outbox_take(&w->box, w->got[0]));
	outbox_forget(&w->box, &w->two);
	lose_writer(w);
}

/* A writer that does not read: frames wait here, not in its channel. */
static void
test_full(void **state)
{
	struct world *w = *state;
	unsigned i;

	connect_writer(w);
	channel_pause(w->writer);
	for (i = 0; i < 50; i++)
		add(w, &w->one, 200 * 1024);
	turns(w, 20);
	assert_true(outbox_is_full(&w->box));
	assert_true(channel_pending(w->ours) < CHANNEL_HIGH + 300 * 1024);
	channel_resume(w->writer);
	for (i = 0; i < 50 && w->ngot < 50; i++)
		turns(w, 20);
	assert_int_equal(w->ngot, 50);
	assert_false(outbox_is_full(&w->box));
	outbox_forget(&w->box, &w->one);
	lose_writer(w);
}

/* Records wait for a writer, up to a limit. */
static void
test_records(void **state)
{
	struct world *w = *state;
	static char big[OUTBOX_RECORDS_MAX / 2];

	outbox_record(&w->box, SPAN_LIT("one"));
	outbox_record(&w->box, span_make(big, sizeof(big)));
	outbox_record(&w->box, span_make(big, sizeof(big)));
	assert_int_equal(w->box.records_lost, 1);
	outbox_forget(&w->box, &w->one);
	buf_clear(&w->box.records, 0);
	outbox_record(&w->box, SPAN_LIT("one"));
	connect_writer(w);
	outbox_record(&w->box, SPAN_LIT("two"));
	turns(w, 20);
	assert_int_equal(w->nrecords, 2);
	lose_writer(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_resend, start, stop),
		cmocka_unit_test_setup_teardown(test_late_answer, start, stop),
		cmocka_unit_test_setup_teardown(test_full, start, stop),
		cmocka_unit_test_setup_teardown(test_records, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
