/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lookupd carries out what scripts ask of the world outside their process,
 * and keeps what is one for the whole suite. It runs no script, sees no
 * message but what a script sends, and reads what strange servers answer, so
 * neither smtpd nor the queue manager's policy has to.
 *
 * It is two processes: one speaks to servers and opens no file; the other opens
 * files and databases, speaks to nobody, and may be kept waiting by a disk.
 */
#include <pwd.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/base/log.h"
#include "lib/crypto/digest.h"
#include "lib/files/files.h"
#include "lib/io/tls_client.h"
#include "lookupd/ask.h"
#include "lookupd/counters.h"
#include "lookupd/databases.h"
#include "lookupd/lookupd.h"
#include "lookupd/memos.h"
#include "lookupd/queues.h"
#include "lookupd/redis.h"
#include "lookupd/redis_conn.h"
#include "lookupd/redis_throttle.h"
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
	struct redis_net net = { d->loop, l->resolvers.first, l->tls };

	l->counters = counters_new();
	l->memos = memos_new(d->loop);
	l->queues = queues_new();
	l->redis = redis_new(&net);
	l->throttles = throttles_new(d->loop);
	redis_throttles_configure(l, &d->suite.redis_throttles);
	l->sockets = sockets_new(l);
}

static void
reload(void *state, const struct suite *old)
{
	struct lookupd *l = state;

	(void)old;
	redis_throttles_configure(l, &l->daemon.suite.redis_throttles);
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

static const struct daemon_ops outside_ops = {
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

/* ---- the process of files ----------------------------------------------- */

/* The jail knows no names of accounts. */
static void
files_prepare(void *state, struct daemon *d)
{
	struct lookupd *l = state;
	uid_t uid = d->user.change ? d->user.uid : getuid();
	const struct passwd *pw = getpwuid(uid);

	l->account = pw != NULL ? xasprintf("the account %s", pw->pw_name) :
	    xasprintf("the account with number %u", (unsigned)uid);
}

static void
files_started(void *state, struct daemon *d)
{
	struct lookupd *l = state;

	l->databases = databases_new(d->loop, l->account);
	l->files = files_new(l->account);
}

static void
files_peer_down(void *state, struct channel *ch)
{
	struct lookupd *l = state;

	asks_forget_peer(l, ch);
	databases_forget_peer(l->databases, ch);
	files_forget(l->files, ch);
}

static void
files_stop(void *state)
{
	struct lookupd *l = state;

	databases_free(&l->databases);
	files_free(&l->files);
	daemon_exit(&l->daemon);
}

static const struct daemon_ops files_ops = {
	.role = ROLE_LOOKUP,
	/* SQLite shares an index of its log by mapping it. */
	.jail = { .may = JAIL_READ_FILES | JAIL_WRITE_FILES | JAIL_MAP_FILES },
	.handlers = handlers,
	.prepare = files_prepare,
	.started = files_started,
	.peer_down = files_peer_down,
	.stop = files_stop,
};

int
main(int argc, char **argv)
{
	static struct lookupd l;

	daemon_main(daemon_index(argc, argv) == LOOKUP_FILES ? &files_ops :
	    &outside_ops, &l.daemon, &l, argc, argv);
}
