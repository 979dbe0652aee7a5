/* SPDX-License-Identifier: Apache-2.0 */
/*
 * smtp-out: delivery. In the role smtp-out it speaks SMTP or LMTP as a client,
 * as an account of its own: it connects out, gets each message from a spool
 * reader because the queue manager named it, and can open no file. In the role
 * local it writes maildirs, speaks to servers behind a path in the file system
 * (LMTP, in clear), and reaches no network. Talks to the queue manager, the
 * spool readers and, for names, the policy process.
 */
#include "lib/base/log.h"
#include "lib/io/tls_client.h"
#include "lib/proc/daemon.h"
#include "smtp-out/out.h"
#include "smtp-out/peers.h"

static void
out_prepare(void *state, struct daemon *d)
{
	struct out *o = state;

	o->tls = tls_client_new();
	out_keys_take(&o->keys, &d->keys);
}

/* Connections keep what they have shown; new ones show what is renewed. */
static void
out_reload(void *state, const struct suite *old)
{
	struct out *o = state;

	(void)old;
	out_keys_take(&o->keys, &o->daemon->keys);
}

static void
out_started(void *state, struct daemon *d)
{
	out_begin(state, d);
}

static const struct daemon_ops out_ops = {
	.role = ROLE_OUT,
	.jail = { .may = JAIL_CONNECT | JAIL_MAP_FILES },
	.handlers = out_handlers,
	.prepare = out_prepare,
	.started = out_started,
	.peer_up = peers_up,
	.peer_down = peers_down,
	.reload = out_reload,
	.stop = out_stop,
};

static const struct daemon_ops local_ops = {
	.role = ROLE_LOCAL,
	.jail = { .may = JAIL_WRITE_FILES | JAIL_MAP_FILES |
	    JAIL_UNIX_CONNECT },
	.handlers = out_handlers,
	.started = out_started,
	.peer_up = peers_up,
	.peer_down = peers_down,
	.stop = out_stop,
};

int
main(int argc, char **argv)
{
	static struct daemon d;
	static struct out o;

	daemon_main(daemon_role_is(argc, argv, ROLE_LOCAL) ? &local_ops :
	    &out_ops, &d, &o, argc, argv);
}
