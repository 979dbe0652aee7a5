/* SPDX-License-Identifier: Apache-2.0 */
#include "spoold/reader/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/base/log.h"
#include "lib/ipc/store.h"
#include "lib/store/message.h"
#include "spoold/reader/reader.h"

enum {
	TURN_MESSAGES = 256, /* of one worker in one turn */
	AGAIN_MS = 100,      /* after the spool could not be read */
};

struct item {
	struct item *next;
	uint64_t session;
	struct uuid id;
	uint16_t attempts;
	size_t pool_len;
	char pool[];
};

struct handover_queue {
	struct handover_queue *next;
	enum role role;
	uint32_t worker;
	struct item *first, **last;
};

static void
fail_tell(struct handover *h, const struct item *it, enum dispatch_failure why)
{
	struct channel *qmgr = daemon_peer(h->s->d, ROLE_QMGR, 0);
	const struct dispatch_fail f = { .session = it->session, .id = it->id,
		.why = why };

	if (qmgr == NULL)
		return;
	dispatch_fail_put(channel_begin(qmgr, MSG_DISPATCH_FAIL, 0), &f);
	channel_end(qmgr);
}

static struct handover_queue *
queue_of(struct handover *h, enum role role, uint32_t worker)
{
	struct handover_queue *q;

	for (q = h->queues; q != NULL; q = q->next) {
		if (q->role == role && q->worker == worker)
			return q;
	}
	q = xcalloc(1, sizeof(*q));
	q->role = role;
	q->worker = worker;
	q->last = &q->first;
	q->next = h->queues;
	h->queues = q;
	return q;
}

static void
queue_shift(struct handover_queue *q)
{
	struct item *it = q->first;

	q->first = it->next;
	if (q->first == NULL)
		q->last = &q->first;
	free(it);
}

static void
item_add(struct handover_queue *q, const struct dispatch *d,
    const struct dispatch_item *from)
{
	struct item *it = xmalloc(sizeof(*it) + from->pool.len);

	*it = (struct item){ .session = d->session, .id = from->id,
		.attempts = from->attempts, .pool_len = from->pool.len };
	if (from->pool.len != 0)
		memcpy(it->pool, from->pool.p, from->pool.len);
	*q->last = it;
	q->last = &it->next;
}

void
handover_add(struct handover *h, const struct dispatch *d)
{
	struct item gone = { .session = d->session };
	struct handover_queue *q;
	uint32_t i;

	if (daemon_peer(h->s->d, d->role, d->worker) == NULL) {
		for (i = 0; i < d->n; i++) {
			gone.id = d->items[i].id;
			fail_tell(h, &gone, DISPATCH_NO_WORKER);
		}
		return;
	}
	q = queue_of(h, d->role, d->worker);
	for (i = 0; i < d->n; i++)
		item_add(q, d, &d->items[i]);
	handover_wake(h);
}

/* ---- one message -------------------------------------------------------- */

static int
write_all(int fd, struct span s)
{
	ssize_t n;

	while (s.len > 0) {
		n = write(fd, s.p, s.len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		s = span_from(s, (size_t)n);
	}
	return 0;
}

/* A sealed memory file of the body, or -1. */
static int
memory_file(const struct message_view *m)
{
	int fd = memfd_create("message", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	uint32_t i;

	if (fd == -1) {
		log_warn("memory file");
		return -1;
	}
	for (i = 0; i < m->n_pieces; i++) {
		if (write_all(fd, m->pieces[i]) != 0)
			goto fail;
	}
	if (lseek(fd, 0, SEEK_SET) == -1 || fcntl(fd, F_ADD_SEALS,
	    F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) == -1)
		goto fail;
	return fd;
fail:
	log_warn("memory file of %llu bytes",
	    (unsigned long long)m->body_size);
	close(fd);
	return -1;
}

/* From the map into the channel's buffer: the one copy. */
static void
send_inline(struct channel *ch, struct delivery_message *out,
    const struct message_view *m)
{
	struct buf *b = channel_begin(ch, MSG_MESSAGE, 0);
	uint32_t i;

	out->body.len = (size_t)m->body_size;
	buf_reserve(b, out->envelope.len + out->pool.len + out->body.len + 64);
	delivery_message_put_head(b, out);
	for (i = 0; i < m->n_pieces; i++)
		buf_add_span(b, m->pieces[i]);
	channel_end(ch);
}

static int
send_large(struct channel *ch, struct delivery_message *out,
    const struct message_view *m)
{
	int fd = memory_file(m);

	if (fd == -1)
		return -1;
	delivery_message_put(channel_begin(ch, MSG_MESSAGE, 0), out);
	channel_end_fd(ch, fd);
	close(fd);
	return 0;
}

enum given { GIVEN, NOT_NOW };

static enum given
give(struct handover *h, struct channel *ch, const struct item *it)
{
	struct delivery_message out = { .session = it->session,
		.attempts = it->attempts,
		.pool = span_make(it->pool, it->pool_len),
		.body = span_of("") };
	char hex[UUID_HEX_MAX];
	struct message_view m;

	arena_reset(&h->s->arena);
	switch (message_look(h->s->spool, &it->id, &h->s->arena, &m)) {
	case MESSAGE_MISSING:
		fail_tell(h, it, DISPATCH_MISSING);
		return GIVEN;
	case MESSAGE_DAMAGED:
		log_warnx("message id=%s is damaged and is not sent",
		    uuid_hex(&it->id, hex));
		fail_tell(h, it, DISPATCH_DAMAGED);
		return GIVEN;
	case MESSAGE_UNREAD:
		log_warnx("spool cannot be read reason=\"%s\"",
		    spool_strerror(h->s->spool));
		return NOT_NOW;
	case MESSAGE_WHOLE:
		break;
	}
	out.envelope = m.envelope;
	out.body_size = m.body_size;
	if (m.body_size > STORE_INLINE_MAX)
		return send_large(ch, &out, &m) == 0 ? GIVEN : NOT_NOW;
	send_inline(ch, &out, &m);
	return GIVEN;
}

/* True when this worker could take more, were the turn not over. */
static bool
queue_serve(struct handover *h, struct handover_queue *q)
{
	struct channel *ch = daemon_peer(h->s->d, q->role, q->worker);
	unsigned n;

	/* A worker may be back before we saw its predecessor's end. */
	if (q->first != NULL && ch != NULL && channel_is_dead(ch)) {
		channel_drain(ch);
		return false;
	}
	for (n = 0; q->first != NULL; n++) {
		if (ch == NULL || channel_full(ch))
			return false;
		if (n == TURN_MESSAGES)
			return true;
		if (give(h, ch, q->first) == NOT_NOW) {
			timer_set(&h->again, AGAIN_MS);
			return false;
		}
		queue_shift(q);
	}
	return false;
}

static void
handover_work(void *arg)
{
	struct handover *h = arg;
	struct handover_queue *q;
	bool more = false;

	if (reader_snapshot(h->s) != 0) {
		timer_set(&h->again, AGAIN_MS);
		return;
	}
	for (q = h->queues; q != NULL; q = q->next)
		more |= queue_serve(h, q);
	if (more)
		timer_set(&h->again, 0);
}

static void
handover_again(void *arg)
{
	handover_wake(arg);
}

void
handover_wake(struct handover *h)
{
	loop_defer(h->s->d->loop, &h->work);
}

void
handover_worker_gone(struct handover *h, const struct channel *ch)
{
	struct handover_queue *q;

	q = queue_of(h, channel_peer(ch), channel_peer_index(ch));
	while (q->first != NULL) {
		fail_tell(h, q->first, DISPATCH_NO_WORKER);
		queue_shift(q);
	}
}

void
handover_forget(struct handover *h)
{
	struct handover_queue *q;

	for (q = h->queues; q != NULL; q = q->next) {
		while (q->first != NULL)
			queue_shift(q);
	}
}

void
handover_init(struct handover *h, struct spool_reader *s)
{
	*h = (struct handover){ .s = s };
	h->work = (struct deferred){ .run = handover_work, .arg = h };
	timer_init(&h->again, s->d->loop, handover_again, h);
}
