/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words of delivery. The queue manager opens a session at a worker for one
 * ready queue, names messages for it to a spool reader (DISPATCH), and the
 * reader hands them over (MESSAGE). The worker reports each message (OUTCOME),
 * which makes room for the next, and the end (SESSION_ENDED).
 *
 * A worker keeps each outcome until OUTCOME_KEPT says that it is on disk, and
 * repeats what was not kept to a new queue manager. Request ids of outcomes
 * grow per worker; OUTCOME_KEPT acknowledges all up to one.
 *
 * SESSION_HELD: sent first on every new channel to the queue manager: all that
 * this worker has in hand, and under session 0 what it has reported and nobody
 * has kept. Also the answer to HELD_ASK, which the queue manager sends when a
 * spool reader was replaced: the worker first takes in all that the old one
 * said. What was dispatched through the old reader and is neither held nor
 * reported is then dispatched again.
 */
#ifndef LIB_IPC_DELIVERY_H
#define LIB_IPC_DELIVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/base/ip.h"
#include "lib/base/uuid.h"
#include "lib/base/wire.h"
#include "lib/ipc/role.h"

enum { DELIVERY_NAME_MAX = 4096, DELIVERY_TEXT_MAX = 65536 };

enum delivery_kind { DELIVER_SMTP, DELIVER_MAILDIR, DELIVER_KINDS };

/* A host of the connection plan, in the order to try; from MX resolution. */
struct next_hop {
	struct span name;     /* "" when only the address is known */
	uint16_t preference;  /* equal ones may be tried in any order */
	struct ip addr;       /* IP_NONE: look the name up; port 0: default */
	bool is_secure;
	bool is_unix;         /* name is the path of a socket (LMTP) */
};

void mx_hosts_put(struct buf *b, const struct next_hop *v, uint32_t n);
struct next_hop *mx_hosts_get(struct reader *r, uint32_t *n_out,
    struct arena *a);

struct session_open {
	uint64_t session;        /* chosen by the queue manager, never reused */
	enum delivery_kind kind;
	struct span ready_queue; /* SOURCE->SITE@PROTO: `site` of records */
	struct span domain;      /* routing domain, for messages and TLS */
	struct span path;        /* egress_path, encoded by lib/settings */
	struct span source;      /* egress_source, likewise */
	struct span protocol;    /* likewise; empty for SMTP */
	struct next_hop *hosts;
	uint32_t n_hosts;
	bool keep_order;         /* an mx_list: as listed, no shuffling */
	bool tls_broken;         /* remembered: go without TLS if allowed */
};

void session_open_put(struct buf *b, const struct session_open *s);
void session_open_get(struct reader *r, struct session_open *out,
    struct arena *a);

/* SESSION_CLOSE: finish what is in hand, then end. */
void session_close_put(struct buf *b, uint64_t session);
uint64_t session_close_get(struct reader *r);

enum session_end {
	SESSION_END_DONE,        /* asked to, or its share is delivered */
	SESSION_END_PLAN_FAILED, /* no host of the plan could be used */
	SESSION_END_PROHIBITED,  /* an address is in prohibited_hosts */
	SESSION_END_SKIPPED,     /* skip_hosts left no address */
	SESSION_END_NO_ADDRESS,  /* names gave no address */
	SESSION_END_LOST,        /* the connection broke after it worked */
	SESSION_END_UNPLUMBED,   /* the source address is not on this host */
	SESSION_END_CODES
};

/* Messages of the session that had no OUTCOME go back untouched. */
struct session_ended {
	uint64_t session;
	enum session_end why;
	bool tls_broke;      /* a handshake failed: for remember_broken_tls */
	struct span text;    /* of the failure, for records */
};

void session_ended_put(struct buf *b, const struct session_ended *e);
void session_ended_get(struct reader *r, struct session_ended *out);

struct session_held {
	uint64_t session;
	struct span ready_queue;
	struct uuid *ids;
	uint32_t n_ids;
};

struct sessions_held {
	struct session_held *v;
	uint32_t n;
};

void sessions_held_put(struct buf *b, const struct sessions_held *h);
void sessions_held_get(struct reader *r, struct sessions_held *out,
    struct arena *a);

struct dispatch_item {
	struct uuid id;
	uint16_t attempts; /* before this one */
	struct span pool;  /* egress pool, for records */
};

struct dispatch {
	enum role role; /* ROLE_OUT or ROLE_LOCAL */
	uint32_t worker;
	uint64_t session;
	struct dispatch_item *items;
	uint32_t n;
};

/* A sender gathers items in their encoded form and sends them together. */
void dispatch_item_put(struct buf *b, const struct dispatch_item *item);
void dispatch_put_encoded(struct buf *b, enum role role, uint32_t worker,
    uint64_t session, uint32_t n, struct span items);
void dispatch_get(struct reader *r, struct dispatch *out, struct arena *a);

enum dispatch_failure {
	DISPATCH_MISSING, /* no such message: forget it */
	DISPATCH_DAMAGED, /* never to be sent: answer with SETTLE_SET_ASIDE */
	DISPATCH_NO_WORKER, /* its channel is gone */
	DISPATCH_FAILURES
};

struct dispatch_fail {
	uint64_t session;
	struct uuid id;
	enum dispatch_failure why;
};

void dispatch_fail_put(struct buf *b, const struct dispatch_fail *f);
void dispatch_fail_get(struct reader *r, struct dispatch_fail *out);

/* MESSAGE: the body is in the frame, or in a sealed memfd of body_size. */
struct delivery_message {
	uint64_t session;
	uint16_t attempts;
	struct span pool;
	struct span envelope; /* encoded */
	uint64_t body_size;
	struct span body;
};

void delivery_message_put(struct buf *b, const struct delivery_message *m);
/* All but the bytes of the body, of which body.len are to be added next. */
void delivery_message_put_head(struct buf *b,
    const struct delivery_message *m);
void delivery_message_get(struct reader *r, struct delivery_message *out);

enum outcome_result {
	OUTCOME_FINISHED,  /* every recipient delivered or bounced */
	OUTCOME_TRANSIENT, /* at least one is left for another attempt */
	OUTCOME_UNREACHED, /* as TRANSIENT, but no host of the plan answered */
	OUTCOME_RETURNED,  /* no attempt was made: no count, no delay */
	OUTCOME_RESULTS
};

struct outcome {
	uint64_t session;
	struct uuid id;
	enum outcome_result result;
	uint32_t *done;       /* recipients finished, by index */
	uint32_t n_done;
	uint32_t of_rcpts;    /* in the envelope that was sent; 0: not said */
	struct span *records; /* encoded, in order */
	uint32_t n_records;
};

void outcome_put(struct buf *b, const struct outcome *o);
void outcome_get(struct reader *r, struct outcome *out, struct arena *a);

void outcome_kept_put(struct buf *b, uint64_t upto);
uint64_t outcome_kept_get(struct reader *r);

#endif
