/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An entry's id names its slot and the slot's generation, so an answer that
 * comes late finds nothing instead of another's entry.
 */
#include "smtpd/store.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/base/log.h"
#include "lib/base/wire.h"
#include "lib/ipc/channel.h"
#include "smtpd/session.h"

enum { SLOT_NONE = UINT32_MAX, SLOTS_MIN = 64, SPARE_BYTES = 64 * 1024 };

void
outbox_init(struct outbox *o)
{
	*o = (struct outbox){ .first_free = SLOT_NONE };
}

static void
slots_grow(struct outbox *o)
{
	uint32_t i, n = o->nslots == 0 ? SLOTS_MIN : o->nslots * 2;

	o->slots = xreallocarray(o->slots, n, sizeof(*o->slots));
	for (i = o->nslots; i < n; i++) {
		o->slots[i] = (struct outbox_slot){ .generation = 1,
			.next_free = i + 1 < n ? i + 1 : SLOT_NONE };
	}
	o->first_free = o->nslots;
	o->nslots = n;
}

static uint64_t
slot_take(struct outbox *o, struct outbox_entry *e)
{
	uint32_t at;

	if (o->first_free == SLOT_NONE)
		slots_grow(o);
	at = o->first_free;
	o->first_free = o->slots[at].next_free;
	o->slots[at].entry = e;
	return (uint64_t)o->slots[at].generation << 32 | at;
}

static void
slot_free(struct outbox *o, uint64_t id)
{
	uint32_t at = (uint32_t)id;

	o->slots[at].entry = NULL;
	o->slots[at].generation++;
	o->slots[at].next_free = o->first_free;
	o->first_free = at;
}

static void
entry_send(struct outbox *o, struct outbox_entry *e)
{
	struct buf *b = channel_begin(o->writer, MSG_STORE, e->id);

	buf_add_span(b, buf_span(&e->head));
	put_span(b, buf_span(&e->body));
	if (e->fd != -1)
		channel_end_fd(o->writer, e->fd);
	else
		channel_end(o->writer);
}

static void
records_send(struct outbox *o)
{
	struct reader r;
	struct span body;

	while (buf_len(&o->records) > 0 && !channel_full(o->writer)) {
		struct buf *b;

		reader_init(&r, buf_span(&o->records));
		body = reader_span(&r, OUTBOX_RECORDS_MAX);
		assert(reader_ok(&r));
		b = channel_begin(o->writer, MSG_RECORD, 0);
		buf_add_span(b, body);
		channel_end(o->writer);
		buf_take(&o->records, 4 + body.len);
	}
	if (buf_len(&o->records) == 0) {
		buf_clear(&o->records, 0);
		if (o->records_lost > 0)
			log_warnx("records=%llu of refusals were dropped",
			    (unsigned long long)o->records_lost);
		o->records_lost = 0;
	}
}

void
outbox_pump(struct outbox *o)
{
	while (o->unsent != NULL && o->writer != NULL &&
	    !channel_full(o->writer)) {
		entry_send(o, o->unsent);
		o->unsent = o->unsent->next;
	}
	if (o->writer != NULL)
		records_send(o);
}

void
outbox_add(struct outbox *o, struct session *s, struct buf *head,
    struct buf *body, int fd, uint64_t bytes)
{
	struct outbox_entry *e = xcalloc(1, sizeof(*e));

	e->session = s;
	e->next_of_session = s->stores;
	s->stores = e;
	e->head = *head;
	e->body = *body;
	e->fd = fd;
	e->bytes = bytes;
	*head = *body = (struct buf){ 0 };
	o->held += bytes;
	e->id = slot_take(o, e);
	e->prev = o->last;
	if (o->last != NULL)
		o->last->next = e;
	else
		o->first = e;
	o->last = e;
	if (o->unsent == NULL)
		o->unsent = e;
	outbox_pump(o);
}

void
outbox_record(struct outbox *o, struct span body)
{
	if (o->writer != NULL && !channel_full(o->writer) &&
	    buf_len(&o->records) == 0) {
		buf_add_span(channel_begin(o->writer, MSG_RECORD, 0), body);
		channel_end(o->writer);
	} else if (buf_len(&o->records) + body.len > OUTBOX_RECORDS_MAX)
		o->records_lost++;
	else
		put_span(&o->records, body);
}

/* Out of all lists but the session's. */
static void
entry_unlink(struct outbox *o, struct outbox_entry *e)
{
	if (o->unsent == e)
		o->unsent = e->next;
	if (e->prev != NULL)
		e->prev->next = e->next;
	else
		o->first = e->next;
	if (e->next != NULL)
		e->next->prev = e->prev;
	else
		o->last = e->prev;
	slot_free(o, e->id);
}

struct outbox_entry *
outbox_take(struct outbox *o, uint64_t id)
{
	uint32_t at = (uint32_t)id;
	struct outbox_entry *e, **of;

	if (at >= o->nslots || o->slots[at].entry == NULL ||
	    o->slots[at].entry->id != id)
		return NULL;
	e = o->slots[at].entry;
	entry_unlink(o, e);
	for (of = &e->session->stores; *of != e; of = &(*of)->next_of_session)
		;
	*of = e->next_of_session;
	return e;
}

void
outbox_entry_free(struct outbox *o, struct outbox_entry *e)
{
	o->held -= e->bytes;
	outbox_buf_back(o, &e->head);
	outbox_buf_back(o, &e->body);
	if (e->fd != -1)
		close(e->fd);
	free(e);
}

void
outbox_forget(struct outbox *o, struct session *s)
{
	struct outbox_entry *e;

	while ((e = s->stores) != NULL) {
		s->stores = e->next_of_session;
		entry_unlink(o, e);
		outbox_entry_free(o, e);
	}
}

/* All that is unanswered goes out again, in the order of the first time. */
void
outbox_writer_up(struct outbox *o, struct channel *ch)
{
	o->writer = ch;
	o->unsent = o->first;
	outbox_pump(o);
}

void
outbox_writer_down(struct outbox *o)
{
	o->writer = NULL;
}

bool
outbox_is_full(const struct outbox *o)
{
	return o->unsent != NULL && o->writer != NULL;
}

struct buf
outbox_buf(struct outbox *o)
{
	return o->nspare > 0 ? o->spare[--o->nspare] : (struct buf){ 0 };
}

void
outbox_buf_back(struct outbox *o, struct buf *b)
{
	if (b->size == 0 || b->size > SPARE_BYTES ||
	    o->nspare == OUTBOX_SPARE) {
		buf_free(b);
		return;
	}
	buf_clear(b, SPARE_BYTES);
	o->spare[o->nspare++] = *b;
	*b = (struct buf){ 0 };
}
