/* SPDX-License-Identifier: Apache-2.0 */
#include "smtp-out/out.h"

#include "lib/ipc/channel.h"
#include "lib/proc/daemon.h"
#include "smtp-out/session.h"


struct channel *
out_qmgr(const struct out *o)
{
	return daemon_peer_nth(o->daemon, ROLE_QMGR, 0);
}

struct channel *
out_policy(const struct out *o)
{
	return daemon_peer_nth(o->daemon, ROLE_POLICY, 0);
}

struct span
out_hostname(const struct out *o)
{
	return span_of(o->daemon->suite.hostname);
}

static void
out_leave(void *arg)
{
	struct out *o = arg;

	daemon_exit(o->daemon);
}

/*
 * Outcomes that nobody has kept would be deliveries done twice: wait for
 * them, unless there is no queue manager that could.
 */
void
out_check_stop(struct out *o)
{
	if (!o->stopping || o->first != NULL ||
	    (o->held.n > 0 && out_qmgr(o) != NULL))
		return;
	o->exit.run = out_leave;
	o->exit.arg = o;
	loop_defer(o->loop, &o->exit);
}

void
out_stop(void *state)
{
	struct out *o = state;
	struct session *s, *next;
	int64_t longest = OUT_STOP_MS, ms;

	o->stopping = true;
	for (s = o->first; s != NULL; s = next) {
		next = s->next;
		ms = egress_path_shutdown_ms(&s->terms.path);
		if (s->n_mails > 0 && ms > longest)
			longest = ms;
		if (s->state != SESSION_QUITTING)
			session_close(s);
	}
	timer_set(&o->stop, longest);
	out_check_stop(o);
}

static void
out_stop_over(void *arg)
{
	out_leave(arg);
}

void
out_begin(struct out *o, struct daemon *d)
{
	o->daemon = d;
	o->loop = d->loop;
	o->seed = (uint64_t)uuid_random().b[0] << 56;
	for (unsigned i = 0; i < 8; i++)
		o->seed = o->seed << 8 | uuid_random().b[i];
	timer_init(&o->stop, o->loop, out_stop_over, o);
	timer_init(&o->early.timer, o->loop, out_early_over, o);
}
