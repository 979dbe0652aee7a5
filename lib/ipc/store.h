/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words around the spool. Commits are numbered by the store and only grow;
 * an entry of the schedule carries the number of the commit that stored it
 * first (a later deferral keeps it), so "what came after commit N" is a
 * question that a scan can answer.
 *
 * STORE is answered only after its commit; the sender keeps it until then and
 * sends it again to a restarted writer: ids make that harmless (an id that is
 * there already is answered as stored). SETTLE likewise: its request ids grow,
 * SETTLED acknowledges all up to one, and settling an id that is gone changes
 * nothing and writes no record.
 *
 * A deferral that was carried out already must not count twice: the writer
 * knows it by fewer attempts than stored, by the same attempts and due time,
 * by the same attempts and a request id that is not above the last one of the
 * same queue manager, or by of_rcpts. A queue manager puts a number of its own
 * (random, not 0) into the 20 high bits of its request ids, so that its ids
 * are not taken for its predecessor's.
 */
#ifndef LIB_IPC_STORE_H
#define LIB_IPC_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/base/uuid.h"
#include "lib/base/wire.h"

enum {
	STORE_INLINE_MAX = 256 * 1024, /* longer bodies ride in a memfd */
	STORE_MESSAGES_MAX = 65536,
	STORE_ITEM_MAX = 1024 * 1024,  /* one envelope or record */
	STORE_SCAN_MAX = 16384,        /* entries in one slice */
};

/* One line of the schedule. */
struct sched_entry {
	struct uuid id;
	int64_t due_ms;   /* wall time */
	uint16_t attempts;
	uint32_t n_rcpts;
	uint64_t size;    /* bytes of the whole content */
	struct span queue;
};

void sched_entry_put(struct buf *b, const struct sched_entry *e);
void sched_entry_get(struct reader *r, struct sched_entry *out);

/* STORE: the messages of one transaction and the body they share. */
struct store_message {
	struct sched_entry sched;
	struct span envelope; /* lib/mail/envelope.h, encoded */
	struct span record;   /* its Reception record, encoded */
};

struct store {
	bool deferred; /* answer before the commit (deferred_spool) */
	struct store_message *messages;
	uint32_t n_messages;
	struct uuid body_id;
	uint64_t body_size;
	struct span body; /* all of it, or "" when a descriptor carries it */
};

void store_put(struct buf *b, const struct store *s);
/* All of it that comes in front of the body: put_span(body) completes it. */
void store_head_put(struct buf *b, const struct store *s);
void store_get(struct reader *r, struct store *out, struct arena *a);

enum stored_result {
	STORED_OK,
	STORED_NO_SPACE, /* 452 4.3.1 */
	STORED_FAILED,   /* 451 4.3.0 */
	STORED_RESULTS
};

void stored_put(struct buf *b, enum stored_result result);
enum stored_result stored_get(struct reader *r);

/* RECORD: a log record without a stored message (a refusal). */
struct lone_record {
	struct span record, envelope; /* encoded */
};

void lone_record_put(struct buf *b, const struct lone_record *l);
void lone_record_get(struct reader *r, struct lone_record *out);

/* HEALTH: sent when it changes and to each new peer. */
enum health {
	HEALTH_OK,
	HEALTH_NO_SPACE, /* mail is refused with 452; delivery goes on */
	HEALTH_FAILED,   /* mail is refused with 451; delivery pauses */
	HEALTH_STATES
};

void health_put(struct buf *b, enum health state);
enum health health_get(struct reader *r);

/* ENQUEUED: what one commit stored; several frames when it is much. */
struct enqueued {
	uint64_t commit;
	bool more; /* the next frame tells more of the same commit */
	struct sched_entry *entries;
	uint32_t n;
};

void enqueued_put(struct buf *b, const struct enqueued *e);
void enqueued_get(struct reader *r, struct enqueued *out, struct arena *a);

/*
 * ENQUEUED_GAP: the queue manager was too slow to be told; entries of commits
 * after `after` up to `upto` must be read by a scan.
 */
struct enqueued_gap {
	uint64_t after, upto;
};

void enqueued_gap_put(struct buf *b, const struct enqueued_gap *g);
void enqueued_gap_get(struct reader *r, struct enqueued_gap *out);

/* SETTLE: what became of a message, with the records that say so. */
enum settle_action {
	SETTLE_KEEP,   /* only the records are written */
	SETTLE_REMOVE, /* no recipient is left */
	SETTLE_DEFER,  /* due_ms, attempts; recipients done are dropped */
	SETTLE_SET_ASIDE, /* a reader found it damaged: keep it apart */
	SETTLE_ACTIONS
};

struct settle {
	struct uuid id;
	enum settle_action action;
	int64_t due_ms;
	uint16_t attempts;    /* so far, the one reported here included */
	uint32_t *done;       /* indices into the envelope's recipients */
	uint32_t n_done;
	uint32_t of_rcpts;    /* of so many recipients; 0: not said */
	struct span *records; /* encoded, in order */
	uint32_t n_records;
};

/*
 * The upper bits of a SETTLE's request id name the queue manager process that
 * made it (at random), the rest count.
 */
enum { SETTLE_MAKER_BITS = 20 };

void settle_put(struct buf *b, const struct settle *s);
void settle_get(struct reader *r, struct settle *out, struct arena *a);

void settled_put(struct buf *b, uint64_t upto);
uint64_t settled_get(struct reader *r);

/*
 * SCHED_SCAN: the next slice of the schedule in order of id: ids above
 * `after`, first stored by commits in (min_commit, max_commit].
 */
struct sched_scan {
	struct uuid after;    /* zero: from the start */
	uint64_t min_commit;
	uint64_t max_commit;  /* 0: no bound, the answer names the snapshot */
	uint32_t limit;       /* entries, at most STORE_SCAN_MAX */
};

struct sched_slice {
	uint64_t snapshot; /* newest commit the scan could see */
	struct uuid upto;  /* ask on from here */
	bool more;
	struct sched_entry *entries;
	uint32_t n;
};

void sched_scan_put(struct buf *b, const struct sched_scan *s);
void sched_scan_get(struct reader *r, struct sched_scan *out);
void sched_slice_put(struct buf *b, const struct sched_slice *s);
void sched_slice_get(struct reader *r, struct sched_slice *out,
    struct arena *a);

#endif
