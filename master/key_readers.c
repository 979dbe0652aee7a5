/* SPDX-License-Identifier: Apache-2.0 */
#include "master/key_readers.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/io/sealed.h"
#include "master/children.h"
#include "master/master.h"

enum { KEYS_WAIT_MS = 20000 }; /* a file system may not answer at all */

static struct key_reader *
reader_of(struct master *m, const struct channel *ch)
{
	unsigned i;

	for (i = 0; i < PLAN_KEYS_MAX; i++) {
		if (m->key_readers[i].ch == ch)
			return &m->key_readers[i];
	}
	return NULL;
}

static void
on_keys_done(void *arg, struct channel *ch, uint64_t id, struct reader *r,
    int fd)
{
	struct master *m = arg;
	struct key_reader *reader = reader_of(m, ch);
	struct control_keys k;

	(void)id;
	control_keys_get(r, &k);
	if (reader == NULL || !reader_end(r) || k.role != reader->keys->role ||
	    reader->keys->fd != -1 || !sealed_is_whole(fd, k.len)) {
		reader_fail(r);
		close(fd);
		return;
	}
	reader->keys->fd = fd;
	reader->keys->len = k.len;
}

static void
on_reader_lost(void *owner, struct channel *ch)
{
	(void)owner;
	(void)ch;
}

static const struct channel_handler reader_handlers[] = {
	{ MSG_KEYS_DONE, on_keys_done },
	{ .handle = NULL },
};

static const struct channel_events reader_events = {
	.handlers = reader_handlers,
	.lost = on_reader_lost,
};

static void
patience_ended(void *arg)
{
	struct master *m = arg;
	const struct key_reader *reader;
	unsigned i;

	for (i = 0; i < PLAN_KEYS_MAX; i++) {
		reader = &m->key_readers[i];
		if (reader->pid == 0)
			continue;
		log_errorx("reading the key files of %s takes too long: does "
		    "the file system answer that they are on?",
		    role_name(reader->keys->role));
		kill(reader->pid, SIGKILL);
	}
}

static void
reader_start(struct master *m, struct key_reader *reader,
    struct plan_keys *keys)
{
	struct control_keys k = { keys->role, keys->list_len };
	char uid[16], gid[16];
	const char *argv[8] = { "keys" };
	int n = 1, fd;

	if (m->users.change) {
		snprintf(uid, sizeof(uid), "%u",
		    (unsigned)m->users.uid[keys->role]);
		snprintf(gid, sizeof(gid), "%u",
		    (unsigned)m->users.gid[keys->role]);
		argv[n++] = "--uid";
		argv[n++] = uid;
		argv[n++] = "--gid";
		argv[n++] = gid;
		argv[n++] = "--root";
		argv[n++] = EMPTY_ROOT;
	}
	reader->keys = keys;
	reader->pid = child_exec(m, ROLE_KEYS, (char *const *)argv, &fd);
	reader->ch = channel_new(m->loop, fd, ROLE_MASTER, ROLE_KEYS, 0,
	    &reader_events, m);
	control_keys_put(channel_begin(reader->ch, MSG_KEYS_READ, 0), &k);
	channel_end_fd(reader->ch, keys->list_fd);
}

bool
key_readers_start(struct master *m)
{
	unsigned i;

	if (m->coming.n_keys == 0)
		return false;
	for (i = 0; i < m->coming.n_keys; i++)
		reader_start(m, &m->key_readers[i], &m->coming.keys[i]);
	timer_init(&m->key_patience, m->loop, patience_ended, m);
	timer_set(&m->key_patience, KEYS_WAIT_MS);
	return true;
}

/* Only what it says itself, and only before it ends well, counts. */
static void
reader_settle(struct key_reader *reader, int status)
{
	bool good;

	channel_drain(reader->ch);
	good = !channel_broke(reader->ch) && WIFEXITED(status) &&
	    WEXITSTATUS(status) == 0;
	channel_close(&reader->ch);
	reader->pid = 0;
	/* Text of keys may stand in it, too. */
	close(reader->keys->list_fd);
	reader->keys->list_fd = -1;
	if (good || reader->keys->fd == -1)
		return;
	close(reader->keys->fd);
	reader->keys->fd = -1;
}

bool
key_readers_ended(struct master *m, pid_t pid, int status, bool *good_out)
{
	struct key_reader *reader = m->key_readers;
	unsigned i;

	while (reader < m->key_readers + PLAN_KEYS_MAX && reader->pid != pid)
		reader++;
	if (reader == m->key_readers + PLAN_KEYS_MAX)
		return false;
	reader_settle(reader, status);
	*good_out = true;
	for (i = 0; i < m->coming.n_keys; i++) {
		if (m->key_readers[i].pid != 0)
			return false;
		if (m->coming.keys[i].fd == -1)
			*good_out = false;
	}
	timer_done(&m->key_patience);
	return true;
}
