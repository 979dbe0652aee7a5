/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of states in spoold/main.c, stopped at every system call of a
 * commit: killed, torn in the middle of a write, or told that the disk fails.
 * Afterwards the spool is as before that commit or as after it, and what was
 * acknowledged is there.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/wait.h>

#include "tests/support/faults.c"
#include "tests/support/spool_fixture.h"

/* What the commit under test does to what was there before. */
struct scene {
	struct arena a;
	char *path;
	struct store there, comes;
	struct span records[1];
	struct settle remove, defer;
};

enum { CALLS_MAX = 60 };

static void
scene_make(struct scene *s)
{
	static const struct span log = SPAN_LIT("/log#0");
	struct spool *sp;
	uint32_t n;

	*s = (struct scene){ .path = fixture_folder() };
	s->there = fixture_store(3, 2, 90000, &s->a);
	s->comes = fixture_store(2, 1, 150000, &s->a);
	s->records[0] = fixture_record(RECORD_DELIVERY, &s->a);
	s->remove = (struct settle){ .id = s->there.messages[0].sched.id,
		.action = SETTLE_REMOVE, .records = s->records,
		.n_records = 1 };
	s->defer = (struct settle){ .id = s->there.messages[1].sched.id,
		.action = SETTLE_DEFER, .attempts = 1, .due_ms = 99,
		.records = s->records, .n_records = 1 };
	fault_plan(NULL);
	sp = fixture_open(s->path, SPOOL_WRITER);
	assert_int_equal(spool_begin(sp), 0);
	assert_int_equal(journal_logs(sp, &log, 1), 0);
	assert_int_equal(fixture_put(sp, &s->there, &n), STOW_DONE);
	assert_int_equal(spool_commit(sp), 0);
	spool_close(&sp);
}

static void
scene_free(struct scene *s)
{
	fixture_remove(s->path);
	arena_free(&s->a);
}

/* 0, or -1 when any step failed; the transaction is over then. */
static int
scene_commit(struct scene *s, struct spool *sp)
{
	uint32_t n;

	if (spool_begin(sp) == 0 && journal_is_on(sp) &&
	    fixture_put(sp, &s->comes, &n) == STOW_DONE &&
	    message_settle(sp, 1, &s->remove) == 0 &&
	    message_settle(sp, 2, &s->defer) == 0)
		return spool_commit(sp);
	spool_abort(sp);
	return -1;
}

static uint32_t
scene_count(struct spool *sp, uint64_t *due_out)
{
	struct sched_scan q = { .limit = 100 };
	struct sched_slice slice;
	struct arena a = { 0 };
	uint32_t n, i;

	*due_out = 0;
	assert_int_equal(spool_read_begin(sp), 0);
	assert_int_equal(message_scan(sp, &q, &a, &slice), 0);
	n = slice.n;
	for (i = 0; i < n; i++) {
		if (slice.entries[i].attempts == 1)
			*due_out = (uint64_t)slice.entries[i].due_ms;
	}
	spool_read_end(sp);
	arena_free(&a);
	return n;
}

/* Before: 3 messages, 3 entries. After: 4, 7, one deferred. Nothing else. */
static bool
scene_is_after(struct scene *s, struct spool *sp)
{
	struct spool_findings f;
	uint64_t due;
	uint32_t n;

	(void)s;
	assert_int_equal(fixture_problems(sp, &f), 0);
	n = scene_count(sp, &due);
	if (n == 4) {
		assert_int_equal(f.entries, 7);
		assert_int_equal(f.bodies, 2);
		assert_int_equal(due, 99);
		return true;
	}
	assert_int_equal(n, 3);
	assert_int_equal(f.entries, 3);
	assert_int_equal(f.bodies, 1);
	assert_int_equal(due, 0);
	return false;
}

static void
journal_on(struct spool *sp)
{
	static const struct span log = SPAN_LIT("/log#0");

	assert_int_equal(spool_begin(sp), 0);
	assert_int_equal(journal_logs(sp, &log, 1), 0);
	assert_int_equal(spool_commit(sp), 0);
}

/* The exit status tells: 0 = acknowledged. */
static int
child(struct scene *s, const char *plan)
{
	struct spool *sp;
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		sp = fixture_open(s->path, SPOOL_WRITER);
		journal_on(sp);
		fault_plan(plan);
		_exit(scene_commit(s, sp) == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
stop_at_each(const char *action)
{
	char plan[64];
	struct scene s;
	struct spool *sp;
	int nth, status;
	bool after;

	for (nth = 1; nth < CALLS_MAX; nth++) {
		scene_make(&s);
		snprintf(plan, sizeof(plan), "any:%d:%s", nth, action);
		status = child(&s, plan);
		sp = fixture_open(s.path, SPOOL_WRITER);
		journal_on(sp);
		after = scene_is_after(&s, sp);
		if (status == 0 && !after)
			fail_msg("%s: acknowledged, and not there", plan);
		/* Everybody sends again: the end is the same. */
		assert_int_equal(scene_commit(&s, sp), 0);
		assert_true(scene_is_after(&s, sp));
		spool_close(&sp);
		scene_free(&s);
		if (status == 0)
			break;
	}
	/* Some call was reached, and the last round had no fault. */
	assert_true(nth > 2 && nth < CALLS_MAX);
	print_message("%s: %d calls in a commit\n", action, nth - 1);
}

static void
test_killed(void **state)
{
	(void)state;
	stop_at_each("kill");
}

static void
test_torn(void **state)
{
	(void)state;
	stop_at_each("torn");
}

/* The process lives on: refused, tried again, and then it is all there. */
static void
fail_at_each(const char *action, bool from_then_on, enum spool_error want)
{
	char plan[64];
	struct scene s;
	struct spool *sp;
	int nth, rc, reopened;

	for (nth = 1; nth < CALLS_MAX; nth++) {
		scene_make(&s);
		sp = fixture_open(s.path, SPOOL_WRITER);
		journal_on(sp);
		snprintf(plan, sizeof(plan), "any:%d%s:%s", nth,
		    from_then_on ? "+" : "", action);
		fault_plan(plan);
		rc = scene_commit(&s, sp);
		if (rc == 0) {
			spool_close(&sp);
			scene_free(&s);
			break;
		}
		if (spool_error(sp) != want)
			fail_msg("%s: want error %d, got %d (%s)", plan, want,
			    spool_error(sp), spool_strerror(sp));
		/* What became of the commit is known when it opens at last. */
		if (from_then_on) {
			assert_int_equal(spool_reopen(sp), -1);
			assert_int_equal(spool_reopen(sp), -1);
		}
		fault_plan(NULL);
		reopened = spool_reopen(sp);
		assert_true(reopened == 0 || reopened == 1);
		journal_set_on(sp, true);
		assert_int_equal(scene_is_after(&s, sp), reopened == 1);
		assert_int_equal(scene_commit(&s, sp), 0);
		assert_true(scene_is_after(&s, sp));
		spool_close(&sp);
		scene_free(&s);
	}
	fault_plan(NULL);
	assert_true(nth > 2 && nth < CALLS_MAX);
}

static void
test_errors(void **state)
{
	(void)state;
	fail_at_each("EIO", false, SPOOL_BROKEN);
	fail_at_each("EIO", true, SPOOL_BROKEN);
	fail_at_each("ENOSPC", false, SPOOL_FULL);
	fail_at_each("EAGAIN", false, SPOOL_ODD);
}

/* Killed with the transaction open, and between commits. */
static void
test_killed_between(void **state)
{
	struct scene s;
	struct spool *sp;
	uint32_t n;
	int i, status;
	pid_t pid;

	(void)state;
	for (i = 0; i < 4; i++) {
		scene_make(&s);
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			sp = fixture_open(s.path, SPOOL_WRITER);
			journal_on(sp);
			spool_begin(sp);
			if (i > 0)
				fixture_put(sp, &s.comes, &n);
			if (i > 1)
				message_settle(sp, 1, &s.remove);
			if (i > 2)
				message_settle(sp, 2, &s.defer);
			_exit(137);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		sp = fixture_open(s.path, SPOOL_WRITER);
		journal_on(sp);
		assert_false(scene_is_after(&s, sp));
		assert_int_equal(scene_commit(&s, sp), 0);
		assert_true(scene_is_after(&s, sp));
		spool_close(&sp);
		scene_free(&s);
	}
}

/* A reader that died holds no pages for ever. */
static void
test_dead_reader(void **state)
{
	struct scene s;
	struct spool *sp;
	int status;
	pid_t pid;

	(void)state;
	scene_make(&s);
	/* Opened before: nothing may be inherited but the folder's name. */
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		sp = fixture_open(s.path, SPOOL_READER);
		_exit(spool_read_begin(sp) == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	sp = fixture_open(s.path, SPOOL_WRITER);
	/* Opening looked already; a second look finds none. */
	assert_int_equal(spool_check_readers(sp), 0);
	spool_close(&sp);
	scene_free(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_killed),
		cmocka_unit_test(test_torn),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_killed_between),
		cmocka_unit_test(test_dead_reader),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
