/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lookupd carries out what scripts ask of the world outside their process,
 * and keeps what is one for the whole suite. It runs no script, sees no
 * message but what a script sends, and reads what strange servers answer, so
 * neither smtpd nor the queue manager's policy has to.
 */
#include "lib/base/log.h"
#include "lib/crypto/digest.h"
#include "lib/io/tls_client.h"
#include "lookupd/ask.h"
#include "lookupd/counters.h"
#include "lookupd/lookupd.h"
#include "lookupd/memos.h"
#include "lookupd/queues.h"
#include "lookupd/sockets.h"
#include "lookupd/throttles.h"
#include "lookupd/vault.h"

static const struct channel_handler handlers[] = {
	{ MSG_LOOKUP, ask_on_lookup },
	{ MSG_LOOKUP_CANCEL, ask_on_cancel },
	{ .handle = NULL },
};

/* All files are read before the root folder changes. */
static void
prepare(void *state, struct daemon *d)
{
	struct lookupd *l = state;

	resolvers_open(&l->resolvers, d->loop, &d->suite);
	l->tls = tls_client_new();
	digests_prepare();
	l->vault = vault_new();
	http_prepare(&l->http, d->loop, &l->resolvers, l->tls);
}

static void
started(void *state, struct daemon *d)
{
	struct lookupd *l = state;

	l->counters = counters_new();
	l->memos = memos_new(d->loop);
	l->queues = queues_new();
	l->throttles = throttles_new(d->loop);
	l->sockets = sockets_new(l);
}

static void
reload(void *state, const struct suite *old)
{
	struct lookupd *l = state;

	(void)old;
	resolvers_reload(&l->resolvers, &l->daemon.suite);
}

static void
peer_down(void *state, struct channel *ch)
{
	struct lookupd *l = state;

	asks_forget_peer(l, ch);
	memos_forget_peer(l->memos, ch);
}

static void
stop(void *state)
{
	struct lookupd *l = state;

	daemon_exit(&l->daemon);
}

static const struct daemon_ops ops = {
	.role = ROLE_LOOKUP,
	/* A pair of sockets wakes libcurl's multi handle. */
	.jail = { .may = JAIL_CONNECT | JAIL_UDP | JAIL_PAIRS },
	.handlers = handlers,
	.prepare = prepare,
	.started = started,
	.reload = reload,
	.peer_down = peer_down,
	.stop = stop,
};

int
main(int argc, char **argv)
{
	static struct lookupd l;

	daemon_main(&ops, &l.daemon, &l, argc, argv);
}
