/* SPDX-License-Identifier: Apache-2.0 */
#include "lookupd/dial.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/text.h"
#include "lib/io/sock.h"

/* RFC 6761 section 6.3: these names are known without asking. */
static bool
is_localhost(struct span host)
{
	static const char name[] = "localhost";
	const size_t len = sizeof(name) - 1;

	if (host.len < len || !span_ieq_str(span_from(host, host.len - len),
	    name))
		return false;
	return host.len == len || host.p[host.len - len - 1] == '.';
}

uint32_t
dial_known(struct span host, struct ip out[2])
{
	if (ip_parse(host, &out[0]) == 0)
		return 1;
	if (!is_localhost(host))
		return 0;
	out[0] = (struct ip){ .family = IP_V4, .b = { 127, 0, 0, 1 } };
	out[1] = (struct ip){ .family = IP_V6, .b = { [15] = 1 } };
	return 2;
}

static void dial_next(struct dial *d);

static void
close_try(struct dial *d)
{
	if (d->fd != -1) {
		io_done(&d->io);
		close(d->fd);
	}
	d->fd = -1;
}

void
dial_stop(struct dial *d)
{
	if (d->loop == NULL)
		return;
	host_cancel(&d->resolving);
	close_try(d);
	loop_undefer(d->loop, &d->begin);
	timer_done(&d->patience);
	d->loop = NULL;
}

static void
dial_fail(struct dial *d)
{
	char why[sizeof(d->why)];

	memcpy(why, d->why, sizeof(why));
	dial_stop(d);
	d->done(d->arg, -1, why);
}

static void
try_failed(struct dial *d, const char *why)
{
	char at[IP_TEXT_MAX];

	snprintf(d->why, sizeof(d->why), "%s: %s: check that the server runs "
	    "and that it can be reached from here",
	    ip_port_format(&d->addrs[d->next - 1], at), why);
	close_try(d);
	dial_next(d);
}

static void
on_patience(void *arg)
{
	try_failed(arg, "no answer in time");
}

static void
on_connected(void *arg, int what)
{
	struct dial *d = arg;
	int err = sock_error(d->fd), fd;

	(void)what;
	if (err != 0) {
		try_failed(d, strerror(err));
		return;
	}
	io_done(&d->io);
	fd = d->fd;
	d->fd = -1;
	dial_stop(d);
	d->done(d->arg, fd, NULL);
}

static void
dial_next(struct dial *d)
{
	static const struct ip any = { .family = IP_NONE };
	bool bind_failed;

	while (d->next < d->n) {
		d->fd = sock_connect(&d->addrs[d->next++], &any,
		    &bind_failed);
		if (d->fd != -1) {
			io_init(&d->io, d->loop, d->fd, on_connected, d);
			io_want(&d->io, IO_WRITE);
			timer_set(&d->patience, DIAL_TRY_MS);
			return;
		}
		snprintf(d->why, sizeof(d->why), "no connection can be made: "
		    "%s", strerror(errno));
	}
	dial_fail(d);
}

static void
on_host(void *arg, const struct host_result *r)
{
	struct dial *d = arg;
	uint32_t i;

	d->resolving = NULL;
	if (!r->ok)
		snprintf(d->why, sizeof(d->why), "its host's name cannot be "
		    "looked up now: %s", r->why);
	else
		snprintf(d->why, sizeof(d->why), "%s: check the name and the "
		    "resolver", r->exists ? "its host has no address" :
		    "there is no such host (NXDOMAIN)");
	for (i = 0; i < r->n; i++) {
		d->addrs[i] = r->addrs[i];
		d->addrs[i].port = d->port;
	}
	d->n = r->n;
	/* The answer may be there before dial_start returned. */
	loop_defer(d->loop, &d->begin);
}

static void
on_begin(void *arg)
{
	dial_next(arg);
}

void
dial_start(struct dial *d, struct loop *loop, struct dns *dns,
    struct span host, uint16_t port,
    void (*done)(void *arg, int fd, const char *why), void *arg)
{
	struct host_result known = { .ok = true, .exists = true };
	struct ip addrs[2];
	struct host_ask *resolving;

	*d = (struct dial){ .loop = loop, .port = port, .fd = -1,
		.done = done, .arg = arg };
	d->begin = (struct deferred){ .run = on_begin, .arg = d };
	timer_init(&d->patience, loop, on_patience, d);
	known.n = dial_known(host, addrs);
	known.addrs = addrs;
	if (known.n != 0) {
		on_host(d, &known);
		return;
	}
	resolving = host_ask(dns, host, true, true, on_host, d);
	if (resolving != NULL)
		d->resolving = resolving;
}
