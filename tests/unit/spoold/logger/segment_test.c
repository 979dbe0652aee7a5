/* SPDX-License-Identifier: Apache-2.0 */
#include "spoold/logger/segment.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/check.h"
#include "tests/support/logs.h"

static const int64_t noon_us = INT64_C(1795348800000000);

static void
grows_and_ends(void **state)
{
	int dir = folder_make();
	struct segment *s = segment_create(dir, ".x", noon_us, 0);
	struct buf text = { 0 };
	struct stat st;

	(void)state;
	check_str("name", segment_name(s), "20261122-120000.000000.x");
	check_int("opened", segment_opened_us(s), noon_us);
	segment_add(s, SPAN_LIT("one\n"));
	check_int("plain", segment_plain_bytes(s), 4);
	check_int("flush", segment_flush(s), 0);
	segment_text(dir, segment_name(s), &text);
	check_span("readable", buf_span(&text), SPAN_LIT("one\n"));
	check_int("not safe", segment_secured(s), 0);
	segment_add(s, SPAN_LIT("two\n"));
	check_int("secure", segment_secure(s), 0);
	fstatat(dir, segment_name(s), &st, 0);
	check_int("safe", segment_secured(s), st.st_size);
	check_int("open", st.st_mode & 0777, 0644);
	/* A safe point with nothing new costs nothing. */
	check_int("again", segment_secure(s), 0);
	check_int("again", segment_secured(s), st.st_size);
	segment_finish(&s);
	assert_null(s);
	fstatat(dir, "20261122-120000.000000.x", &st, 0);
	check_int("finished", st.st_mode & 0777, 0444);
	segment_text(dir, "20261122-120000.000000.x", &text);
	check_span("all", buf_span(&text), SPAN_LIT("one\ntwo\n"));
	buf_free(&text);
	folder_remove(dir);
}

/* However much was added: after a flush a reader sees it all. */
static void
flush_hides_nothing(void **state)
{
	static char line[70000];
	int dir = folder_make();
	struct segment *s = segment_create(dir, "", noon_us, 0);
	struct buf text = { 0 };

	(void)state;
	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	segment_add(s, span_make(line, sizeof(line)));
	check_int("flush", segment_flush(s), 0);
	segment_text(dir, segment_name(s), &text);
	check_int("readable", buf_len(&text), sizeof(line));
	buf_free(&text);
	segment_abandon(&s);
	folder_remove(dir);
}

static void
names_differ(void **state)
{
	int dir = folder_make();
	struct segment *a = segment_create(dir, "", noon_us, 0);
	struct segment *b = segment_create(dir, "", noon_us, 0);

	(void)state;
	check_str("first", segment_name(a), "20261122-120000.000000");
	check_str("second", segment_name(b), "20261122-120000.000001");
	segment_abandon(&a);
	segment_abandon(&b);
	segment_abandon(&b);
	folder_remove(dir);
}

static void
goes_on_after_a_crash(void **state)
{
	int dir = folder_make();
	struct segment *s = segment_create(dir, "", noon_us, 0);
	struct buf text = { 0 };
	uint64_t safe;
	char *name;

	(void)state;
	name = strdup(segment_name(s));
	segment_add(s, SPAN_LIT("safe\n"));
	segment_secure(s);
	safe = segment_secured(s);
	segment_add(s, SPAN_LIT("lost\n"));
	segment_flush(s);
	segment_abandon(&s);
	assert_int_equal(fchmodat(dir, name, 0444, 0), 0);
	s = segment_reopen(dir, name, safe, 5, noon_us, 0);
	assert_non_null(s);
	check_int("plain", segment_plain_bytes(s), 5);
	segment_add(s, SPAN_LIT("again\n"));
	segment_secure(s);
	segment_text(dir, name, &text);
	check_span("all", buf_span(&text), SPAN_LIT("safe\nagain\n"));
	segment_abandon(&s);
	assert_null(segment_reopen(dir, name, 100000, 0, 0, 0));
	assert_null(segment_reopen(dir, "20261122-120000.000009", 0, 0, 0, 0));
	assert_int_equal(symlinkat(name, dir, "link"), 0);
	assert_null(segment_reopen(dir, "link", 0, 0, 0, 0));
	segment_text(dir, name, &text);
	check_int("not cut", buf_len(&text), 11);
	buf_free(&text);
	free(name);
	folder_remove(dir);
}

/* No room: an error that says so, and the safe part stays as it was. */
static void
reports_a_full_disk(void **state)
{
	struct rlimit limit, was;
	int dir = folder_make();
	struct segment *s = segment_create(dir, "", noon_us, 0);
	unsigned random = 1;
	char line[4096];
	uint64_t safe;
	int rc = 0;
	size_t i;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &was);
	limit = (struct rlimit){ 100000, was.rlim_max };
	setrlimit(RLIMIT_FSIZE, &limit);
	segment_add(s, SPAN_LIT("safe\n"));
	assert_int_equal(segment_secure(s), 0);
	safe = segment_secured(s);
	while (rc == 0) {
		for (i = 0; i < sizeof(line); i++) {
			random = random * 1664525 + 1013904223;
			line[i] = (char)(random >> 24);
		}
		rc = segment_add(s, span_make(line, sizeof(line)));
	}
	check_int("errno", errno, EFBIG);
	check_int("safe", segment_secured(s), safe);
	check_int("secure", segment_secure(s), -1);
	setrlimit(RLIMIT_FSIZE, &was);
	segment_abandon(&s);
	folder_remove(dir);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows_and_ends),
		cmocka_unit_test(flush_hides_nothing),
		cmocka_unit_test(names_differ),
		cmocka_unit_test(goes_on_after_a_crash),
		cmocka_unit_test(reports_a_full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
