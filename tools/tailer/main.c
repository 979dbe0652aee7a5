/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tailer: prints the records of a log folder in order, one line each, also from
 * the segment that is still being written; remembers how far it got. See
 * tailer(1).
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <getopt.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "tools/tailer/reader.h"

struct tailer {
	int dir_fd;
	const char *dir, *pattern;
	char *checkpoint; /* file name in the folder */
	uint64_t batch_size;
	int64_t batch_latency_ms;
	bool follow;
	char *file;       /* segment being read, NULL: none yet */
	uint64_t line;    /* lines of it that were printed */
	uint64_t unsaved; /* records since the checkpoint was written */
	int64_t saved_ms;
};

static void
usage(FILE *to)
{
	fputs("usage: tailer [--pattern GLOB] [--checkpoint NAME] "
	    "[--batch-size N]\n"
	    "              [--batch-latency DURATION] [--tail] DIRECTORY\n",
	    to);
}

/* ---- checkpoint --------------------------------------------------------- */

static void
checkpoint_load(struct tailer *t)
{
	int fd = openat(t->dir_fd, t->checkpoint, O_RDONLY | O_CLOEXEC);
	const char *file;
	json_error_t err;
	json_t *root;

	if (fd == -1)
		return;
	root = json_loadfd(fd, 0, &err);
	close(fd);
	file = json_string_value(json_object_get(root, "file"));
	if (root == NULL || file == NULL) {
		fprintf(stderr, "tailer: %s/%s is not a checkpoint: %s; "
		    "remove it to read from the start\n", t->dir,
		    t->checkpoint, root == NULL ? err.text : "no file");
		exit(1);
	}
	file = strrchr(file, '/') != NULL ? strrchr(file, '/') + 1 : file;
	t->file = xstrdup(file);
	t->line = (uint64_t)json_integer_value(json_object_get(root, "line"));
	json_decref(root);
}

/* Written beside and renamed: never half a checkpoint. */
static void
checkpoint_save(struct tailer *t)
{
	char *path = xasprintf("%s/%s", t->dir, t->file);
	char *fresh = xasprintf("%s.new", t->checkpoint);
	json_t *root;
	int fd;

	if (fflush(stdout) != 0)
		exit(1);
	root = json_pack("{s:s, s:I}", "file", path, "line",
	    (json_int_t)t->line);
	fd = openat(t->dir_fd, fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
	    0644);
	if (root == NULL || fd == -1 || json_dumpfd(root, fd, 0) != 0 ||
	    fsync(fd) == -1 ||
	    renameat(t->dir_fd, fresh, t->dir_fd, t->checkpoint) == -1) {
		fprintf(stderr, "tailer: cannot write the checkpoint %s/%s: "
		    "%s\n", t->dir, t->checkpoint, strerror(errno));
		exit(1);
	}
	close(fd);
	json_decref(root);
	free(fresh);
	free(path);
	t->unsaved = 0;
	t->saved_ms = clock_mono_ms();
}

/* ---- segments ----------------------------------------------------------- */

/* The first segment in order of name behind `after`; heap, or NULL. */
static char *
segment_after(const struct tailer *t, const char *after)
{
	char *found = NULL;
	struct dirent *e;
	DIR *dir = fdopendir(openat(t->dir_fd, ".", O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC));

	if (dir == NULL)
		return NULL;
	while ((e = readdir(dir)) != NULL) {
		if (e->d_name[0] == '.' ||
		    fnmatch(t->pattern, e->d_name, 0) != 0 ||
		    (after != NULL && strcmp(e->d_name, after) <= 0) ||
		    (found != NULL && strcmp(e->d_name, found) >= 0))
			continue;
		free(found);
		found = xstrdup(e->d_name);
	}
	closedir(dir);
	return found;
}

static bool
segment_finished(const struct tailer *t)
{
	struct stat st;

	return fstatat(t->dir_fd, t->file, &st, 0) == -1 ||
	    (st.st_mode & 0222) == 0;
}

static void
print_line(void *arg, struct span line)
{
	struct tailer *t = arg;

	if (fwrite(line.p, 1, line.len, stdout) != line.len)
		exit(1);
	t->line++;
	t->unsaved++;
}

static void
wait_for_change(const struct tailer *t, int watch)
{
	struct pollfd p = { watch, POLLIN, 0 };
	char events[4096];
	int64_t ms = t->unsaved > 0 ? t->batch_latency_ms : 1000;

	fflush(stdout);
	if (poll(&p, 1, (int)(ms > 0 ? ms : 1)) > 0 &&
	    read(watch, events, sizeof(events)) == -1 && errno != EAGAIN)
		exit(1);
}

static void
save_if_due(struct tailer *t)
{
	if (t->unsaved >= t->batch_size || (t->unsaved > 0 &&
	    clock_mono_ms() - t->saved_ms >= t->batch_latency_ms))
		checkpoint_save(t);
}

/* Print the segment t->file from line t->line on, until it is finished. */
static void
read_segment(struct tailer *t, int watch)
{
	struct segment_reader *r = segment_reader_open(t->dir_fd, t->file,
	    t->line);
	bool finished;

	if (r == NULL)
		return;
	do {
		/* Asked first: what comes after it is seen next time. */
		finished = segment_finished(t);
		while (segment_reader_next(r, print_line, t))
			save_if_due(t);
		if (finished || !t->follow)
			break;
		save_if_due(t);
		wait_for_change(t, watch);
	} while (true);
	segment_reader_close(&r);
}

static void
tail(struct tailer *t)
{
	int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	char *next;

	if (watch == -1 || inotify_add_watch(watch, t->dir, IN_MODIFY |
	    IN_CREATE | IN_ATTRIB | IN_MOVED_TO) == -1)
		fatal("watching %s", t->dir);
	if (t->file != NULL)
		read_segment(t, watch);
	for (;;) {
		next = segment_after(t, t->file);
		if (next == NULL) {
			if (t->unsaved > 0)
				checkpoint_save(t);
			if (!t->follow)
				break;
			wait_for_change(t, watch);
			continue;
		}
		free(t->file);
		t->file = next;
		t->line = 0;
		read_segment(t, watch);
	}
	close(watch);
}

enum { ARG_PATTERN = 256, ARG_CHECKPOINT, ARG_SIZE, ARG_LATENCY, ARG_TAIL,
	ARG_HELP };

static const struct option arguments[] = {
	{ "pattern", required_argument, NULL, ARG_PATTERN },
	{ "checkpoint", required_argument, NULL, ARG_CHECKPOINT },
	{ "batch-size", required_argument, NULL, ARG_SIZE },
	{ "batch-latency", required_argument, NULL, ARG_LATENCY },
	{ "tail", no_argument, NULL, ARG_TAIL },
	{ "help", no_argument, NULL, ARG_HELP },
	{ 0 },
};

static void
bad_argument(const char *name, const char *want)
{
	fprintf(stderr, "tailer: --%s needs %s\n", name, want);
	exit(2);
}

int
main(int argc, char **argv)
{
	struct tailer t = { .pattern = "*", .batch_size = 1000,
		.batch_latency_ms = 1000 };
	const char *checkpoint = "tailer-checkpoint";
	int c;

	log_init("tailer", NULL, LOG_LEVEL_INFO);
	while ((c = getopt_long(argc, argv, "", arguments, NULL)) != -1) {
		switch (c) {
		case ARG_PATTERN:
			t.pattern = optarg;
			break;
		case ARG_CHECKPOINT:
			if (optarg[0] == '\0' || strchr(optarg, '/') != NULL)
				bad_argument("checkpoint", "a plain name");
			checkpoint = optarg;
			break;
		case ARG_SIZE:
			if (text_u64(span_of(optarg), 1, 1000000000,
			    &t.batch_size) != 0)
				bad_argument("batch-size", "a number above 0");
			break;
		case ARG_LATENCY:
			if (text_duration_ms(span_of(optarg),
			    &t.batch_latency_ms) != 0)
				bad_argument("batch-latency",
				    "a duration such as 1s");
			break;
		case ARG_TAIL:
			t.follow = true;
			break;
		case ARG_HELP:
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return 2;
		}
	}
	if (optind + 1 != argc) {
		usage(stderr);
		return 2;
	}
	t.dir = argv[optind];
	t.dir_fd = open(t.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (t.dir_fd == -1) {
		fprintf(stderr, "tailer: %s: %s\n", t.dir, strerror(errno));
		return 1;
	}
	t.checkpoint = xasprintf(".%s", checkpoint);
	t.saved_ms = clock_mono_ms();
	checkpoint_load(&t);
	tail(&t);
	return 0;
}
