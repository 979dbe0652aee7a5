/* SPDX-License-Identifier: Apache-2.0 */
#include "qmgr/workers.h"

#include "lib/base/alloc.h"
#include "qmgr/qmgr.h"

enum {
	LOCAL_BASE = 1000, /* numbers of ROLE_LOCAL workers */
	PLACES = 256,
};

struct workers {
	bool reported[PLACES];
};

void
workers_init(struct qmgr *q)
{
	q->workers = xcalloc(1, sizeof(*q->workers));
}

uint32_t
worker_number(const struct channel *ch)
{
	return channel_peer_index(ch) +
	    (channel_peer(ch) == ROLE_LOCAL ? LOCAL_BASE : 0);
}

enum role
worker_role(uint32_t worker)
{
	return worker >= LOCAL_BASE ? ROLE_LOCAL : ROLE_OUT;
}

uint32_t
worker_index(uint32_t worker)
{
	return worker >= LOCAL_BASE ? worker - LOCAL_BASE : worker;
}

struct channel *
worker_channel(const struct qmgr *q, uint32_t worker)
{
	return daemon_peer(&q->d, worker_role(worker), worker_index(worker));
}

static bool *
reported(struct qmgr *q, uint32_t worker)
{
	return &q->workers->reported[(worker_index(worker) * 2 +
	    (worker >= LOCAL_BASE)) % PLACES];
}

void
workers_reported(struct qmgr *q, uint32_t worker)
{
	*reported(q, worker) = true;
}

void
workers_gone(struct qmgr *q, uint32_t worker)
{
	*reported(q, worker) = false;
}

bool
workers_all_reported(const struct qmgr *q)
{
	uint32_t want = q->d.suite.processes.smtp_out + 1, n = 0, i;

	for (i = 0; i < PLACES; i++)
		n += q->workers->reported[i];
	return n >= want;
}
