/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy: answers the queue manager how mail is queued and sent, from the
 * operator's scripts and settings, and resolves names for it and for delivery.
 * Runs as ekiden-policy in an empty root. It can reach DNS servers and nothing
 * else: no file, no listener, no mail. What it reads from strangers is DNS.
 */
#include <stdlib.h>

#include "lib/base/log.h"
#include "lib/dns/dns.h"
#include "lib/policy/door.h"
#include "lib/policy/policy.h"
#include "lib/policy/tasks.h"
#include "qmgr/policy/lookup.h"
#include "qmgr/policy/mx.h"
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

static struct mx_limits
limits_of(const struct suite *suite)
{
	return (struct mx_limits){
		.timeout_ms = suite->dns.mx_timeout,
		.negative_ttl_ms = suite->dns.mx_negative_cache_ttl,
		.concurrency = suite->dns.mx_concurrency_limit,
	};
}

/* The resolver's files are read before the root folder changes. */
static void
prepare(void *state, struct daemon *d)
{
	struct policyd *pd = state;
	char *why;

	policy_prepare();
	pd->dns = dns_new(d->loop, &d->suite.dns, &why);
	if (pd->dns == NULL)
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
	struct mx_limits limits = limits_of(&d->suite);

	pd->mx = mx_new(d->loop, pd->dns, &limits);
	pd->door = door_new(lookup_channel, pd);
	pd->policy = policy_load(d->loop, &d->suite, &error);
	if (pd->policy == NULL)
		fatalx("the policy cannot be loaded: %s", error.text);
	policy_set_door(pd->policy, pd->door);
	policy_tasks(pd->policy);
}

/* The limits of MX resolution aside, which are no part of the resolver. */
static bool
same_resolver(const struct dns_opts *a, const struct dns_opts *b)
{
	struct buf left = { .base = NULL }, right = { .base = NULL };
	struct dns_opts copy = *a; /* borrows */
	bool same;

	copy.set = b->set;
	copy.mx_timeout = b->mx_timeout;
	copy.mx_concurrency_limit = b->mx_concurrency_limit;
	copy.mx_negative_cache_ttl = b->mx_negative_cache_ttl;
	dns_opts_put(&left, &copy);
	dns_opts_put(&right, b);
	same = span_eq(buf_span(&left), buf_span(&right));
	buf_free(&left);
	buf_free(&right);
	return same;
}

static void
reload_dns(struct policyd *pd, const struct suite *old)
{
	const struct dns_opts *opts = &pd->daemon.suite.dns;
	struct mx_limits limits = limits_of(&pd->daemon.suite);
	struct dns *fresh;
	char *why;

	mx_set_limits(pd->mx, &limits);
	if (same_resolver(&old->dns, opts))
		return;
	if (dns_needs_files(opts)) {
		log_warnx("dns: the new resolver needs files that this "
		    "process cannot open any more: it takes effect at the "
		    "next start");
		return;
	}
	fresh = dns_new(pd->daemon.loop, opts, &why);
	if (fresh == NULL) {
		log_warnx("dns: the old resolver stays: %s", why);
		free(why);
		return;
	}
	mx_set_dns(pd->mx, fresh);
	dns_fail_all(pd->dns);
	dns_free(&pd->dns);
	pd->dns = fresh;
}

static void
reload(void *state, const struct suite *old)
{
	struct policyd *pd = state;
	struct policy_error error;
	struct policy *fresh;

	reload_dns(pd, old);
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
