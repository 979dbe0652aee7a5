/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/tailer/reader.h"

#include "spoold/logger/segment.h"
#include "tests/support/check.h"
#include "tests/support/logs.h"

struct heard {
	struct buf text;
	unsigned lines;
};

static void
hear(void *arg, struct span line)
{
	struct heard *h = arg;

	assert_int_equal(line.p[line.len - 1], '\n');
	buf_add_span(&h->text, line);
	h->lines++;
}

static void
read_all(struct segment_reader *r, struct heard *h)
{
	int turns = 0;

	while (segment_reader_next(r, hear, h)) {
		if (turns++ > 1000)
			fail_msg("reads for ever");
	}
}

static void
add(struct segment *s, const char *text)
{
	assert_int_equal(segment_add(s, span_of(text)), 0);
	assert_int_equal(segment_flush(s), 0);
}

static void
follows_what_grows(void **state)
{
	int dir = folder_make();
	struct segment *s = segment_create(dir, "", 1, 0);
	struct segment_reader *r = segment_reader_open(dir, segment_name(s), 1);
	struct heard h = { 0 };

	(void)state;
	read_all(r, &h);
	check_int("nothing yet", h.lines, 0);
	add(s, "passed over\none\ntw");
	read_all(r, &h);
	check_span("whole lines", buf_span(&h.text), SPAN_LIT("one\n"));
	segment_secure(s);
	add(s, "o\nthree\n");
	read_all(r, &h);
	check_span("over frames", buf_span(&h.text),
	    SPAN_LIT("one\ntwo\nthree\n"));
	segment_reader_close(&r);
	segment_reader_close(&r);
	assert_null(segment_reader_open(dir, "none", 0));
	segment_abandon(&s);
	buf_free(&h.text);
	folder_remove(dir);
}

static const struct {
	const char *row;
	uint64_t skip;
	bool seen_between; /* the reader looks at the cut file too */
	const char *want;
} cuts[] = {
	{ "seen short", 0, true, "a\nb\nc\nd\ne\n" },
	{ "grown again", 0, false, "a\nb\nc\nd\ne\n" },
	{ "seen short, skipping", 4, true, "e\n" },
	{ "grown again, skipping", 4, false, "e\n" },
};

/*
 * Cut back to its safe point and written again, with the same lines, as after
 * a crash of the logger: each line is given once.
 */
static void
follows_what_was_cut(void **state)
{
	struct segment_reader *r;
	struct heard h;
	struct segment *s;
	uint64_t safe;
	char name[64];
	size_t i;
	int dir;

	(void)state;
	for (i = 0; i < COUNT(cuts); i++) {
		h = (struct heard){ .lines = 0 };
		dir = folder_make();
		s = segment_create(dir, "", 1, 0);
		snprintf(name, sizeof(name), "%s", segment_name(s));
		r = segment_reader_open(dir, name, cuts[i].skip);
		add(s, "a\nb\n");
		segment_secure(s);
		safe = segment_secured(s);
		add(s, "c\n");
		read_all(r, &h);
		segment_abandon(&s);
		s = segment_reopen(dir, name, safe, 4, 1, 0);
		if (cuts[i].seen_between)
			read_all(r, &h);
		add(s, "c\n");
		add(s, "d\n");
		read_all(r, &h);
		add(s, "e\n");
		read_all(r, &h);
		check_span(cuts[i].row, buf_span(&h.text),
		    span_of(cuts[i].want));
		segment_reader_close(&r);
		segment_abandon(&s);
		buf_free(&h.text);
		folder_remove(dir);
	}
}

/* Real damage: the lines before it, then nothing, and no line twice. */
static void
stops_at_damage(void **state)
{
	int dir = folder_make(), fd;
	struct segment *s = segment_create(dir, "", 1, 0);
	struct segment_reader *r = segment_reader_open(dir, segment_name(s), 0);
	struct heard h = { 0 };

	(void)state;
	add(s, "good\n");
	segment_secure(s);
	fd = openat(dir, segment_name(s), O_WRONLY | O_APPEND);
	assert_int_equal(write(fd, "no frame of zstd, and long enough", 33),
	    33);
	close(fd);
	read_all(r, &h);
	check_span("before", buf_span(&h.text), SPAN_LIT("good\n"));
	read_all(r, &h);
	check_int("once", h.lines, 1);
	segment_reader_close(&r);
	segment_abandon(&s);
	buf_free(&h.text);
	folder_remove(dir);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_what_grows),
		cmocka_unit_test(follows_what_was_cut),
		cmocka_unit_test(stops_at_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
