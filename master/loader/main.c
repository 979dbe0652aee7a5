/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loader: reads the configuration once and ends. Runs as ekiden-policy, without
 * network. It takes ekiden.yaml and the policy's scripts, runs `pre_init` and
 * `init`, checks what came of it and tells master what to prepare; the
 * configuration goes there as a sealed memory file that master only passes on.
 * What is wrong is printed as FILE:LINE: text, then nothing is sent, status 1.
 *
 * With --check it talks to nobody: quiet and 0 when all is well.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/io/tls_server.h"
#include "lib/policy/policy.h"
#include "lib/proc/jail.h"
#include "lib/settings/suite.h"
#include "master/loader/configuration.h"
#include "master/loader/plan.h"

static const struct jail jail = { .may = JAIL_READ_FILES | JAIL_MEMFD };

enum { ARG_CONFIG = 256, ARG_POLICY, ARG_CHECK, ARG_UID, ARG_GID, ARG_USER,
	ARG_SYSLOG };

static const struct option arguments[] = {
	{ "config", required_argument, NULL, ARG_CONFIG },
	{ "policy", required_argument, NULL, ARG_POLICY },
	{ "check", no_argument, NULL, ARG_CHECK },
	{ "user", required_argument, NULL, ARG_USER },
	{ "uid", required_argument, NULL, ARG_UID },
	{ "gid", required_argument, NULL, ARG_GID },
	{ "syslog", optional_argument, NULL, ARG_SYSLOG },
	{ 0 },
};

struct request {
	const char *config_dir, *policy;
	bool check;
	const char *syslog;
	struct jail_user user;
};

static uint64_t
id_argument(const char *text)
{
	uint64_t v;

	if (text_u64(span_of(text), 0, UINT32_MAX - 1, &v) != 0) {
		fprintf(stderr, "loader: bad id %s\n", text);
		exit(2);
	}
	return v;
}

static void
read_arguments(struct request *q, int argc, char **argv)
{
	int c;

	while ((c = getopt_long(argc, argv, "", arguments, NULL)) != -1) {
		switch (c) {
		case ARG_CONFIG:
			q->config_dir = optarg;
			break;
		case ARG_POLICY:
			q->policy = optarg;
			break;
		case ARG_CHECK:
			q->check = true;
			break;
		case ARG_USER: /* whom the daemons run as is no matter here */
			break;
		case ARG_UID:
			q->user.uid = (uid_t)id_argument(optarg);
			q->user.change = true;
			break;
		case ARG_GID:
			q->user.gid = (gid_t)id_argument(optarg);
			break;
		case ARG_SYSLOG:
			q->syslog = optarg;
			break;
		default:
			exit(2);
		}
	}
	if (optind != argc) {
		fprintf(stderr, "ekiden: '%s' is no option\n", argv[optind]);
		exit(2);
	}
}

static char *
absolute(const char *path)
{
	char *full = realpath(path, NULL);

	return full != NULL ? full : xstrdup(path);
}

static void
log_lines(struct span text)
{
	ptrdiff_t end;

	while ((end = span_find(text, '\n')) >= 0) {
		log_warnx("%.*s", (int)end, text.p);
		text = span_from(text, (size_t)end + 1);
	}
}

/* Read all, and tell master unless this is a check alone. */
static int
load(const struct request *q, struct problems *problems)
{
	struct configuration_keys keys;
	struct suite suite;
	int status = configuration_load(&suite, q->config_dir, q->policy,
	    q->check, problems);

	if (status != 0)
		return status;
	status = configuration_keys(&suite, q->check, &keys, problems);
	if (status == 0 && !q->check)
		status = plan_send(&suite, &keys);
	configuration_keys_free(&keys);
	suite_free(&suite);
	return status;
}

int
main(int argc, char **argv)
{
	struct request q = { .config_dir = "/etc/ekiden" };
	struct problems problems = { 0 };
	struct buf text = { 0 };
	int status;

	log_init("loader", NULL, LOG_LEVEL_INFO);
	read_arguments(&q, argc, argv);
	if (q.check)
		q.syslog = NULL;
	log_init("loader", q.syslog, LOG_LEVEL_INFO);
	signal(SIGPIPE, SIG_IGN);
	if (!q.check && fcntl(PLAN_MASTER_FD, F_GETFD) == -1) {
		fprintf(stderr, "loader is started by 'ekiden run'\n");
		return 2;
	}
	if (!q.check)
		jail_drop(&q.user);
	if (q.policy != NULL)
		q.policy = absolute(q.policy);
	tls_server_start();
	policy_prepare();
	jail_close(&jail);
	status = load(&q, &problems);
	problems_print(&problems, &text);
	if (write(STDERR_FILENO, buf_data(&text), buf_len(&text)) == -1)
		log_warn("writing to stderr");
	/* After a reload nobody may be looking there. */
	if (q.syslog != NULL)
		log_lines(buf_span(&text));
	problems_free(&problems);
	buf_free(&text);
	return status == 0 ? 0 : 1;
}
