/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ekiden: the operator's command. It only finds the right program and hands
 * over; what each does is in ekiden(1).
 */
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/base/log.h"
#include "tools/ekiden/spool.h"

static void
usage(FILE *to)
{
	fputs("usage: ekiden run [--config DIR] [--policy FILE] [--user NAME]\n"
	    "                  [--syslog[=SOCKET]]\n"
	    "       ekiden check [--config DIR] [--policy FILE]\n"
	    "       ekiden spool check|stats|export|compact [OPTIONS]\n"
	    "       ekiden version\n", to);
}

/* libexec/ekiden beside our own bin folder, installed or in a build tree. */
static char *
libexec_program(const char *name)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (n <= 0)
		fatal("/proc/self/exe");
	path[n] = '\0';
	return xasprintf("%s/../libexec/ekiden/%s", dirname(path), name);
}

static int
hand_over(const char *program, char **argv)
{
	char *path = libexec_program(program);

	argv[0] = path;
	execv(path, argv);
	fprintf(stderr, "ekiden: cannot run %s: %s\n", path, strerror(errno));
	return 1;
}

static char **
arguments_with(const char *extra, int argc, char **argv, const char *without)
{
	char **out = xcalloc((size_t)argc + 3, sizeof(*out));
	int i, n = 1;

	out[0] = argv[0];
	for (i = 1; i < argc; i++) {
		if (without == NULL || strcmp(argv[i], without) != 0)
			out[n++] = argv[i];
	}
	if (extra != NULL)
		out[n++] = xstrdup(extra);
	return out;
}

static bool
has_argument(int argc, char **argv, const char *word)
{
	int i;

	for (i = 1; i < argc; i++) {
		if (strcmp(argv[i], word) == 0)
			return true;
	}
	return false;
}

static int
command_check(int argc, char **argv)
{
	return hand_over("loader", arguments_with("--check", argc, argv,
	    "--validate"));
}

static int
command_run(int argc, char **argv)
{
	if (has_argument(argc, argv, "--validate"))
		return command_check(argc, argv);
	return hand_over("master", arguments_with(NULL, argc, argv, NULL));
}

static int
command_version(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	puts("ekiden " EKIDEN_VERSION);
	return 0;
}

static int
command_help(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	usage(stdout);
	return 0;
}

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "run", command_run },
	{ "check", command_check },
	{ "spool", spool_command },
	{ "version", command_version },
	{ "--version", command_version },
	{ "help", command_help },
	{ "--help", command_help },
};

int
main(int argc, char **argv)
{
	size_t i;

	log_init("ekiden", NULL, LOG_LEVEL_INFO);
	if (argc < 2) {
		usage(stderr);
		return 2;
	}
	for (i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	}
	fprintf(stderr, "ekiden: there is no command '%s'\n", argv[1]);
	usage(stderr);
	return 2;
}
