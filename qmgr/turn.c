/* SPDX-License-Identifier: Apache-2.0 */
#include "qmgr/turn.h"

#include "qmgr/asks.h"
#include "qmgr/flights.h"
#include "qmgr/qmgr.h"
#include "qmgr/settling.h"

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
set_wake(struct qmgr *q)
{
	int64_t wake = engine_next_wake_ms(q->engine);

	if (wake == ENGINE_NEVER) {
		timer_cancel(&q->wake);
		return;
	}
	wake -= qmgr_now_ms(q);
	timer_set(&q->wake, wake > 0 ? wake : 0);
}

void
turn_run(struct qmgr *q)
{
	struct action a;

	engine_clock(q->engine, qmgr_now_ms(q));
	engine_tick(q->engine);
	do {
		while (engine_next_action(q->engine, &a))
			act(q, &a);
	} while (flights_flush(q));
	set_wake(q);
}

static void
on_turn(void *arg)
{
	turn_run(arg);
}

void
turn_init(struct qmgr *q)
{
	q->turn = (struct deferred){ .run = on_turn, .arg = q };
	timer_init(&q->wake, q->d.loop, on_turn, q);
}
