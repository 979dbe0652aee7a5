/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/mail/envelope.h"

void
pairs_add(struct pairs_writer *w, struct span key, struct span value)
{
	put_span(&w->out, key);
	put_span(&w->out, value);
	w->n++;
}

struct span
pairs_span(struct pairs_writer *w)
{
	return buf_span(&w->out);
}

void
pairs_free(struct pairs_writer *w)
{
	buf_free(&w->out);
	w->n = 0;
}

bool
pairs_next(struct reader *r, struct span *key_out, struct span *value_out)
{
	if (!reader_ok(r) || reader_left(r) == 0)
		return false;
	*key_out = reader_span(r, ENVELOPE_MAX);
	*value_out = reader_span(r, ENVELOPE_MAX);
	return reader_ok(r);
}

bool
pairs_find(struct span pairs, struct span key, struct span *value_out)
{
	struct span k, v;
	struct reader r;

	reader_init(&r, pairs);
	while (pairs_next(&r, &k, &v)) {
		if (span_eq(k, key)) {
			*value_out = v;
			return true;
		}
	}
	return false;
}

void
envelope_put(struct buf *b, const struct envelope *e)
{
	uint32_t i;

	put_bytes(b, &e->id, sizeof(e->id));
	put_i64(b, e->created_us);
	put_u32(b, e->flags);
	put_span(b, e->sender);
	put_u32(b, e->n_rcpts);
	for (i = 0; i < e->n_rcpts; i++)
		put_span(b, e->rcpts[i]);
	put_span(b, e->queue);
	put_span(b, e->meta);
	put_span(b, e->headers);
	put_span(b, e->prefix);
	put_bytes(b, &e->body_id, sizeof(e->body_id));
	put_u64(b, e->body_size);
}

void
envelope_get(struct reader *r, struct envelope *e, struct arena *a)
{
	uint32_t i;

	*e = (struct envelope){ 0 };
	reader_bytes(r, &e->id, sizeof(e->id));
	e->created_us = reader_i64(r);
	e->flags = reader_u32_max(r, ENVELOPE_FLAGS);
	e->sender = reader_span(r, ENVELOPE_MAX);
	e->n_rcpts = reader_count(r, 4);
	if (e->n_rcpts > ENVELOPE_RCPTS_MAX) {
		reader_fail(r);
		e->n_rcpts = 0;
	}
	e->rcpts = arena_alloc(a, e->n_rcpts * sizeof(*e->rcpts));
	for (i = 0; i < e->n_rcpts; i++)
		e->rcpts[i] = reader_span(r, ENVELOPE_MAX);
	e->queue = reader_span(r, ENVELOPE_MAX);
	e->meta = reader_span(r, ENVELOPE_MAX);
	e->headers = reader_span(r, ENVELOPE_MAX);
	e->prefix = reader_span(r, ENVELOPE_MAX);
	reader_bytes(r, &e->body_id, sizeof(e->body_id));
	e->body_size = reader_u64_max(r, (uint64_t)1 << 40);
}
