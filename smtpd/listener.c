/* SPDX-License-Identifier: Apache-2.0 */
#include "smtpd/listener.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/base/ip.h"
#include "lib/base/log.h"
#include "lib/io/sock.h"
#include "lib/ipc/tally.h"
#include "smtpd/conf.h"
#include "smtpd/session.h"
#include "smtpd/smtpd.h"

enum {
	ACCEPT_PAUSE_MS = 1000, /* when descriptors or memory are out */
	LEAVE_MS = 3,           /* how long others may take a client first */
	LEAVE_VAIN = 4,         /* clients taken at once after nobody did */
};

/* One line in clear, without a session: the client has said nothing yet. */
static void
turn_away(struct acceptor *a, int fd, const struct ip *peer, const char *why)
{
	const struct conf *c = a->smtpd->conf;
	char line[512], ip[IP_TEXT_MAX];
	int n = snprintf(line, sizeof(line), "421 4.3.2 %s %s\r\n",
	    a->index < c->n && c->v[a->index].params.hostname != NULL ?
	    c->v[a->index].params.hostname : c->hostname, why);

	if (n > 0 && (size_t)n < sizeof(line))
		(void)send(fd, line, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT);
	close(fd);
	log_debug("turned away peer=%s reason=\"%s\"", ip_format(peer, ip),
	    why);
}

/* NULL when the client may come in. */
static const char *
why_not(const struct acceptor *a)
{
	const struct smtpd *d = a->smtpd;

	if (d->daemon.stopping)
		return "shutting down";
	if (!d->health_known || d->health == HEALTH_FAILED)
		return "spool is not available";
	if (d->health == HEALTH_NO_SPACE)
		return "storage is low";
	if (a->index >= d->conf->n)
		return "service is not configured";
	return NULL;
}

/* Count one more, over all processes; false when there is no room for it. */
static bool
enter(const struct acceptor *a)
{
	const struct smtpd *d = a->smtpd;
	unsigned self = d->daemon.index;

	tally_enter(d->tally, self, a->row);
	if (tally_look(d->tally, self, a->row).sessions <=
	    d->conf->v[a->index].params.max_connections)
		return true;
	tally_leave(d->tally, self, a->row);
	return false;
}

static void
acceptor_pause(struct acceptor *a)
{
	if (a->fd == -1)
		return;
	timer_cancel(&a->left);
	io_want(&a->io, 0);
}

static void
accept_later(struct smtpd *d)
{
	size_t i;

	log_warn("accept");
	for (i = 0; i < d->nacceptors; i++)
		acceptor_pause(d->acceptors[i]);
	tally_set_taking(d->tally, d->daemon.index, false);
	timer_set(&d->accept_wait, ACCEPT_PAUSE_MS);
}

/* False when nobody was there. */
static bool
accept_one(struct acceptor *a)
{
	const char *why;
	struct ip peer;
	int fd;

	fd = sock_accept(a->fd, &peer);
	if (fd == -1) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
		    errno == ENOBUFS)
			accept_later(a->smtpd);
		return false;
	}
	why = why_not(a);
	if (why == NULL && !enter(a))
		why = "too many connections";
	if (why != NULL)
		turn_away(a, fd, &peer, why);
	else
		session_open(a, fd, &peer);
	return true;
}

/*
 * More sessions here than our fair share? A small excess does not matter where
 * there are many.
 */
static bool
has_enough(const struct acceptor *a)
{
	struct tally_view v = tally_look(a->smtpd->tally,
	    a->smtpd->daemon.index, a->row);
	uint64_t fair;

	if (v.takers < 2)
		return false;
	fair = v.sessions / v.takers + 1;
	return v.mine >= fair + fair / 8;
}

/*
 * All processes wait at the same socket, and the one that happens to be awake
 * would take nearly all clients. So one that has enough leaves a client to the
 * others for a moment; a process that has few is waiting and takes it at once.
 * If nobody did, it is ours after all, and some more without a wait: the others
 * may hang. And one client in a turn, so that those who arrive at once are
 * shared, too.
 */
static void
acceptor_ready(void *arg, int what)
{
	struct acceptor *a = arg;

	(void)what;
	if (a->vain == 0 && has_enough(a)) {
		io_want(&a->io, 0);
		timer_set(&a->left, LEAVE_MS);
		return;
	}
	if (a->vain > 0)
		a->vain--;
	accept_one(a);
}

static void
acceptor_left(void *arg)
{
	struct acceptor *a = arg;

	io_want(&a->io, IO_READ);
	if (accept_one(a))
		a->vain = LEAVE_VAIN;
}

static void
acceptor_close(struct acceptor *a)
{
	if (a->fd == -1)
		return;
	timer_cancel(&a->left);
	io_done(&a->io);
	close(a->fd);
	a->fd = -1;
}

static struct acceptor *
acceptor_at(struct smtpd *d, uint32_t index)
{
	struct acceptor *a;
	size_t i;

	for (i = 0; i < d->nacceptors; i++) {
		if (d->acceptors[i]->index == index)
			return d->acceptors[i];
	}
	a = xcalloc(1, sizeof(*a));
	a->smtpd = d;
	a->fd = -1;
	a->index = index;
	timer_init(&a->left, d->loop, acceptor_left, a);
	d->acceptors = xreallocarray(d->acceptors, d->nacceptors + 1,
	    sizeof(*d->acceptors));
	d->acceptors[d->nacceptors++] = a;
	return a;
}

void
acceptor_add(struct smtpd *d, int fd, uint32_t index, uint32_t row)
{
	struct acceptor *a = acceptor_at(d, index);

	acceptor_close(a);
	a->fd = fd;
	a->row = row;
	io_init(&a->io, d->loop, fd, acceptor_ready, a);
	if (d->health_known && !d->daemon.stopping)
		acceptors_watch(d);
}

void
acceptors_watch(struct smtpd *d)
{
	size_t i;

	for (i = 0; i < d->nacceptors; i++) {
		if (d->acceptors[i]->fd != -1)
			io_want(&d->acceptors[i]->io, IO_READ);
	}
	tally_set_taking(d->tally, d->daemon.index, true);
}

void
acceptors_close(struct smtpd *d)
{
	size_t i;

	tally_set_taking(d->tally, d->daemon.index, false);
	for (i = 0; i < d->nacceptors; i++)
		acceptor_close(d->acceptors[i]);
}
