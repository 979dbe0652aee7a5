/* SPDX-License-Identifier: Apache-2.0 */
#include "master/loader/plan.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/io/loop.h"
#include "lib/io/sealed.h"
#include "lib/ipc/channel.h"
#include "lib/ipc/control.h"
#include "lib/ipc/lookup.h"
#include "lib/settings/suite.h"
#include "master/loader/configuration.h"

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
seal_suite(const struct suite *suite, uint64_t *len_out)
{
	struct buf bytes = { 0 };
	int fd;

	suite_put(&bytes, suite);
	fd = sealed_make("ekiden-config", buf_span(&bytes));
	*len_out = buf_len(&bytes);
	buf_free(&bytes);
	return fd;
}

static void
send_keys(struct channel *ch, enum role role, const struct key_list *list)
{
	struct control_keys k = { .role = role };
	struct buf bytes = { 0 };
	int fd;

	if (list->n == 0)
		return;
	key_list_put(&bytes, list);
	k.len = buf_len(&bytes);
	fd = sealed_make("ekiden-key-list", buf_span(&bytes));
	buf_wipe(&bytes);
	control_keys_put(channel_begin(ch, MSG_PLAN_KEYS, 0), &k);
	channel_end_fd(ch, fd);
	close(fd);
}

int
plan_send(const struct suite *suite, const struct configuration_keys *keys)
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
	send_count(ch, ROLE_LOOKUP, LOOKUP_PROCESSES);
	send_count(ch, ROLE_LOCAL, 1);
	send_count(ch, ROLE_OUT, suite->processes.smtp_out);
	send_count(ch, ROLE_SMTPD, suite->processes.smtpd);
	send_keys(ch, ROLE_SMTPD, &keys->smtpd);
	send_keys(ch, ROLE_OUT, &keys->out);
	fd = seal_suite(suite, &done.config_len);
	control_setup_put(channel_begin(ch, MSG_PLAN_DONE, 0), &done);
	channel_end_fd(ch, fd);
	close(fd);
	channel_flush(ch);
	channel_close(&ch);
	loop_free(&loop);
	return 0;
}
