/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loader: reads the configuration once and ends. It hands master a plan (what to
 * bind, which folders to make, how many of each process) and the checked
 * configuration in a sealed memory file; or it prints what is wrong and hands
 * over nothing. Runs as ekiden-policy with files to read and no network.
 *
 * With --check it only checks, for `ekiden check`.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/proc/jail.h"
#include "lib/settings/suite.h"
#include "master/loader/configuration.h"
#include "master/loader/handover.h"

enum { LOADER_MASTER_FD = 3 };

static const struct jail jail = { .may = JAIL_READ_FILES | JAIL_MEMFD };

struct arguments {
	const char *config, *policy;
	bool check;
	struct jail_user user;
};

static void
usage(void)
{
	fputs("usage: loader [--config DIR] [--policy FILE] [--check]\n"
	    "           [--uid N --gid N]\n", stderr);
	exit(2);
}

static uint32_t
number(const char *text)
{
	uint64_t v;

	if (text_u64(span_of(text), 0, UINT32_MAX - 1, &v) == -1)
		usage();
	return (uint32_t)v;
}

static void
arguments_read(struct arguments *a, int argc, char **argv)
{
	const char *name, *value;
	int i;

	memset(a, 0, sizeof(*a));
	a->config = "/etc/ekiden";
	for (i = 1; i < argc; i++) {
		name = argv[i];
		if (strcmp(name, "--check") == 0) {
			a->check = true;
			continue;
		}
		if (i + 1 == argc)
			usage();
		value = argv[++i];
		if (strcmp(name, "--config") == 0)
			a->config = value;
		else if (strcmp(name, "--policy") == 0)
			a->policy = value;
		else if (strcmp(name, "--uid") == 0) {
			a->user.change = true;
			a->user.uid = number(value);
		} else if (strcmp(name, "--gid") == 0)
			a->user.gid = number(value);
		else if (strcmp(name, "--user") != 0)
			/* Whose account the daemons take: master's business. */
			usage();
	}
}

int
main(int argc, char **argv)
{
	struct problems problems = { .v = NULL };
	struct buf text = { .base = NULL };
	struct arguments a;
	struct suite suite;
	int status;

	log_init("loader", false, LOG_LEVEL_WARN);
	arguments_read(&a, argc, argv);
	if (!a.check && fcntl(LOADER_MASTER_FD, F_GETFD) == -1)
		usage();
	jail_drop(&a.user);
	jail_close(&jail);
	status = configuration_load(&suite, a.config, a.policy, a.check,
	    &problems);
	problems_print(&problems, &text);
	if (buf_len(&text) != 0)
		fwrite(buf_data(&text), 1, buf_len(&text), stderr);
	if (status == 0 && !a.check)
		handover_send(LOADER_MASTER_FD, &suite);
	if (status == 0)
		suite_free(&suite);
	buf_free(&text);
	problems_free(&problems);
	return status == 0 ? 0 : 1;
}
