/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/ekiden/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/store/check.h"
#include "lib/store/spool.h"
#include "tools/ekiden/spool_export.h"
#include "tools/ekiden/spool_stats.h"

/* Enough to map any spool; the file's own size counts if it is larger. */
#define TOOL_MAP_BYTES ((uint64_t)1 << 40)

static const char default_folder[] = "/var/spool/ekiden";

static void
usage(FILE *to)
{
	fputs("usage: ekiden spool check [--spool DIR]\n"
	    "       ekiden spool stats [--spool DIR] [--top N]\n"
	    "       ekiden spool export [--spool DIR] --list\n"
	    "       ekiden spool export [--spool DIR] --id ID\n"
	    "       ekiden spool export [--spool DIR] --mbox FILE\n"
	    "       ekiden spool compact [--spool DIR]\n", to);
}

static struct spool *
open_or_say(const char *folder, enum spool_mode mode)
{
	struct spool *sp = NULL;
	const char *why;

	if (!spool_exists(folder))
		fprintf(stderr, "ekiden: there is no spool in %s\n", folder);
	else if (spool_open(&sp, folder, mode, TOOL_MAP_BYTES, &why) != 0)
		fprintf(stderr, "ekiden: spool %s: %s\n", folder, why);
	return sp;
}

static void
print_problem(void *arg, const char *line)
{
	(void)arg;
	puts(line);
}

static int
command_check(const char *folder, const struct spool_args *args)
{
	struct spool *sp = open_or_say(folder, SPOOL_READER);
	struct spool_findings f;
	int rc;

	(void)args;
	if (sp == NULL)
		return 1;
	rc = spool_check(sp, print_problem, NULL, &f);
	if (rc != 0)
		fprintf(stderr, "ekiden: spool %s: %s\n", folder,
		    spool_strerror(sp));
	else
		printf("%llu messages, %llu bodies, %llu journal entries, "
		    "%llu rows set apart, %llu problems\n",
		    (unsigned long long)f.messages,
		    (unsigned long long)f.bodies,
		    (unsigned long long)f.entries,
		    (unsigned long long)f.apart,
		    (unsigned long long)f.problems);
	spool_close(&sp);
	return rc != 0 || f.problems > 0 ? 1 : 0;
}

static int
command_stats(const char *folder, const struct spool_args *args)
{
	struct spool *sp = open_or_say(folder, SPOOL_READER);
	int rc;

	if (sp == NULL)
		return 1;
	rc = spool_stats_print(sp, args->top);
	if (rc != 0)
		fprintf(stderr, "ekiden: spool %s: %s\n", folder,
		    spool_strerror(sp));
	spool_close(&sp);
	return rc == 0 ? 0 : 1;
}

static int
command_export(const char *folder, const struct spool_args *args)
{
	struct spool *sp;
	int rc;

	if (!args->list && args->id == NULL && args->mbox == NULL) {
		usage(stderr);
		return 2;
	}
	sp = open_or_say(folder, SPOOL_READER);
	if (sp == NULL)
		return 1;
	rc = spool_export(sp, args);
	spool_close(&sp);
	return rc;
}

static int
folder_sync(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc;

	if (fd == -1)
		return -1;
	rc = fsync(fd);
	close(fd);
	return rc;
}

/* The copy takes the place of the file only when all of it is on disk. */
static int
compact_into(struct spool *sp, const char *folder, const char *fresh,
    const char *file)
{
	struct stat before, after;
	int fd;

	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
	    0600);
	if (fd == -1 || stat(file, &before) == -1) {
		perror(fresh);
		return 1;
	}
	if (fchown(fd, before.st_uid, before.st_gid) == -1 ||
	    fchmod(fd, before.st_mode & 07777) == -1) {
		perror(fresh);
		goto fail;
	}
	if (spool_copy(sp, fd) != 0) {
		fprintf(stderr, "ekiden: %s: %s\n", fresh, spool_strerror(sp));
		goto fail;
	}
	if (fsync(fd) == -1 || fstat(fd, &after) == -1 ||
	    rename(fresh, file) == -1 || folder_sync(folder) == -1) {
		perror(fresh);
		goto fail;
	}
	close(fd);
	printf("%lld bytes, were %lld\n", (long long)after.st_size,
	    (long long)before.st_size);
	return 0;
fail:
	close(fd);
	unlink(fresh);
	return 1;
}

static int
command_compact(const char *folder, const struct spool_args *args)
{
	char *fresh = xasprintf("%s/data.mdb.new", folder);
	char *file = xasprintf("%s/data.mdb", folder);
	/* As its writer: with the lock, so that no suite uses it. */
	struct spool *sp = open_or_say(folder, SPOOL_WRITER);
	int rc = 1;

	(void)args;
	if (sp != NULL)
		rc = compact_into(sp, folder, fresh, file);
	spool_close(&sp);
	free(fresh);
	free(file);
	return rc;
}

static const struct {
	const char *name;
	int (*run)(const char *folder, const struct spool_args *args);
} commands[] = {
	{ "check", command_check },
	{ "stats", command_stats },
	{ "export", command_export },
	{ "compact", command_compact },
};

/* The option at argv[*at] and its value, if it takes one; 0 or -1. */
static int
option_take(int argc, char **argv, int *at, struct spool_args *args,
    const char **folder)
{
	const char *name = argv[*at], *value;
	char *end;

	if (strcmp(name, "--list") == 0) {
		args->list = true;
		return 0;
	}
	if (*at + 1 >= argc) {
		fprintf(stderr, "ekiden: %s: unknown, or its value is "
		    "missing\n", name);
		return -1;
	}
	value = argv[++*at];
	if (strcmp(name, "--spool") == 0 && value[0] != '\0')
		*folder = value;
	else if (strcmp(name, "--id") == 0)
		args->id = value;
	else if (strcmp(name, "--mbox") == 0)
		args->mbox = value;
	else if (strcmp(name, "--top") == 0) {
		args->top = strtoul(value, &end, 10);
		if (*value == '\0' || *end != '\0') {
			fprintf(stderr, "ekiden: --top takes a number\n");
			return -1;
		}
	} else {
		fprintf(stderr, "ekiden: there is no option %s\n", name);
		return -1;
	}
	return 0;
}

int
spool_command(int argc, char **argv)
{
	struct spool_args args = { .top = 10 };
	const char *folder = default_folder;
	size_t c;
	int i;

	if (argc < 2) {
		usage(stderr);
		return 2;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
		usage(stdout);
		return 0;
	}
	for (i = 2; i < argc; i++) {
		if (option_take(argc, argv, &i, &args, &folder) != 0) {
			usage(stderr);
			return 2;
		}
	}
	for (c = 0; c < sizeof(commands) / sizeof(*commands); c++) {
		if (strcmp(argv[1], commands[c].name) == 0)
			return commands[c].run(folder, &args);
	}
	fprintf(stderr, "ekiden: there is no 'spool %s'\n", argv[1]);
	usage(stderr);
	return 2;
}
