/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/ipc/delivery.h"

#include "lib/ipc/lists.h"
#include "lib/ipc/store.h"

void
mx_hosts_put(struct buf *b, const struct next_hop *v, uint32_t n)
{
	uint32_t i;

	put_u32(b, n);
	for (i = 0; i < n; i++) {
		put_span(b, v[i].name);
		put_u16(b, v[i].preference);
		ip_put(b, &v[i].addr);
		put_bool(b, v[i].is_secure);
		put_bool(b, v[i].is_unix);
	}
}

struct next_hop *
mx_hosts_get(struct reader *r, uint32_t *n_out, struct arena *a)
{
	struct next_hop *v;
	uint32_t i;

	*n_out = reader_count(r, 11);
	v = arena_alloc(a, *n_out * sizeof(*v));
	for (i = 0; i < *n_out; i++) {
		v[i].name = reader_span(r, DELIVERY_NAME_MAX);
		v[i].preference = reader_u16(r);
		ip_get(r, &v[i].addr);
		v[i].is_secure = reader_bool(r);
		v[i].is_unix = reader_bool(r);
	}
	return v;
}

void
session_open_put(struct buf *b, const struct session_open *s)
{
	put_u64(b, s->session);
	put_u8(b, (uint8_t)s->kind);
	put_span(b, s->ready_queue);
	put_span(b, s->domain);
	put_span(b, s->path);
	put_span(b, s->source);
	put_span(b, s->protocol);
	mx_hosts_put(b, s->hosts, s->n_hosts);
	put_bool(b, s->keep_order);
	put_bool(b, s->tls_broken);
}

void
session_open_get(struct reader *r, struct session_open *out, struct arena *a)
{
	uint8_t kind;

	out->session = reader_u64(r);
	kind = reader_u8(r);
	if (kind >= DELIVER_KINDS)
		reader_fail(r);
	out->kind = (enum delivery_kind)kind;
	out->ready_queue = reader_span(r, DELIVERY_TEXT_MAX);
	out->domain = reader_span(r, DELIVERY_NAME_MAX);
	out->path = reader_span(r, DELIVERY_TEXT_MAX);
	out->source = reader_span(r, DELIVERY_TEXT_MAX);
	out->protocol = reader_span(r, DELIVERY_TEXT_MAX);
	out->hosts = mx_hosts_get(r, &out->n_hosts, a);
	out->keep_order = reader_bool(r);
	out->tls_broken = reader_bool(r);
}

void
session_close_put(struct buf *b, uint64_t session)
{
	put_u64(b, session);
}

uint64_t
session_close_get(struct reader *r)
{
	return reader_u64(r);
}

void
session_ended_put(struct buf *b, const struct session_ended *e)
{
	put_u64(b, e->session);
	put_u8(b, (uint8_t)e->why);
	put_bool(b, e->tls_broke);
	put_span(b, e->text);
}

void
session_ended_get(struct reader *r, struct session_ended *out)
{
	uint8_t why;

	out->session = reader_u64(r);
	why = reader_u8(r);
	if (why >= SESSION_END_CODES)
		reader_fail(r);
	out->why = (enum session_end)why;
	out->tls_broke = reader_bool(r);
	out->text = reader_span(r, DELIVERY_TEXT_MAX);
}

void
sessions_held_put(struct buf *b, const struct sessions_held *h)
{
	uint32_t i;

	put_u32(b, h->n);
	for (i = 0; i < h->n; i++) {
		put_u64(b, h->v[i].session);
		put_span(b, h->v[i].ready_queue);
		uuids_put(b, h->v[i].ids, h->v[i].n_ids);
	}
}

void
sessions_held_get(struct reader *r, struct sessions_held *out, struct arena *a)
{
	uint32_t i;

	out->n = reader_count(r, 16);
	out->v = arena_alloc(a, out->n * sizeof(*out->v));
	for (i = 0; i < out->n; i++) {
		out->v[i].session = reader_u64(r);
		out->v[i].ready_queue = reader_span(r, DELIVERY_TEXT_MAX);
		out->v[i].ids = uuids_get(r, &out->v[i].n_ids, a);
	}
}

static enum role
worker_role_get(struct reader *r)
{
	uint8_t role = reader_u8(r);

	if (role != ROLE_OUT && role != ROLE_LOCAL)
		reader_fail(r);
	return role == ROLE_LOCAL ? ROLE_LOCAL : ROLE_OUT;
}

void
dispatch_item_put(struct buf *b, const struct dispatch_item *item)
{
	put_bytes(b, &item->id, sizeof(item->id));
	put_u16(b, item->attempts);
	put_span(b, item->pool);
}

void
dispatch_put_encoded(struct buf *b, enum role role, uint32_t worker,
    uint64_t session, uint32_t n, struct span items)
{
	put_u8(b, (uint8_t)role);
	put_u32(b, worker);
	put_u64(b, session);
	put_u32(b, n);
	buf_add_span(b, items);
}

void
dispatch_get(struct reader *r, struct dispatch *out, struct arena *a)
{
	uint32_t i;

	out->role = worker_role_get(r);
	out->worker = reader_u32(r);
	out->session = reader_u64(r);
	out->n = reader_count(r, 22);
	out->items = arena_alloc(a, out->n * sizeof(*out->items));
	for (i = 0; i < out->n; i++) {
		reader_bytes(r, &out->items[i].id, sizeof(out->items[i].id));
		out->items[i].attempts = reader_u16(r);
		out->items[i].pool = reader_span(r, DELIVERY_NAME_MAX);
	}
}

void
dispatch_fail_put(struct buf *b, const struct dispatch_fail *f)
{
	put_u64(b, f->session);
	put_bytes(b, &f->id, sizeof(f->id));
	put_u8(b, (uint8_t)f->why);
}

void
dispatch_fail_get(struct reader *r, struct dispatch_fail *out)
{
	uint8_t why;

	out->session = reader_u64(r);
	reader_bytes(r, &out->id, sizeof(out->id));
	why = reader_u8(r);
	if (why >= DISPATCH_FAILURES)
		reader_fail(r);
	out->why = (enum dispatch_failure)why;
}

void
delivery_message_put_head(struct buf *b, const struct delivery_message *m)
{
	put_u64(b, m->session);
	put_u16(b, m->attempts);
	put_span(b, m->pool);
	put_span(b, m->envelope);
	put_u64(b, m->body_size);
	put_u32(b, (uint32_t)m->body.len);
}

void
delivery_message_put(struct buf *b, const struct delivery_message *m)
{
	delivery_message_put_head(b, m);
	buf_add_span(b, m->body);
}

void
delivery_message_get(struct reader *r, struct delivery_message *out)
{
	out->session = reader_u64(r);
	out->attempts = reader_u16(r);
	out->pool = reader_span(r, DELIVERY_NAME_MAX);
	out->envelope = reader_span(r, STORE_ITEM_MAX);
	out->body_size = reader_u64_max(r, (uint64_t)1 << 40);
	out->body = reader_span(r, STORE_INLINE_MAX);
	if (out->body.len != 0 && out->body.len != out->body_size)
		reader_fail(r);
}

void
outcome_put(struct buf *b, const struct outcome *o)
{
	put_u64(b, o->session);
	put_bytes(b, &o->id, sizeof(o->id));
	put_u8(b, (uint8_t)o->result);
	u32s_put(b, o->done, o->n_done);
	put_u32(b, o->of_rcpts);
	spans_put(b, o->records, o->n_records);
}

void
outcome_get(struct reader *r, struct outcome *out, struct arena *a)
{
	uint8_t result;

	out->session = reader_u64(r);
	reader_bytes(r, &out->id, sizeof(out->id));
	result = reader_u8(r);
	if (result >= OUTCOME_RESULTS)
		reader_fail(r);
	out->result = (enum outcome_result)result;
	out->done = u32s_get(r, &out->n_done, a);
	out->of_rcpts = reader_u32(r);
	out->records = spans_get(r, &out->n_records, STORE_ITEM_MAX, a);
}

void
outcome_kept_put(struct buf *b, uint64_t upto)
{
	put_u64(b, upto);
}

uint64_t
outcome_kept_get(struct reader *r)
{
	return reader_u64(r);
}
