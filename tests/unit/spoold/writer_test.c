/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writer with its peers played by the test: both ends of each channel live
 * on one loop, and the disk fails when the test says so.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "lib/ipc/journal.h"
#include "spoold/spoold.h"
#include "tests/support/faults.c"
#include "tests/support/spool_fixture.h"

enum { EVENTS_MAX = 64 };

/* What a played peer was told, in order over all of them. */
struct told {
	enum message type;
	uint64_t id;
	uint64_t value; /* result, health, number, or count of entries */
	uint64_t extra; /* commit, or the gap's end */
};

struct stage {
	struct daemon d;
	struct daemon_ops ops;
	struct channel_events events;
	struct spoold s;
	struct channel *smtpd, *qmgr, *logger; /* the peers' own ends */
	struct told told[EVENTS_MAX];
	unsigned n, want;
	struct timer late;
	struct arena a;
	char *path;
	bool smtpd_lost;
};

static void
tell(struct stage *st, enum message type, uint64_t id, uint64_t value,
    uint64_t extra)
{
	if (st->n < EVENTS_MAX)
		st->told[st->n++] = (struct told){ type, id, value, extra };
	if (st->n >= st->want)
		loop_stop(st->d.loop);
}

static void
on_stored(void *arg, struct channel *ch, uint64_t id, struct reader *r, int fd)
{
	(void)ch;
	(void)fd;
	tell(arg, MSG_STORED, id, stored_get(r), 0);
}

static void
on_health(void *arg, struct channel *ch, uint64_t id, struct reader *r, int fd)
{
	enum health h = health_get(r);

	(void)fd;
	if (channel_peer_index(ch) == 7)
		tell(arg, MSG_HEALTH, id, h, 0);
}

static void
on_enqueued(void *arg, struct channel *ch, uint64_t id, struct reader *r,
    int fd)
{
	struct stage *st = arg;
	struct enqueued e;

	(void)ch;
	(void)fd;
	enqueued_get(r, &e, &st->a);
	tell(st, MSG_ENQUEUED, id, e.n, e.commit);
}

static void
on_gap(void *arg, struct channel *ch, uint64_t id, struct reader *r, int fd)
{
	struct enqueued_gap g;

	(void)ch;
	(void)fd;
	enqueued_gap_get(r, &g);
	tell(arg, MSG_ENQUEUED_GAP, id, g.after, g.upto);
}

static void
on_settled(void *arg, struct channel *ch, uint64_t id, struct reader *r,
    int fd)
{
	(void)ch;
	(void)fd;
	tell(arg, MSG_SETTLED, id, settled_get(r), 0);
}

static void
on_grown(void *arg, struct channel *ch, uint64_t id, struct reader *r, int fd)
{
	(void)arg;
	(void)ch;
	(void)id;
	(void)fd;
	(void)journal_grown_get(r);
}

static void
on_cursor_done(void *arg, struct channel *ch, uint64_t id, struct reader *r,
    int fd)
{
	(void)ch;
	(void)r;
	(void)fd;
	tell(arg, MSG_CURSOR_DONE, id, 0, 0);
}

static void
on_cursors(void *arg, struct channel *ch, uint64_t id, struct reader *r,
    int fd)
{
	struct stage *st = arg;
	struct cursors all;

	(void)ch;
	(void)fd;
	cursors_get(r, &all, &st->a);
	tell(st, MSG_CURSOR_IS, id, all.n, all.n > 0 ? all.v[0].seq : 0);
}

static const struct channel_handler peer_handlers[] = {
	{ MSG_STORED, on_stored }, { MSG_HEALTH, on_health },
	{ MSG_ENQUEUED, on_enqueued }, { MSG_ENQUEUED_GAP, on_gap },
	{ MSG_SETTLED, on_settled }, { MSG_JOURNAL_GROWN, on_grown },
	{ MSG_CURSOR_DONE, on_cursor_done }, { MSG_CURSOR_IS, on_cursors },
	{ .handle = NULL },
};

static void
peer_lost(void *owner, struct channel *ch)
{
	(void)ch;
	(void)owner;
}

static const struct channel_events peer_events = {
	.handlers = peer_handlers, .lost = peer_lost,
};

static void
writer_lost(void *owner, struct channel *ch)
{
	struct stage *st = owner;
	unsigned i;

	for (i = 0; st->d.peers[i] != ch; i++)
		;
	st->d.peers[i] = st->d.peers[--st->d.n_peers];
	spoold_peer_down(&st->s, ch);
	if (channel_peer(ch) == ROLE_SMTPD) {
		st->smtpd_lost = true;
		loop_stop(st->d.loop);
	}
	channel_close(&ch);
}

static void
writer_drained(void *owner, struct channel *ch)
{
	struct stage *st = owner;

	spoold_peer_drained(&st->s, ch);
}

/* The peer's end; index 7 is the one whose health counts. */
static struct channel *
peer_make(struct stage *st, enum role role, unsigned index)
{
	struct channel *ch;
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
	    fds), 0);
	ch = channel_new(st->d.loop, fds[0], ROLE_SPOOLD, role, 0,
	    &st->events, &st->s);
	st->d.peers[st->d.n_peers++] = ch;
	spoold_peer_up(&st->s, ch);
	return channel_new(st->d.loop, fds[1], role, ROLE_SPOOLD, index,
	    &peer_events, st);
}

static void
late(void *arg)
{
	struct stage *st = arg;

	loop_stop(st->d.loop);
}

static void
forget(struct stage *st)
{
	st->n = 0;
}

/* Run until so many things were told; the rest of the turn is run as well. */
static void
wait_for(struct stage *st, unsigned n, int64_t ms)
{
	st->want = n;
	timer_set(&st->late, ms);
	if (st->n < n)
		loop_run(st->d.loop);
	timer_cancel(&st->late);
	if (st->n < n)
		fail_msg("told %u things, want %u", st->n, n);
}

/*
 * Among all that was told: what goes to different peers comes in any order.
 * i is where it stands when it is alone on its channel.
 */
static void
expect(struct stage *st, unsigned i, enum message type, uint64_t id,
    uint64_t value)
{
	const struct told *t;
	unsigned k;

	for (k = 0; k < st->n; k++) {
		t = &st->told[k];
		if (t->type == type && t->id == id && t->value == value)
			return;
	}
	t = &st->told[i];
	fail_msg("thing %u: want %s id %llu value %llu, "
	    "got %s id %llu value %llu", i, message_name(type),
	    (unsigned long long)id, (unsigned long long)value,
	    message_name(t->type), (unsigned long long)t->id,
	    (unsigned long long)t->value);
}

static int
setup(void **state)
{
	static char log_dir[] = "/log";
	static struct local_logs logs[1];
	struct stage *st = xcalloc(1, sizeof(*st));

	fault_plan(NULL);
	st->path = fixture_folder();
	st->d.loop = loop_new();
	suite_defaults(&st->d.suite);
	logs[0] = (struct local_logs){ .log_dir = log_dir };
	st->d.suite.logs.v = logs;
	st->d.suite.logs.n = 1;
	st->d.suite.spool.min_free_space = (struct share){ 0, false };
	st->d.suite.spool.min_free_inodes = (struct share){ 0, false };
	st->d.suite.spool.error_unlatch_duration = 1500;
	st->events = (struct channel_events){ .handlers = spoold_handlers,
		.lost = writer_lost, .drained = writer_drained, .owner = st };
	st->s.d = &st->d;
	st->s.spool = fixture_open(st->path, SPOOL_WRITER);
	batch_init(&st->s.batch, &st->s);
	batch_probe(&st->s.batch);
	spoold_watch_start(&st->s);
	timer_init(&st->late, st->d.loop, late, st);
	st->smtpd = peer_make(st, ROLE_SMTPD, 7);
	st->qmgr = peer_make(st, ROLE_QMGR, 0);
	st->logger = peer_make(st, ROLE_LOGGER, 0);
	*state = st;
	wait_for(st, 1, 2000);
	expect(st, 0, MSG_HEALTH, 0, HEALTH_OK);
	forget(st);
	return 0;
}

static int
teardown(void **state)
{
	struct stage *st = *state;

	fault_plan(NULL);
	channel_close(&st->smtpd);
	channel_close(&st->qmgr);
	channel_close(&st->logger);
	while (st->d.n_peers > 0)
		channel_close(&st->d.peers[--st->d.n_peers]);
	timer_done(&st->s.tick);
	timer_done(&st->s.batch.again);
	timer_done(&st->late);
	spool_close(&st->s.spool);
	free(st->s.batch.answers);
	free(st->s.batch.entries);
	arena_free(&st->s.batch.arena);
	arena_free(&st->s.batch.decode);
	st->d.suite.logs.v = NULL;
	st->d.suite.logs.n = 0;
	suite_free(&st->d.suite);
	loop_free(&st->d.loop);
	fixture_remove(st->path);
	arena_free(&st->a);
	free(st);
	return 0;
}

static void
say_store(struct stage *st, uint64_t id, const struct store *s)
{
	store_put(channel_begin(st->smtpd, MSG_STORE, id), s);
	channel_end(st->smtpd);
}

static void
say_settle(struct stage *st, uint64_t id, const struct settle *s)
{
	settle_put(channel_begin(st->qmgr, MSG_SETTLE, id), s);
	channel_end(st->qmgr);
}

static void
assert_kept(struct stage *st, uint64_t messages, uint64_t entries)
{
	struct spool_findings f;

	assert_int_equal(fixture_problems(st->s.spool, &f), 0);
	assert_int_equal(f.messages, messages);
	assert_int_equal(f.entries, entries);
}

static void
test_store_and_settle(void **state)
{
	struct stage *st = *state;
	struct store one = fixture_store(1, 1, 5000, &st->a);
	struct store two = fixture_store(2, 1, 100000, &st->a);
	struct settle s = { .id = one.messages[0].sched.id,
		.action = SETTLE_REMOVE };
	struct span records[1];

	records[0] = fixture_record(RECORD_DELIVERY, &st->a);
	s.records = records;
	s.n_records = 1;
	say_store(st, 11, &one);
	say_store(st, 12, &two);
	wait_for(st, 3, 2000);
	expect(st, 0, MSG_STORED, 11, STORED_OK);
	expect(st, 1, MSG_STORED, 12, STORED_OK);
	expect(st, 2, MSG_ENQUEUED, 0, 3);
	assert_kept(st, 3, 3);
	forget(st);
	/* Settled twice in one breath, and one that does not exist. */
	say_settle(st, 1, &s);
	say_settle(st, 2, &s);
	s.id = two.body_id;
	say_settle(st, 3, &s);
	wait_for(st, 1, 2000);
	expect(st, 0, MSG_SETTLED, 3, 3);
	assert_kept(st, 2, 4);
	forget(st);
	/* A store that comes again is answered, and told to nobody. */
	say_store(st, 13, &two);
	wait_for(st, 1, 2000);
	expect(st, 0, MSG_STORED, 13, STORED_OK);
	assert_kept(st, 2, 4);
}

static int
memory(const struct store *s, int seals)
{
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_int_equal(write(fd, s->body.p, s->body.len),
	    (ssize_t)s->body.len);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
	return fd;
}

static void
say_store_fd(struct stage *st, uint64_t id, const struct store *s, int seals)
{
	struct store head = *s;
	int fd = memory(s, seals);

	head.body = span_of("");
	store_put(channel_begin(st->smtpd, MSG_STORE, id), &head);
	channel_end_fd(st->smtpd, fd);
	close(fd);
}

static void
test_memory_file(void **state)
{
	const int all = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW;
	struct stage *st = *state;
	struct store s = fixture_store(1, 1, 700000, &st->a);
	struct message_view view;

	say_store_fd(st, 1, &s, all);
	wait_for(st, 2, 2000);
	expect(st, 0, MSG_STORED, 1, STORED_OK);
	assert_int_equal(spool_read_begin(st->s.spool), 0);
	assert_int_equal(message_look(st->s.spool, &s.messages[0].sched.id,
	    &st->a, &view), MESSAGE_WHOLE);
	assert_int_equal(view.body_size, 700000);
	spool_read_end(st->s.spool);
	assert_kept(st, 1, 1);
	/* One that can still change ends its sender's channel. */
	forget(st);
	s = fixture_store(1, 1, 700000, &st->a);
	say_store_fd(st, 2, &s, F_SEAL_WRITE);
	st->want = 99;
	timer_set(&st->late, 2000);
	loop_run(st->d.loop);
	assert_true(st->smtpd_lost);
	assert_int_equal(st->n, 0);
	assert_kept(st, 1, 1);
}

static void
test_malformed(void **state)
{
	struct stage *st = *state;
	struct store good = fixture_store(1, 1, 100, &st->a);
	struct store bad = fixture_store(1, 1, 100, &st->a);

	bad.body_id.b[2] ^= 1;
	say_store(st, 1, &good);
	say_store(st, 2, &bad);
	st->want = 99;
	timer_set(&st->late, 2000);
	loop_run(st->d.loop);
	assert_true(st->smtpd_lost);
	/* What came before it is stored, and told. */
	st->want = 1;
	wait_for(st, 1, 2000);
	expect(st, 0, MSG_ENQUEUED, 0, 1);
	assert_kept(st, 1, 1);
}

/* The disk fails at each call: refused, health told, work kept and done. */
static void
test_failing_disk(void **state)
{
	static const struct {
		const char *plan;
		enum stored_result result;
		enum health health;
	} rows[] = {
		{ "fdatasync:1:EIO", STORED_FAILED, HEALTH_FAILED },
		{ "pwrite:1:EIO", STORED_FAILED, HEALTH_FAILED },
		{ "any:1:ENOSPC", STORED_NO_SPACE, HEALTH_NO_SPACE },
	};
	struct stage *st = *state;
	struct settle s = { .action = SETTLE_REMOVE };
	struct store there, comes;
	struct span records[1];
	size_t i;

	records[0] = fixture_record(RECORD_DELIVERY, &st->a);
	s.records = records;
	s.n_records = 1;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		there = fixture_store(1, 1, 100, &st->a);
		comes = fixture_store(1, 1, 100, &st->a);
		forget(st);
		say_store(st, 1, &there);
		wait_for(st, 2, 2000);
		forget(st);
		fault_plan(rows[i].plan);
		s.id = there.messages[0].sched.id;
		say_settle(st, 10 + i, &s);
		say_store(st, 2, &comes);
		wait_for(st, 2, 2000);
		expect(st, 0, MSG_STORED, 2, rows[i].result);
		expect(st, 1, MSG_HEALTH, 0, rows[i].health);
		forget(st);
		/* Within a tick the settle is done, later all is well. */
		wait_for(st, 1, 3000);
		expect(st, 0, MSG_SETTLED, 10 + i, 10 + i);
		forget(st);
		if (rows[i].health == HEALTH_FAILED) {
			say_store(st, 3, &comes);
			wait_for(st, 1, 500);
			expect(st, 0, MSG_STORED, 3, STORED_FAILED);
			forget(st);
		}
		if (health_of(&st->s.watch) != HEALTH_OK) {
			wait_for(st, 1, 6000);
			expect(st, 0, MSG_HEALTH, 0, HEALTH_OK);
		}
		assert_kept(st, 0, 2 * i + 2);
	}
}

/* Acknowledged early, refused by the disk, and stored all the same. */
static void
test_deferred(void **state)
{
	struct stage *st = *state;
	struct store s = fixture_store(1, 1, 100, &st->a);

	s.deferred = true;
	fault_plan("any:1:EAGAIN");
	say_store(st, 1, &s);
	wait_for(st, 2, 4000);
	expect(st, 0, MSG_STORED, 1, STORED_OK);
	expect(st, 1, MSG_ENQUEUED, 0, 1);
	assert_kept(st, 1, 1);
}

static void
test_cursors(void **state)
{
	struct stage *st = *state;
	struct cursor_state c = { SPAN_LIT("/log#0"), 3, SPAN_LIT("files") };
	struct store s = fixture_store(5, 1, 100, &st->a);

	say_store(st, 1, &s);
	wait_for(st, 2, 2000);
	forget(st);
	cursor_state_put(channel_begin(st->logger, MSG_CURSOR_SET, 0), &c);
	channel_end(st->logger);
	wait_for(st, 1, 2000);
	expect(st, 0, MSG_CURSOR_DONE, 0, 0);
	forget(st);
	channel_send(st->logger, MSG_CURSOR_ASK, 0);
	wait_for(st, 1, 2000);
	expect(st, 0, MSG_CURSOR_IS, 0, 1);
	assert_int_equal(st->told[0].extra, 3);
	assert_kept(st, 5, 2);
}

/* A queue manager that does not read is told later what it missed. */
static void
test_gap(void **state)
{
	struct stage *st = *state;
	struct store s;
	unsigned i, n = 0;
	uint64_t upto = 0;

	channel_pause(st->qmgr);
	for (i = 0; i < 6; i++) {
		s = fixture_store(30000, 1, 10, &st->a);
		forget(st);
		say_store(st, i, &s);
		wait_for(st, 1, 10000);
		expect(st, 0, MSG_STORED, i, STORED_OK);
	}
	assert_true(st->s.gap);
	upto = st->s.gap_upto;
	forget(st);
	channel_resume(st->qmgr);
	do {
		wait_for(st, st->n + 1, 5000);
		if (st->told[st->n - 1].type == MSG_ENQUEUED)
			n++;
	} while (st->told[st->n - 1].type != MSG_ENQUEUED_GAP);
	assert_true(n >= 1 && n < 6);
	assert_int_equal(st->told[st->n - 1].extra, upto);
	assert_true(st->told[st->n - 1].value < upto);
	assert_false(st->s.gap);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_store_and_settle), T(test_memory_file),
		T(test_malformed), T(test_failing_disk), T(test_deferred),
		T(test_cursors), T(test_gap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
