/* SPDX-License-Identifier: Apache-2.0 */
/* Which function carries out which operation. */
#include "lookupd/ask.h"
#include "lookupd/counters.h"
#include "lookupd/databases.h"
#include "lookupd/files_ask.h"
#include "lookupd/http_ask.h"
#include "lookupd/memos.h"
#include "lookupd/names.h"
#include "lookupd/queues.h"
#include "lookupd/redis_ask.h"
#include "lookupd/sockets.h"
#include "lookupd/throttles.h"
#include "lookupd/vault.h"

const struct ask_op ask_ops[LOOKUP_OPS] = {
	[LOOKUP_COUNTER] = { .start = counters_ask },
	[LOOKUP_FILE] = { .start = files_ask },
	[LOOKUP_MEMO] = { .start = memos_ask, .cancel = memos_cancel },
	[LOOKUP_QUEUE] = { .start = queues_ask, .cancel = queues_cancel },
	[LOOKUP_REDIS] = { redis_ask_start, redis_ask_cancel },
	[LOOKUP_SQLITE] = { databases_ask, databases_cancel },
	[LOOKUP_THROTTLE] = { throttles_ask, throttles_cancel },
	[LOOKUP_DNS_ADDR] = { names_ask_addr, names_cancel_addr },
	[LOOKUP_DNS_MX] = { names_ask_mx, names_cancel_mx },
	[LOOKUP_DNS_PTR] = { names_ask_ptr, names_cancel },
	[LOOKUP_DNS_TXT] = { names_ask_txt, names_cancel },
	[LOOKUP_DNS_RBL] = { names_ask_rbl, names_cancel },
	[LOOKUP_HTTP] = { http_ask_start, http_ask_cancel },
	[LOOKUP_HTTP_CLOSE] = { .start = http_ask_close },
	[LOOKUP_SOCKET_OPEN] = { sockets_ask_open, sockets_cancel_open },
	[LOOKUP_SOCKET_RECV] = { sockets_ask_recv, sockets_cancel_recv },
	[LOOKUP_VAULT] = { vault_ask, vault_cancel },
	[LOOKUP_SOCKET_CLOSE] = { .start = sockets_ask_close },
};
