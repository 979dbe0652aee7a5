/* SPDX-License-Identifier: Apache-2.0 */
/*
 * qmgr: decides which message goes when, from where, over which session. Runs
 * as ekiden-qmgr, holds all queue state in memory and no message body. It talks
 * to the spool (what is there, what became of it), to the spool's readers (hand
 * this message to that worker), to the delivery workers and to the policy
 * process; it reaches no file and no network. The thinking is in engine/, which
 * knows nothing of all this.
 */
#include <stdlib.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/ipc/store.h"
#include "qmgr/asks.h"
#include "qmgr/flights.h"
#include "qmgr/loading.h"
#include "qmgr/qmgr.h"
#include "qmgr/settling.h"

enum { STOP_CHECK_MS = 50 };

void
qmgr_clock(struct qmgr *q)
{
	engine_clock(q->engine, loop_mono_ms(q->d.loop) + q->clock_offset_ms);
}

void
qmgr_turn(struct qmgr *q)
{
	loop_defer(q->d.loop, &q->turn);
}

static void
act(struct qmgr *q, const struct action *a)
{
	switch (a->kind) {
	case ACTION_ASK_QUEUE_CONFIG:
	case ACTION_ASK_POOL:
	case ACTION_ASK_SOURCE:
	case ACTION_ASK_MX:
	case ACTION_ASK_PATH:
		asks_put(q, a);
		break;
	case ACTION_OPEN_SESSION:
		flights_open(q, &a->u.open);
		break;
	case ACTION_DISPATCH:
		flights_dispatch(q, &a->u.dispatch);
		break;
	case ACTION_CLOSE_SESSION:
		flights_close(q, &a->u.close);
		break;
	case ACTION_SETTLE:
		settling_settle(q, &a->u.settle);
		break;
	}
}

static void
turn(void *arg)
{
	struct qmgr *q = arg;
	struct action a;
	int64_t wake;

	qmgr_clock(q);
	engine_tick(q->engine);
	do {
		while (engine_next_action(q->engine, &a))
			act(q, &a);
	} while (flights_flush(q));
	wake = engine_next_wake_ms(q->engine);
	if (wake == ENGINE_NEVER) {
		timer_cancel(&q->wake);
	} else {
		wake -= loop_mono_ms(q->d.loop) + q->clock_offset_ms;
		timer_set(&q->wake, wake > 0 ? wake : 0);
	}
}

static void
on_health(void *arg, struct channel *ch, uint64_t id, struct reader *r, int fd)
{
	struct qmgr *q = arg;
	enum health h = health_get(r);

	(void)ch;
	(void)id;
	(void)fd;
	qmgr_clock(q);
	engine_store_health(q->engine, h != HEALTH_FAILED);
	loading_store_spoke(q);
	qmgr_turn(q);
}

static const struct channel_handler handlers[] = {
	{ MSG_ENQUEUED, loading_on_enqueued },
	{ MSG_ENQUEUED_GAP, loading_on_gap },
	{ MSG_SCHED_SLICE, loading_on_slice },
	{ MSG_SETTLED, settling_on_settled },
	{ MSG_HEALTH, on_health },
	{ MSG_SESSION_ENDED, flights_on_ended },
	{ MSG_SESSION_HELD, flights_on_held },
	{ MSG_OUTCOME, flights_on_outcome },
	{ MSG_DISPATCH_FAIL, flights_on_dispatch_fail },
	{ MSG_QUEUE_IS, asks_on_queue },
	{ MSG_POOL_IS, asks_on_pool },
	{ MSG_SOURCE_IS, asks_on_source },
	{ MSG_PATH_IS, asks_on_path },
	{ MSG_MX_IS, asks_on_mx },
	{ .handle = NULL },
};

static void
on_started(void *arg, struct daemon *d)
{
	struct qmgr *q = arg;
	struct engine_options o = { .wait_for_room = true };

	q->clock_offset_ms = clock_wall_ms() - clock_mono_ms();
	o.seed = (uint64_t)clock_wall_us();
	q->engine = engine_new(&o, clock_wall_ms());
	engine_config_epoch(q->engine, d->epoch);
	q->turn = (struct deferred){ .run = turn, .arg = q };
	timer_init(&q->wake, d->loop, turn, q);
	asks_init(q);
	flights_init(q);
	settling_init(q);
	loading_init(q);
}

static void
on_peer_up(void *arg, struct channel *ch)
{
	struct qmgr *q = arg;

	switch (channel_peer(ch)) {
	case ROLE_OUT:
	case ROLE_LOCAL:
		flights_worker_up(q, ch);
		break;
	case ROLE_POLICY:
		asks_policy_up(q);
		break;
	case ROLE_READER:
		flights_reader_up(q, ch);
		loading_reader_up(q);
		break;
	case ROLE_SPOOLD:
		settling_store_up(q);
		loading_store_up(q);
		break;
	default:
		break;
	}
}

static void
on_peer_down(void *arg, struct channel *ch)
{
	if (channel_peer(ch) == ROLE_OUT || channel_peer(ch) == ROLE_LOCAL)
		flights_worker_down(arg, ch);
	else if (channel_peer(ch) == ROLE_SPOOLD)
		loading_store_down(arg);
}

static void
on_reload(void *arg, const struct suite *old)
{
	struct qmgr *q = arg;

	(void)old;
	qmgr_clock(q);
	engine_config_epoch(q->engine, q->d.epoch);
	qmgr_turn(q);
}

/* The workers are gone by now; what they reported is still to reach the disk. */
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
	qmgr_clock(q);
	engine_stop(q->engine);
	turn(q);
	timer_init(&q->stop, q->d.loop, stop_check, q);
	stop_check(q);
}

static const struct daemon_ops ops = {
	.role = ROLE_QMGR,
	.jail = { 0 },
	.handlers = handlers,
	.started = on_started,
	.peer_up = on_peer_up,
	.peer_down = on_peer_down,
	.reload = on_reload,
	.stop = on_stop,
};

int
main(int argc, char **argv)
{
	static struct qmgr q;

	daemon_main(&ops, &q.d, &q, argc, argv);
}
