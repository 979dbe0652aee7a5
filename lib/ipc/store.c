/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/ipc/store.h"

#include "lib/ipc/lists.h"

enum { QUEUE_NAME_MAX = 4096, SCHED_ENTRY_MIN = 16 + 8 + 2 + 4 + 8 + 4 };

void
sched_entry_put(struct buf *b, const struct sched_entry *e)
{
	put_bytes(b, &e->id, sizeof(e->id));
	put_i64(b, e->due_ms);
	put_u16(b, e->attempts);
	put_u32(b, e->n_rcpts);
	put_u64(b, e->size);
	put_span(b, e->queue);
}

void
sched_entry_get(struct reader *r, struct sched_entry *out)
{
	reader_bytes(r, &out->id, sizeof(out->id));
	out->due_ms = reader_i64(r);
	out->attempts = reader_u16(r);
	out->n_rcpts = reader_u32(r);
	out->size = reader_u64_max(r, (uint64_t)1 << 40);
	out->queue = reader_span(r, QUEUE_NAME_MAX);
}

static void
entries_put(struct buf *b, const struct sched_entry *v, uint32_t n)
{
	uint32_t i;

	put_u32(b, n);
	for (i = 0; i < n; i++)
		sched_entry_put(b, &v[i]);
}

static struct sched_entry *
entries_get(struct reader *r, uint32_t *n_out, struct arena *a)
{
	struct sched_entry *v;
	uint32_t i;

	*n_out = reader_count(r, SCHED_ENTRY_MIN);
	v = arena_alloc(a, *n_out * sizeof(*v));
	for (i = 0; i < *n_out; i++)
		sched_entry_get(r, &v[i]);
	return v;
}

void
store_head_put(struct buf *b, const struct store *s)
{
	uint32_t i;

	put_bool(b, s->deferred);
	put_u32(b, s->n_messages);
	for (i = 0; i < s->n_messages; i++) {
		sched_entry_put(b, &s->messages[i].sched);
		put_span(b, s->messages[i].envelope);
		put_span(b, s->messages[i].record);
	}
	put_bytes(b, &s->body_id, sizeof(s->body_id));
	put_u64(b, s->body_size);
}

void
store_put(struct buf *b, const struct store *s)
{
	store_head_put(b, s);
	put_span(b, s->body);
}

void
store_get(struct reader *r, struct store *out, struct arena *a)
{
	uint32_t i;

	out->deferred = reader_bool(r);
	out->n_messages = reader_count(r, SCHED_ENTRY_MIN);
	if (out->n_messages > STORE_MESSAGES_MAX) {
		reader_fail(r);
		out->n_messages = 0;
	}
	out->messages = arena_alloc(a,
	    out->n_messages * sizeof(*out->messages));
	for (i = 0; i < out->n_messages; i++) {
		sched_entry_get(r, &out->messages[i].sched);
		out->messages[i].envelope = reader_span(r, STORE_ITEM_MAX);
		out->messages[i].record = reader_span(r, STORE_ITEM_MAX);
	}
	reader_bytes(r, &out->body_id, sizeof(out->body_id));
	out->body_size = reader_u64_max(r, (uint64_t)1 << 40);
	out->body = reader_span(r, STORE_INLINE_MAX);
	if (out->body.len != 0 && out->body.len != out->body_size)
		reader_fail(r);
}

void
stored_put(struct buf *b, enum stored_result result)
{
	put_u8(b, (uint8_t)result);
}

enum stored_result
stored_get(struct reader *r)
{
	uint8_t v = reader_u8(r);

	if (v >= STORED_RESULTS) {
		reader_fail(r);
		return STORED_FAILED;
	}
	return (enum stored_result)v;
}

void
lone_record_put(struct buf *b, const struct lone_record *l)
{
	put_span(b, l->record);
	put_span(b, l->envelope);
}

void
lone_record_get(struct reader *r, struct lone_record *out)
{
	out->record = reader_span(r, STORE_ITEM_MAX);
	out->envelope = reader_span(r, STORE_ITEM_MAX);
}

void
health_put(struct buf *b, enum health state)
{
	put_u8(b, (uint8_t)state);
}

enum health
health_get(struct reader *r)
{
	uint8_t v = reader_u8(r);

	if (v >= HEALTH_STATES) {
		reader_fail(r);
		return HEALTH_FAILED;
	}
	return (enum health)v;
}

void
enqueued_put(struct buf *b, const struct enqueued *e)
{
	put_u64(b, e->commit);
	put_bool(b, e->more);
	entries_put(b, e->entries, e->n);
}

void
enqueued_get(struct reader *r, struct enqueued *out, struct arena *a)
{
	out->commit = reader_u64(r);
	out->more = reader_bool(r);
	out->entries = entries_get(r, &out->n, a);
}

void
enqueued_gap_put(struct buf *b, const struct enqueued_gap *g)
{
	put_u64(b, g->after);
	put_u64(b, g->upto);
}

void
enqueued_gap_get(struct reader *r, struct enqueued_gap *out)
{
	out->after = reader_u64(r);
	out->upto = reader_u64(r);
}

void
settle_put(struct buf *b, const struct settle *s)
{
	put_bytes(b, &s->id, sizeof(s->id));
	put_u8(b, (uint8_t)s->action);
	put_i64(b, s->due_ms);
	put_u16(b, s->attempts);
	u32s_put(b, s->done, s->n_done);
	put_u32(b, s->of_rcpts);
	spans_put(b, s->records, s->n_records);
}

void
settle_get(struct reader *r, struct settle *out, struct arena *a)
{
	uint8_t action;

	reader_bytes(r, &out->id, sizeof(out->id));
	action = reader_u8(r);
	if (action >= SETTLE_ACTIONS)
		reader_fail(r);
	out->action = (enum settle_action)action;
	out->due_ms = reader_i64(r);
	out->attempts = reader_u16(r);
	out->done = u32s_get(r, &out->n_done, a);
	out->of_rcpts = reader_u32(r);
	out->records = spans_get(r, &out->n_records, STORE_ITEM_MAX, a);
}

void
settled_put(struct buf *b, uint64_t upto)
{
	put_u64(b, upto);
}

uint64_t
settled_get(struct reader *r)
{
	return reader_u64(r);
}

void
sched_scan_put(struct buf *b, const struct sched_scan *s)
{
	put_bytes(b, &s->after, sizeof(s->after));
	put_u64(b, s->min_commit);
	put_u64(b, s->max_commit);
	put_u32(b, s->limit);
}

void
sched_scan_get(struct reader *r, struct sched_scan *out)
{
	reader_bytes(r, &out->after, sizeof(out->after));
	out->min_commit = reader_u64(r);
	out->max_commit = reader_u64(r);
	out->limit = reader_u32_max(r, STORE_SCAN_MAX);
}

void
sched_slice_put(struct buf *b, const struct sched_slice *s)
{
	put_u64(b, s->snapshot);
	put_bytes(b, &s->upto, sizeof(s->upto));
	put_bool(b, s->more);
	entries_put(b, s->entries, s->n);
}

void
sched_slice_get(struct reader *r, struct sched_slice *out, struct arena *a)
{
	out->snapshot = reader_u64(r);
	reader_bytes(r, &out->upto, sizeof(out->upto));
	out->more = reader_bool(r);
	out->entries = entries_get(r, &out->n, a);
}
