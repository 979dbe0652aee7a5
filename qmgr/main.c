/* SPDX-License-Identifier: Apache-2.0 */
/*
 * qmgr: decides which message goes when, from where, over which session. Runs
 * as ekiden-qmgr, holds all queue state in memory and no message body. It talks
 * to the spool (what is there, what became of it), to the spool's readers (hand
 * this message to that worker), to the delivery workers and to the policy
 * process; it reaches no file and no network. The thinking is in engine/, which
 * knows nothing of all this.
 */
#include "lib/base/clock.h"
#include "qmgr/asks.h"
#include "qmgr/flights.h"
#include "qmgr/loading.h"
#include "qmgr/peers.h"
#include "qmgr/qmgr.h"
#include "qmgr/settling.h"
#include "qmgr/turn.h"
#include "qmgr/workers.h"

enum { STOP_CHECK_MS = 50 };

static void
on_started(void *arg, struct daemon *d)
{
	struct qmgr *q = arg;
	struct engine_options o = { .wait_for_room = true };

	q->clock_offset_ms = clock_wall_ms() - clock_mono_ms();
	o.seed = (uint64_t)clock_wall_us();
	q->engine = engine_new(&o, clock_wall_ms());
	engine_config_epoch(q->engine, d->epoch);
	turn_init(q);
	workers_init(q);
	asks_init(q);
	flights_init(q);
	settling_init(q);
	loading_init(q);
}

static void
on_reload(void *arg, const struct suite *old)
{
	struct qmgr *q = arg;

	(void)old;
	qmgr_input(q);
	engine_config_epoch(q->engine, q->d.epoch);
}

/* The workers are gone by now; what they reported is to reach the disk yet. */
static void
stop_check(void *arg)
{
	struct qmgr *q = arg;

	if (settling_is_idle(q) || daemon_peer(&q->d, ROLE_SPOOLD, 0) == NULL)
		daemon_exit(&q->d);
	timer_set(&q->stop, STOP_CHECK_MS);
}

static void
on_stop(void *arg)
{
	struct qmgr *q = arg;
	unsigned i;

	/* Their last words may be behind master's. */
	for (i = q->d.n_peers; i-- > 0;) {
		if (i < q->d.n_peers)
			channel_drain(q->d.peers[i]);
	}
	qmgr_input(q);
	engine_stop(q->engine);
	turn_run(q);
	timer_init(&q->stop, q->d.loop, stop_check, q);
	stop_check(q);
}

static const struct daemon_ops ops = {
	.role = ROLE_QMGR,
	.jail = { 0 },
	.handlers = qmgr_handlers,
	.started = on_started,
	.peer_up = qmgr_peer_up,
	.peer_down = qmgr_peer_down,
	.reload = on_reload,
	.stop = on_stop,
};

int
main(int argc, char **argv)
{
	static struct qmgr q;

	daemon_main(&ops, &q.d, &q, argc, argv);
}
