/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/store/private.h"
#include "tests/support/spool_fixture.h"

struct world {
	char *path;
	struct spool *sp;
	struct arena a;
};

static int
setup(void **state)
{
	static const struct span log = SPAN_LIT("/log#0");
	struct world *w = xcalloc(1, sizeof(*w));

	w->path = fixture_folder();
	w->sp = fixture_open(w->path, SPOOL_WRITER);
	assert_int_equal(spool_begin(w->sp), 0);
	assert_int_equal(journal_logs(w->sp, &log, 1), 0);
	assert_int_equal(spool_commit(w->sp), 0);
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	spool_close(&w->sp);
	fixture_remove(w->path);
	arena_free(&w->a);
	free(w);
	return 0;
}

static uint32_t
stored(struct world *w, const struct store *st)
{
	uint32_t n;

	assert_int_equal(spool_begin(w->sp), 0);
	assert_int_equal(fixture_put(w->sp, st, &n), STOW_DONE);
	assert_int_equal(spool_commit(w->sp), 0);
	return n;
}

static void
settled(struct world *w, uint64_t request, const struct settle *s)
{
	assert_int_equal(spool_begin(w->sp), 0);
	assert_int_equal(message_settle(w->sp, request, s), 0);
	assert_int_equal(spool_commit(w->sp), 0);
}

static void
assert_clean(struct world *w, uint64_t messages, uint64_t bodies,
    uint64_t entries)
{
	struct spool_findings f;

	assert_int_equal(fixture_problems(w->sp, &f), 0);
	assert_int_equal(f.messages, messages);
	assert_int_equal(f.bodies, bodies);
	assert_int_equal(f.entries, entries);
}

static enum message_look
look(struct world *w, const struct uuid *id, struct message_view *out)
{
	enum message_look got;

	assert_int_equal(spool_read_begin(w->sp), 0);
	got = message_look(w->sp, id, &w->a, out);
	return got;
}

static struct sched_slice
scan(struct world *w, uint64_t min_commit, uint64_t max_commit)
{
	struct sched_scan q = { .min_commit = min_commit,
		.max_commit = max_commit, .limit = 1000 };
	struct sched_slice slice;

	assert_int_equal(spool_read_begin(w->sp), 0);
	assert_int_equal(message_scan(w->sp, &q, &w->a, &slice), 0);
	spool_read_end(w->sp);
	return slice;
}

static void
test_bodies(void **state)
{
	static const size_t sizes[] = { 0, 1, 10240, BODY_PIECE - 1, BODY_PIECE,
		BODY_PIECE + 1, 3 * BODY_PIECE, 700001 };
	struct world *w = *state;
	struct message_view view;
	struct store st;
	size_t i, at;
	uint32_t k;

	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		st = fixture_store(1, 1, sizes[i], &w->a);
		assert_int_equal(stored(w, &st), 1);
		assert_int_equal(look(w, &st.messages[0].sched.id, &view),
		    MESSAGE_WHOLE);
		assert_int_equal(view.body_size, sizes[i]);
		for (at = 0, k = 0; k < view.n_pieces; k++) {
			assert_memory_equal(view.pieces[k].p, st.body.p + at,
			    view.pieces[k].len);
			at += view.pieces[k].len;
		}
		assert_int_equal(at, sizes[i]);
		spool_read_end(w->sp);
		settled(w, 1, &(struct settle){
		    .id = st.messages[0].sched.id,
		    .action = SETTLE_REMOVE });
		assert_clean(w, 0, 0, i + 1);
	}
}

static void
test_shared_body(void **state)
{
	struct world *w = *state;
	struct message_view view;
	struct store st = fixture_store(3, 1, 100000, &w->a);
	uint32_t i;

	assert_int_equal(stored(w, &st), 3);
	for (i = 0; i < 3; i++) {
		assert_clean(w, 3 - i, 1, 3);
		assert_int_equal(look(w, &st.messages[i].sched.id, &view),
		    MESSAGE_WHOLE);
		spool_read_end(w->sp);
		settled(w, i + 1, &(struct settle){
		    .id = st.messages[i].sched.id,
		    .action = SETTLE_REMOVE });
		/* A settle that comes again changes nothing. */
		settled(w, i + 1, &(struct settle){
		    .id = st.messages[i].sched.id,
		    .action = SETTLE_REMOVE });
	}
	assert_clean(w, 0, 0, 3);
}

static void
test_store_again(void **state)
{
	struct world *w = *state;
	struct store st = fixture_store(2, 1, 500, &w->a), half;

	assert_int_equal(stored(w, &st), 2);
	assert_int_equal(stored(w, &st), 0);
	assert_clean(w, 2, 1, 2);
	/* One of the two was delivered meanwhile: it comes again, no more. */
	settled(w, 1, &(struct settle){ .id = st.messages[0].sched.id,
	    .action = SETTLE_REMOVE });
	half = st;
	assert_int_equal(stored(w, &half), 1);
	assert_clean(w, 2, 1, 3);
}

static void
test_foreign_body(void **state)
{
	struct world *w = *state;
	struct store st = fixture_store(1, 1, 500, &w->a);
	struct store thief = fixture_store(1, 1, 500, &w->a);
	struct envelope env;
	struct buf b = { 0 };
	struct reader r;
	uint32_t n;

	assert_int_equal(stored(w, &st), 1);
	/* A new message that names a body another one brought. */
	thief.body_id = st.body_id;
	reader_init(&r, thief.messages[0].envelope);
	envelope_get(&r, &env, &w->a);
	env.body_id = st.body_id;
	envelope_put(&b, &env);
	thief.messages[0].envelope = buf_span(&b);
	assert_int_equal(spool_begin(w->sp), 0);
	assert_int_equal(fixture_put(w->sp, &thief, &n), STOW_MALFORMED);
	assert_int_equal(spool_commit(w->sp), 0);
	assert_clean(w, 1, 1, 1);
	buf_free(&b);
}

/* Rows: what is wrong with a STORE whose envelope is changed so. */
static void
test_malformed(void **state)
{
	struct world *w = *state;
	struct store st;
	uint32_t n;
	int i;

	for (i = 0; i < 6; i++) {
		st = fixture_store(2, 1, 50, &w->a);
		switch (i) {
		case 0:
			st.n_messages = 0;
			break;
		case 1:
			st.messages[1].sched.id.b[3] ^= 1;
			break;
		case 2:
			st.messages[1].envelope.len--;
			break;
		case 3:
			st.body_size++;
			break;
		case 4:
			st.body_id.b[0] ^= 1;
			break;
		case 5:
			st.messages[0].envelope = span_of("");
			break;
		}
		assert_int_equal(spool_begin(w->sp), 0);
		if (fixture_put(w->sp, &st, &n) != STOW_MALFORMED)
			fail_msg("case %d: want malformed", i);
		assert_int_equal(spool_commit(w->sp), 0);
	}
	assert_clean(w, 0, 0, 0);
}

static void
test_defer(void **state)
{
	struct world *w = *state;
	struct store st = fixture_store(1, 4, 500, &w->a);
	uint32_t done[] = { 0, 2 };
	struct settle s = { .id = st.messages[0].sched.id,
		.action = SETTLE_DEFER, .due_ms = 9000, .attempts = 1,
		.done = done, .n_done = 2, .of_rcpts = 4 };
	struct span records[2];
	struct message_view view;
	struct sched_slice slice;
	struct envelope env;
	struct reader r;
	uint64_t first;

	records[0] = fixture_record(RECORD_DELIVERY, &w->a);
	records[1] = fixture_record(RECORD_TRANSIENT_FAILURE, &w->a);
	s.records = records;
	s.n_records = 2;
	assert_int_equal(stored(w, &st), 1);
	first = spool_commit_number(w->sp);
	settled(w, 10, &s);
	slice = scan(w, 0, 0);
	assert_int_equal(slice.n, 1);
	assert_int_equal(slice.entries[0].due_ms, 9000);
	assert_int_equal(slice.entries[0].attempts, 1);
	assert_int_equal(slice.entries[0].n_rcpts, 2);
	assert_int_equal(look(w, &s.id, &view), MESSAGE_WHOLE);
	reader_init(&r, view.envelope);
	envelope_get(&r, &env, &w->a);
	assert_int_equal(env.n_rcpts, 2);
	assert_true(span_eq_str(env.rcpts[0], "user1@example.com"));
	assert_true(span_eq_str(env.rcpts[1], "user3@example.com"));
	spool_read_end(w->sp);
	/* It keeps the commit that stored it. */
	assert_int_equal(scan(w, first - 1, first).n, 1);
	assert_int_equal(scan(w, first, 0).n, 0);
	/* Again, and once more as a stranger's id: no effect. */
	settled(w, 10, &s);
	settled(w, 3, &s);
	assert_clean(w, 1, 1, 3);
	/* All that is left is done: it is gone. */
	s.attempts = 2;
	s.of_rcpts = 2;
	done[1] = 1;
	s.n_records = 0;
	settled(w, 11, &s);
	assert_clean(w, 0, 0, 3);
}

/* Rows: a stored deferral, and whether another one counts beside it. */
static void
test_defer_again(void **state)
{
	static const struct {
		uint64_t request;
		uint16_t attempts;
		int64_t due_ms;
		bool counts;
	} rows[] = {
		{ 20, 2, 700, false },                   /* the same */
		{ 19, 1, 600, false },                   /* one before it */
		{ 19, 2, 650, false },
		{ 21, 2, 800, true },                    /* moved */
		{ 22, 3, 900, true },                    /* a further attempt */
		{ 5 | (uint64_t)1 << 44, 2, 800, true }, /* another maker */
	};
	struct world *w = *state;
	struct settle s = { .action = SETTLE_DEFER };
	struct sched_slice slice;
	struct store st;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		st = fixture_store(1, 1, 10, &w->a);
		stored(w, &st);
		s.id = st.messages[0].sched.id;
		s.attempts = 2;
		s.due_ms = 700;
		settled(w, 20, &s);
		s.attempts = rows[i].attempts;
		s.due_ms = rows[i].due_ms;
		settled(w, rows[i].request, &s);
		slice = scan(w, 0, 0);
		assert_int_equal(slice.n, 1);
		if ((slice.entries[0].due_ms == rows[i].due_ms &&
		    rows[i].due_ms != 700) != rows[i].counts)
			fail_msg("row %zu: due %lld, want it %s", i,
			    (long long)slice.entries[0].due_ms,
			    rows[i].counts ? "changed" : "unchanged");
		settled(w, 99, &(struct settle){ .id = s.id,
		    .action = SETTLE_REMOVE });
	}
}

/* Records alone: once however often they come, and a deferral after them. */
static void
test_keep(void **state)
{
	struct world *w = *state;
	struct store st = fixture_store(1, 1, 10, &w->a);
	struct span record = fixture_record(RECORD_DELAYED, &w->a);
	struct settle s = { .id = st.messages[0].sched.id,
		.action = SETTLE_KEEP, .records = &record, .n_records = 1 };

	stored(w, &st);
	settled(w, 5, &s);
	settled(w, 5, &s);
	assert_clean(w, 1, 1, 2);
	assert_int_equal(scan(w, 0, 0).entries[0].due_ms, 5000);
	s.action = SETTLE_DEFER;
	s.due_ms = 6000;
	settled(w, 6, &s);
	s.action = SETTLE_KEEP;
	settled(w, 5, &s);
	assert_clean(w, 1, 1, 3);
	assert_int_equal(scan(w, 0, 0).entries[0].due_ms, 6000);
}

static void
test_scan(void **state)
{
	struct sched_scan q = { .limit = 7 };
	struct world *w = *state;
	struct sched_slice slice;
	struct store st;
	uint64_t commits[5];
	unsigned i, n = 0;

	for (i = 0; i < 5; i++) {
		st = fixture_store(10, 1, 10, &w->a);
		stored(w, &st);
		commits[i] = spool_commit_number(w->sp);
	}
	assert_int_equal(scan(w, 0, 0).n, 50);
	assert_int_equal(scan(w, commits[1], commits[3]).n, 20);
	assert_int_equal(scan(w, commits[4], 0).n, 0);
	assert_int_equal(scan(w, 0, commits[0]).n, 10);
	assert_int_equal(scan(w, 0, 0).snapshot, commits[4]);
	do {
		assert_int_equal(spool_read_begin(w->sp), 0);
		assert_int_equal(message_scan(w->sp, &q, &w->a, &slice), 0);
		spool_read_end(w->sp);
		assert_true(slice.n <= 7);
		n += slice.n;
		q.after = slice.upto;
	} while (slice.more);
	assert_int_equal(n, 50);
}

/* Change a byte of a row behind the library's back. */
static void
damage(struct world *w, enum db db, const void *key, size_t len)
{
	MDB_val k = val_of(key, len), v;
	uint8_t copy[70000];

	assert_int_equal(spool_begin(w->sp), 0);
	assert_int_equal(mdb_get(w->sp->txn, w->sp->dbi[db], &k, &v), 0);
	memcpy(copy, v.mv_data, v.mv_size);
	copy[v.mv_size - 1] ^= 1;
	v.mv_data = copy;
	assert_int_equal(mdb_put(w->sp->txn, w->sp->dbi[db], &k, &v, 0), 0);
	assert_int_equal(spool_commit(w->sp), 0);
}

static void
test_damaged(void **state)
{
	struct world *w = *state;
	struct message_view view;
	struct spool_findings f;
	struct sched_slice slice;
	struct settle s = { .action = SETTLE_SET_ASIDE };
	uint8_t key[BODY_KEY];
	struct store st;
	int i;

	for (i = 0; i < 3; i++) {
		st = fixture_store(1, 1, 200000, &w->a);
		s.id = st.messages[0].sched.id;
		stored(w, &st);
		body_key(key, &st.body_id, 2);
		if (i == 0)
			damage(w, DB_META, s.id.b, UUID_LEN);
		else if (i == 1)
			damage(w, DB_DATA, key, sizeof(key));
		else
			damage(w, DB_SCHED, s.id.b, UUID_LEN);
		assert_int_equal(look(w, &s.id, &view),
		    i < 2 ? MESSAGE_DAMAGED : MESSAGE_WHOLE);
		spool_read_end(w->sp);
		assert_int_not_equal(fixture_problems(w->sp, &f), 0);
		slice = scan(w, 0, 0);
		assert_int_equal(slice.n, 1);
		if (i == 2) {
			/* Only when it was due is lost, not the message. */
			s.action = SETTLE_DEFER;
			s.due_ms = 77;
			settled(w, 1, &s);
			assert_int_equal(scan(w, 0, 0).entries[0].due_ms, 77);
			s.action = SETTLE_REMOVE;
			settled(w, 2, &s);
			continue;
		}
		settled(w, 1, &s);
		assert_int_equal(look(w, &s.id, &view), MESSAGE_MISSING);
		spool_read_end(w->sp);
		assert_int_equal(scan(w, 0, 0).n, 0);
	}
	/* meta and sched; then meta, sched and four pieces. */
	assert_int_equal(spool_set_aside(w->sp), 2 + 2 + 4);
}

static void
test_state_damaged(void **state)
{
	struct world *w = *state;
	struct store st = fixture_store(2, 1, 10, &w->a);
	uint64_t commit, seq;

	stored(w, &st);
	commit = spool_commit_number(w->sp);
	seq = spool_last_seq(w->sp);
	damage(w, DB_INFO, "state", 5);
	/* The commit wrote it anew: break it where only opening sees it. */
	assert_int_equal(spool_begin(w->sp), 0);
	{
		MDB_val k = val_of("state", 5), v = val_of("junk", 4);

		assert_int_equal(mdb_put(w->sp->txn, w->sp->dbi[DB_INFO], &k,
		    &v, 0), 0);
		assert_int_equal(mdb_txn_commit(w->sp->txn), 0);
		w->sp->txn = NULL;
	}
	spool_close(&w->sp);
	w->sp = fixture_open(w->path, SPOOL_WRITER);
	assert_true(spool_commit_number(w->sp) > commit);
	assert_int_equal(spool_last_seq(w->sp), seq);
	assert_clean(w, 2, 1, 2);
}

static void
test_journal(void **state)
{
	static const struct span logs[] = { SPAN_LIT("/log#0"),
		SPAN_LIT("/log#1") };
	struct world *w = *state;
	struct journal_part part;
	struct cursors cursors;
	struct store st = fixture_store(100, 1, 10, &w->a);
	struct spool_findings f;

	stored(w, &st);
	assert_int_equal(spool_begin(w->sp), 0);
	assert_int_equal(journal_logs(w->sp, logs, 2), 0);
	assert_int_equal(spool_commit(w->sp), 0);
	assert_int_equal(spool_read_begin(w->sp), 0);
	assert_int_equal(journal_cursors(w->sp, &w->a, &cursors), 0);
	assert_int_equal(cursors.n, 2);
	assert_int_equal(cursors.v[0].seq, 0);
	assert_int_equal(cursors.v[1].seq, 100);
	assert_int_equal(journal_read(w->sp, 90, 1 << 20, &w->a, &part), 0);
	assert_int_equal(part.n, 10);
	assert_int_equal(part.last, 100);
	assert_int_equal(part.entries[0].seq, 91);
	assert_int_equal(journal_read(w->sp, 0, 1, &w->a, &part), 0);
	assert_int_equal(part.n, 1);
	spool_read_end(w->sp);
	/* The slower log keeps what it has not written. */
	assert_int_equal(spool_begin(w->sp), 0);
	assert_int_equal(journal_cursor_set(w->sp, &(struct cursor_state){
	    logs[0], 60, SPAN_LIT("state") }), 0);
	assert_int_equal(journal_prune(w->sp, 50), 1);
	assert_int_equal(journal_prune(w->sp, 50), 0);
	assert_int_equal(spool_commit(w->sp), 0);
	assert_int_equal(fixture_problems(w->sp, &f), 0);
	assert_int_equal(f.entries, 40);
	/* No log, no journal. */
	assert_int_equal(spool_begin(w->sp), 0);
	assert_int_equal(journal_logs(w->sp, NULL, 0), 0);
	assert_int_equal(journal_prune(w->sp, 1000), 0);
	assert_int_equal(journal_append(w->sp, 0, span_of("x"), span_of("y")),
	    0);
	assert_int_equal(spool_commit(w->sp), 0);
	assert_int_equal(fixture_problems(w->sp, &f), 0);
	assert_int_equal(f.entries, 0);
	assert_int_equal(f.cursors, 0);
}

static void
test_one_writer(void **state)
{
	struct world *w = *state;
	struct spool *other;
	const char *why;

	assert_int_equal(spool_open(&other, w->path, SPOOL_WRITER, FIXTURE_MAP,
	    &why), -1);
	assert_string_equal(why, "another process writes to this spool");
}

static void
test_room(void **state)
{
	struct world *w = *state;
	struct spool *sp;
	const char *why;
	char *path = fixture_folder();
	struct store st;
	struct arena a = { 0 };
	struct settle s = { .action = SETTLE_REMOVE };
	struct uuid ids[64];
	unsigned n = 0, i;
	uint32_t k;

	(void)w;
	assert_int_equal(spool_open(&sp, path, SPOOL_WRITER, 16 << 20, &why),
	    0);
	for (;;) {
		st = fixture_store(1, 1, 500000, &a);
		assert_int_equal(spool_begin(sp), 0);
		if (!spool_has_room(sp, st.body_size))
			break;
		assert_int_equal(fixture_put(sp, &st, &k), STOW_DONE);
		assert_int_equal(spool_commit(sp), 0);
		assert_true(n < 64);
		ids[n++] = st.messages[0].sched.id;
	}
	spool_abort(sp);
	assert_true(n > 10);
	/* What removes still finds pages, and makes room. */
	for (i = 0; i < n; i++) {
		s.id = ids[i];
		assert_int_equal(spool_begin(sp), 0);
		assert_int_equal(message_settle(sp, 1, &s), 0);
		assert_int_equal(spool_commit(sp), 0);
	}
	assert_int_equal(spool_begin(sp), 0);
	assert_true(spool_has_room(sp, 500000));
	spool_close(&sp);
	fixture_remove(path);
	arena_free(&a);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_bodies), T(test_shared_body), T(test_store_again),
		T(test_foreign_body), T(test_malformed), T(test_defer),
		T(test_defer_again), T(test_keep), T(test_scan),
		T(test_damaged),
		T(test_state_damaged), T(test_journal), T(test_one_writer),
		T(test_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
