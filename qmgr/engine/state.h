/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine's state, for the engine's own files. Things are slab numbers;
 * 0 is none. Who refers to whom, and so keeps it (->: by a count):
 *
 *	message -> queue -> profile -> pool -> source
 *	           queue -> domain -> site name, hosts
 *	ready -> source, site and protocol names, hosts, terms, path -> shares
 *	session -> ready, path
 *	flow: (queue, ready) while it holds messages
 */
#ifndef QMGR_ENGINE_STATE_H
#define QMGR_ENGINE_STATE_H

#include "lib/base/arena.h"
#include "lib/base/map.h"
#include "lib/settings/option.h"
#include "qmgr/engine/engine.h"
#include "qmgr/engine/list.h"
#include "qmgr/engine/registry.h"
#include "qmgr/engine/rng.h"
#include "qmgr/engine/slab.h"
#include "lib/settings/throttle.h"
#include "qmgr/engine/wheel.h"

enum {
	BUDGET_DEFAULT = 20000,
	QUEUE_TURN = 16,       /* messages a queue moves in one turn */
	WINDOW_DEFAULT = 2,    /* messages in a session's hand */
	WINDOW_MAX = 1000,
	LARGE_BYTES = 256 * 1024, /* such a message is alone in the hand */
	UNSETTLED_MAX = 8192,     /* then the store gets time to catch up; about
				     1 KB each, and sent twice after a crash */
	WORKERS_MAX = 1024,
	LOW_MEMORY_CONNECTIONS = 2,
	NEGATIVE_MS = 60 * 1000,  /* how long a failed answer is kept */
	FULL_DELAY_MS = 60 * 1000,
	READY_MAINTAIN_MS = 60 * 1000,
	READY_REAP_MS = 10 * 60 * 1000,
};

/* ---- what has to be asked ----------------------------------------------- */

enum known { KNOWN_NOT, KNOWN_YES, KNOWN_FAILED };

/* The state of one cached answer, in the thing that the answer is about. */
struct answer {
	int64_t expires_ms;
	uint32_t epoch;      /* in which it was asked */
	uint32_t known_epoch; /* of what is known */
	struct list waiters; /* queues, by their link */
	uint32_t why;        /* it failed, in e->blobs */
	uint8_t known;       /* enum known */
	bool asked;          /* and not answered yet */
	bool by_epoch;       /* never grows old by time */
};

/* ---- messages ----------------------------------------------------------- */

enum place {
	PLACE_FREE,
	PLACE_WAITING, /* node: the wheel */
	PLACE_DUE,     /* node.link: the queue's due list */
	PLACE_READY,   /* node.link: a flow */
	PLACE_HAND,    /* node.link: a session */
	PLACE_HELD,    /* e->marks has it */
	PLACES
};

enum message_flag {
	MSG_DELAY_LOGGED = 1, /* since it was last ready */
	MSG_EXPIRES = 2,      /* e->expiries has its own limit */
};

struct message {
	struct wheel_node node; /* node.due_ms is good in every place */
	struct uuid id;
	int64_t created_ms;
	uint32_t queue;
	struct link siblings; /* all of the queue, in order of arrival */
	uint32_t size;
	uint16_t attempts;
	uint16_t nrcpt;
	uint8_t place;
	uint8_t flags;
	uint16_t unused;
};

_Static_assert(sizeof(struct message) <= 64, "a message at rest is small");

/* A message that a worker has since before the start. */
struct mark {
	uint32_t message; /* 0: not added yet */
	uint32_t worker;
	bool has_outcome; /* which came before the message */
	struct engine_outcome outcome;
};

/* ---- scheduled queues --------------------------------------------------- */

/* Where queue.link is. */
enum queue_in { IN_NONE, IN_WORK, IN_ANSWER, IN_ROOM };

struct queue {
	struct named named;
	struct wheel_node timer;
	struct answer config;
	struct link link;
	struct list messages; /* by message.siblings */
	struct list due;
	struct list flows;
	struct throttle rate;
	int64_t suspended_until_ms;
	int64_t empty_since_ms;
	uint32_t profile;
	uint32_t domain;
	uint32_t room_in;   /* the ready queue of IN_ROOM */
	int32_t wrr_weight;
	uint32_t wrr_at;
	uint8_t in;         /* enum queue_in */
	bool halted;        /* until the timer fires */
};

/* A queue configuration, shared by all queues with the same. */
struct profile {
	struct named named; /* protocol, NUL, wire form */
	int64_t max_age_ms;
	int64_t retry_ms;
	int64_t retry_max_ms;
	int64_t reap_ms;
	int64_t refresh_ms;
	struct throttle_spec rate;
	uint32_t pool;     /* 0: source "unspecified" */
	uint32_t protocol; /* name */
	uint32_t terms;    /* in e->blobs */
	uint8_t worker;    /* enum worker_kind */
	bool by_epoch;
};

/* ---- where it goes ------------------------------------------------------ */

struct domain {
	struct named named; /* "dexample.com:25", or "ssite" when fixed */
	struct answer mx;
	uint32_t site;  /* name */
	uint32_t hosts;
	uint32_t set;   /* of hosts, in e->blobs */
	uint8_t result; /* enum engine_mx_result */
};

struct pool_member {
	uint32_t source;
	uint32_t weight;
	uint32_t round; /* of the pool, when it was last tried */
};

struct pool {
	struct named named;
	struct answer config;
	struct pool_member *members; /* of weight above 0 */
	uint32_t n;
	uint32_t step; /* greatest common divisor of the weights */
	uint32_t most; /* greatest weight */
	uint32_t round; /* counts choices */
};

struct source {
	struct named named;
	struct answer config;
	int64_t suspended_until_ms;
	uint32_t wire;  /* in e->blobs */
	uint32_t terms; /* likewise: what a session stands on */
};

/* ---- ready queues ------------------------------------------------------- */

/* A throttle or a count of connections that ready queues share by name. */
struct shared {
	struct named named;
	struct throttle throttle;
	uint32_t count;
	struct list waiting; /* ready queues, by lease_link */
};

struct share_rate {
	uint32_t share;
	struct throttle_spec spec;
};

struct share_limit {
	uint32_t share;
	uint64_t limit;
};

/* What the engine needs of an egress path, shared by all with the same. */
struct path {
	struct named named; /* wire form */
	int64_t refresh_ms;
	int64_t idle_ms;
	uint64_t max_deliveries;
	uint64_t max_ready;
	uint64_t max_connections;
	uint64_t failures_max;
	struct throttle_spec message_rate;
	struct throttle_spec connection_rate;
	struct throttle_spec selection_rate;
	struct share_rate *messages; /* shared ones */
	struct share_rate *selections;
	struct share_limit *leases;
	uint32_t terms; /* in e->blobs: what a session stands on */
	uint32_t nmessages, nselections, nleases;
	bool by_epoch;
	bool dial_early; /* aggressive_connection_opening */
};

/* The messages of one queue in one ready queue. */
struct flow {
	uint32_t queue; /* 0 when free; see slab.h */
	uint32_t ready;
	struct list messages;
	struct link ring;     /* of the ready queue */
	struct link siblings; /* of the queue */
	int32_t deficit;
	bool granted; /* this visit's quantum */
};

/* Why a ready queue gives its messages back. */
enum giving_back {
	GIVE_NOTHING,
	GIVE_MESSAGE_RATE,
	GIVE_CONNECTION_RATE,
	GIVE_SUSPENDED,
	GIVE_FAILURES,
	GIVE_NO_HOSTS,
	GIVE_SKIPPED,
	GIVE_PROHIBITED,
	GIVE_NULL_MX,
};

struct ready {
	struct named named;
	struct wheel_node timer;
	struct answer config;
	struct link link;       /* e->ready_work or e->stalled */
	struct link lease_link; /* share.waiting */
	struct list flows;      /* ring; the first is being served */
	struct list room;       /* queues waiting for room */
	struct list sessions;   /* all, by session.all */
	struct list idle;       /* by session.list_link */
	struct list partial;
	struct engine_counters counters;
	struct throttle messages;
	struct throttle connections;
	struct throttle selections;
	int64_t suspended_until_ms;
	int64_t idle_since_ms;
	int64_t give_until_ms;   /* due time of what is given back */
	int64_t closed_until_ms; /* throttled that long: takes nothing */
	char *give_text;
	uint32_t path;
	uint32_t source;
	uint32_t site;
	uint32_t protocol;
	uint32_t hosts;
	uint32_t set;
	uint32_t terms;
	uint32_t domain_name; /* for get_egress_path_config */
	uint32_t count;       /* ready */
	uint32_t in_hand;
	uint32_t opening; /* sessions not started yet */
	uint32_t closing; /* told to end, or about to be */
	uint32_t failures;
	uint32_t lease;       /* the share being waited for */
	uint8_t give;         /* enum giving_back */
	uint8_t worker;       /* enum worker_kind */
	bool working;         /* link is in ready_work */
	bool stalled;         /* link is in stalled */
	bool shed;            /* max_ready may be smaller than before */
};

/* ---- sessions ----------------------------------------------------------- */

enum session_state {
	SESSION_FREE,
	SESSION_OPENING,
	SESSION_ACTIVE,
	SESSION_ENDING,  /* closes as soon as its hand is empty */
	SESSION_CLOSING, /* told to */
};

enum session_in { SESSION_IN_NONE, SESSION_IN_IDLE, SESSION_IN_PARTIAL };

struct session {
	uint32_t serial; /* high half of the id */
	uint32_t ready;
	uint32_t path;
	uint32_t worker;
	struct wheel_node timer;
	struct list hand;
	struct link all;
	struct link list_link;
	struct link of_worker;
	int64_t idle_since_ms;
	uint64_t dispatched;
	uint32_t window;
	uint32_t large; /* such messages in the hand */
	uint8_t state;  /* enum session_state */
	uint8_t in;     /* enum session_in */
	uint8_t why;    /* enum close_reason of SESSION_ENDING */
	bool spoke;     /* had an outcome from a peer */
	bool paid;      /* a message has paid for the plan that failed */
};

struct worker {
	bool up;
	enum worker_kind kind;
	struct list sessions;
};

/* ---- the engine --------------------------------------------------------- */

struct engine {
	int64_t now_ms;
	uint32_t epoch;
	uint32_t budget;
	uint32_t left; /* of the budget in this tick */
	bool wait_for_room;
	bool unhealthy;
	bool low_memory;
	bool stopping;
	uint32_t serial;    /* of sessions */
	uint32_t unsettled;
	uint32_t places[PLACES];
	uint64_t steps;
	struct rng rng;
	struct engine_counters counters;

	struct slab messages;
	struct slab flows;
	struct slab sessions;
	struct registry queues;
	struct registry readies;
	struct registry profiles;
	struct registry paths;
	struct registry pools;
	struct registry sources;
	struct registry domains;
	struct registry shares;
	struct registry names; /* sites, protocols, domains */
	struct registry blobs; /* hosts, terms, sources' wire forms, reasons */
	struct index flow_index;
	struct index ready_index; /* by struct ready_key */
	struct map marks;         /* id -> struct mark */
	struct map expiries;      /* message number -> time */
	uint32_t unspecified;     /* the source of that name */

	struct wheel message_wheel;
	struct wheel queue_wheel;
	struct wheel ready_wheel;
	struct wheel session_wheel;

	struct list queue_work;
	struct list ready_work;
	struct list stalled; /* ready queues that wait for worker or store */

	struct worker *workers;
	uint32_t nworkers;

	struct action *actions; /* ring */
	uint32_t actions_size, actions_first, actions_count;
	struct arena texts;
};

static inline struct message *
message_at(const struct engine *e, uint32_t i)
{
	return slab_at(&e->messages, i);
}

static inline struct queue *
queue_at(const struct engine *e, uint32_t i)
{
	return registry_at(&e->queues, i);
}

static inline struct ready *
ready_at(const struct engine *e, uint32_t i)
{
	return registry_at(&e->readies, i);
}

static inline struct session *
session_at(const struct engine *e, uint32_t i)
{
	return slab_at(&e->sessions, i);
}

static inline struct flow *
flow_at(const struct engine *e, uint32_t i)
{
	return slab_at(&e->flows, i);
}

/* NULL for 0. */
static inline struct path *
path_at(const struct engine *e, uint32_t i)
{
	return i != 0 ? registry_at(&e->paths, i) : NULL;
}

static inline struct profile *
profile_at(const struct engine *e, uint32_t i)
{
	return i != 0 ? registry_at(&e->profiles, i) : NULL;
}

#define CHAIN(e, member, type, field)                                          \
	((struct chain){ &(e)->member, offsetof(struct type, field) })
#define MESSAGE_NODES(e) CHAIN(e, messages, message, node.link)
#define MESSAGE_SIBLINGS(e) CHAIN(e, messages, message, siblings)
#define QUEUE_LINKS(e) CHAIN(e, queues.slab, queue, link)
#define READY_LINKS(e) CHAIN(e, readies.slab, ready, link)
#define READY_LEASES(e) CHAIN(e, readies.slab, ready, lease_link)
#define FLOW_RINGS(e) CHAIN(e, flows, flow, ring)
#define FLOW_SIBLINGS(e) CHAIN(e, flows, flow, siblings)
#define SESSIONS_ALL(e) CHAIN(e, sessions, session, all)
#define SESSION_LISTS(e) CHAIN(e, sessions, session, list_link)
#define SESSIONS_OF_WORKER(e) CHAIN(e, sessions, session, of_worker)

/* Count for the whole and, where r is not NULL, for the ready queue. */
#define COUNT(e, r, what)                                                      \
	do {                                                                   \
		struct ready *count_r = (r);                                   \
		(e)->counters.what++;                                          \
		if (count_r != NULL)                                           \
			count_r->counters.what++;                              \
	} while (0)

/* One step of work; false when this tick has done its share. */
static inline bool
engine_step(struct engine *e)
{
	if (e->left == 0)
		return false;
	e->left--;
	e->steps++;
	return true;
}

/* Set a thing's timer to fire at `at`, unless it fires earlier anyway. */
static inline void
timer_at_latest(struct wheel *w, uint32_t item, int64_t at_ms)
{
	struct wheel_node *n = (struct wheel_node *)((uint8_t *)slab_at(w->slab,
	    item) + w->offset);

	if (wheel_has(w, item)) {
		if (n->due_ms <= at_ms)
			return;
		wheel_del(w, item);
	}
	wheel_add(w, item, at_ms);
}

#endif
