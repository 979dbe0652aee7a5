/* SPDX-License-Identifier: Apache-2.0 */
/* Each entry of the journal is in the files exactly once, whatever happens. */
#include "spoold/logger/log.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "lib/base/alloc.h"
#include "lib/mail/envelope.h"
#include "lib/mail/record.h"
#include "tests/support/check.h"
#include "tests/support/logs.h"

enum { ENTRIES = 60 };

static const int64_t noon_us = INT64_C(1795348800000000);
static const struct uuid node = { { 1 } };

struct rig {
	int dir;
	char path[64];
	struct local_logs opts;
	struct log *log;
	struct arena arena;
	struct journal_entry journal[ENTRIES];
	struct buf state;      /* of the cursor as kept */
	uint64_t cursor;
	int64_t now_us;
};

/* Entry n is told by its sender, "n@x". Every third is a delivery. */
static void
journal_make(struct rig *g)
{
	struct buf record = { 0 }, envelope = { 0 };
	struct envelope e = { .id = node };
	struct record rec = { .code = 250 };
	int i;

	for (i = 0; i < ENTRIES; i++) {
		buf_clear(&record, 1000);
		buf_clear(&envelope, 1000);
		rec.type = i % 3 == 2 ? RECORD_DELIVERY : RECORD_RECEPTION;
		rec.time_us = noon_us + i;
		rec.content = rec.site = SPAN_LIT("");
		e.sender = span_of(arena_printf(&g->arena, "%d@x", i + 1));
		record_put(&record, &rec);
		envelope_put(&envelope, &e);
		g->journal[i] = (struct journal_entry){ (uint64_t)i + 1, 0,
			arena_span(&g->arena, buf_span(&record)),
			arena_span(&g->arena, buf_span(&envelope)) };
	}
	buf_free(&record);
	buf_free(&envelope);
}

static void
rig_start(struct rig *g)
{
	struct cursor_state c = { SPAN_LIT("log#0"), g->cursor,
		buf_span(&g->state) };

	g->log = log_new(&g->opts, "log#0");
	log_begin(g->log, &c);
}

static void
rig_begin(struct rig *g)
{
	*g = (struct rig){ .dir = folder_make(), .now_us = noon_us };
	local_logs_defaults(&g->opts);
	g->opts.log_dir = xstrdup(folder_path(g->dir, g->path));
	journal_make(g);
}

static void
rig_end(struct rig *g)
{
	log_free(&g->log);
	local_logs_free(&g->opts);
	arena_free(&g->arena);
	buf_free(&g->state);
	folder_remove(g->dir);
}

/* Entries up to `upto` as the reader of the journal gives them. */
static int
feed(struct rig *g, uint64_t upto)
{
	struct journal_part part = { upto, g->journal + log_position(g->log),
		0 };

	assert_true(upto >= log_position(g->log) && upto <= ENTRIES);
	part.n = (uint32_t)(upto - log_position(g->log));
	return log_write(g->log, &part, &node, g->now_us++);
}

/* A safe point whose cursor is kept. */
static int
secure(struct rig *g)
{
	struct buf state = { 0 };
	int rc = log_secure(g->log, &state, g->now_us++);

	if (rc == 0) {
		buf_clear(&g->state, 0);
		buf_add_span(&g->state, buf_span(&state));
		g->cursor = log_position(g->log);
	}
	buf_free(&state);
	return rc;
}

/* The files hold the lines of entries 1 to n once each, in order. */
static void
check_lines(struct rig *g, const char *row, uint64_t n)
{
	struct buf text = { 0 };
	char want[32];
	struct span left, line;
	uint64_t i;
	ptrdiff_t end;

	folder_text(g->dir, &text);
	left = buf_span(&text);
	for (i = 1; (end = span_find(left, '\n')) >= 0; i++) {
		line = span_make(left.p, (size_t)end);
		left = span_from(left, (size_t)end + 1);
		snprintf(want, sizeof(want), "\"sender\":\"%llu@x\"",
		    (unsigned long long)i);
		if (i > n || memmem(line.p, line.len, want,
		    strlen(want)) == NULL)
			fail_msg("%s: line %llu of %llu is %.*s", row,
			    (unsigned long long)i, (unsigned long long)n,
			    SPAN_FMT(line));
	}
	check_int(row, i - 1, n);
	check_int(row, left.len, 0);
	buf_free(&text);
}

static unsigned
count_files(struct rig *g, mode_t with_bits, mode_t bits)
{
	struct dirent **list;
	int n = folder_list(g->dir, &list), i;
	unsigned found = 0;
	struct stat st;

	for (i = 0; i < n; i++) {
		if (list[i]->d_name[0] != '.' &&
		    fstatat(g->dir, list[i]->d_name, &st, 0) == 0)
			found += (st.st_mode & with_bits) == bits;
		free(list[i]);
	}
	free(list);
	return found;
}

static const struct {
	const char *row;
	uint64_t safe, written; /* entries before the crash */
	uint64_t max_file_size; /* small: segments roll in between */
	bool clock_back;
} crashes[] = {
	{ "nothing written", 0, 0, 1000000, false },
	{ "nothing safe", 0, 10, 1000000, false },
	{ "all safe", 10, 10, 1000000, false },
	{ "some safe", 10, 25, 1000000, false },
	{ "rolled", 10, 25, 2000, false },
	{ "rolled at once", 0, 25, 1, false },
	{ "rolled, all safe", 25, 25, 2000, false },
	{ "clock set back", 10, 25, 2000, true },
};

/* Written, made safe, written on, then gone: the next life goes on from it. */
static void
once_over_a_crash(void **state)
{
	struct rig g;
	size_t i;
	int lives;

	(void)state;
	for (i = 0; i < COUNT(crashes); i++) {
		rig_begin(&g);
		g.opts.max_file_size = crashes[i].max_file_size;
		rig_start(&g);
		assert_int_equal(secure(&g), 0);
		feed(&g, crashes[i].safe);
		assert_int_equal(secure(&g), 0);
		for (lives = 0; lives < 3; lives++) {
			if (crashes[i].clock_back)
				g.now_us -= 3600 * INT64_C(1000000);
			feed(&g, crashes[i].written);
			check_lines(&g, crashes[i].row, crashes[i].written);
			log_free(&g.log);
			rig_start(&g);
			check_lines(&g, crashes[i].row, crashes[i].safe);
		}
		feed(&g, ENTRIES);
		assert_int_equal(secure(&g), 0);
		log_free(&g.log);
		rig_start(&g);
		check_lines(&g, crashes[i].row, ENTRIES);
		log_finish(g.log);
		assert_int_equal(secure(&g), 0);
		check_int(crashes[i].row, count_files(&g, 0222, 0200), 0);
		rig_end(&g);
	}
}

/* Finished, but the cursor that says so was not kept. */
static void
once_over_a_lost_cursor(void **state)
{
	struct buf unkept = { 0 };
	struct rig g;

	(void)state;
	rig_begin(&g);
	rig_start(&g);
	secure(&g);
	feed(&g, 10);
	secure(&g);
	feed(&g, 20);
	assert_int_equal(log_secure(g.log, &unkept, g.now_us++), 0);
	log_finish(g.log);
	log_free(&g.log);
	rig_start(&g);
	check_int("position", log_position(g.log), 10);
	feed(&g, ENTRIES);
	check_lines(&g, "all", ENTRIES);
	buf_free(&unkept);
	rig_end(&g);
}

/* Another suffix since: the old file is cut and finished, nothing is twice. */
static void
once_over_a_new_configuration(void **state)
{
	struct log_record_opts any = { .enable = true };
	struct rig g;

	(void)state;
	rig_begin(&g);
	rig_start(&g);
	secure(&g);
	feed(&g, 10);
	secure(&g);
	feed(&g, 20);
	log_free(&g.log);
	any.suffix = xstrdup(".new");
	g.opts.per_record.v = xcalloc(1, sizeof(*g.opts.per_record.v));
	g.opts.per_record.v[0] = (struct per_record_entry){ xstrdup("Any"),
		any };
	g.opts.per_record.n = 1;
	rig_start(&g);
	check_lines(&g, "cut", 10);
	check_int("finished", count_files(&g, 0222, 0), 1);
	g.now_us += 1000000;
	feed(&g, ENTRIES);
	check_lines(&g, "all", ENTRIES);
	rig_end(&g);
}

static void
rolls_by_size_and_age(void **state)
{
	struct rig g;

	(void)state;
	rig_begin(&g);
	g.opts.max_file_size = 3000;
	rig_start(&g);
	secure(&g);
	feed(&g, 9);
	log_roll(g.log, g.now_us);
	if (count_files(&g, 0222, 0) < 1)
		fail_msg("no segment was ended by its size");
	rig_end(&g);

	rig_begin(&g);
	g.opts.max_segment_duration = 5000;
	rig_start(&g);
	secure(&g);
	log_roll(g.log, g.now_us + 99000000);
	check_int("no empty segment", count_files(&g, 0, 0), 0);
	feed(&g, 3);
	log_roll(g.log, g.now_us + 4000000);
	check_int("young", count_files(&g, 0222, 0), 0);
	log_roll(g.log, g.now_us + 6000000);
	check_int("old", count_files(&g, 0222, 0), 1);
	assert_true(log_is_dirty(g.log));
	secure(&g);
	g.opts.max_segment_duration = INT64_MAX;
	feed(&g, 6);
	log_roll(g.log, g.now_us + 6000000);
	check_int("for ever", count_files(&g, 0222, 0), 1);
	check_lines(&g, "all", 6);
	rig_end(&g);
}

static void
limit_files(rlim_t bytes)
{
	struct rlimit rl;

	getrlimit(RLIMIT_FSIZE, &rl);
	rl.rlim_cur = bytes != 0 ? bytes : rl.rlim_max;
	setrlimit(RLIMIT_FSIZE, &rl);
}

/* No room, at any size of it: back to the safe point; later, all once. */
static void
once_over_a_full_disk(void **state)
{
	struct rig g;
	rlim_t room;
	int failed = 0;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	for (room = 1; room < 4000; room += 97) {
		rig_begin(&g);
		rig_start(&g);
		secure(&g);
		limit_files(room);
		if (feed(&g, 10) == 0 && secure(&g) == 0 &&
		    feed(&g, ENTRIES) == 0)
			failed += secure(&g);
		else
			failed++;
		check_int("back", log_position(g.log) == g.cursor ||
		    log_position(g.log) == ENTRIES, true);
		limit_files(0);
		g.now_us += 1000000;
		feed(&g, ENTRIES);
		assert_int_equal(secure(&g), 0);
		check_lines(&g, "after", ENTRIES);
		rig_end(&g);
	}
	assert_true(failed > 3);
}

static const char *const bad_names[] = { "../victim", "/tmp/victim", "victim",
	"20261122-120000.000000/../victim", "" };

/* A state that was tampered with names no other file. */
static void
names_are_no_paths(void **state)
{
	struct stat st;
	struct rig g;
	size_t i;
	int fd;

	(void)state;
	rig_begin(&g);
	fd = openat(g.dir, "victim", O_CREAT | O_WRONLY, 0400);
	assert_int_equal(write(fd, "bytes", 5), 5);
	close(fd);
	for (i = 0; i < COUNT(bad_names); i++) {
		buf_clear(&g.state, 0);
		put_i64(&g.state, noon_us);
		put_u32(&g.state, 1);
		put_str(&g.state, g.opts.log_dir);
		put_str(&g.state, "");
		put_str(&g.state, bad_names[i]);
		put_u64(&g.state, 0);
		put_u64(&g.state, 0);
		put_i64(&g.state, noon_us);
		rig_start(&g);
		log_free(&g.log);
		assert_int_equal(fstatat(g.dir, "victim", &st, 0), 0);
		check_int(bad_names[i], st.st_size, 5);
		check_int(bad_names[i], st.st_mode & 0777, 0400);
	}
	rig_end(&g);
}

/* Types may have files of their own, or none. */
static void
types_part(void **state)
{
	struct journal_entry damaged;
	struct buf text = { 0 };
	struct rig g;

	(void)state;
	rig_begin(&g);
	g.opts.per_record.n = 2;
	g.opts.per_record.v = xcalloc(2, sizeof(*g.opts.per_record.v));
	g.opts.per_record.v[0] = (struct per_record_entry){
		xstrdup("Delivery"), { .enable = true,
		.suffix = xstrdup(".csv"),
		.segment_header = xstrdup("a,b\n") } };
	g.opts.per_record.v[1] = (struct per_record_entry){ xstrdup("Any"),
		{ .enable = false } };
	damaged = g.journal[4];
	g.journal[4].record = SPAN_LIT("");
	rig_start(&g);
	secure(&g);
	assert_int_equal(feed(&g, 9), 0);
	check_int("position", log_position(g.log), 9);
	check_int("one file", count_files(&g, 0, 0), 1);
	folder_text(g.dir, &text);
	assert_memory_equal(buf_data(&text), "a,b\n{\"type\":\"Delivery\"", 22);
	assert_null(memmem(buf_data(&text), buf_len(&text), "Reception", 9));
	g.journal[4] = damaged;
	buf_free(&text);
	rig_end(&g);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(once_over_a_crash),
		cmocka_unit_test(once_over_a_lost_cursor),
		cmocka_unit_test(once_over_a_new_configuration),
		cmocka_unit_test(rolls_by_size_and_age),
		cmocka_unit_test(once_over_a_full_disk),
		cmocka_unit_test(names_are_no_paths),
		cmocka_unit_test(types_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
