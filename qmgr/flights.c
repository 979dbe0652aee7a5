/* SPDX-License-Identifier: Apache-2.0 */
#include "qmgr/flights.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/ipc/delivery.h"
#include "qmgr/asks.h"
#include "qmgr/loading.h"
#include "qmgr/qmgr.h"
#include "qmgr/settling.h"
#include "qmgr/workers.h"

enum {
	READERS_MAX = 64,
	LOG_TEXT = 200,
};

struct session {
	uint64_t id;
	uint32_t worker;
	char *ready_queue;
	struct buf items;    /* DISPATCH items of this turn, encoded */
	uint32_t n_items;
	struct session *next_dirty;
	bool dirty;
};

/* A message that a reader was asked to hand to a worker. */
struct flight {
	uint64_t session;
	uint32_t worker;
	const char *pool; /* in flights.pools */
	uint32_t reader; /* which of them was asked, */
	uint32_t life;   /* and in which of its lives */
	uint16_t attempts;
};

struct flights {
	struct map sessions;   /* session id -> struct session */
	struct map by_id;      /* message id -> struct flight */
	struct map broken_tls; /* ready queue -> int64_t: until, monotonic */
	struct map pools;      /* name -> the same: few, and kept */
	const char *pool;      /* the one that was used last */
	struct session *dirty;
	uint64_t *opened;      /* sessions begun in this round */
	uint32_t n_opened, opened_size;
	uint32_t lives[READERS_MAX]; /* how often each reader came up */
	struct buf scratch;
};

void
flights_init(struct qmgr *q)
{
	q->flights = xcalloc(1, sizeof(*q->flights));
}

static struct span
u64_key(const uint64_t *v)
{
	return span_make(v, sizeof(*v));
}

static struct span
id_key(const struct uuid *id)
{
	return span_make(id, sizeof(*id));
}

static struct session *
session_of(struct qmgr *q, uint64_t id)
{
	return map_get(&q->flights->sessions, u64_key(&id));
}

static void
session_forget(struct qmgr *q, uint64_t id)
{
	struct session *s = map_del(&q->flights->sessions, u64_key(&id));
	struct session **at;

	if (s == NULL)
		return;
	for (at = &q->flights->dirty; s->dirty && *at != NULL;
	     at = &(*at)->next_dirty) {
		if (*at == s) {
			*at = s->next_dirty;
			break;
		}
	}
	free(s->ready_queue);
	buf_free(&s->items);
	free(s);
}

/* ---- workers ------------------------------------------------------------ */

void
flights_worker_up(struct qmgr *q, struct channel *ch)
{
	qmgr_input(q);
	engine_worker_up(q->engine, worker_number(ch),
	    channel_peer(ch) == ROLE_LOCAL ? WORKER_SCRIPT : WORKER_SMTP);
}

/* All flights and sessions of a worker go; the engine decides on. */
void
flights_worker_down(struct qmgr *q, struct channel *ch)
{
	uint32_t worker = worker_number(ch);
	struct buf gone = { 0 };
	struct span key;
	void *value;
	size_t at = 0;
	uint64_t id;
	struct uuid uuid;

	workers_gone(q, worker);
	while (map_next(&q->flights->by_id, &at, &key, &value)) {
		if (((struct flight *)value)->worker == worker)
			buf_add_span(&gone, key);
	}
	for (; buf_len(&gone) >= sizeof(uuid); buf_take(&gone, sizeof(uuid))) {
		memcpy(&uuid, buf_data(&gone), sizeof(uuid));
		free(map_del(&q->flights->by_id, id_key(&uuid)));
	}
	at = 0;
	while (map_next(&q->flights->sessions, &at, &key, &value)) {
		if (((struct session *)value)->worker == worker)
			buf_add_span(&gone, key);
	}
	for (; buf_len(&gone) >= sizeof(id); buf_take(&gone, sizeof(id))) {
		memcpy(&id, buf_data(&gone), sizeof(id));
		session_forget(q, id);
	}
	buf_free(&gone);
	settling_worker_gone(q, worker);
	qmgr_input(q);
	engine_worker_lost(q->engine, worker);
}

/* ---- the engine's actions ----------------------------------------------- */

static bool
tls_is_broken(struct qmgr *q, struct span ready_queue)
{
	int64_t *until = map_get(&q->flights->broken_tls, ready_queue);

	return until != NULL && *until > loop_mono_ms(q->d.loop);
}

static void
tls_broke(struct qmgr *q, const struct session *s)
{
	struct span key = span_of(s->ready_queue);
	int64_t remember = asks_broken_tls_ms(q, key), *until;

	if (remember <= 0)
		return;
	until = map_get(&q->flights->broken_tls, key);
	if (until == NULL) {
		until = xcalloc(1, sizeof(*until));
		map_set(&q->flights->broken_tls, key, until);
	}
	*until = loop_mono_ms(q->d.loop) + remember;
}

static void
opened_add(struct flights *f, uint64_t session)
{
	if (f->n_opened == f->opened_size) {
		f->opened_size = f->opened_size * 2 + 16;
		f->opened = xreallocarray(f->opened, f->opened_size,
		    sizeof(*f->opened));
	}
	f->opened[f->n_opened++] = session;
}

void
flights_open(struct qmgr *q, const struct action_open *a)
{
	struct channel *ch = worker_channel(q, a->worker);
	struct session *s = xcalloc(1, sizeof(*s));
	struct session_open open = { .session = a->session,
		.kind = span_starts(a->protocol, "maildir:") ?
		DELIVER_MAILDIR : DELIVER_SMTP, .ready_queue = a->ready_queue,
		.domain = a->site, .path = a->path_wire,
		.source = a->source_wire, .protocol = a->terms };
	struct arena arena = { 0 };
	struct reader r;

	s->id = a->session;
	s->worker = a->worker;
	s->ready_queue = span_dup(a->ready_queue);
	map_set(&q->flights->sessions, u64_key(&s->id), s);
	opened_add(q->flights, s->id);
	reader_init(&r, a->hosts);
	open.keep_order = reader_bool(&r);
	open.hosts = mx_hosts_get(&r, &open.n_hosts, &arena);
	open.tls_broken = tls_is_broken(q, a->ready_queue);
	if (ch != NULL && reader_end(&r)) {
		session_open_put(channel_begin(ch, MSG_SESSION_OPEN, 0), &open);
		channel_end(ch);
	}
	arena_free(&arena);
}

/* Each worker is served by one reader, so that its messages stay in order. */
static uint32_t
reader_of(const struct qmgr *q, uint32_t worker)
{
	uint32_t n = q->d.suite.processes.spool_readers;

	return worker_index(worker) % (n < READERS_MAX ? n : READERS_MAX);
}

static const char *
pool_name(struct flights *f, struct span name)
{
	char *kept;

	if (f->pool != NULL && span_eq_str(name, f->pool))
		return f->pool;
	kept = map_get(&f->pools, name);
	if (kept == NULL) {
		kept = span_dup(name);
		map_set(&f->pools, name, kept);
	}
	f->pool = kept;
	return kept;
}

static void
dispatch_item(struct qmgr *q, struct session *s, const struct uuid *id,
    const struct flight *f)
{
	struct dispatch_item item = { *id, f->attempts, span_of(f->pool) };

	dispatch_item_put(&s->items, &item);
	s->n_items++;
	if (!s->dirty) {
		s->dirty = true;
		s->next_dirty = q->flights->dirty;
		q->flights->dirty = s;
	}
}

void
flights_dispatch(struct qmgr *q, const struct action_dispatch *a)
{
	struct session *s = session_of(q, a->session);
	struct flight *f;

	if (s == NULL)
		return;
	f = xcalloc(1, sizeof(*f));
	*f = (struct flight){ .session = a->session, .worker = a->worker,
		.pool = pool_name(q->flights, a->pool),
		.reader = reader_of(q, a->worker), .attempts = a->attempts };
	f->life = q->flights->lives[f->reader];
	free(map_set(&q->flights->by_id, id_key(&a->id), f));
	dispatch_item(q, s, &a->id, f);
}

void
flights_close(struct qmgr *q, const struct action_close *a)
{
	struct channel *ch = worker_channel(q, a->worker);

	if (ch == NULL)
		return;
	session_close_put(channel_begin(ch, MSG_SESSION_CLOSE, 0), a->session);
	channel_end(ch);
}

static void
flush_dispatches(struct qmgr *q)
{
	struct channel *ch;
	struct session *s;

	while ((s = q->flights->dirty) != NULL) {
		q->flights->dirty = s->next_dirty;
		s->dirty = false;
		ch = daemon_peer(&q->d, ROLE_READER, reader_of(q, s->worker));
		/* Without a reader its successor is told (flights_on_held). */
		if (ch != NULL) {
			dispatch_put_encoded(channel_begin(ch, MSG_DISPATCH,
			    0), worker_role(s->worker),
			    worker_index(s->worker), s->id, s->n_items,
			    buf_span(&s->items));
			channel_end(ch);
		}
		buf_clear(&s->items, 4096);
		s->n_items = 0;
	}
}

bool
flights_flush(struct qmgr *q)
{
	struct flights *f = q->flights;
	uint32_t i, n = f->n_opened;

	/* The worker dials once it has a message in hand: give it one. */
	f->n_opened = 0;
	for (i = 0; i < n; i++)
		engine_session_started(q->engine, f->opened[i]);
	flush_dispatches(q);
	return n > 0;
}

/* ---- what workers and readers say --------------------------------------- */

void
flights_on_ended(void *arg, struct channel *ch, uint64_t id, struct reader *r,
    int fd)
{
	static const enum engine_session_end ends[SESSION_END_CODES] = {
		[SESSION_END_DONE] = ENGINE_SESSION_CLOSED,
		[SESSION_END_PLAN_FAILED] = ENGINE_SESSION_PLAN_FAILED,
		[SESSION_END_PROHIBITED] = ENGINE_SESSION_PROHIBITED,
		[SESSION_END_SKIPPED] = ENGINE_SESSION_SKIPPED,
		[SESSION_END_NO_ADDRESS] = ENGINE_SESSION_NO_HOSTS,
		[SESSION_END_LOST] = ENGINE_SESSION_LOST,
		[SESSION_END_UNPLUMBED] = ENGINE_SESSION_PLAN_FAILED,
	};
	struct qmgr *q = arg;
	struct session_ended e;
	struct session *s;

	(void)id;
	(void)fd;
	session_ended_get(r, &e);
	if (!reader_end(r))
		return;
	s = session_of(q, e.session);
	if (s == NULL || s->worker != worker_number(ch))
		return;
	if (e.tls_broke)
		tls_broke(q, s);
	qmgr_input(q);
	engine_session_ended(q->engine, e.session, ends[e.why], e.text);
	session_forget(q, e.session);
}

static bool
is_held(const struct sessions_held *h, const struct uuid *id)
{
	uint32_t i, k;

	for (i = 0; i < h->n; i++) {
		for (k = 0; k < h->v[i].n_ids; k++) {
			if (uuid_eq(&h->v[i].ids[k], id))
				return true;
		}
	}
	return false;
}

/* Ask a new reader for what the old one did not hand over. */
static void
dispatch_again(struct qmgr *q, uint32_t worker, const struct sessions_held *h)
{
	uint32_t life = q->flights->lives[reader_of(q, worker)];
	struct session *s;
	struct flight *f;
	struct span key;
	struct uuid id;
	void *value;
	size_t at = 0;

	while (map_next(&q->flights->by_id, &at, &key, &value)) {
		f = value;
		memcpy(&id, key.p, sizeof(id));
		if (f->worker != worker || f->life == life)
			continue;
		f->life = life;
		s = session_of(q, f->session);
		if (s != NULL && !is_held(h, &id))
			dispatch_item(q, s, &id, f);
	}
}

void
flights_on_held(void *arg, struct channel *ch, uint64_t id, struct reader *r,
    int fd)
{
	struct qmgr *q = arg;
	struct arena a = { 0 };
	struct sessions_held h;
	uint32_t worker = worker_number(ch), i, k;

	(void)fd;
	sessions_held_get(r, &h, &a);
	if (reader_end(r)) {
		qmgr_input(q);
		/* On a new channel it is of an earlier queue manager's time. */
		for (i = 0; id == 0 && i < h.n; i++) {
			for (k = 0; k < h.v[i].n_ids; k++)
				engine_mark_in_flight(q->engine,
				    &h.v[i].ids[k], worker);
		}
		workers_reported(q, worker);
		if (id != 0)
			dispatch_again(q, worker, &h);
		loading_check(q);
	}
	arena_free(&a);
}

void
flights_reader_up(struct qmgr *q, const struct channel *reader)
{
	uint32_t index = channel_peer_index(reader) % READERS_MAX;
	struct channel *ch;
	unsigned i;

	/* Its workers take in what the old one said, then tell what they
	 * hold. */
	q->flights->lives[index]++;
	for (i = 0; i < q->d.n_peers; i++) {
		ch = q->d.peers[i];
		if ((channel_peer(ch) == ROLE_OUT ||
		    channel_peer(ch) == ROLE_LOCAL) &&
		    reader_of(q, worker_number(ch)) == index)
			channel_send(ch, MSG_HELD_ASK, 1);
	}
}

static enum engine_outcome_kind
outcome_kind(const struct outcome *o)
{
	switch (o->result) {
	case OUTCOME_FINISHED:
		return ENGINE_OUTCOME_DELIVERED;
	case OUTCOME_TRANSIENT:
		return ENGINE_OUTCOME_TRANSIENT;
	case OUTCOME_UNREACHED:
		return ENGINE_OUTCOME_UNREACHED;
	case OUTCOME_RETURNED:
	case OUTCOME_RESULTS:
		break;
	}
	return ENGINE_OUTCOME_RETURNED;
}

/* A worker speaks of what it was given, and of nobody else's sessions. */
static bool
may_decide(struct qmgr *q, uint32_t worker, const struct outcome *o)
{
	const struct flight *f = map_get(&q->flights->by_id, id_key(&o->id));
	const struct session *s = session_of(q, o->session);
	char hex[UUID_HEX_MAX];

	if ((f == NULL || f->worker == worker) &&
	    (s == NULL || s->worker == worker))
		return true;
	log_warnx("id=%s worker=%u is not who has it: its outcome does not "
	    "count", uuid_hex(&o->id, hex), (unsigned)worker);
	return false;
}

void
flights_on_outcome(void *arg, struct channel *ch, uint64_t id,
    struct reader *r, int fd)
{
	struct qmgr *q = arg;
	struct arena a = { 0 };
	uint32_t worker = worker_number(ch);
	struct engine_outcome in = { .delay_ms = -1, .worker = worker };
	struct outcome o;
	uint64_t token;

	(void)fd;
	outcome_get(r, &o, &a);
	if (!reader_end(r))
		goto out;
	token = settling_keep(q, worker, id, &o);
	if (!may_decide(q, worker, &o)) {
		settling_drop(q, token);
		goto out;
	}
	free(map_del(&q->flights->by_id, id_key(&o.id)));
	in.kind = outcome_kind(&o);
	if (in.kind != ENGINE_OUTCOME_RETURNED)
		in.token = token;
	qmgr_input(q);
	if (!engine_outcome(q->engine, o.session, &o.id, &in)) {
		/* Not read from the schedule yet, marked, or settled before. */
		if (!loading_outcome(q, worker, &o.id, &in, token) &&
		    (!engine_outcome(q->engine, 0, &o.id, &in) ||
		    in.token == 0))
			settling_drop(q, token);
	} else if (in.token == 0)
		settling_drop(q, token);
out:
	arena_free(&a);
}

void
flights_on_dispatch_fail(void *arg, struct channel *ch, uint64_t id,
    struct reader *r, int fd)
{
	struct qmgr *q = arg;
	struct engine_outcome in = { .delay_ms = -1 };
	struct dispatch_fail f;
	char hex[UUID_HEX_MAX];

	(void)ch;
	(void)id;
	(void)fd;
	dispatch_fail_get(r, &f);
	if (!reader_end(r) ||
	    map_get(&q->flights->by_id, id_key(&f.id)) == NULL)
		return;
	free(map_del(&q->flights->by_id, id_key(&f.id)));
	if (f.why == DISPATCH_NO_WORKER)
		in.kind = ENGINE_OUTCOME_RETURNED;
	else {
		log_errorx("id=%s %s", uuid_hex(&f.id, hex), f.why ==
		    DISPATCH_DAMAGED ? "is damaged in the spool; it was set "
		    "aside ('ekiden spool check' shows it)" :
		    "is not in the spool any more");
		in.kind = ENGINE_OUTCOME_BOUNCED;
		if (f.why == DISPATCH_DAMAGED)
			in.token = settling_keep_damaged(q);
	}
	qmgr_input(q);
	if (!engine_outcome(q->engine, f.session, &f.id, &in) &&
	    in.token != 0)
		settling_drop(q, in.token);
}
