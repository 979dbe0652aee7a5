/* SPDX-License-Identifier: Apache-2.0 */
#include "master/loader/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/io/loop.h"
#include "lib/ipc/channel.h"
#include "lib/ipc/control.h"
#include "lib/settings/suite.h"

struct handover {
	struct loop *loop;
	struct channel *master;
	struct timer poll;
};

enum { HANDOVER_POLL_MS = 2 };

/* ---- the frames --------------------------------------------------------- */

static void
send_binds(struct channel *ch, const struct suite *suite)
{
	struct control_bind bind = { .kind = LISTENER_SMTP };
	size_t i;

	for (i = 0; i < suite->listeners.n; i++) {
		bind.index = (uint32_t)i;
		bind.at = suite->listeners.v[i].listen;
		control_bind_put(channel_begin(ch, MSG_PLAN_BIND, 0), &bind);
		channel_end(ch);
	}
}

static void
send_folder(struct channel *ch, enum role owner, char *path)
{
	struct control_folder folder = { .owner = owner, .path = path };

	if (path == NULL)
		return;
	control_folder_put(channel_begin(ch, MSG_PLAN_FOLDER, 0), &folder);
	channel_end(ch);
}

static void
send_folders(struct channel *ch, const struct suite *suite)
{
	const struct local_logs *l;
	size_t i, k;

	send_folder(ch, ROLE_SPOOLD, suite->spool.path);
	for (i = 0; i < suite->logs.n; i++) {
		l = &suite->logs.v[i];
		send_folder(ch, ROLE_LOGGER, l->log_dir);
		for (k = 0; k < l->per_record.n; k++)
			send_folder(ch, ROLE_LOGGER,
			    l->per_record.v[k].opts.log_dir);
	}
}

static void
send_counts(struct channel *ch, const struct suite *suite)
{
	const struct control_count counts[] = {
		{ ROLE_SPOOLD, 1 },
		{ ROLE_READER, suite->processes.spool_readers },
		{ ROLE_LOGGER, 1 },
		{ ROLE_QMGR, 1 },
		{ ROLE_POLICY, 1 },
		{ ROLE_OUT, suite->processes.smtp_out },
		{ ROLE_LOCAL, 1 },
		{ ROLE_SMTPD, suite->processes.smtpd },
	};
	size_t i;

	for (i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		control_count_put(channel_begin(ch, MSG_PLAN_COUNT, 0),
		    &counts[i]);
		channel_end(ch);
	}
}

/* A memory file that nobody can change any more. */
static int
sealed_copy(struct span bytes)
{
	int fd = memfd_create("ekiden configuration",
	    MFD_CLOEXEC | MFD_ALLOW_SEALING);
	size_t at = 0;
	ssize_t n;

	if (fd == -1)
		fatal("memfd_create");
	while (at < bytes.len) {
		n = write(fd, bytes.p + at, bytes.len - at);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			fatal("writing the configuration");
		at += (size_t)n;
	}
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW |
	    F_SEAL_SHRINK | F_SEAL_SEAL) == -1)
		fatal("sealing the configuration");
	return fd;
}

static void
send_suite(struct channel *ch, const struct suite *suite)
{
	struct control_setup setup = { .epoch = 0 };
	struct buf bytes = { .base = NULL };
	int fd;

	suite_put(&bytes, suite);
	setup.config_len = buf_len(&bytes);
	fd = sealed_copy(buf_span(&bytes));
	control_setup_put(channel_begin(ch, MSG_PLAN_DONE, 0), &setup);
	channel_end_fd(ch, fd);
	close(fd);
	buf_free(&bytes);
}

/* ---- until master has it ------------------------------------------------ */

static void
on_poll(void *arg)
{
	struct handover *h = arg;

	if (channel_pending(h->master) == 0)
		loop_stop(h->loop);
	else
		timer_set(&h->poll, HANDOVER_POLL_MS);
}

static void
on_lost(void *owner, struct channel *ch)
{
	(void)owner;
	(void)ch;
	exit(1);
}

void
handover_send(int fd, const struct suite *suite)
{
	static const struct channel_handler none[] = { { .handle = NULL } };
	const struct channel_events events = { .handlers = none,
		.lost = on_lost };
	struct handover h;

	h.loop = loop_new();
	h.master = channel_new(h.loop, fd, ROLE_LOADER, ROLE_MASTER, 0,
	    &events, &h);
	send_binds(h.master, suite);
	send_folders(h.master, suite);
	send_counts(h.master, suite);
	send_suite(h.master, suite);
	timer_init(&h.poll, h.loop, on_poll, &h);
	timer_set(&h.poll, 0);
	loop_run(h.loop);
	timer_done(&h.poll);
	channel_close(&h.master);
	loop_free(&h.loop);
}
