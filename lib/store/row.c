/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/store/row.h"

#include <endian.h>
#include <string.h>

#include "lib/base/checksum.h"
#include "lib/base/wire.h"
#include "lib/ipc/journal.h"
#include "lib/ipc/store.h"

enum { ROW_MAGIC = 0x4b45, QUEUE_MAX = 4096 };

/* Head: magic u16, version u8, kind u8, length u32, checksum u64. */
void
row_seal(uint8_t *head, enum row_kind kind, size_t len)
{
	uint16_t magic = htole16(ROW_MAGIC);
	uint32_t n = htole32((uint32_t)len);
	uint64_t sum = htole64(checksum(span_make(head + ROW_HEAD, len)));

	memcpy(head, &magic, sizeof(magic));
	head[2] = ROW_VERSION;
	head[3] = (uint8_t)kind;
	memcpy(head + 4, &n, sizeof(n));
	memcpy(head + 8, &sum, sizeof(sum));
}

bool
row_open(struct span value, enum row_kind kind, struct span *payload_out)
{
	struct reader r;
	uint16_t magic;
	uint8_t version, found;
	uint32_t len;
	uint64_t sum;

	*payload_out = span_of("");
	reader_init(&r, value);
	magic = reader_u16(&r);
	version = reader_u8(&r);
	found = reader_u8(&r);
	len = reader_u32(&r);
	sum = reader_u64(&r);
	if (!reader_ok(&r) || magic != ROW_MAGIC || version != ROW_VERSION ||
	    found != kind || len != reader_left(&r))
		return false;
	*payload_out = reader_take(&r, len);
	if (checksum(*payload_out) == sum)
		return true;
	*payload_out = span_of("");
	return false;
}

void
state_row_put(struct buf *b, const struct state_row *s)
{
	put_u32(b, s->format);
	put_u64(b, s->commit);
	put_u64(b, s->last_seq);
}

bool
state_row_get(struct span payload, struct state_row *out)
{
	struct reader r;

	reader_init(&r, payload);
	out->format = reader_u32(&r);
	out->commit = reader_u64(&r);
	out->last_seq = reader_u64(&r);
	return reader_end(&r);
}

void
sched_row_put(struct buf *b, const struct sched_row *s)
{
	put_u64(b, s->commit);
	put_u64(b, s->settled);
	put_i64(b, s->due_ms);
	put_u16(b, s->attempts);
	put_u32(b, s->n_rcpts);
	put_u64(b, s->size);
	put_span(b, s->queue);
}

bool
sched_row_get(struct span payload, struct sched_row *out)
{
	struct reader r;

	reader_init(&r, payload);
	out->commit = reader_u64(&r);
	out->settled = reader_u64(&r);
	out->due_ms = reader_i64(&r);
	out->attempts = reader_u16(&r);
	out->n_rcpts = reader_u32(&r);
	out->size = reader_u64_max(&r, (uint64_t)1 << 40);
	out->queue = reader_span(&r, QUEUE_MAX);
	return reader_end(&r);
}

void
body_row_put(struct buf *b, uint64_t refs)
{
	put_u64(b, refs);
}

bool
body_row_get(struct span payload, uint64_t *refs_out)
{
	struct reader r;

	reader_init(&r, payload);
	*refs_out = reader_u64(&r);
	return reader_end(&r) && *refs_out > 1;
}

bool
event_row_get(struct span payload, struct event_row *out)
{
	struct reader r;

	reader_init(&r, payload);
	out->attempts = reader_u16(&r);
	out->record = reader_span(&r, STORE_ITEM_MAX);
	out->envelope = reader_span(&r, STORE_ITEM_MAX);
	return reader_end(&r);
}

void
cursor_row_put(struct buf *b, const struct cursor_row *c)
{
	put_u64(b, c->seq);
	put_span(b, c->state);
}

bool
cursor_row_get(struct span payload, struct cursor_row *out)
{
	struct reader r;

	reader_init(&r, payload);
	out->seq = reader_u64(&r);
	out->state = reader_span(&r, JOURNAL_STATE_MAX);
	return reader_end(&r);
}

void
body_key(uint8_t out[BODY_KEY], const struct uuid *body, uint32_t piece)
{
	uint32_t be = htobe32(piece);

	memcpy(out, body->b, UUID_LEN);
	memcpy(out + UUID_LEN, &be, sizeof(be));
}

uint32_t
body_key_piece(struct span key)
{
	uint32_t be;

	memcpy(&be, key.p + UUID_LEN, sizeof(be));
	return be32toh(be);
}

void
seq_key(uint8_t out[8], uint64_t seq)
{
	uint64_t be = htobe64(seq);

	memcpy(out, &be, sizeof(be));
}

uint64_t
seq_key_get(struct span key)
{
	uint64_t be;

	memcpy(&be, key.p, sizeof(be));
	return be64toh(be);
}

uint32_t
body_pieces(uint64_t size)
{
	return size == 0 ? 1 : (uint32_t)((size + BODY_PIECE - 1) / BODY_PIECE);
}
