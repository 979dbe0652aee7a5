/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/proc/daemon.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/io/loop.h"
#include "lib/io/sealed.h"

enum { DAEMON_MASTER_FD = 3, DAEMON_EXIT_WAIT_MS = 5000 };

static uint64_t
argument_number(const char *text)
{
	uint64_t v;

	if (text == NULL || text_u64(span_of(text), 0, UINT32_MAX - 1, &v) != 0)
		fatalx("bad argument %s", text != NULL ? text : "(none)");
	return v;
}

/* Written by master only, so --name value pairs are all there is. */
static void
daemon_arguments(struct daemon *d, int argc, char **argv)
{
	const char *syslog = NULL;
	int i;

	if (fcntl(DAEMON_MASTER_FD, F_GETFD) == -1) {
		fprintf(stderr, "%s is started by 'ekiden run', not by hand\n",
		    role_program(d->ops->role));
		exit(2);
	}
	for (i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--index") == 0)
			d->index = (unsigned)argument_number(argv[i + 1]);
		else if (strcmp(argv[i], "--uid") == 0) {
			d->user.uid = (uid_t)argument_number(argv[i + 1]);
			d->user.change = true;
		} else if (strcmp(argv[i], "--gid") == 0)
			d->user.gid = (gid_t)argument_number(argv[i + 1]);
		else if (strcmp(argv[i], "--root") == 0)
			d->user.root = argv[i + 1];
		else if (strcmp(argv[i], "--syslog") == 0)
			syslog = argv[i + 1];
		else if (strcmp(argv[i], "--role") != 0)
			fatalx("bad argument %s", argv[i]);
	}
	log_init(d->index > 0 ? xasprintf("%s/%u", role_name(d->ops->role),
	    d->index) : role_name(d->ops->role), syslog, LOG_LEVEL_INFO);
}

unsigned
daemon_index(int argc, char **argv)
{
	int i;

	for (i = 1; i + 1 < argc; i++) {
		if (strcmp(argv[i], "--index") == 0)
			return (unsigned)argument_number(argv[i + 1]);
	}
	return 0;
}

bool
daemon_role_is(int argc, char **argv, enum role role)
{
	int i;

	for (i = 1; i + 1 < argc; i++) {
		if (strcmp(argv[i], "--role") == 0)
			return strcmp(argv[i + 1], role_name(role)) == 0;
	}
	return false;
}

const char *
daemon_spool_path(const struct daemon *d)
{
	return d->user.change && d->user.root != NULL ? "/" :
	    d->suite.spool.path;
}

/* ---- peers -------------------------------------------------------------- */

struct channel *
daemon_peer(const struct daemon *d, enum role role, unsigned index)
{
	unsigned i;

	for (i = 0; i < d->n_peers; i++) {
		if (channel_peer(d->peers[i]) == role &&
		    channel_peer_index(d->peers[i]) == index)
			return d->peers[i];
	}
	return NULL;
}

struct channel *
daemon_peer_nth(const struct daemon *d, enum role role, unsigned n)
{
	unsigned i;

	for (i = 0; i < d->n_peers; i++) {
		if (channel_peer(d->peers[i]) == role && n-- == 0)
			return d->peers[i];
	}
	return NULL;
}

unsigned
daemon_peer_count(const struct daemon *d, enum role role)
{
	unsigned i, n = 0;

	for (i = 0; i < d->n_peers; i++)
		n += channel_peer(d->peers[i]) == role;
	return n;
}

/* It lives on, cut off from us: master is to replace it. */
static void
peer_report(struct daemon *d, const struct channel *ch)
{
	const struct control_peer p = { channel_peer(ch),
		channel_peer_index(ch) };

	control_peer_put(channel_begin(d->master, MSG_PEER_BROKE, 0), &p);
	channel_end(d->master);
}

static void
peer_lost(void *owner, struct channel *ch)
{
	struct daemon *d = owner;
	unsigned i;

	for (i = 0; i < d->n_peers && d->peers[i] != ch; i++)
		;
	if (i == d->n_peers)
		return;
	d->peers[i] = d->peers[--d->n_peers];
	if (channel_broke(ch))
		peer_report(d, ch);
	if (d->started && d->ops->peer_down != NULL)
		d->ops->peer_down(d->state, ch);
	channel_close(&ch);
}

static void
peer_drained(void *owner, struct channel *ch)
{
	struct daemon *d = owner;

	if (d->started && d->ops->peer_drained != NULL)
		d->ops->peer_drained(d->state, ch);
}

static void
on_peer(void *arg, struct channel *master, uint64_t id, struct reader *r,
    int fd)
{
	struct daemon *d = arg;
	struct control_peer p;
	struct channel *ch;

	(void)master;
	(void)id;
	control_peer_get(r, &p);
	if (!reader_end(r) || !role_talks(d->ops->role, p.role) ||
	    d->n_peers == DAEMON_PEERS_MAX) {
		close(fd);
		return;
	}
	/* What the predecessor said before it died still counts. */
	ch = daemon_peer(d, p.role, p.index);
	if (ch != NULL)
		channel_drain(ch);
	ch = daemon_peer(d, p.role, p.index);
	if (ch != NULL)
		peer_lost(d, ch);
	ch = channel_new(d->loop, fd, d->ops->role, p.role, p.index,
	    &d->peer_events, d->state);
	d->peers[d->n_peers++] = ch;
	if (!d->started)
		channel_pause(ch);
	else if (d->ops->peer_up != NULL)
		d->ops->peer_up(d->state, ch);
}

/* ---- configuration ------------------------------------------------------ */

static int
config_read(int fd, uint64_t len, struct suite *out)
{
	uint8_t *bytes = sealed_read(fd, len);
	struct reader r;

	if (bytes == NULL)
		return -1;
	reader_init(&r, span_make(bytes, len));
	suite_get(&r, out);
	free(bytes);
	if (reader_ok(&r))
		return 0;
	suite_free(out);
	return -1;
}

/* They are for the SETUP or RELOAD that follows. */
static void
on_keys(void *arg, struct channel *master, uint64_t id, struct reader *r,
    int fd)
{
	struct daemon *d = arg;
	struct control_keys k;
	struct reader in;
	uint8_t *bytes;

	(void)master;
	(void)id;
	control_keys_get(r, &k);
	if (!reader_end(r) || k.role != d->ops->role) {
		close(fd);
		reader_fail(r);
		return;
	}
	bytes = sealed_read(fd, k.len);
	close(fd);
	if (bytes == NULL)
		fatalx("the keys from master cannot be read");
	key_list_free(&d->keys);
	reader_init(&in, span_make(bytes, k.len));
	key_list_get(&in, &d->keys);
	if (!reader_end(&in))
		fatalx("the keys from master are malformed");
	explicit_bzero(bytes, k.len);
	free(bytes);
}

static void
on_setup(void *arg, struct channel *master, uint64_t id, struct reader *r,
    int fd)
{
	struct daemon *d = arg;
	struct control_setup s;

	(void)master;
	(void)id;
	control_setup_get(r, &s);
	if (!reader_end(r) || config_read(fd, s.config_len, &d->suite) != 0)
		fatalx("the configuration from master cannot be read");
	close(fd);
	d->epoch = s.epoch;
	log_set_level((enum log_level)d->suite.log_level);
	if (d->ops->prepare != NULL)
		d->ops->prepare(d->state, d);
	key_list_free(&d->keys);
	jail_drop(&d->user);
	if (d->ops->opened != NULL)
		d->ops->opened(d->state, d);
}

static void
reload(struct daemon *d, const struct control_setup *s, struct suite *fresh)
{
	struct suite old = d->suite;

	d->suite = *fresh;
	d->epoch = s->epoch;
	log_set_level((enum log_level)d->suite.log_level);
	if (d->ops->reload != NULL)
		d->ops->reload(d->state, &old);
	suite_free(&old);
}

static void
on_reload(void *arg, struct channel *master, uint64_t id, struct reader *r,
    int fd)
{
	struct daemon *d = arg;
	struct control_setup s;
	struct suite fresh;

	control_setup_get(r, &s);
	if (reader_end(r) && config_read(fd, s.config_len, &fresh) == 0)
		reload(d, &s, &fresh);
	else
		log_warnx("the new configuration cannot be read, "
		    "the old one stays");
	key_list_free(&d->keys);
	close(fd);
	channel_send(master, MSG_READY, id);
}

static void
on_listener(void *arg, struct channel *master, uint64_t id, struct reader *r,
    int fd)
{
	struct daemon *d = arg;
	struct control_listener l;

	(void)master;
	(void)id;
	control_listener_get(r, &l);
	if (!reader_end(r) || d->ops->listener == NULL) {
		close(fd);
		return;
	}
	d->ops->listener(d->state, fd, l.index, l.row);
}

static void
on_tally(void *arg, struct channel *master, uint64_t id, struct reader *r,
    int fd)
{
	struct daemon *d = arg;

	(void)master;
	(void)id;
	(void)r;
	if (d->ops->tally != NULL)
		d->ops->tally(d->state, fd);
	close(fd);
}

static void
on_start(void *arg, struct channel *master, uint64_t id, struct reader *r,
    int fd)
{
	struct daemon *d = arg;
	unsigned i;

	(void)r;
	(void)fd;
	if (d->started)
		return;
	jail_close(&d->ops->jail);
	d->started = true;
	if (d->ops->started != NULL)
		d->ops->started(d->state, d);
	for (i = 0; i < d->n_peers; i++) {
		if (d->ops->peer_up != NULL)
			d->ops->peer_up(d->state, d->peers[i]);
		channel_resume(d->peers[i]);
	}
	channel_send(master, MSG_READY, id);
}

static void
on_stop(void *arg, struct channel *master, uint64_t id, struct reader *r,
    int fd)
{
	struct daemon *d = arg;

	(void)master;
	(void)id;
	(void)r;
	(void)fd;
	if (d->stopping)
		return;
	d->stopping = true;
	if (!d->started || d->ops->stop == NULL)
		daemon_exit(d);
	d->ops->stop(d->state);
}

static void
on_master_lost(void *owner, struct channel *ch)
{
	(void)owner;
	(void)ch;
	log_debug("master is gone");
	exit(1);
}

static const struct channel_handler master_handlers[] = {
	{ MSG_KEYS, on_keys },
	{ MSG_SETUP, on_setup },
	{ MSG_PEER, on_peer },
	{ MSG_TALLY, on_tally },
	{ MSG_LISTENER, on_listener },
	{ MSG_START, on_start },
	{ MSG_RELOAD, on_reload },
	{ MSG_STOP, on_stop },
	{ .handle = NULL },
};

static const struct channel_events master_events = {
	.handlers = master_handlers,
	.lost = on_master_lost,
};

void
daemon_main(const struct daemon_ops *ops, struct daemon *d, void *state,
    int argc, char **argv)
{
	*d = (struct daemon){ .ops = ops, .state = state };
	daemon_arguments(d, argc, argv);
	signal(SIGPIPE, SIG_IGN);
	/*
	 * Ctrl-C of the terminal and a SIGTERM to the whole group are for
	 * master, which stops us in order.
	 */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	/* Read once: in the jail the C library could not look again. */
	setenv("TZ", ":/etc/localtime", 0);
	tzset();
	d->loop = loop_new();
	d->peer_events = (struct channel_events){ .handlers = ops->handlers,
		.lost = peer_lost, .drained = peer_drained, .owner = d };
	fcntl(DAEMON_MASTER_FD, F_SETFD, FD_CLOEXEC);
	d->master = channel_new(d->loop, DAEMON_MASTER_FD, ops->role,
	    ROLE_MASTER, 0, &master_events, d);
	loop_run(d->loop);
	exit(0);
}

void
daemon_exit(struct daemon *d)
{
	unsigned i;
	size_t before;
	int64_t until = clock_mono_ms() + DAEMON_EXIT_WAIT_MS;

	for (i = 0; i < d->n_peers; i++) {
		/* The loop stands still, and so does its own time. */
		while (channel_pending(d->peers[i]) > 0 &&
		    clock_mono_ms() < until) {
			before = channel_pending(d->peers[i]);
			channel_flush(d->peers[i]);
			if (channel_pending(d->peers[i]) == before)
				poll(NULL, 0, 10);
		}
	}
	exit(0);
}
