/* SPDX-License-Identifier: Apache-2.0 */
/*
 * master: the parent of the suite. Runs as whoever started it (root, to bind
 * low ports and give each role its own account). It has the loader read the
 * configuration, binds the listening sockets, starts the daemons, connects them
 * by socket pairs, restarts what dies and stops all in order. It reads nothing
 * from a network and nothing of a configuration but the loader's frames; the
 * configuration itself passes through as a sealed descriptor.
 *
 * SIGTERM, SIGINT: orderly stop, status 0; a second later once more: do not
 * wait. SIGHUP: reload; a configuration that fails to load leaves the old one
 * in force.
 */
#include <errno.h>
#include <getopt.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/base/log.h"
#include "lib/ipc/tally.h"
#include "master/children.h"
#include "master/key_readers.h"
#include "master/master.h"
#include "master/plan.h"
#include "master/reload.h"

enum { ARG_CONFIG = 256, ARG_POLICY, ARG_USER, ARG_SYSLOG };

static const struct option arguments[] = {
	{ "config", required_argument, NULL, ARG_CONFIG },
	{ "policy", required_argument, NULL, ARG_POLICY },
	{ "user", required_argument, NULL, ARG_USER },
	{ "syslog", optional_argument, NULL, ARG_SYSLOG },
	{ 0 },
};

static const char *
master_arguments(struct master *m, int argc, char **argv)
{
	const char *user = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "", arguments, NULL)) != -1) {
		switch (c) {
		case ARG_CONFIG:
			m->config_dir = optarg;
			break;
		case ARG_POLICY:
			m->policy = optarg;
			break;
		case ARG_USER:
			user = optarg;
			break;
		case ARG_SYSLOG:
			m->syslog = optarg != NULL ? optarg : LOG_SOCKET;
			break;
		default:
			exit(2);
		}
	}
	return user;
}

/* m->coming is whole, or it came to nothing. */
static void
on_plan(struct master *m, bool good)
{
	m->loading = false;
	if (m->stop_stage >= 0)
		return;
	if (!good || plan_apply(m) != 0) {
		if (m->n_children == 0)
			exit(1);
		log_errorx("reload failed: the configuration in force stays");
		if (m->reload_again)
			plan_load(m);
		m->reload_again = false;
		return;
	}
	if (m->n_children == 0) {
		children_start(m);
		return;
	}
	reload_begin(m);
}

static void
on_loader_end(struct master *m, int status)
{
	bool good = plan_loaded(m, status);

	if (!good || m->stop_stage >= 0 || !key_readers_start(m))
		on_plan(m, good);
}

static void
on_child(void *arg)
{
	struct master *m = arg;
	bool good;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == m->loader_pid)
			on_loader_end(m, status);
		else if (key_readers_ended(m, pid, status, &good))
			on_plan(m, good);
		else
			children_ended(m, pid, status);
	}
}

static void
on_stop(void *arg)
{
	struct master *m = arg;

	if (m->n_children == 0)
		exit(0);
	children_stop(m);
}

static void
on_reload(void *arg)
{
	struct master *m = arg;

	if (m->stop_stage >= 0 || m->n_children == 0)
		return;
	/* What was edited since may not be in the one under way. */
	if (m->loading || m->reload_stage != RELOAD_NONE)
		m->reload_again = true;
	else
		plan_load(m);
}

/* Where our own program lies, the daemons' programs lie too. */
static char *
own_folder(void)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (n <= 0)
		fatal("/proc/self/exe");
	path[n] = '\0';
	return xstrdup(dirname(path));
}

static void
raise_limits(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) == 0) {
		rl.rlim_cur = rl.rlim_max;
		setrlimit(RLIMIT_NOFILE, &rl);
	}
}

static void
make_empty_root(void)
{
	if ((mkdir("/run/ekiden", 0755) == -1 && errno != EEXIST) ||
	    (mkdir(EMPTY_ROOT, 0555) == -1 && errno != EEXIST))
		fatal("cannot make " EMPTY_ROOT);
}

int
main(int argc, char **argv)
{
	static struct master m = { .stop_stage = -1,
		.plan = { .config_fd = -1 }, .coming = { .config_fd = -1 } };
	const char *user = master_arguments(&m, argc, argv);

	log_init("master", m.syslog, LOG_LEVEL_INFO);
	if (users_resolve(&m.users, user) != 0)
		return 1;
	m.libexec = own_folder();
	raise_limits();
	if (m.users.change)
		make_empty_root();
	signal(SIGPIPE, SIG_IGN);
	m.loop = loop_new();
	m.tally = tally_new(&m.tally_fd);
	loop_signal(m.loop, SIGCHLD, on_child, &m);
	loop_signal(m.loop, SIGTERM, on_stop, &m);
	loop_signal(m.loop, SIGINT, on_stop, &m);
	loop_signal(m.loop, SIGHUP, on_reload, &m);
	plan_load(&m);
	loop_run(m.loop);
	return 0;
}
