/* SPDX-License-Identifier: Apache-2.0 */
#include "qmgr/settling.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/random.h>

#include "lib/base/alloc.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/ipc/store.h"
#include "lib/mail/record.h"
#include "qmgr/qmgr.h"
#include "qmgr/workers.h"

/*
 * One report or decision. It is first without `body` (the engine thinks), then
 * in order of sending with it. Order of sending is order of request ids.
 */
struct settlement {
	STAILQ_ENTRY(settlement) link;
	uint64_t id;          /* SETTLE request id; 0: not sent yet */
	uint32_t worker;      /* NO_WORKER: the engine's own decision */
	uint64_t request;     /* the worker's request id */
	uint32_t *done;
	uint32_t n_done;
	uint32_t of_rcpts;    /* in the envelope that the worker had */
	bool damaged;         /* a reader could not read it */
	struct span *records; /* into `bytes` */
	uint32_t n_records;
	char *bytes;
	struct buf body;      /* encoded SETTLE */
};

STAILQ_HEAD(settlements, settlement);

enum { NO_WORKER = UINT32_MAX };

struct settling {
	struct settlements sent; /* by id, oldest first */
	uint64_t last;
	uint32_t kept;           /* reports that the engine still holds */
	uint32_t committed;      /* since the engine was told */
	struct map acks;         /* worker -> uint64_t: acknowledge up to */
	struct deferred ack;
	struct buf scratch;
};

static void
settlement_free(struct settlement *s)
{
	free(s->done);
	free(s->records);
	free(s->bytes);
	buf_free(&s->body);
	free(s);
}

/* ---- acknowledging ------------------------------------------------------ */

static void
send_acks(void *arg)
{
	struct qmgr *q = arg;
	struct channel *ch;
	struct span key;
	uint32_t worker;
	void *value;
	size_t at = 0;

	while (map_next(&q->settling->acks, &at, &key, &value)) {
		uint64_t *upto = value;

		memcpy(&worker, key.p, sizeof(worker));
		ch = worker_channel(q, worker);
		if (ch == NULL || *upto == 0)
			continue;
		outcome_kept_put(channel_begin(ch, MSG_OUTCOME_KEPT, 0), *upto);
		channel_end(ch);
		*upto = 0;
	}
}

void
settling_init(struct qmgr *q)
{
	uint64_t maker;

	q->settling = xcalloc(1, sizeof(*q->settling));
	STAILQ_INIT(&q->settling->sent);
	if (getrandom(&maker, sizeof(maker), 0) != (ssize_t)sizeof(maker))
		fatal("getrandom");
	q->settling->last = maker << (64 - SETTLE_MAKER_BITS);
	q->settling->ack = (struct deferred){ .run = send_acks, .arg = q };
}

/*
 * Reports of one worker reach the engine, and leave it, in their order; a later
 * acknowledgement covers the earlier ones.
 */
static void
acknowledge(struct qmgr *q, const struct settlement *s)
{
	struct span key = span_make(&s->worker, sizeof(s->worker));
	uint64_t *upto;

	if (s->worker == NO_WORKER)
		return;
	upto = map_get(&q->settling->acks, key);
	if (upto == NULL) {
		upto = xcalloc(1, sizeof(*upto));
		map_set(&q->settling->acks, key, upto);
	}
	if (s->request > *upto)
		*upto = s->request;
	loop_defer(q->d.loop, &q->settling->ack);
}

void
settling_worker_gone(struct qmgr *q, uint32_t worker)
{
	struct settlement *s;

	free(map_del(&q->settling->acks, span_make(&worker, sizeof(worker))));
	STAILQ_FOREACH(s, &q->settling->sent, link) {
		if (s->worker == worker)
			s->worker = NO_WORKER;
	}
}

void
settling_on_settled(void *arg, struct channel *ch, uint64_t id,
    struct reader *r, int fd)
{
	struct qmgr *q = arg;
	struct settling *t = q->settling;
	uint64_t upto = settled_get(r);
	struct settlement *s;
	uint32_t n = 0;

	(void)ch;
	(void)id;
	(void)fd;
	while ((s = STAILQ_FIRST(&t->sent)) != NULL && s->id <= upto) {
		STAILQ_REMOVE_HEAD(&t->sent, link);
		acknowledge(q, s);
		settlement_free(s);
		n++;
	}
	if (n == 0)
		return;
	qmgr_input(q);
	engine_settled(q->engine, n);
}

bool
settling_is_idle(const struct qmgr *q)
{
	return STAILQ_EMPTY(&q->settling->sent) && q->settling->kept == 0;
}

/* ---- reports ------------------------------------------------------------ */

uint64_t
settling_keep(struct qmgr *q, uint32_t worker, uint64_t request,
    const struct outcome *o)
{
	struct settlement *s = xcalloc(1, sizeof(*s));
	size_t total = 0;
	uint32_t i;
	char *at;

	s->worker = worker;
	s->request = request;
	s->n_done = o->n_done;
	s->of_rcpts = o->of_rcpts;
	s->n_records = o->n_records;
	if (o->n_done > 0) {
		s->done = xcalloc(o->n_done, sizeof(*s->done));
		memcpy(s->done, o->done, o->n_done * sizeof(*s->done));
	}
	for (i = 0; i < o->n_records; i++)
		total += o->records[i].len;
	s->bytes = at = xmalloc(total);
	s->records = xcalloc(o->n_records, sizeof(*s->records));
	for (i = 0; i < o->n_records; i++) {
		memcpy(at, o->records[i].p, o->records[i].len);
		s->records[i] = span_make(at, o->records[i].len);
		at += o->records[i].len;
	}
	q->settling->kept++;
	return (uint64_t)(uintptr_t)s;
}

uint64_t
settling_keep_damaged(struct qmgr *q)
{
	struct settlement *s = xcalloc(1, sizeof(*s));

	s->worker = NO_WORKER;
	s->damaged = true;
	q->settling->kept++;
	return (uint64_t)(uintptr_t)s;
}

void
settling_drop(struct qmgr *q, uint64_t token)
{
	struct settlement *s = (struct settlement *)(uintptr_t)token;

	q->settling->kept--;
	acknowledge(q, s);
	settlement_free(s);
}

/* ---- the engine's decisions --------------------------------------------- */

#define OWN_REPLY "KumoMTA internal: "

static const enum record_type record_types[] = {
	[ENGINE_RECORD_EXPIRATION] = RECORD_EXPIRATION,
	[ENGINE_RECORD_DELAYED] = RECORD_DELAYED,
	[ENGINE_RECORD_TRANSIENT_FAILURE] = RECORD_TRANSIENT_FAILURE,
	[ENGINE_RECORD_BOUNCE] = RECORD_BOUNCE,
};

static void
record_of(struct buf *out, const struct action_record *a)
{
	struct record rec = { .type = record_types[a->kind],
		.time_us = clock_wall_us(), .code = a->code,
		.pool = a->pool, .source = a->source };
	struct buf site = { 0 }, text = { 0 };
	unsigned class, subject, detail;

	/* A worker's reason has the mark of our own replies already. */
	if (!span_starts(a->text, OWN_REPLY))
		buf_add_str(&text, OWN_REPLY);
	buf_add_span(&text, a->text);
	rec.content = buf_span(&text);

	if (a->enhanced != NULL && sscanf(a->enhanced, "%u.%u.%u", &class,
	    &subject, &detail) == 3) {
		rec.has_enhanced = true;
		rec.enh_class = (uint8_t)class;
		rec.enh_subject = (uint16_t)subject;
		rec.enh_detail = (uint16_t)detail;
	}
	if (a->site.len > 0 && a->source.len > 0) {
		buf_addf(&site, "%.*s->%.*s@%.*s", SPAN_FMT(a->source),
		    SPAN_FMT(a->site), SPAN_FMT(a->protocol));
		rec.site = buf_span(&site);
	}
	record_put(out, &rec);
	buf_free(&site);
	buf_free(&text);
}

static void
settlement_send(struct qmgr *q, const struct settlement *s)
{
	struct channel *ch = daemon_peer(&q->d, ROLE_SPOOLD, 0);

	if (ch == NULL)
		return;
	buf_add_span(channel_begin(ch, MSG_SETTLE, s->id), buf_span(&s->body));
	channel_end(ch);
}

void
settling_settle(struct qmgr *q, const struct action_settle *a)
{
	static const enum settle_action actions[] = {
		[ENGINE_SETTLE_KEEP] = SETTLE_KEEP,
		[ENGINE_SETTLE_DEFER] = SETTLE_DEFER,
		[ENGINE_SETTLE_REMOVE] = SETTLE_REMOVE,
	};
	struct settling *t = q->settling;
	struct settlement *s;
	struct settle body = { .id = a->id, .action = actions[a->op],
		.due_ms = a->due_ms, .attempts = a->attempts };

	if (a->token != 0) {
		s = (struct settlement *)(uintptr_t)a->token;
		t->kept--;
	} else {
		s = xcalloc(1, sizeof(*s));
		s->worker = NO_WORKER;
	}
	if (s->damaged && body.action == SETTLE_REMOVE)
		body.action = SETTLE_SET_ASIDE;
	body.of_rcpts = s->of_rcpts;
	body.done = s->done;
	body.n_done = s->n_done;
	if (a->record != NULL) {
		buf_clear(&t->scratch, 65536);
		record_of(&t->scratch, a->record);
		s->records = xreallocarray(s->records, s->n_records + 1,
		    sizeof(*s->records));
		s->records[s->n_records++] = buf_span(&t->scratch);
	}
	body.records = s->records;
	body.n_records = s->n_records;
	settle_put(&s->body, &body);
	s->id = ++t->last;
	STAILQ_INSERT_TAIL(&t->sent, s, link);
	settlement_send(q, s);
	/* The body holds it all now. */
	free(s->done);
	free(s->records);
	free(s->bytes);
	s->done = NULL;
	s->records = NULL;
	s->bytes = NULL;
}

void
settling_store_up(struct qmgr *q)
{
	struct settlement *s;

	STAILQ_FOREACH(s, &q->settling->sent, link)
		settlement_send(q, s);
}
