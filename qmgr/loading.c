/* SPDX-License-Identifier: Apache-2.0 */
#include "qmgr/loading.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "lib/base/alloc.h"
#include "lib/base/log.h"
#include "lib/ipc/store.h"
#include "qmgr/qmgr.h"
#include "qmgr/settling.h"
#include "qmgr/workers.h"

enum {
	SLICE_ENTRIES = 8192,
	WAIT_FOR_WORKERS_MS = 2000, /* one that hangs must not stop mail */
};

/* What a commit stored, kept as it was told. */
struct report {
	STAILQ_ENTRY(report) link;
	uint64_t commit;
	struct buf body;
};

STAILQ_HEAD(reports, report);

struct early_outcome {
	uint32_t worker;
	struct engine_outcome in;
};

enum scan_state {
	SCAN_IDLE,    /* nothing to read */
	SCAN_WAITING, /* wanted: waits for workers' reports, reader, writer */
	SCAN_ASKED,   /* a slice is under way */
};

struct loading {
	enum scan_state state;
	bool first;             /* the scan of the start is not over */
	bool overdue;           /* do not wait for workers any longer */
	bool store_spoke;       /* the writer knows of this channel */
	struct timer patience;
	uint64_t request;       /* of the slice that was asked for */
	struct uuid after;      /* where the scan stands */
	uint64_t min_commit;    /* it reads entries above this commit */
	uint64_t snapshot;      /* its upper bound, or that of the last one;
				   0: not named yet */
	uint64_t seen;          /* all commits up to this one are known */
	bool again;             /* a gap came while scanning: scan once more,
				   reports from then on wait for it */
	struct reports reports; /* what came while a scan had not named its
				   snapshot */
	struct reports parts;   /* of a commit that is not told to its end */
	struct map early;       /* message id -> struct early_outcome */
	uint64_t loaded;
	int64_t began_ms;
};

/* ---- entries ------------------------------------------------------------ */

static void
entry_add(struct qmgr *q, const struct sched_entry *e)
{
	struct loading *l = q->loading;
	struct span key = span_make(&e->id, sizeof(e->id));
	struct engine_message m = { .id = e->id, .queue = e->queue,
		.due_ms = e->due_ms, .attempts = e->attempts,
		.size = e->size > UINT32_MAX ? UINT32_MAX : (uint32_t)e->size,
		.nrcpt = e->n_rcpts > UINT16_MAX ? UINT16_MAX :
		(uint16_t)e->n_rcpts };
	struct early_outcome *early = NULL;

	if (l->early.count > 0)
		early = map_del(&l->early, key);
	if (early != NULL)
		engine_mark_in_flight(q->engine, &e->id, early->worker);
	engine_add(q->engine, &m);
	if (early != NULL) {
		if (!engine_outcome(q->engine, 0, &e->id, &early->in) &&
		    early->in.token != 0)
			settling_drop(q, early->in.token);
		free(early);
	}
}

bool
loading_outcome(struct qmgr *q, uint32_t worker, const struct uuid *id,
    const struct engine_outcome *in, uint64_t token)
{
	struct loading *l = q->loading;
	struct early_outcome *early;

	if (!l->first || in->token != token)
		return false;
	early = xcalloc(1, sizeof(*early));
	early->worker = worker;
	early->in = *in;
	early = map_set(&l->early, span_make(id, sizeof(*id)), early);
	if (early != NULL)
		settling_drop(q, early->in.token);
	free(early);
	return true;
}

/* Outcomes that came after their message, or of messages that are no more. */
static void
early_end(struct qmgr *q)
{
	struct early_outcome *early;
	struct span key;
	struct uuid id;
	void *value;
	size_t at = 0;

	while (map_next(&q->loading->early, &at, &key, &value)) {
		early = value;
		memcpy(&id, key.p, sizeof(id));
		if (!engine_outcome(q->engine, 0, &id, &early->in))
			settling_drop(q, early->in.token);
	}
	map_free(&q->loading->early, free);
}

static void
enqueued_add(struct qmgr *q, const struct enqueued *e)
{
	uint32_t i;

	for (i = 0; i < e->n; i++)
		entry_add(q, &e->entries[i]);
	if (e->commit > q->loading->seen)
		q->loading->seen = e->commit;
}

/* ---- reports ------------------------------------------------------------ */

static void
report_keep(struct reports *list, uint64_t commit, struct span body)
{
	struct report *p = xcalloc(1, sizeof(*p));

	p->commit = commit;
	buf_add_span(&p->body, body);
	STAILQ_INSERT_TAIL(list, p, link);
}

static void
report_free(struct report *p)
{
	buf_free(&p->body);
	free(p);
}

/* Add what the scan did not see. */
static void
reports_replay(struct qmgr *q, struct reports *list)
{
	struct loading *l = q->loading;
	struct arena a = { 0 };
	struct enqueued e;
	struct report *p;
	struct reader r;

	while ((p = STAILQ_FIRST(list)) != NULL) {
		STAILQ_REMOVE_HEAD(list, link);
		if (p->commit > l->snapshot) {
			reader_init(&r, buf_span(&p->body));
			enqueued_get(&r, &e, &a);
			enqueued_add(q, &e);
			arena_reset(&a);
		}
		report_free(p);
	}
	arena_free(&a);
}

/* ---- scanning ----------------------------------------------------------- */

static void
slice_ask(struct qmgr *q)
{
	struct loading *l = q->loading;
	struct channel *ch = daemon_peer_nth(&q->d, ROLE_READER, 0);
	struct sched_scan scan = { l->after, l->min_commit, l->snapshot,
		SLICE_ENTRIES };

	if (ch == NULL) {
		l->state = SCAN_WAITING;
		return;
	}
	l->state = SCAN_ASKED;
	sched_scan_put(channel_begin(ch, MSG_SCHED_SCAN, ++l->request), &scan);
	channel_end(ch);
}

static void
patience_ended(void *arg)
{
	struct qmgr *q = arg;

	q->loading->overdue = true;
	log_warnx("a delivery process does not say what it holds: "
	    "reading the schedule without it");
	loading_check(q);
}

void
loading_init(struct qmgr *q)
{
	struct loading *l = xcalloc(1, sizeof(*l));

	q->loading = l;
	l->state = SCAN_WAITING;
	l->first = true;
	l->began_ms = loop_mono_ms(q->d.loop);
	STAILQ_INIT(&l->reports);
	STAILQ_INIT(&l->parts);
	timer_init(&l->patience, q->d.loop, patience_ended, q);
	timer_set(&l->patience, WAIT_FOR_WORKERS_MS);
}

/*
 * The writer must have spoken first: it then knows of us, and what it stores
 * after the snapshot is sure to be reported.
 */
void
loading_check(struct qmgr *q)
{
	struct loading *l = q->loading;

	if (l->state != SCAN_WAITING || !l->store_spoke)
		return;
	if (l->first && !l->overdue && !workers_all_reported(q))
		return;
	timer_cancel(&l->patience);
	slice_ask(q);
}

static void
scan_begin(struct qmgr *q)
{
	struct loading *l = q->loading;

	if (l->state != SCAN_IDLE) {
		/* What the running scan cannot see is read after it. */
		l->again = true;
		return;
	}
	l->state = SCAN_WAITING;
	l->after = (struct uuid){ 0 };
	l->min_commit = l->seen;
	l->snapshot = 0;
	loading_check(q);
}

void
loading_store_spoke(struct qmgr *q)
{
	q->loading->store_spoke = true;
	loading_check(q);
}

/* What a dead writer did not tell to its end is read from the schedule. */
void
loading_store_down(struct qmgr *q)
{
	struct reports *parts = &q->loading->parts;
	struct report *p;

	q->loading->store_spoke = false;
	while ((p = STAILQ_FIRST(parts)) != NULL) {
		STAILQ_REMOVE_HEAD(parts, link);
		report_free(p);
	}
}

void
loading_store_up(struct qmgr *q)
{
	/* A new writer reports what it commits, not what its predecessor
	 * did and had no time to say. */
	if (q->loading->state == SCAN_WAITING)
		loading_check(q);
	else
		scan_begin(q);
}

void
loading_reader_up(struct qmgr *q)
{
	if (q->loading->state == SCAN_ASKED)
		slice_ask(q);
	else
		loading_check(q);
}

static void
scan_end(struct qmgr *q)
{
	struct loading *l = q->loading;

	l->state = SCAN_IDLE;
	if (l->snapshot > l->seen)
		l->seen = l->snapshot;
	if (l->first) {
		l->first = false;
		engine_loaded(q->engine);
		early_end(q);
		log_info("schedule read messages=%llu ms=%lld",
		    (unsigned long long)l->loaded,
		    (long long)(loop_mono_ms(q->d.loop) - l->began_ms));
	}
	if (l->again) {
		l->again = false;
		scan_begin(q);
	}
}

void
loading_on_slice(void *arg, struct channel *ch, uint64_t id, struct reader *r,
    int fd)
{
	struct qmgr *q = arg;
	struct loading *l = q->loading;
	struct arena a = { 0 };
	struct sched_slice s;
	uint32_t i;

	(void)ch;
	(void)fd;
	sched_slice_get(r, &s, &a);
	if (!reader_end(r) || l->state != SCAN_ASKED || id != l->request)
		goto out;
	qmgr_input(q);
	if (l->snapshot == 0) {
		l->snapshot = s.snapshot;
		reports_replay(q, &l->reports);
	}
	for (i = 0; i < s.n; i++)
		entry_add(q, &s.entries[i]);
	l->loaded += s.n;
	l->after = s.upto;
	if (s.more)
		slice_ask(q);
	else
		scan_end(q);
out:
	arena_free(&a);
}

/* ---- reports of the writer ---------------------------------------------- */

void
loading_on_enqueued(void *arg, struct channel *ch, uint64_t id,
    struct reader *r, int fd)
{
	struct qmgr *q = arg;
	struct loading *l = q->loading;
	struct arena a = { 0 };
	struct span body = span_make(r->p, reader_left(r));
	struct enqueued e;

	(void)ch;
	(void)id;
	(void)fd;
	enqueued_get(r, &e, &a);
	if (!reader_end(r))
		goto out;
	if (e.more || !STAILQ_EMPTY(&l->parts)) {
		report_keep(&l->parts, e.commit, body);
		if (e.more)
			goto out;
	}
	if (l->state != SCAN_IDLE && (l->snapshot == 0 || l->again)) {
		if (STAILQ_EMPTY(&l->parts))
			report_keep(&l->reports, e.commit, body);
		else
			STAILQ_CONCAT(&l->reports, &l->parts);
		goto out;
	}
	/*
	 * The reader's answer may have overtaken the writer's report: what the
	 * scan saw was added by it, also when the scan is over.
	 */
	qmgr_input(q);
	if (!STAILQ_EMPTY(&l->parts))
		reports_replay(q, &l->parts);
	else if (e.commit > l->snapshot)
		enqueued_add(q, &e);
out:
	arena_free(&a);
}

void
loading_on_gap(void *arg, struct channel *ch, uint64_t id, struct reader *r,
    int fd)
{
	struct qmgr *q = arg;
	struct enqueued_gap g;

	(void)ch;
	(void)id;
	(void)fd;
	enqueued_gap_get(r, &g);
	if (reader_end(r) && g.upto > q->loading->seen) {
		if (g.after < q->loading->seen)
			q->loading->seen = g.after;
		scan_begin(q);
	}
}
