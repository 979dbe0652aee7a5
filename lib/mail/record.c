/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/mail/record.h"

static const char *const type_names[RECORD_TYPES] = {
	[RECORD_RECEPTION] = "Reception",
	[RECORD_DELIVERY] = "Delivery",
	[RECORD_BOUNCE] = "Bounce",
	[RECORD_TRANSIENT_FAILURE] = "TransientFailure",
	[RECORD_EXPIRATION] = "Expiration",
	[RECORD_ADMIN_BOUNCE] = "AdminBounce",
	[RECORD_OOB] = "OOB",
	[RECORD_FEEDBACK] = "Feedback",
	[RECORD_REJECTION] = "Rejection",
	[RECORD_ADMIN_REBIND] = "AdminRebind",
	[RECORD_DEFERRED_INJECTION_REBIND] = "DeferredInjectionRebind",
	[RECORD_DELAYED] = "Delayed",
	[RECORD_XFER_OUT] = "XferOut",
	[RECORD_XFER_IN] = "XferIn",
};

const char *
record_type_name(enum record_type type)
{
	return type < RECORD_TYPES ? type_names[type] : "Unknown";
}

static void
put_list(struct buf *b, const struct span *v, uint32_t n)
{
	uint32_t i;

	put_u32(b, n);
	for (i = 0; i < n; i++)
		put_span(b, v[i]);
}

static struct span *
get_list(struct reader *r, uint32_t *n_out, struct arena *a)
{
	struct span *v;
	uint32_t i;

	*n_out = reader_count(r, 4);
	v = arena_alloc(a, *n_out * sizeof(*v));
	for (i = 0; i < *n_out; i++)
		v[i] = reader_span(r, RECORD_TEXT_MAX);
	return v;
}

void
record_put(struct buf *b, const struct record *rec)
{
	put_u8(b, (uint8_t)rec->type);
	put_i64(b, rec->time_us);
	put_u16(b, rec->code);
	put_bool(b, rec->has_enhanced);
	put_u8(b, rec->enh_class);
	put_u16(b, rec->enh_subject);
	put_u16(b, rec->enh_detail);
	put_span(b, rec->content);
	put_span(b, rec->command);
	put_span(b, rec->peer_name);
	put_span(b, rec->peer_addr);
	put_bool(b, rec->peer_is_secure);
	put_span(b, rec->site);
	put_span(b, rec->pool);
	put_span(b, rec->source);
	put_span(b, rec->source_address);
	put_span(b, rec->delivery_protocol);
	put_span(b, rec->provider);
	put_span(b, rec->tls_cipher);
	put_span(b, rec->tls_version);
	put_list(b, rec->tls_subject, rec->n_tls_subject);
	put_bytes(b, &rec->session, sizeof(rec->session));
	put_list(b, rec->rcpts, rec->n_rcpts);
}

void
record_get(struct reader *r, struct record *rec, struct arena *a)
{
	*rec = (struct record){ 0 };
	rec->type = (enum record_type)reader_u8(r);
	if (rec->type >= RECORD_TYPES) {
		reader_fail(r);
		rec->type = RECORD_RECEPTION;
	}
	rec->time_us = reader_i64(r);
	rec->code = reader_u16(r);
	rec->has_enhanced = reader_bool(r);
	rec->enh_class = reader_u8(r);
	rec->enh_subject = reader_u16(r);
	rec->enh_detail = reader_u16(r);
	rec->content = reader_span(r, RECORD_TEXT_MAX);
	rec->command = reader_span(r, RECORD_TEXT_MAX);
	rec->peer_name = reader_span(r, RECORD_TEXT_MAX);
	rec->peer_addr = reader_span(r, RECORD_TEXT_MAX);
	rec->peer_is_secure = reader_bool(r);
	rec->site = reader_span(r, RECORD_TEXT_MAX);
	rec->pool = reader_span(r, RECORD_TEXT_MAX);
	rec->source = reader_span(r, RECORD_TEXT_MAX);
	rec->source_address = reader_span(r, RECORD_TEXT_MAX);
	rec->delivery_protocol = reader_span(r, RECORD_TEXT_MAX);
	rec->provider = reader_span(r, RECORD_TEXT_MAX);
	rec->tls_cipher = reader_span(r, RECORD_TEXT_MAX);
	rec->tls_version = reader_span(r, RECORD_TEXT_MAX);
	rec->tls_subject = get_list(r, &rec->n_tls_subject, a);
	reader_bytes(r, &rec->session, sizeof(rec->session));
	rec->rcpts = get_list(r, &rec->n_rcpts, a);
}
