/* SPDX-License-Identifier: Apache-2.0 */
/* Which function carries out which operation. */
#include "lookupd/ask.h"
#include "lookupd/counters.h"
#include "lookupd/databases.h"
#include "lookupd/files_ask.h"
#include "lookupd/memos.h"
#include "lookupd/queues.h"
#include "lookupd/redis_ask.h"
#include "lookupd/throttles.h"

const struct ask_op ask_ops[LOOKUP_OPS] = {
	[LOOKUP_COUNTER] = { .start = counters_ask },
	[LOOKUP_FILE] = { .start = files_ask },
	[LOOKUP_MEMO] = { .start = memos_ask, .cancel = memos_cancel },
	[LOOKUP_QUEUE] = { .start = queues_ask, .cancel = queues_cancel },
	[LOOKUP_REDIS] = { redis_ask_start, redis_ask_cancel },
	[LOOKUP_SQLITE] = { databases_ask, databases_cancel },
	[LOOKUP_THROTTLE] = { throttles_ask, throttles_cancel },
};
