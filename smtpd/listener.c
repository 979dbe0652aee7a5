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
#include "smtpd/conf.h"
#include "smtpd/session.h"
#include "smtpd/smtpd.h"

enum {
	ACCEPT_PAUSE_MS = 1000, /* when descriptors or memory are out */
};

/* One line in clear, without a session: the client has said nothing yet. */
static void
turn_away(struct acceptor *a, int fd, const struct ip *peer, const char *why)
{
	char line[512], ip[IP_TEXT_MAX];
	int n = snprintf(line, sizeof(line), "421 4.3.2 %s %s\r\n",
	    a->smtpd->conf->hostname, why);

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
	if (a->sessions >= d->conf->v[a->index].max_connections)
		return "too many connections";
	return NULL;
}

static void
accept_later(struct smtpd *d)
{
	size_t i;

	log_warn("accept");
	for (i = 0; i < d->nacceptors; i++) {
		if (d->acceptors[i]->fd != -1)
			io_want(&d->acceptors[i]->io, 0);
	}
	timer_set(&d->accept_wait, ACCEPT_PAUSE_MS);
}

/*
 * One in a turn: processes that wait at the same socket then share what
 * arrives at once, instead of the first one taking it all.
 */
static void
acceptor_ready(void *arg, int what)
{
	struct acceptor *a = arg;
	const char *why;
	struct ip peer;
	int fd;

	(void)what;
	fd = sock_accept(a->fd, &peer);
	if (fd == -1) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
		    errno == ENOBUFS)
			accept_later(a->smtpd);
		return;
	}
	why = why_not(a);
	if (why != NULL)
		turn_away(a, fd, &peer, why);
	else
		session_open(a, fd, &peer);
}

static void
acceptor_close(struct acceptor *a)
{
	if (a->fd == -1)
		return;
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
	d->acceptors = xreallocarray(d->acceptors, d->nacceptors + 1,
	    sizeof(*d->acceptors));
	d->acceptors[d->nacceptors++] = a;
	return a;
}

void
acceptor_add(struct smtpd *d, int fd, uint32_t index)
{
	struct acceptor *a = acceptor_at(d, index);

	acceptor_close(a);
	a->fd = fd;
	io_init(&a->io, d->loop, fd, acceptor_ready, a);
	if (d->health_known && !d->daemon.stopping)
		io_want(&a->io, IO_READ);
}

void
acceptors_watch(struct smtpd *d)
{
	size_t i;

	for (i = 0; i < d->nacceptors; i++) {
		if (d->acceptors[i]->fd != -1)
			io_want(&d->acceptors[i]->io, IO_READ);
	}
}

void
acceptors_close(struct smtpd *d)
{
	size_t i;

	for (i = 0; i < d->nacceptors; i++)
		acceptor_close(d->acceptors[i]);
}
