/* SPDX-License-Identifier: Apache-2.0 */
#include "spoold/batch.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/ipc/journal.h"
#include "lib/store/journal.h"
#include "lib/store/message.h"
#include "spoold/kept.h"
#include "spoold/memory.h"
#include "spoold/spoold.h"

enum {
	BATCH_OPS = 1000,
	BATCH_BYTES = 16 * 1024 * 1024,
	BATCH_US = 5000,
	KEPT_BYTES = 64 * 1024 * 1024, /* above it the senders wait */
	PRUNE_MIN = 512,               /* entries dropped by a commit */
	ENQUEUED_BYTES = 3 * 1024 * 1024,
	ENTRY_BYTES = 48,
	ARENA_KEEP = 1024 * 1024,
};

struct answer {
	struct channel *ch; /* NULL when it is gone */
	uint64_t request;
	enum stored_result result;
};

static int batch_open(struct batch *b);
static void batch_fail(struct batch *b);

/* ---- answers ------------------------------------------------------------ */

static void
answer_send(struct channel *ch, uint64_t request, enum stored_result result)
{
	stored_put(channel_begin(ch, MSG_STORED, request), result);
	channel_end(ch);
}

static void
answer_later(struct batch *b, struct channel *ch, uint64_t request)
{
	if (b->n_answers == b->answers_size) {
		b->answers_size = b->answers_size * 2 + 64;
		b->answers = xreallocarray(b->answers, b->answers_size,
		    sizeof(*b->answers));
	}
	b->answers[b->n_answers++] = (struct answer){ ch, request, STORED_OK };
}

/* A flush may lose a channel, which clears it in the answers. */
static void
answers_send(struct batch *b, bool stored, enum stored_result failure)
{
	struct channel *ch;
	size_t i, j;

	for (i = 0; i < b->n_answers; i++) {
		if (b->answers[i].ch != NULL)
			answer_send(b->answers[i].ch, b->answers[i].request,
			    stored ? STORED_OK : failure);
	}
	for (i = 0; i < b->n_answers; i++) {
		ch = b->answers[i].ch;
		if (ch == NULL)
			continue;
		for (j = i; j < b->n_answers; j++) {
			if (b->answers[j].ch == ch)
				b->answers[j].ch = NULL;
		}
		channel_flush(ch);
	}
	b->n_answers = 0;
}

static enum stored_result
refusal(const struct spoold *s)
{
	return health_of(&s->watch) == HEALTH_NO_SPACE ? STORED_NO_SPACE :
	    STORED_FAILED;
}

/* ---- the queue manager's news ------------------------------------------- */

static void
enqueued_send(struct batch *b, struct channel *ch, uint64_t commit)
{
	struct enqueued e = { .commit = commit };
	size_t at = 0, bytes;

	while (at < b->n_entries) {
		e.entries = b->entries + at;
		e.n = 0;
		for (bytes = 0; at < b->n_entries && bytes < ENQUEUED_BYTES;
		    at++, e.n++)
			bytes += ENTRY_BYTES + b->entries[at].queue.len;
		e.more = at < b->n_entries;
		enqueued_put(channel_begin(ch, MSG_ENQUEUED, 0), &e);
		channel_end(ch);
	}
}

static void
entries_tell(struct batch *b)
{
	struct spoold *s = b->s;
	struct channel *qmgr = daemon_peer(s->d, ROLE_QMGR, 0);
	uint64_t commit = spool_commit_number(s->spool);

	/* With no queue manager nothing is owed: the next one scans. */
	if (b->n_entries > 0 && qmgr != NULL) {
		if (s->gap || channel_full(qmgr))
			spoold_owe(s, commit - 1, commit);
		else
			enqueued_send(b, qmgr, commit);
	}
	b->n_entries = 0;
}

/* ---- kept work ---------------------------------------------------------- */

static void
kept_add(struct batch *b, enum message type, struct channel *ch,
    uint64_t request, struct span bytes, int fd)
{
	struct kept *k = kept_new(type, ch, request, bytes, fd);

	*b->kept_last = k;
	b->kept_last = &k->next;
	b->n_kept++;
	b->kept_bytes += sizeof(*k) + k->len;
	if (b->state == BATCH_FAILING && b->kept_bytes > KEPT_BYTES) {
		b->paused = true;
		channel_pause(ch);
	}
}

/* Done for good: tell who asked. Settles are acknowledged by the last. */
static void
kept_done(struct batch *b, uint32_t n)
{
	struct channel *qmgr = NULL;
	uint64_t upto = 0;
	struct kept *k;

	for (; n > 0; n--) {
		k = b->kept;
		b->kept = k->next;
		if (b->kept == NULL)
			b->kept_last = &b->kept;
		b->n_kept--;
		b->kept_bytes -= sizeof(*k) + k->len;
		if (k->type == MSG_SETTLE && k->from != NULL) {
			qmgr = k->from;
			upto = k->request;
		} else if (k->type == MSG_CURSOR_SET && k->from != NULL)
			channel_send(k->from, MSG_CURSOR_DONE, k->request);
		kept_free(k);
	}
	if (qmgr != NULL) {
		settled_put(channel_begin(qmgr, MSG_SETTLED, upto), upto);
		channel_end(qmgr);
	}
}

static void
entries_reserve(struct batch *b, uint32_t n)
{
	if (b->entries_size - b->n_entries >= n)
		return;
	b->entries_size = b->entries_size * 2 + n;
	b->entries = xreallocarray(b->entries, b->entries_size,
	    sizeof(*b->entries));
}

static enum stow
store_apply(struct batch *b, const struct store *st, int fd)
{
	struct store left = gone_filter(&b->s->gone, st, &b->decode);
	struct span body = st->body;
	enum stow stow;
	uint32_t n = 0;

	/* A descriptor stands in for bytes in the frame, never beside them. */
	if ((fd == -1) != (st->body.len == st->body_size))
		return STOW_MALFORMED;
	if (fd != -1 && memory_map(fd, st->body_size, &body) != 0)
		return STOW_MALFORMED;
	entries_reserve(b, left.n_messages);
	stow = left.n_messages == 0 && st->n_messages > 0 ? STOW_DONE :
	    message_store(b->s->spool, &left, body, b->entries + b->n_entries,
	    &n, &b->arena);
	if (fd != -1)
		memory_unmap(&body);
	if (stow == STOW_DONE)
		b->n_entries += n;
	return stow;
}

/* 0 or -1: the spool failed. Its form was checked when it came. */
static int
kept_apply(struct batch *b, const struct kept *k)
{
	struct spool *sp = b->s->spool;
	struct cursor_state cursor;
	struct lone_record lone;
	struct settle settle;
	struct store store;
	struct reader r;

	arena_reset(&b->decode);
	reader_init(&r, span_make(k->bytes, k->len));
	switch ((unsigned)k->type) {
	case MSG_SETTLE:
		settle_get(&r, &settle, &b->decode);
		if (settle.action == SETTLE_REMOVE)
			gone_add(&b->s->gone, &settle.id,
			    loop_wall_ms(b->s->d->loop));
		return message_settle(sp, k->request, &settle);
	case MSG_RECORD:
		lone_record_get(&r, &lone);
		return journal_append(sp, 0, lone.record, lone.envelope);
	case MSG_CURSOR_SET:
		cursor_state_get(&r, &cursor);
		return journal_cursor_set(sp, &cursor);
	case MSG_STORE:
		store_get(&r, &store, &b->decode);
		return store_apply(b, &store, k->fd) == STOW_FAILED ? -1 : 0;
	}
	return 0;
}

static int
kept_apply_all(struct batch *b)
{
	const struct kept *k;

	for (k = b->kept; k != NULL; k = k->next) {
		if (kept_apply(b, k) != 0)
			return -1;
	}
	return 0;
}

static void
kept_release(struct batch *b)
{
	struct daemon *d = b->s->d;
	unsigned i;

	if (!b->paused)
		return;
	b->paused = false;
	for (i = 0; i < d->n_peers; i++)
		channel_resume(d->peers[i]);
}

/* ---- states ------------------------------------------------------------- */

/* lib/ipc/journal.h says how a log's cursor is called. */
static int
logs_write(struct batch *b)
{
	struct span names[JOURNAL_LOGS_MAX];
	const struct suite *suite = &b->s->d->suite;
	size_t i, k, same, n = 0;

	for (i = 0; i < suite->logs.n && n < JOURNAL_LOGS_MAX; i++) {
		for (same = 0, k = 0; k < i; k++)
			same += strcmp(suite->logs.v[k].log_dir,
			    suite->logs.v[i].log_dir) == 0;
		names[n++] = span_of(arena_printf(&b->arena, "%s#%zu",
		    suite->logs.v[i].log_dir, same));
	}
	return journal_logs(b->s->spool, names, n);
}

static int
batch_open(struct batch *b)
{
	if (b->state == BATCH_OPEN)
		return 0;
	if (spool_begin(b->s->spool) != 0) {
		batch_fail(b);
		return -1;
	}
	b->state = BATCH_OPEN;
	b->began_us = clock_mono_us();
	b->n_ops = b->n_ops_before = 0;
	b->bytes = 0;
	b->last_seq = spool_last_seq(b->s->spool);
	if ((b->logs_changed && logs_write(b) != 0) || kept_apply_all(b) != 0) {
		batch_fail(b);
		return -1;
	}
	return 0;
}

/* The turn has work in the transaction: commit when it is over. */
static void
batch_touch(struct batch *b, size_t bytes)
{
	b->n_ops++;
	b->bytes += bytes;
	loop_defer(b->s->d->loop, &b->turn_end);
}

static void
batch_reset(struct batch *b)
{
	if (b->arena.total > ARENA_KEEP)
		arena_free(&b->arena);
	else
		arena_reset(&b->arena);
	loop_undefer(b->s->d->loop, &b->turn_end);
	timer_cancel(&b->again);
}

/*
 * Nothing of the transaction counts. Stores are refused (their senders have
 * them still), the rest stays kept for the next try.
 */
static void
batch_fail(struct batch *b)
{
	struct spoold *s = b->s;
	enum spool_error error = spool_error(s->spool);

	log_warnx("spool commit failed reason=\"%s\" stores=%zu kept=%u",
	    spool_strerror(s->spool), b->n_answers, b->n_kept);
	spool_abort(s->spool);
	health_error(&s->watch, error, loop_mono_ms(s->d->loop));
	b->n_entries = 0;
	b->state = BATCH_FAILING;
	batch_reset(b);
	answers_send(b, false, error == SPOOL_FULL ? STORED_NO_SPACE :
	    STORED_FAILED);
	spoold_tell_health(s);
}

static void
grown_tell(struct batch *b)
{
	struct channel *logger = daemon_peer(b->s->d, ROLE_LOGGER, 0);
	uint64_t last = spool_last_seq(b->s->spool);

	if (logger == NULL || last == b->last_seq)
		return;
	journal_grown_put(channel_begin(logger, MSG_JOURNAL_GROWN, 0), last);
	channel_end(logger);
}

/*
 * First those who wait for their 250, then the queue manager, which delivers
 * what they brought, then what only frees memory.
 */
static void
batch_done(struct batch *b, bool more_to_prune)
{
	struct spoold *s = b->s;

	b->state = BATCH_IDLE;
	b->logs_changed = false;
	b->n_doubtful = 0;
	answers_send(b, true, STORED_OK);
	entries_tell(b);
	kept_done(b, b->n_kept);
	grown_tell(b);
	batch_reset(b);
	health_success(&s->watch, loop_mono_ms(s->d->loop));
	spoold_tell_health(s);
	kept_release(b);
	if (more_to_prune)
		timer_set(&b->again, 0);
}

void
batch_finish(struct batch *b)
{
	uint64_t grown;
	int more;

	if (b->state != BATCH_OPEN)
		return;
	grown = spool_last_seq(b->s->spool) - b->last_seq;
	more = journal_prune(b->s->spool, PRUNE_MIN + 2 * (uint32_t)grown);
	/* Only work that was in the commit can turn out to be done. */
	b->n_doubtful = b->n_kept;
	if (more == -1 || spool_commit(b->s->spool) != 0) {
		batch_fail(b);
		return;
	}
	batch_done(b, more == 1);
}

/*
 * The commit costs the same for one message and for a hundred, so look once
 * more whether others came meanwhile: without waiting, and not for long.
 */
static void
batch_turn_end(void *arg)
{
	struct batch *b = arg;

	if (b->state != BATCH_OPEN)
		return;
	if (b->n_ops == b->n_ops_before || b->n_ops >= BATCH_OPS ||
	    b->bytes >= BATCH_BYTES ||
	    clock_mono_us() - b->began_us >= BATCH_US) {
		batch_finish(b);
		return;
	}
	b->n_ops_before = b->n_ops;
	timer_set(&b->again, 0);
}

static void
batch_again(void *arg)
{
	struct batch *b = arg;

	if (b->state == BATCH_FAILING || batch_open(b) != 0)
		return;
	loop_defer(b->s->d->loop, &b->turn_end);
}

/* Opening found the commit that failed: its kept work is done. */
static void
batch_landed(struct batch *b)
{
	struct spoold *s = b->s;
	uint64_t commit = spool_commit_number(s->spool);

	log_info("spool commit %llu is on disk after all",
	    (unsigned long long)commit);
	kept_done(b, b->n_doubtful);
	/* Its stores were refused, and are there: they must be found. */
	if (daemon_peer(s->d, ROLE_QMGR, 0) != NULL)
		spoold_owe(s, commit - 1, commit);
}

void
batch_probe(struct batch *b)
{
	struct spoold *s = b->s;

	if (b->state == BATCH_OPEN)
		return;
	if (b->state == BATCH_FAILING &&
	    spool_error(s->spool) != SPOOL_FULL) {
		switch (spool_reopen(s->spool)) {
		case -1:
			health_error(&s->watch, spool_error(s->spool),
			    loop_mono_ms(s->d->loop));
			spoold_tell_health(s);
			return;
		case 1:
			batch_landed(b);
			break;
		}
		b->n_doubtful = 0;
		b->logs_changed = true;
	}
	if (batch_open(b) == 0)
		batch_finish(b);
}

/* ---- what arrives ------------------------------------------------------- */

static void
batch_keep(struct batch *b, enum message type, struct channel *ch,
    uint64_t request, struct span bytes, int fd)
{
	/* Opening carries out all that is kept, this included. */
	kept_add(b, type, ch, request, bytes, fd);
	if (b->state == BATCH_FAILING)
		return;
	if (b->state == BATCH_IDLE) {
		if (batch_open(b) != 0)
			return;
	} else if (kept_apply(b, (struct kept *)(void *)((char *)b->kept_last -
	    offsetof(struct kept, next))) != 0) {
		batch_fail(b);
		return;
	}
	batch_touch(b, bytes.len);
}

/* May it be stored now? If not it was answered. */
static bool
store_is_welcome(struct batch *b, struct channel *ch, uint64_t request,
    const struct store *st)
{
	struct spoold *s = b->s;

	if (b->state == BATCH_FAILING || health_of(&s->watch) != HEALTH_OK ||
	    batch_open(b) != 0) {
		answer_send(ch, request, refusal(s));
		return false;
	}
	if (!spool_has_room(s->spool, st->body_size)) {
		health_full(&s->watch, true);
		answer_send(ch, request, STORED_NO_SPACE);
		batch_touch(b, 0);
		return false;
	}
	return true;
}

static void
store_now(struct batch *b, struct channel *ch, uint64_t request,
    const struct store *st, int fd, struct reader *r)
{
	switch (store_apply(b, st, fd)) {
	case STOW_DONE:
		answer_later(b, ch, request);
		batch_touch(b, st->body_size);
		return;
	case STOW_MALFORMED:
		/* Whoever says this lost its senses: end the channel. */
		reader_fail(r);
		batch_touch(b, 0);
		return;
	case STOW_FAILED:
		answer_later(b, ch, request);
		batch_fail(b);
		return;
	}
}

void
batch_store(struct batch *b, struct channel *ch, uint64_t request,
    struct reader *r, int fd)
{
	struct span bytes = span_make(r->p, reader_left(r));
	struct store st;

	arena_reset(&b->decode);
	store_get(r, &st, &b->decode);
	if (!reader_end(r) || !store_is_welcome(b, ch, request, &st)) {
		if (fd != -1)
			close(fd);
		return;
	}
	if (st.deferred) {
		answer_send(ch, request, STORED_OK);
		batch_keep(b, MSG_STORE, ch, request, bytes, fd);
		return;
	}
	store_now(b, ch, request, &st, fd, r);
	if (fd != -1)
		close(fd);
}

void
batch_settle(struct batch *b, struct channel *ch, uint64_t request,
    struct reader *r)
{
	struct span bytes = span_make(r->p, reader_left(r));
	struct settle s;

	arena_reset(&b->decode);
	settle_get(r, &s, &b->decode);
	if (reader_end(r))
		batch_keep(b, MSG_SETTLE, ch, request, bytes, -1);
}

void
batch_record(struct batch *b, struct channel *ch, uint64_t request,
    struct reader *r)
{
	struct span bytes = span_make(r->p, reader_left(r));
	struct lone_record l;

	lone_record_get(r, &l);
	if (reader_end(r) && journal_is_on(b->s->spool))
		batch_keep(b, MSG_RECORD, ch, request, bytes, -1);
}

void
batch_cursor(struct batch *b, struct channel *ch, uint64_t request,
    struct reader *r)
{
	struct span bytes = span_make(r->p, reader_left(r));
	struct cursor_state c;

	cursor_state_get(r, &c);
	if (reader_end(r))
		batch_keep(b, MSG_CURSOR_SET, ch, request, bytes, -1);
}

void
batch_forget(struct batch *b, const struct channel *ch)
{
	struct kept *k;
	size_t i;

	for (i = 0; i < b->n_answers; i++) {
		if (b->answers[i].ch == ch)
			b->answers[i].ch = NULL;
	}
	for (k = b->kept; k != NULL; k = k->next) {
		if (k->from == ch)
			k->from = NULL;
	}
}

void
batch_init(struct batch *b, struct spoold *s)
{
	*b = (struct batch){ .s = s, .logs_changed = true };
	b->kept_last = &b->kept;
	b->turn_end = (struct deferred){ .run = batch_turn_end, .arg = b };
	timer_init(&b->again, s->d->loop, batch_again, b);
}
