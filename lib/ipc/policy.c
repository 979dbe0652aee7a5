/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/ipc/policy.h"

#include "lib/ipc/lists.h"

enum { POLICY_SETTINGS_MAX = 1024 * 1024 };

void
ask_queue_put(struct buf *b, const struct ask_queue *q)
{
	put_span(b, q->domain);
	put_span(b, q->tenant);
	put_span(b, q->campaign);
	put_span(b, q->routing_domain);
}

void
ask_queue_get(struct reader *r, struct ask_queue *out)
{
	out->domain = reader_span(r, DELIVERY_NAME_MAX);
	out->tenant = reader_span(r, DELIVERY_NAME_MAX);
	out->campaign = reader_span(r, DELIVERY_NAME_MAX);
	out->routing_domain = reader_span(r, DELIVERY_NAME_MAX);
}

void
ask_name_put(struct buf *b, const struct ask_name *n)
{
	put_span(b, n->name);
}

void
ask_name_get(struct reader *r, struct ask_name *out)
{
	out->name = reader_span(r, DELIVERY_NAME_MAX);
}

void
ask_path_put(struct buf *b, const struct ask_path *p)
{
	put_span(b, p->domain);
	put_span(b, p->source);
	put_span(b, p->site);
}

void
ask_path_get(struct reader *r, struct ask_path *out)
{
	out->domain = reader_span(r, DELIVERY_NAME_MAX);
	out->source = reader_span(r, DELIVERY_NAME_MAX);
	out->site = reader_span(r, DELIVERY_NAME_MAX);
}

void
settings_answer_put(struct buf *b, const struct settings_answer *s)
{
	put_bool(b, s->ok);
	put_span(b, s->error);
	put_span(b, s->settings);
}

void
settings_answer_get(struct reader *r, struct settings_answer *out)
{
	out->ok = reader_bool(r);
	out->error = reader_span(r, DELIVERY_TEXT_MAX);
	out->settings = reader_span(r, POLICY_SETTINGS_MAX);
}

void
ask_mx_put(struct buf *b, const struct ask_mx *m)
{
	put_span(b, m->domain);
	spans_put(b, m->mx_list, m->n_mx_list);
}

void
ask_mx_get(struct reader *r, struct ask_mx *out, struct arena *a)
{
	out->domain = reader_span(r, DELIVERY_NAME_MAX);
	out->mx_list = spans_get(r, &out->n_mx_list, DELIVERY_NAME_MAX, a);
}

void
mx_answer_put(struct buf *b, const struct mx_answer *m)
{
	put_u8(b, (uint8_t)m->result);
	put_span(b, m->error);
	put_span(b, m->site);
	put_bool(b, m->is_mx);
	mx_hosts_put(b, m->hosts, m->n_hosts);
	put_i64(b, m->ttl_ms);
}

void
mx_answer_get(struct reader *r, struct mx_answer *out, struct arena *a)
{
	uint8_t result = reader_u8(r);

	if (result >= MX_RESULTS)
		reader_fail(r);
	out->result = (enum mx_result)result;
	out->error = reader_span(r, DELIVERY_TEXT_MAX);
	out->site = reader_span(r, DELIVERY_NAME_MAX);
	out->is_mx = reader_bool(r);
	out->hosts = mx_hosts_get(r, &out->n_hosts, a);
	out->ttl_ms = reader_i64(r);
}

void
ask_host_put(struct buf *b, const struct ask_host *h)
{
	put_span(b, h->name);
	put_bool(b, h->want_v4);
	put_bool(b, h->want_v6);
}

void
ask_host_get(struct reader *r, struct ask_host *out)
{
	out->name = reader_span(r, DELIVERY_NAME_MAX);
	out->want_v4 = reader_bool(r);
	out->want_v6 = reader_bool(r);
}

void
host_answer_put(struct buf *b, const struct host_answer *h)
{
	uint32_t i;

	put_bool(b, h->ok);
	put_span(b, h->error);
	put_bool(b, h->is_secure);
	put_u32(b, h->n);
	for (i = 0; i < h->n; i++)
		ip_put(b, &h->addrs[i]);
	put_i64(b, h->ttl_ms);
}

void
host_answer_get(struct reader *r, struct host_answer *out, struct arena *a)
{
	uint32_t i;

	out->ok = reader_bool(r);
	out->error = reader_span(r, DELIVERY_TEXT_MAX);
	out->is_secure = reader_bool(r);
	out->n = reader_count(r, 3);
	out->addrs = arena_alloc(a, out->n * sizeof(*out->addrs));
	for (i = 0; i < out->n; i++)
		ip_get(r, &out->addrs[i]);
	out->ttl_ms = reader_i64(r);
}
