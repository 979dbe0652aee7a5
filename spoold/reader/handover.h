/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages that the queue manager named for a worker and that have not left
 * yet. A message is read from the spool only when its worker's channel has
 * room; until then it is an id. When a worker goes, what was meant for it is
 * given back; when the queue manager goes, all is forgotten: its successor
 * asks the workers what they hold and names the rest again.
 */
#ifndef SPOOLD_READER_HANDOVER_H
#define SPOOLD_READER_HANDOVER_H

#include <stddef.h>

#include "lib/io/loop.h"
#include "lib/ipc/channel.h"
#include "lib/ipc/delivery.h"

struct spool_reader;
struct handover_queue;

struct handover {
	struct spool_reader *s;
	struct handover_queue *queues; /* one per worker */
	struct deferred work;
	struct timer again;
};

void handover_init(struct handover *h, struct spool_reader *s);
void handover_add(struct handover *h, const struct dispatch *d);
/* The worker's channel has room again, or is there at last. */
void handover_wake(struct handover *h);
void handover_worker_gone(struct handover *h, const struct channel *ch);
void handover_forget(struct handover *h);

#endif
