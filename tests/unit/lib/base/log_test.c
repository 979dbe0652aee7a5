/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/check.h"
#include "tests/support/service.h"

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
speak_info(const void *text)
{
	log_info("%s", (const char *)text);
}

static void
speak_errorx(const void *text)
{
	log_errorx("%s", (const char *)text);
}

static void
speak_init(const void *path)
{
	log_init("test", path, LOG_LEVEL_INFO);
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
	log_init("test", NULL, LOG_LEVEL_INFO);
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
	log_init("test", NULL, LOG_LEVEL_INFO);
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

static struct span
taken(int service, char *out, size_t size)
{
	ssize_t n = recv(service, out, size, MSG_DONTWAIT);

	return span_make(out, n > 0 ? (size_t)n : 0);
}

static const struct {
	const char *row;
	void (*speak)(const void *);
	const char *text, *head, *end;
} service_rows[] = {
	{ "warning", speak_warnx, "a=1", "<20>", "]: warn: a=1" },
	{ "errno", speak_warn, "a=1", "<20>",
	    "]: warn: a=1: No such file or directory" },
	{ "info", speak_info, "a=1", "<22>", "]: info: a=1" },
	{ "error", speak_errorx, "a\nb]: c", "<19>", "]: error: a?b]: c" },
	{ "below the level", speak_debug, "a=1", "", "" },
};

/* "<PRI>Mmm dd hh:mm:ss ident[pid]: level: text", without a line end. */
static void
speaks_to_a_service(void **state)
{
	char folder[] = "/tmp/ekiden-log-XXXXXX", path[64], out[4096], pid[32];
	struct span line, end, err;
	int service;
	size_t i;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/log", folder);
	snprintf(pid, sizeof(pid), " test[%d", (int)getpid());
	service = service_bind(path);
	log_init("test", path, LOG_LEVEL_INFO);
	for (i = 0; i < COUNT(service_rows); i++) {
		err = written(service_rows[i].speak, service_rows[i].text,
		    out, sizeof(out));
		check_int("stderr", err.len > 0,
		    service_rows[i].speak == speak_errorx);
		line = taken(service, out, sizeof(out));
		end = span_of(service_rows[i].end);
		if (line.len < end.len)
			fail_msg("%s: got \"%.*s\"", service_rows[i].row,
			    SPAN_FMT(line));
		check_span(service_rows[i].row,
		    span_from(line, line.len - end.len), end);
		assert_true(span_starts(line, service_rows[i].head));
		if (line.len == 0)
			continue;
		check_span("ident", span_make(line.p + 19, strlen(pid)),
		    span_of(pid));
		check_int("time", line.p[13] == ':' && line.p[16] == ':', 1);
	}
	close(service);
	log_init("test", NULL, LOG_LEVEL_INFO);
	unlink(path);
	rmdir(folder);
}

/* What the service does not take is not lost: stderr has it. */
static void
falls_back(void **state)
{
	char folder[] = "/tmp/ekiden-log-XXXXXX", path[64], out[4096];
	struct span err = { "", 0 };
	int service, i;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/log", folder);
	err = written(speak_init, path, out, sizeof(out));
	assert_true(span_find(err, '\n') > 0 && strstr(out, path) != NULL);

	service = service_bind(path);
	err = written(speak_warnx, "came later", out, sizeof(out));
	check_int("came later", err.len, 0);
	assert_true(taken(service, out, sizeof(out)).len > 0);

	close(service);
	err = written(speak_warnx, "away", out, sizeof(out));
	check_span("away", span_from(err, err.len - 5), SPAN_LIT("away\n"));

	service = service_bind(path);
	err = written(speak_warnx, "anew", out, sizeof(out));
	check_int("anew", err.len, 0);
	assert_true(taken(service, out, sizeof(out)).len > 0);

	/* It hangs: its queue fills, nobody waits for it. */
	for (i = 0; i < 100000 && err.len == 0; i++)
		err = written(speak_warnx, "full", out, sizeof(out));
	assert_true(i > 1);
	check_span("full", span_from(err, err.len - 5), SPAN_LIT("full\n"));

	close(service);
	log_init("test", NULL, LOG_LEVEL_INFO);
	unlink(path);
	rmdir(folder);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_one_line),
		cmocka_unit_test(cuts_long_lines),
		cmocka_unit_test(speaks_to_a_service),
		cmocka_unit_test(falls_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
