/* SPDX-License-Identifier: Apache-2.0 */
/* Counts of processes that come, go and are killed. */
#include "lib/ipc/tally.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/check.h"

enum { ROW = TALLY_ROWS - 1, MOST = 3, WORKERS = 4, ROUNDS = 20000 };

static void
test_counts(void **state)
{
	struct tally *t, *other;
	struct tally_view v;
	int fd;

	(void)state;
	t = tally_new(&fd);
	tally_set_processes(t, 3);
	other = tally_map(fd);
	assert_non_null(other);
	tally_set_taking(t, 0, true);
	tally_set_taking(other, 2, true);
	tally_enter(t, 0, ROW);
	tally_enter(other, 2, ROW);
	tally_enter(other, 2, ROW);
	tally_enter(other, 2, 0);
	v = tally_look(t, 2, ROW);
	check_int("sessions", v.sessions, 3);
	check_int("mine", v.mine, 2);
	check_int("takers", v.takers, 2);
	tally_leave(t, 0, ROW);
	tally_clear(t, 2);
	v = tally_look(other, 0, ROW);
	check_int("sessions", v.sessions, 0);
	check_int("takers", v.takers, 1);
	check_int("another row", tally_look(t, 2, 0).sessions, 0);
	/* Who is not there any more does not count. */
	tally_enter(t, 2, ROW);
	tally_set_processes(t, 2);
	check_int("sessions", tally_look(t, 0, ROW).sessions, 0);
	tally_free(&other);
	tally_free(&t);
	assert_null(t);
	close(fd);
}

/* Memory that could be cut off would end its readers. */
static void
test_refused(void **state)
{
	int fd = memfd_create("x", MFD_ALLOW_SEALING), whole;
	struct tally *t = tally_new(&whole);

	(void)state;
	assert_int_equal(ftruncate(fd, lseek(whole, 0, SEEK_END)), 0);
	assert_null(tally_map(fd));
	assert_int_equal(ftruncate(fd, 4096), 0);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	assert_null(tally_map(fd));
	assert_int_not_equal(ftruncate(whole, 0), 0);
	tally_free(&t);
	close(whole);
	close(fd);
}

/* Enters and leaves, and says if there were ever more than MOST inside. */
static void
worker(struct tally *t, unsigned self, unsigned *inside)
{
	unsigned i, in;
	bool good = true;

	for (i = 0; i < ROUNDS; i++) {
		tally_enter(t, self, ROW);
		if (tally_look(t, self, ROW).sessions <= MOST) {
			in = __atomic_add_fetch(inside, 1, __ATOMIC_SEQ_CST);
			good = good && in <= MOST;
			__atomic_sub_fetch(inside, 1, __ATOMIC_SEQ_CST);
		}
		tally_leave(t, self, ROW);
	}
	_exit(good ? 0 : 1);
}

static void
test_never_too_many(void **state)
{
	unsigned *inside = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned i;
	struct tally *t;
	int fd, status;

	(void)state;
	t = tally_new(&fd);
	tally_set_processes(t, WORKERS);
	for (i = 0; i < WORKERS; i++) {
		if (fork() == 0)
			worker(t, i, inside);
	}
	for (i = 0; i < WORKERS; i++) {
		assert_true(wait(&status) > 0);
		check_int("status", status, 0);
	}
	check_int("left", tally_look(t, 0, ROW).sessions, 0);
	tally_free(&t);
	munmap(inside, 4096);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_never_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
