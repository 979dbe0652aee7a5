/* SPDX-License-Identifier: Apache-2.0 */
#include "master/loader/plan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/io/loop.h"
#include "lib/ipc/channel.h"
#include "lib/ipc/control.h"
#include "lib/settings/suite.h"

static void
lost(void *owner, struct channel *ch)
{
	(void)owner;
	(void)ch;
	log_warnx("master is gone");
	exit(1);
}

static const struct channel_handler no_handlers[] = { { .handle = NULL } };

static const struct channel_events events = { .handlers = no_handlers,
	.lost = lost };

static void
send_bind(struct channel *ch, uint32_t index, const struct listener *l)
{
	struct control_bind b = { LISTENER_SMTP, index, l->listen };

	control_bind_put(channel_begin(ch, MSG_PLAN_BIND, 0), &b);
	channel_end(ch);
}

static void
send_folder(struct channel *ch, enum role owner, char *path)
{
	struct control_folder f = { owner, path };

	control_folder_put(channel_begin(ch, MSG_PLAN_FOLDER, 0), &f);
	channel_end(ch);
}

static void
send_count(struct channel *ch, enum role role, uint32_t n)
{
	struct control_count c = { role, n };

	control_count_put(channel_begin(ch, MSG_PLAN_COUNT, 0), &c);
	channel_end(ch);
}

static void
send_log_folders(struct channel *ch, const struct local_logs *l)
{
	size_t i;

	send_folder(ch, ROLE_LOGGER, l->log_dir);
	for (i = 0; i < l->per_record.n; i++) {
		if (l->per_record.v[i].opts.log_dir != NULL)
			send_folder(ch, ROLE_LOGGER,
			    l->per_record.v[i].opts.log_dir);
	}
}

/* The configuration as a file of memory that nobody can change any more. */
static int
seal(const struct suite *suite, uint64_t *len_out)
{
	struct buf bytes = { 0 };
	int fd = memfd_create("ekiden-config", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	size_t at = 0;
	ssize_t n;

	if (fd == -1)
		fatal("memory file for the configuration");
	suite_put(&bytes, suite);
	while (at < buf_len(&bytes)) {
		n = write(fd, buf_data(&bytes) + at, buf_len(&bytes) - at);
		if (n <= 0)
			fatal("writing the configuration");
		at += (size_t)n;
	}
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW |
	    F_SEAL_SEAL) == -1)
		fatal("sealing the configuration");
	*len_out = buf_len(&bytes);
	buf_free(&bytes);
	return fd;
}

int
plan_send(const struct suite *suite)
{
	struct loop *loop = loop_new();
	struct channel *ch = channel_new(loop, PLAN_MASTER_FD, ROLE_LOADER,
	    ROLE_MASTER, 0, &events, NULL);
	struct control_setup done = { 0 };
	uint32_t i;
	int fd;

	fcntl(PLAN_MASTER_FD, F_SETFL,
	    fcntl(PLAN_MASTER_FD, F_GETFL) & ~O_NONBLOCK);
	for (i = 0; i < suite->listeners.n; i++)
		send_bind(ch, i, &suite->listeners.v[i]);
	send_folder(ch, ROLE_SPOOLD, suite->spool.path);
	for (i = 0; i < suite->logs.n; i++)
		send_log_folders(ch, &suite->logs.v[i]);
	send_count(ch, ROLE_SPOOLD, 1);
	send_count(ch, ROLE_READER, suite->processes.spool_readers);
	send_count(ch, ROLE_LOGGER, 1);
	send_count(ch, ROLE_QMGR, 1);
	send_count(ch, ROLE_POLICY, 1);
	send_count(ch, ROLE_LOOKUP, 1);
	send_count(ch, ROLE_LOCAL, 1);
	send_count(ch, ROLE_OUT, suite->processes.smtp_out);
	send_count(ch, ROLE_SMTPD, suite->processes.smtpd);
	fd = seal(suite, &done.config_len);
	control_setup_put(channel_begin(ch, MSG_PLAN_DONE, 0), &done);
	channel_end_fd(ch, fd);
	close(fd);
	channel_flush(ch);
	channel_close(&ch);
	loop_free(&loop);
	return 0;
}
