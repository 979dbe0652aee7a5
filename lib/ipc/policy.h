/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions to the policy process and its answers. Nothing but the queue or
 * session concerned waits for one. Settings ride encoded (lib/settings).
 */
#ifndef LIB_IPC_POLICY_H
#define LIB_IPC_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/base/ip.h"
#include "lib/base/wire.h"
#include "lib/ipc/delivery.h"

/* ASK_QUEUE; "" stands for none. */
struct ask_queue {
	struct span domain, tenant, campaign, routing_domain;
};

/* ASK_POOL, ASK_SOURCE */
struct ask_name {
	struct span name;
};

struct ask_path {
	struct span domain; /* routing domain */
	struct span source;
	struct span site;
};

/* QUEUE_IS, POOL_IS, SOURCE_IS, PATH_IS */
struct settings_answer {
	bool ok;
	struct span error;    /* when not ok: why, one line */
	struct span settings; /* when ok: encoded */
};

void ask_queue_put(struct buf *b, const struct ask_queue *q);
void ask_queue_get(struct reader *r, struct ask_queue *out);
void ask_name_put(struct buf *b, const struct ask_name *n);
void ask_name_get(struct reader *r, struct ask_name *out);
void ask_path_put(struct buf *b, const struct ask_path *p);
void ask_path_get(struct reader *r, struct ask_path *out);
void settings_answer_put(struct buf *b, const struct settings_answer *s);
void settings_answer_get(struct reader *r, struct settings_answer *out);

/* ASK_MX: by DNS, or an mx_list taken as it is. */
struct ask_mx {
	struct span domain;     /* may end in :PORT, may be a literal */
	struct span *mx_list;   /* entries as text: host, host:port, [ip] */
	uint32_t n_mx_list;
};

enum mx_result {
	MX_OK,
	MX_NXDOMAIN, /* transient, as KumoMTA has it */
	MX_FAILED,   /* resolver trouble: transient */
	MX_NULL,     /* RFC 7505: bounce 556 5.1.10 */
	MX_RESULTS
};

struct mx_answer {
	enum mx_result result;
	struct span error;  /* when not OK */
	struct span site;   /* site name */
	bool is_mx;         /* the hosts are MX records, not the domain */
	struct next_hop *hosts;
	uint32_t n_hosts;
	int64_t ttl_ms;     /* how long this may be used */
};

void ask_mx_put(struct buf *b, const struct ask_mx *m);
void ask_mx_get(struct reader *r, struct ask_mx *out, struct arena *a);
void mx_answer_put(struct buf *b, const struct mx_answer *m);
void mx_answer_get(struct reader *r, struct mx_answer *out, struct arena *a);

/* ASK_HOST */
struct ask_host {
	struct span name;
	bool want_v4, want_v6;
};

struct host_answer {
	bool ok;           /* false: resolver trouble */
	struct span error;
	bool is_secure;
	struct ip *addrs;  /* none and ok: the name has no address */
	uint32_t n;
	int64_t ttl_ms;
};

void ask_host_put(struct buf *b, const struct ask_host *h);
void ask_host_get(struct reader *r, struct ask_host *out);
void host_answer_put(struct buf *b, const struct host_answer *h);
void host_answer_get(struct reader *r, struct host_answer *out,
    struct arena *a);

#endif
