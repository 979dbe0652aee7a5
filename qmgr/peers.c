/* SPDX-License-Identifier: Apache-2.0 */
#include "qmgr/peers.h"

#include "lib/ipc/store.h"
#include "qmgr/asks.h"
#include "qmgr/flights.h"
#include "qmgr/loading.h"
#include "qmgr/qmgr.h"
#include "qmgr/settling.h"

static void
on_health(void *arg, struct channel *ch, uint64_t id, struct reader *r, int fd)
{
	struct qmgr *q = arg;
	enum health h = health_get(r);

	(void)ch;
	(void)id;
	(void)fd;
	qmgr_input(q);
	engine_store_health(q->engine, h != HEALTH_FAILED);
	loading_store_spoke(q);
}

const struct channel_handler qmgr_handlers[] = {
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

void
qmgr_peer_up(void *state, struct channel *ch)
{
	struct qmgr *q = state;

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

void
qmgr_peer_down(void *state, struct channel *ch)
{
	if (channel_peer(ch) == ROLE_OUT || channel_peer(ch) == ROLE_LOCAL)
		flights_worker_down(state, ch);
	else if (channel_peer(ch) == ROLE_SPOOLD)
		loading_store_down(state);
}
