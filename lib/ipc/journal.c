/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/ipc/journal.h"

#include "lib/ipc/store.h"

enum { CURSOR_NAME_MAX = 1024 };

void
journal_entry_put(struct buf *b, const struct journal_entry *e)
{
	put_u64(b, e->seq);
	put_u16(b, e->attempts);
	put_span(b, e->record);
	put_span(b, e->envelope);
}

void
journal_entry_get(struct reader *r, struct journal_entry *out)
{
	out->seq = reader_u64(r);
	out->attempts = reader_u16(r);
	out->record = reader_span(r, STORE_ITEM_MAX);
	out->envelope = reader_span(r, STORE_ITEM_MAX);
}

void
journal_grown_put(struct buf *b, uint64_t last)
{
	put_u64(b, last);
}

uint64_t
journal_grown_get(struct reader *r)
{
	return reader_u64(r);
}

void
log_space_put(struct buf *b, bool low)
{
	put_bool(b, low);
}

bool
log_space_get(struct reader *r)
{
	return reader_bool(r);
}

void
journal_read_put(struct buf *b, const struct journal_read *j)
{
	put_u64(b, j->after);
	put_u32(b, j->max_bytes);
}

void
journal_read_get(struct reader *r, struct journal_read *out)
{
	out->after = reader_u64(r);
	out->max_bytes = reader_u32_max(r, JOURNAL_READ_MAX);
}

void
journal_part_put(struct buf *b, const struct journal_part *p)
{
	uint32_t i;

	put_u64(b, p->last);
	put_u32(b, p->n);
	for (i = 0; i < p->n; i++)
		journal_entry_put(b, &p->entries[i]);
}

void
journal_part_get(struct reader *r, struct journal_part *out, struct arena *a)
{
	uint32_t i;

	out->last = reader_u64(r);
	out->n = reader_count(r, 18);
	out->entries = arena_alloc(a, out->n * sizeof(*out->entries));
	for (i = 0; i < out->n; i++)
		journal_entry_get(r, &out->entries[i]);
}

void
cursor_state_put(struct buf *b, const struct cursor_state *c)
{
	put_span(b, c->name);
	put_u64(b, c->seq);
	put_span(b, c->state);
}

void
cursor_state_get(struct reader *r, struct cursor_state *out)
{
	out->name = reader_span(r, CURSOR_NAME_MAX);
	out->seq = reader_u64(r);
	out->state = reader_span(r, JOURNAL_STATE_MAX);
}

void
cursors_put(struct buf *b, const struct cursors *c)
{
	uint32_t i;

	put_u32(b, c->n);
	for (i = 0; i < c->n; i++)
		cursor_state_put(b, &c->v[i]);
}

void
cursors_get(struct reader *r, struct cursors *out, struct arena *a)
{
	uint32_t i;

	out->n = reader_count(r, 16);
	out->v = arena_alloc(a, out->n * sizeof(*out->v));
	for (i = 0; i < out->n; i++)
		cursor_state_get(r, &out->v[i]);
}
