/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The queue engine: which message goes when, from which source, over which
 * session. Pure: time, randomness (a seed) and configuration come in as
 * arguments, what is to be done goes out as values. It opens nothing, asks no
 * clock, and keeps no message body and no recipient.
 *
 * One turn of the caller's loop:
 *
 *	engine_clock(e, now);                   time first
 *	engine_add(e, ...); engine_outcome(e, ...);   what came in
 *	engine_tick(e);                         a bounded share of the work
 *	while (engine_next_action(e, &a)) ...   what is to be done
 *	sleep until engine_next_wake_ms(e)      at once when <= now
 *
 * Time is wall time in milliseconds and never runs backwards here: an earlier
 * value counts as the last one. Derive it from a monotonic clock and an offset
 * taken at the start, so that a clock set forward and back cannot stall mail.
 * Messages wake the wheel by the millisecond: with many of them, sleep a few
 * milliseconds at least, and all that is due by then goes in one tick.
 *
 * Text in an action lives until the next call of another engine function than
 * engine_next_action: copy what is needed longer.
 *
 * A message is in one of these places, and every call keeps that:
 *	waiting    in the timing wheel until it is due
 *	due        in its scheduled queue, for configuration, room or a throttle
 *	ready      in a ready queue, in the flow of its scheduled queue
 *	in hand    given to a session (or kept for one that is being opened)
 *	held       in flight at a worker since before this process started
 * Each leaves by exactly one ENGINE_SETTLE_REMOVE.
 */
#ifndef QMGR_ENGINE_ENGINE_H
#define QMGR_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/span.h"
#include "lib/base/uuid.h"

struct engine;
struct egress_path;
struct egress_pool;
struct egress_source;
struct queue_config;

#define ENGINE_NEVER INT64_MAX

/* ---- life --------------------------------------------------------------- */

struct engine_options {
	uint64_t seed;
	/* Steps of work in one tick; 0 = the default. */
	uint32_t budget;
	/*
	 * What a due message does when every ready queue it could enter is
	 * full. false: it is re-timed by a random 0-60 s. true: its queue
	 * waits in place, in turn with the others, and goes on as soon as
	 * there is room (at the latest after such a random time).
	 */
	bool wait_for_room;
};

struct engine *engine_new(const struct engine_options *o, int64_t now_ms);
void engine_free(struct engine **e);
void engine_clock(struct engine *e, int64_t now_ms);
void engine_tick(struct engine *e);
/* When the next tick has work; ENGINE_NEVER when only input can bring any. */
int64_t engine_next_wake_ms(const struct engine *e);

/* ---- why a message goes back to its scheduled queue --------------------- */

/* Bits, as one return may have several reasons; names as policies see them. */
#define INSERT_CONTEXTS(X)                                                     \
	X(RECEIVED, "Received")                                                \
	X(ENUMERATED, "Enumerated")                                            \
	X(SCHEDULED_FOR_LATER, "ScheduledForLater")                            \
	X(READY_SUSPENDED, "ReadyQueueWasSuspended")                           \
	X(MESSAGE_RATE, "MessageRateThrottle")                                 \
	X(INSERT_READY_EVENT, "ThrottledByThrottleInsertReadyQueue")           \
	X(READY_FULL, "ReadyQueueWasFull")                                     \
	X(READY_INSERT_FAILED, "FailedToInsertIntoReadyQueue")                 \
	X(QUEUE_NAME_FAILED, "MessageGetQueueNameFailed")                      \
	X(ADMIN_REBIND, "AdminRebind")                                         \
	X(DUE, "DueTimeWasReached")                                            \
	X(MAX_READY_REDUCED, "MaxReadyWasReducedByConfigUpdate")               \
	X(LOW_MEMORY, "ReadyQueueWasDelayedDueToLowMemory")                    \
	X(NULL_MX, "FailedDueToNullMx")                                        \
	X(NO_HOSTS, "MxResolvedToZeroHosts")                                   \
	X(PROHIBITED, "MxWasProhibited")                                       \
	X(SKIPPED, "MxWasSkipped")                                             \
	X(CONNECTION_FAILURES, "TooManyConnectionFailures")                    \
	X(TOO_MANY_RECIPIENTS, "TooManyRecipients")                            \
	X(CONNECTION_RATE, "ConnectionRateThrottle")                           \
	X(TRANSIENT_FAILURE, "LoggedTransientFailure")                         \
	X(READY_REAPED, "ReadyQueueWasReaped")                                 \
	X(DISPATCHER_DROP, "DispatcherDrop")                                   \
	X(PEER_CLOSED, "PeerClosedConnection")                                 \
	X(PROTOCOL_CHANGED, "ProtocolChanged")                                 \
	X(SPOOL_UNHEALTHY, "SpoolUnhealthy")                                   \
	X(SOURCE_SUSPENDED, "SourceIsUnhealthyAndSuspended")

enum insert_context_bit {
#define X(name, text) INSERT_BIT_##name,
	INSERT_CONTEXTS(X)
#undef X
	INSERT_BITS
};

enum insert_context {
#define X(name, text) INSERT_##name = 1 << INSERT_BIT_##name,
	INSERT_CONTEXTS(X)
#undef X
};

/* The policy's name of one bit. */
const char *insert_context_name(enum insert_context_bit bit);

/* ---- actions ------------------------------------------------------------ */

enum action_kind {
	ACTION_ASK_QUEUE_CONFIG, /* ask.queue */
	ACTION_ASK_POOL,         /* ask.name */
	ACTION_ASK_SOURCE,       /* ask.name */
	ACTION_ASK_MX,           /* ask.name: a domain, perhaps with :port */
	ACTION_ASK_PATH,         /* ask.name: the ready queue; domain, source,
				    site */
	ACTION_OPEN_SESSION,     /* open */
	ACTION_DISPATCH,         /* dispatch */
	ACTION_CLOSE_SESSION,    /* close: answer with engine_session_ended */
	ACTION_SETTLE,           /* settle */
};

/*
 * Each question is asked once and wants exactly one answer (engine_queue_config
 * and so on). The asker repeats what was outstanding when it has lost it.
 */
struct action_ask {
	struct span name;
	struct span domain;
	struct span source;
	struct span site;
};

struct action_open {
	uint64_t session;
	uint32_t worker;
	struct span ready_queue;
	struct span source;
	struct span site;
	struct span protocol;
	struct span hosts;        /* as engine_mx or engine_queue_config gave */
	struct span path_wire;    /* as engine_path gave it */
	struct span source_wire;  /* as engine_source gave it; empty for
				     "unspecified" */
	struct span terms;        /* as engine_queue_config gave them */
};

struct action_dispatch {
	uint64_t session;
	uint32_t worker;
	struct uuid id;
	uint32_t size;
	uint16_t attempts; /* so far */
	uint16_t nrcpt;
	struct span queue; /* scheduled queue */
	struct span pool;  /* its egress pool */
};

/* Why a session is told to end. */
enum close_reason {
	CLOSE_IDLE,
	CLOSE_MAX_DELIVERIES,
	CLOSE_THROTTLED,
	CLOSE_SUSPENDED,
	CLOSE_LIMIT, /* connection_limit is smaller than it was */
	CLOSE_OUTDATED, /* its path or source has other terms by now */
	CLOSE_STOPPING,
};

struct action_close {
	uint64_t session;
	uint32_t worker;
	enum close_reason why;
};

enum record_kind {
	ENGINE_RECORD_NONE,
	ENGINE_RECORD_EXPIRATION,
	ENGINE_RECORD_DELAYED,
	ENGINE_RECORD_TRANSIENT_FAILURE,
	ENGINE_RECORD_BOUNCE,
};

/*
 * The log record of an outcome that the engine itself decided. The caller puts
 * in front of the text what marks replies of our own making.
 */
struct action_record {
	enum record_kind kind;
	uint16_t code;
	const char *enhanced; /* "4.4.4" */
	struct span text;     /* without code and enhanced code */
	struct span queue;
	struct span pool;
	struct span source;   /* these are empty where not yet known */
	struct span site;
	struct span protocol;
};

enum settle_op {
	ENGINE_SETTLE_KEEP,   /* nothing changes on disk but the record */
	ENGINE_SETTLE_DEFER,  /* new due time, attempts, perhaps recipients */
	ENGINE_SETTLE_REMOVE, /* the message leaves */
};

struct action_settle {
	struct uuid id;
	enum settle_op op;
	uint16_t attempts;
	uint16_t nrcpt;
	uint32_t context;  /* enum insert_context bits, for DEFER and KEEP */
	int64_t due_ms;
	uint64_t token;    /* of the outcome that led here, else 0 */
	const struct action_record *record; /* NULL: none of ours */
};

struct action {
	enum action_kind kind;
	union {
		struct action_ask ask;
		struct action_open open;
		struct action_dispatch dispatch;
		struct action_close close;
		struct action_settle settle;
	} u;
};

/* The next thing to do, or false. */
bool engine_next_action(struct engine *e, struct action *action_out);

/* ---- messages ----------------------------------------------------------- */

struct engine_message {
	struct uuid id;
	struct span queue;  /* campaign:tenant@domain!routing_domain */
	int64_t due_ms;     /* in the past: at once */
	int64_t created_ms; /* 0: the time in the id */
	int64_t expires_ms; /* the message's own limit; 0: max_age decides */
	uint32_t size;
	uint16_t attempts;
	uint16_t nrcpt;
};

/*
 * The store holds this message. The engine does not look for doubles: the
 * caller adds each id once.
 */
void engine_add(struct engine *e, const struct engine_message *m);

/*
 * For a restart while workers go on: before the message is added, say that
 * this worker has it. It is held until engine_outcome (session 0) or
 * engine_worker_lost speaks of it.
 */
void engine_mark_in_flight(struct engine *e, const struct uuid *id,
    uint32_t worker);
/* All that was stored before the start has been added: forget other marks. */
void engine_loaded(struct engine *e);

/* ---- answers ------------------------------------------------------------ */

/* What sort of worker carries a protocol. */
enum worker_kind { WORKER_SMTP, WORKER_SCRIPT, WORKER_KINDS };

struct engine_queue_config {
	const struct queue_config *config;
	struct span wire;     /* its form between processes; equal bytes mean
				 equal configurations, which are kept once */
	struct span protocol; /* "smtp_client", "lua:CONSTRUCTOR", ... */
	/*
	 * What a session needs of the queue beside that. Queues that differ
	 * here have no ready queue in common.
	 */
	struct span terms;
	enum worker_kind worker;
	/*
	 * Where MX records decide, both empty. Else the site this queue goes
	 * to ("mx_list:a,b"; the domain for other protocols) and its hosts.
	 */
	struct span site;
	struct span hosts;
};

enum engine_mx_result {
	ENGINE_MX_FOUND,
	ENGINE_MX_NULL,     /* takes no mail: bounce */
	ENGINE_MX_NXDOMAIN,
	ENGINE_MX_FAILED,   /* no answer, or nothing allowed by its policy */
};

struct engine_mx {
	enum engine_mx_result result;
	struct span site;  /* of ENGINE_MX_FOUND */
	struct span hosts; /* opaque, for the worker */
	/*
	 * The same for the same hosts in whatever order. One site name may be
	 * spelt by several sets; they share nothing, or who publishes such a
	 * set would be given the mail of another.
	 */
	struct span set;
	struct span text;  /* why, of the failures */
	int64_t ttl_ms;
};

void engine_queue_config(struct engine *e, struct span queue,
    const struct engine_queue_config *c);
void engine_pool(struct engine *e, struct span name,
    const struct egress_pool *pool);
void engine_source(struct engine *e, struct span name,
    const struct egress_source *source, struct span wire);
void engine_path(struct engine *e, struct span ready_queue,
    const struct egress_path *path, struct span wire);
void engine_mx(struct engine *e, struct span domain,
    const struct engine_mx *mx);
/*
 * There is no answer to an ask.name of any kind but ACTION_ASK_MX; `why` is
 * for the records of messages that have to wait. What was known before goes on
 * counting; else the failure is remembered for a while, like answers.
 */
void engine_no_answer(struct engine *e, enum action_kind asked,
    struct span name, struct span why);
/* Configuration was loaded again: answers of another epoch are asked anew. */
void engine_config_epoch(struct engine *e, uint32_t epoch);

/* ---- workers and sessions ----------------------------------------------- */

void engine_worker_up(struct engine *e, uint32_t worker, enum worker_kind kind);
/* Its sessions are gone; what they had in hand is due again, no attempt. */
void engine_worker_lost(struct engine *e, uint32_t worker);

/* Connected and greeted: the message kept for it is dispatched. */
void engine_session_started(struct engine *e, uint64_t session);
/* How many messages it takes in hand at once (batches); 2 unless said. */
void engine_session_window(struct engine *e, uint64_t session, uint32_t n);

enum engine_outcome_kind {
	ENGINE_OUTCOME_DELIVERED, /* all recipients are done, in some way */
	ENGINE_OUTCOME_BOUNCED,
	ENGINE_OUTCOME_TRANSIENT, /* recipients remain, an attempt is counted */
	ENGINE_OUTCOME_UNREACHED, /* as TRANSIENT: it pays for a plan whose
				     failure engine_session_ended tells */
	ENGINE_OUTCOME_RETURNED,  /* not tried: ready again, no attempt */
};

struct engine_outcome {
	enum engine_outcome_kind kind;
	uint32_t worker;   /* who says so, of a marked message */
	uint16_t nrcpt;    /* left, of ..._TRANSIENT; 0 = as before */
	uint32_t context;  /* more enum insert_context bits */
	int64_t delay_ms;  /* -1: by the retry schedule */
	uint64_t token;    /* comes back in exactly one SETTLE, the last one
			      for this outcome; not with RETURNED */
};

/*
 * What became of one message. Session 0 speaks of a marked message. An outcome
 * of a session or message that the engine no longer knows is ignored: false.
 */
bool engine_outcome(struct engine *e, uint64_t session, const struct uuid *id,
    const struct engine_outcome *o);

enum engine_session_end {
	ENGINE_SESSION_CLOSED,      /* in order: asked to, or idle */
	ENGINE_SESSION_LOST,        /* by the peer or an error, once started */
	ENGINE_SESSION_PLAN_FAILED, /* no address of the plan could be used */
	ENGINE_SESSION_NO_HOSTS,    /* no address at all: 451 for all ready */
	ENGINE_SESSION_SKIPPED,     /* skip_hosts left nothing: 451 for all */
	ENGINE_SESSION_PROHIBITED,  /* prohibited_hosts: 550 for all ready */
	ENGINE_SESSION_NULL_MX,     /* 556 for all that is ready */
};

/* What it had in hand without outcome is ready again, unless `how` says more;
 * text explains ENGINE_SESSION_PLAN_FAILED and the like in the record. */
void engine_session_ended(struct engine *e, uint64_t session,
    enum engine_session_end how, struct span text);

/* ---- the rest of the machine -------------------------------------------- */

/* The store has committed n settlements. */
void engine_settled(struct engine *e, uint32_t n);
/* While unhealthy nothing is dispatched and what is due is delayed. */
void engine_store_health(struct engine *e, bool healthy);
/* While low, a ready queue opens at most two connections. */
void engine_low_memory(struct engine *e, bool low);
/* Stop giving out work; sessions are closed as their hands empty. */
void engine_stop(struct engine *e);

/* Until that time (0: no longer). false: there is no such queue or source. */
bool engine_suspend_queue(struct engine *e, struct span name, int64_t until_ms);
bool engine_suspend_ready(struct engine *e, struct span name, int64_t until_ms);
bool engine_suspend_source(struct engine *e, struct span name,
    int64_t until_ms);

/* ---- looking in --------------------------------------------------------- */

struct engine_counters {
	uint64_t added;
	uint64_t dispatched;
	uint64_t delivered;
	uint64_t bounced;
	uint64_t expired;
	uint64_t transient;
	uint64_t delayed;        /* re-timed or parked without an attempt */
	uint64_t returned;       /* from ready back to scheduled, no attempt */
	uint64_t ready_full;
	uint64_t throttled_message;
	uint64_t throttled_connection;
	uint64_t throttled_queue;
	uint64_t sessions_opened;
	uint64_t sessions_failed; /* plan exhausted or worse */
};

struct engine_totals {
	struct engine_counters counters;
	uint32_t messages;
	uint32_t waiting;
	uint32_t due;
	uint32_t ready;
	uint32_t in_hand;
	uint32_t held;
	uint32_t queues;
	uint32_t ready_queues;
	uint32_t sessions;
	uint32_t unsettled;
	uint64_t steps;     /* of work so far, for tests of cost */
	uint64_t memory;    /* bytes of slabs and tables */
};

struct engine_queue_info {
	struct span name;
	uint32_t count;
	uint32_t due;          /* of these, waiting for room or an answer */
	int64_t oldest_ms;     /* creation of the one longest here */
	int64_t suspended_until_ms;
	bool configured;
};

struct engine_ready_info {
	struct span name;
	struct span source;
	struct span site;
	struct span protocol;
	uint32_t ready;
	uint32_t in_hand;
	uint32_t sessions;
	uint64_t connection_limit;
	uint64_t max_ready;
	uint32_t failures;     /* connection plans failed in a row */
	int64_t suspended_until_ms;
	struct engine_counters counters;
};

void engine_totals(const struct engine *e, struct engine_totals *totals_out);
/* Visit all: start with *at = 0; false at the end. Spans live until the next
 * other engine function. */
bool engine_queue_next(const struct engine *e, uint32_t *at,
    struct engine_queue_info *info_out);
bool engine_ready_next(const struct engine *e, uint32_t *at,
    struct engine_ready_info *info_out);
bool engine_queue_get(const struct engine *e, struct span name,
    struct engine_queue_info *info_out);
bool engine_ready_get(const struct engine *e, struct span name,
    struct engine_ready_info *info_out);

#endif
