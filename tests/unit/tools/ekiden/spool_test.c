/* SPDX-License-Identifier: Apache-2.0 */
/* `ekiden spool` on a small spool: what it prints and how it exits. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>

#include "tests/support/spool_fixture.h"
#include "tools/ekiden/spool.h"

struct world {
	char *path, *out;
	struct arena a;
	struct store st;
	char id[UUID_HEX_MAX];
};

static int
setup(void **state)
{
	static const struct span log = SPAN_LIT("/log#0");
	struct world *w = xcalloc(1, sizeof(*w));
	struct spool *sp;
	uint32_t n;

	w->path = fixture_folder();
	w->out = xasprintf("%s.out", w->path);
	w->st = fixture_store(3, 1, 100000, &w->a);
	uuid_hex(&w->st.messages[1].sched.id, w->id);
	sp = fixture_open(w->path, SPOOL_WRITER);
	assert_int_equal(spool_begin(sp), 0);
	assert_int_equal(journal_logs(sp, &log, 1), 0);
	assert_int_equal(fixture_put(sp, &w->st, &n), STOW_DONE);
	assert_int_equal(spool_commit(sp), 0);
	spool_close(&sp);
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	unlink(w->out);
	free(w->out);
	fixture_remove(w->path);
	arena_free(&w->a);
	free(w);
	return 0;
}

/* Run with standard output in w->out; the exit status. */
static int
run(struct world *w, const char *command, const char *option,
    const char *value)
{
	char *argv[] = { "spool", (char *)(uintptr_t)command, "--spool",
		w->path, (char *)(uintptr_t)option, (char *)(uintptr_t)value,
		NULL };
	int argc = option == NULL ? 4 : value == NULL ? 5 : 6;
	int saved = dup(1), fd = open(w->out, O_WRONLY | O_CREAT | O_TRUNC,
	    0600), rc;

	fflush(stdout);
	dup2(fd, 1);
	rc = spool_command(argc, argv);
	fflush(stdout);
	dup2(saved, 1);
	close(saved);
	close(fd);
	return rc;
}

static char *
output(struct world *w, size_t *len_out)
{
	FILE *f = fopen(w->out, "r");
	char *text = arena_alloc(&w->a, 1 << 20);

	*len_out = fread(text, 1, (1 << 20) - 1, f);
	fclose(f);
	return text;
}

static void
test_commands(void **state)
{
	struct world *w = *state;
	struct span prefix = SPAN_LIT("Received: here\r\n");
	size_t len;
	char *text;

	assert_int_equal(run(w, "check", NULL, NULL), 0);
	text = output(w, &len);
	assert_non_null(strstr(text, "3 messages, 1 bodies, 3 journal"));
	assert_int_equal(run(w, "stats", NULL, NULL), 0);
	text = output(w, &len);
	assert_non_null(strstr(text, "3 messages"));
	assert_non_null(strstr(text, "example.com"));
	assert_int_equal(run(w, "export", "--list", NULL), 0);
	text = output(w, &len);
	assert_non_null(strstr(text, w->id));
	assert_non_null(strstr(text, "recipient=<user0@example.com>"));
	assert_int_equal(run(w, "export", "--id", w->id), 0);
	text = output(w, &len);
	assert_int_equal(len, prefix.len + w->st.body.len);
	assert_memory_equal(text, prefix.p, prefix.len);
	assert_memory_equal(text + prefix.len, w->st.body.p, w->st.body.len);
	assert_int_equal(run(w, "export", "--mbox", "-"), 0);
	text = output(w, &len);
	assert_memory_equal(text, "From a@b.example ", 17);
	assert_int_equal(run(w, "compact", NULL, NULL), 0);
	assert_int_equal(run(w, "check", NULL, NULL), 0);
}

static void
test_refusals(void **state)
{
	struct world *w = *state;
	struct spool *sp;

	assert_int_equal(run(w, "export", NULL, NULL), 2);
	assert_int_equal(run(w, "export", "--id", "nonsense"), 2);
	assert_int_equal(run(w, "export", "--id",
	    "00000000000000000000000000000000"), 1);
	assert_int_equal(run(w, "check", "--depth", "3"), 2);
	assert_int_equal(run(w, "polish", NULL, NULL), 2);
	assert_int_equal(run(w, "check", "--spool", "/nonexistent"), 1);
	/* Not while a suite writes to it; looking is allowed. */
	sp = fixture_open(w->path, SPOOL_WRITER);
	assert_int_equal(run(w, "compact", NULL, NULL), 1);
	spool_close(&sp);
	assert_int_equal(run(w, "check", NULL, NULL), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_commands, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_refusals, setup,
		    teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
