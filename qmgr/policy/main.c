/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy: answers the queue manager how mail is queued and sent, from the
 * operator's scripts and settings, and resolves names for it and for delivery.
 * Runs as ekiden-policy in an empty root. It can reach DNS servers and nothing
 * else: no file, no listener, no mail. What it reads from strangers is DNS.
 */
#include "lib/base/log.h"
#include "lib/policy/door.h"
#include "lib/policy/policy.h"
#include "lib/policy/tasks.h"
#include "lib/resolve/resolver.h"
#include "qmgr/policy/lookup.h"
#include "qmgr/policy/policyd.h"
#include "qmgr/policy/question.h"
#include "qmgr/policy/settings.h"

static void
on_lookup_is(void *arg, struct channel *ch, uint64_t id, struct reader *r,
    int fd)
{
	struct policyd *pd = arg;

	(void)ch;
	(void)fd;
	door_on_answer(pd->door, id, r);
}

static const struct channel_handler handlers[] = {
	{ MSG_ASK_QUEUE, settings_on_ask_queue },
	{ MSG_ASK_POOL, settings_on_ask_pool },
	{ MSG_ASK_SOURCE, settings_on_ask_source },
	{ MSG_ASK_PATH, settings_on_ask_path },
	{ MSG_ASK_MX, lookup_on_ask_mx },
	{ MSG_ASK_HOST, lookup_on_ask_host },
	{ MSG_LOOKUP_IS, on_lookup_is },
	{ .handle = NULL },
};

/* The resolver's files are read before the root folder changes. */
static void
prepare(void *state, struct daemon *d)
{
	struct policyd *pd = state;
	char *why;

	policy_prepare();
	pd->resolver = resolver_new(d->loop, &d->suite.dns, &why);
	if (pd->resolver == NULL)
		fatalx("dns: %s", why);
}

static struct channel *
lookup_channel(void *arg, enum lookup_op op)
{
	struct policyd *pd = arg;

	return daemon_peer(&pd->daemon, ROLE_LOOKUP,
	    lookup_op_process(op));
}

static void
started(void *state, struct daemon *d)
{
	struct policyd *pd = state;
	struct policy_error error;

	pd->door = door_new(lookup_channel, pd);
	pd->policy = policy_load(d->loop, &d->suite, &error);
	if (pd->policy == NULL)
		fatalx("the policy cannot be loaded: %s", error.text);
	policy_set_door(pd->policy, pd->door);
	policy_tasks(pd->policy);
}

static void
reload(void *state, const struct suite *old)
{
	struct policyd *pd = state;
	struct policy_error error;
	struct policy *fresh;

	(void)old;
	resolver_reload(pd->resolver, "dns", &pd->daemon.suite.dns);
	fresh = policy_load(pd->daemon.loop, &pd->daemon.suite, &error);
	if (fresh == NULL) {
		log_warnx("the old policy stays, the new one cannot be "
		    "loaded: %s", error.text);
		policy_error_free(&error);
		return;
	}
	policy_free(&pd->policy);
	policy_set_door(fresh, pd->door);
	pd->policy = fresh;
	policy_tasks(fresh);
	settings_ask_again(pd);
}

static void
peer_down(void *state, struct channel *ch)
{
	struct policyd *pd = state;

	if (channel_peer(ch) == ROLE_LOOKUP)
		door_lost(pd->door, ch);
	else
		questions_forget_peer(pd, ch);
}

static void
stop(void *state)
{
	struct policyd *pd = state;

	daemon_exit(&pd->daemon);
}

static const struct daemon_ops ops = {
	.role = ROLE_POLICY,
	.jail = { .may = JAIL_CONNECT | JAIL_UDP },
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
	static struct policyd pd;

	daemon_main(&ops, &pd.daemon, &pd, argc, argv);
}
