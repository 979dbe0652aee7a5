/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/log.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/support/check.h"

/* What one call writes to stderr. */
static struct span
written(void (*speak)(const void *), const void *arg, char *out, size_t size)
{
	int fds[2], saved = dup(STDERR_FILENO);
	ssize_t n;

	assert_int_equal(pipe(fds), 0);
	dup2(fds[1], STDERR_FILENO);
	close(fds[1]);
	speak(arg);
	dup2(saved, STDERR_FILENO);
	close(saved);
	n = read(fds[0], out, size);
	close(fds[0]);
	return span_make(out, n > 0 ? (size_t)n : 0);
}

static void
speak_warnx(const void *text)
{
	log_warnx("%s", (const char *)text);
}

static void
speak_warn(const void *text)
{
	errno = ENOENT;
	log_warn("%s", (const char *)text);
	check_int("errno", errno, ENOENT);
}

static void
speak_debug(const void *text)
{
	log_debug("%s", (const char *)text);
}

static const struct {
	const char *row;
	void (*speak)(const void *);
	const char *text, *end;
} rows[] = {
	{ "plain", speak_warnx, "a=1", "]: warn: a=1\n" },
	{ "errno", speak_warn, "a=1",
	    "]: warn: a=1: No such file or directory\n" },
	{ "controls", speak_warnx, "a\r\nb\tc\x7f\x1b[2J",
	    "]: warn: a??b?c??[2J\n" },
	{ "C1 controls", speak_warnx, "\xc2\x9b" "2J\xc2",
	    "]: warn: ??2J\xc2\n" },
	{ "accents", speak_warnx, "\xc2\xa9 \xc3\x9b",
	    "]: warn: \xc2\xa9 \xc3\x9b\n" },
	{ "below the level", speak_debug, "a=1", "" },
};

static void
writes_one_line(void **state)
{
	struct span line, end;
	char out[4096];
	size_t i;

	(void)state;
	log_init("test", false, LOG_LEVEL_INFO);
	for (i = 0; i < COUNT(rows); i++) {
		line = written(rows[i].speak, rows[i].text, out, sizeof(out));
		end = span_of(rows[i].end);
		if (line.len < end.len)
			fail_msg("%s: got \"%.*s\"", rows[i].row,
			    SPAN_FMT(line));
		check_span(rows[i].row, span_from(line, line.len - end.len),
		    end);
	}
}

/* Longer than the buffer by any amount: one line still, and cut. */
static void
cuts_long_lines(void **state)
{
	char text[2200], out[4096];
	struct span line;
	size_t len;

	(void)state;
	log_init("test", false, LOG_LEVEL_INFO);
	for (len = 1980; len < sizeof(text); len++) {
		memset(text, 'x', len);
		text[len] = '\0';
		line = written(len % 2 == 0 ? speak_warnx : speak_warn, text,
		    out, sizeof(out));
		assert_true(line.len > 1980 && line.len < 2048);
		check_int("one line", span_find(line, '\n'), line.len - 1);
		assert_null(memchr(line.p, '\0', line.len));
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_one_line),
		cmocka_unit_test(cuts_long_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
