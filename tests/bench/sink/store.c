/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/sink/store.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/base/text.h"

enum { STORE_PATH_MAX = 4096 };

static void
path_of(const struct store *st, uint64_t number, const char *suffix,
    char out[STORE_PATH_MAX])
{
	int len = snprintf(out, STORE_PATH_MAX, "%s/%08ju.%s", st->dir,
	    (uintmax_t)number, suffix);

	if (len < 0 || len >= STORE_PATH_MAX)
		fatalx("store: the folder's name is too long");
}

void
store_open(struct store *st, const char *dir)
{
	struct dirent *e;
	DIR *d;

	st->dir = dir;
	st->next = 1;
	if (dir == NULL)
		return;
	if (mkdir(dir, 0755) == -1 && errno != EEXIST)
		fatal("store %s", dir);
	d = opendir(dir);
	if (d == NULL)
		fatal("store %s", dir);
	while ((e = readdir(d)) != NULL) {
		uint64_t n;

		if (strlen(e->d_name) > 8 && text_u64(span_make(e->d_name, 8),
			0, 99999999, &n) == 0 && n >= st->next)
			st->next = n + 1;
	}
	closedir(d);
}

void
store_begin(struct store *st, struct stored *m, struct span sender,
    struct span rcpts)
{
	char path[STORE_PATH_MAX];

	if (st->dir == NULL)
		return;
	m->number = st->next++;
	m->line_start = true;
	m->cr = false;
	path_of(st, m->number, "tmp", path);
	m->file = fopen(path, "we");
	if (m->file == NULL)
		fatal("store %s", path);
	fprintf(m->file, "Return-Path: <%.*s>\r\n", SPAN_FMT(sender));
	while (rcpts.len > 0) {
		ptrdiff_t comma = span_find(rcpts, ',');
		struct span one = rcpts;

		if (comma != -1)
			one.len = (size_t)comma;
		fprintf(m->file, "Delivered-To: %.*s\r\n", SPAN_FMT(one));
		rcpts = span_from(rcpts, one.len + (comma != -1));
	}
}

void
store_add(struct stored *m, const char *p, size_t len)
{
	if (m->file == NULL)
		return;
	while (len > 0) {
		const char *nl = memchr(p, '\n', len);
		size_t n = nl == NULL ? len : (size_t)(nl - p) + 1;
		size_t dot = m->line_start && p[0] == '.';

		fwrite(p + dot, 1, n - dot, m->file);
		/* A line ends with CRLF, maybe with its CR in the last
		 * piece. */
		m->line_start = nl != NULL && (n > 1 ? nl[-1] == '\r' : m->cr);
		m->cr = p[n - 1] == '\r';
		p += n;
		len -= n;
	}
}

void
store_end(struct store *st, struct stored *m, bool keep)
{
	char from[STORE_PATH_MAX], to[STORE_PATH_MAX];

	if (m->file == NULL)
		return;
	/* The last line was the dot, of which CRLF is left. */
	fflush(m->file);
	if (keep && ftruncate(fileno(m->file), ftello(m->file) - 2) == -1)
		fatal("store");
	if (fclose(m->file) != 0)
		fatal("store");
	m->file = NULL;
	path_of(st, m->number, "tmp", from);
	path_of(st, m->number, "eml", to);
	if (keep && rename(from, to) == -1)
		fatal("store %s", to);
	if (!keep)
		unlink(from);
}
