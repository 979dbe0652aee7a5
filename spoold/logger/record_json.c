/* SPDX-License-Identifier: Apache-2.0 */
#include "spoold/logger/record_json.h"

#include "lib/base/clock.h"
#include "lib/base/jout.h"
#include "lib/base/json.h"
#include "lib/base/map.h"
#include "lib/base/text.h"

bool
log_entry_get(struct log_entry *out, struct span record, struct span envelope,
    uint16_t attempts, struct arena *a)
{
	struct reader r;

	reader_init(&r, record);
	record_get(&r, &out->record, a);
	if (!reader_end(&r))
		return false;
	reader_init(&r, envelope);
	envelope_get(&r, &out->envelope, a);
	out->attempts = attempts;
	return reader_end(&r);
}

/* "Name" or "X-*"; metadata by exact case, header names in any. */
static bool
wanted(const struct texts *patterns, struct span name, bool any_case)
{
	struct span p;
	size_t i;

	for (i = 0; i < patterns->n; i++) {
		struct span n = name;

		p = span_of(patterns->v[i]);
		if (p.len > 0 && p.p[p.len - 1] == '*') {
			p.len--;
			if (n.len < p.len)
				continue;
			n.len = p.len;
		}
		if (any_case ? span_ieq(n, p) : span_eq(n, p))
			return true;
	}
	return false;
}

static void
text_or_null(struct jout *j, const char *key, struct span s)
{
	jout_key(j, span_of(key));
	if (s.len == 0)
		jout_null(j);
	else
		jout_text(j, s);
}

static void
put_recipient(struct jout *j, const struct log_entry *e)
{
	const struct span *v = e->record.rcpts;
	uint32_t n = e->record.n_rcpts, i;

	if (n == 0) {
		v = e->envelope.rcpts;
		n = e->envelope.n_rcpts;
	}
	jout_key(j, SPAN_LIT("recipient"));
	if (n == 1) {
		jout_text(j, v[0]);
		return;
	}
	if (n == 0) {
		jout_text(j, SPAN_LIT(""));
		return;
	}
	jout_array(j);
	for (i = 0; i < n; i++)
		jout_text(j, v[i]);
	jout_array_end(j);
}

static void
put_response(struct jout *j, const struct record *r)
{
	jout_key(j, SPAN_LIT("response"));
	jout_object(j);
	jout_key_uint(j, "code", r->code);
	jout_key(j, SPAN_LIT("enhanced_code"));
	if (r->has_enhanced) {
		jout_object(j);
		jout_key_uint(j, "class", r->enh_class);
		jout_key_uint(j, "subject", r->enh_subject);
		jout_key_uint(j, "detail", r->enh_detail);
		jout_object_end(j);
	} else
		jout_null(j);
	jout_key_text(j, "content", r->content);
	text_or_null(j, "command", r->command);
	jout_object_end(j);
}

static void
put_peer(struct jout *j, const struct record *r)
{
	jout_key(j, SPAN_LIT("peer_address"));
	if (r->peer_addr.len == 0) {
		jout_null(j);
		return;
	}
	jout_object(j);
	jout_key_text(j, "name", r->peer_name);
	jout_key_text(j, "addr", r->peer_addr);
	if (r->peer_is_secure) {
		jout_key(j, SPAN_LIT("is_secure"));
		jout_bool(j, true);
	}
	jout_object_end(j);
}

static void
put_source_address(struct jout *j, const struct record *r)
{
	jout_key(j, SPAN_LIT("source_address"));
	if (r->source_address.len == 0) {
		jout_null(j);
		return;
	}
	jout_object(j);
	jout_key_text(j, "address", r->source_address);
	jout_object_end(j);
}

/*
 * Metadata is JSON already, made by a process that reads strangers' bytes: what
 * is none becomes text, so that it cannot end the line or begin another.
 */
static void
put_value(struct jout *j, struct span value)
{
	if (json_is_value(value))
		jout_raw(j, value);
	else
		jout_text(j, value);
}

static void
put_meta(struct jout *j, const struct log_entry *e,
    const struct local_logs *opts)
{
	struct span key, value;
	struct reader r;

	jout_key(j, SPAN_LIT("meta"));
	jout_object(j);
	reader_init(&r, e->envelope.meta);
	while (opts->meta.n > 0 && pairs_next(&r, &key, &value)) {
		if (!wanted(&opts->meta, key, false) ||
		    span_eq_str(value, "null"))
			continue;
		jout_key(j, key);
		put_value(j, value);
	}
	jout_object_end(j);
}

/* All values of one header name, in order. */
struct header_values {
	struct span name; /* as found first */
	struct span value;
	struct header_values *more, **last;
	struct header_values *next_name;
};

/*
 * Group the fields by name. Strangers choose how many there are: each is
 * looked up once, not compared to all before it.
 */
static struct header_values *
headers_group(const struct log_entry *e, const struct local_logs *opts,
    struct arena *a)
{
	struct header_values *first = NULL, **next = &first, *h, *known;
	struct map names = { 0 };
	struct span key, value;
	struct reader r;
	char *lower;

	reader_init(&r, e->envelope.headers);
	while (pairs_next(&r, &key, &value)) {
		if (!wanted(&opts->headers, key, true))
			continue;
		h = arena_alloc(a, sizeof(*h));
		h->name = key;
		h->value = value;
		h->last = &h->more;
		lower = arena_str(a, key);
		ascii_lower_all(lower, key.len);
		known = map_get(&names, span_make(lower, key.len));
		if (known != NULL) {
			*known->last = h;
			known->last = &h->more;
			continue;
		}
		map_set(&names, span_make(lower, key.len), h);
		*next = h;
		next = &h->next_name;
	}
	map_free(&names, NULL);
	return first;
}

static void
put_headers(struct jout *j, const struct log_entry *e,
    const struct local_logs *opts)
{
	const struct header_values *h, *v;
	struct arena a = { 0 };

	jout_key(j, SPAN_LIT("headers"));
	jout_object(j);
	h = opts->headers.n > 0 ? headers_group(e, opts, &a) : NULL;
	for (; h != NULL; h = h->next_name) {
		jout_key(j, h->name);
		if (h->more == NULL) {
			jout_text(j, h->value);
			continue;
		}
		jout_array(j);
		for (v = h; v != NULL; v = v->more)
			jout_text(j, v->value);
		jout_array_end(j);
	}
	jout_object_end(j);
	arena_free(&a);
}

static void
put_tls(struct jout *j, const struct record *r)
{
	uint32_t i;

	if (r->tls_cipher.len > 0)
		jout_key_text(j, "tls_cipher", r->tls_cipher);
	if (r->tls_version.len > 0)
		jout_key_text(j, "tls_protocol_version", r->tls_version);
	if (r->n_tls_subject == 0)
		return;
	jout_key(j, SPAN_LIT("tls_peer_subject_name"));
	jout_array(j);
	for (i = 0; i < r->n_tls_subject; i++)
		jout_text(j, r->tls_subject[i]);
	jout_array_end(j);
}

static void
put_time(struct jout *j, const char *key, int64_t us)
{
	char text[CLOCK_RFC3339_MAX];

	jout_key_text(j, key, span_of(clock_rfc3339_us(us, text)));
}

static void
put_reception_protocol(struct jout *j, const struct log_entry *e)
{
	struct span value;

	jout_key(j, SPAN_LIT("reception_protocol"));
	if (pairs_find(e->envelope.meta, SPAN_LIT("reception_protocol"),
	    &value))
		put_value(j, value);
	else
		jout_null(j);
}

void
log_entry_json(struct buf *out, const struct log_entry *e,
    const struct local_logs *opts, const struct uuid *node)
{
	const struct record *r = &e->record;
	char id[UUID_TEXT_MAX] = "";
	struct jout j;

	jout_init(&j, out);
	jout_object(&j);
	jout_key_text(&j, "type", span_of(record_type_name(r->type)));
	if (!uuid_is_zero(&e->envelope.id))
		uuid_hex(&e->envelope.id, id);
	jout_key_text(&j, "id", span_of(id));
	jout_key_text(&j, "sender", e->envelope.sender);
	put_recipient(&j, e);
	jout_key_text(&j, "queue", e->envelope.queue);
	jout_key_text(&j, "site", r->site);
	jout_key_uint(&j, "size", envelope_size(&e->envelope));
	put_response(&j, r);
	put_peer(&j, r);
	jout_key(&j, SPAN_LIT("timestamp"));
	jout_int(&j, r->time_us / 1000000);
	jout_key(&j, SPAN_LIT("created"));
	jout_int(&j, e->envelope.created_us / 1000000);
	jout_key_uint(&j, "num_attempts", e->attempts);
	jout_key_text(&j, "bounce_classification", SPAN_LIT("Uncategorized"));
	text_or_null(&j, "egress_pool", r->pool);
	text_or_null(&j, "egress_source", r->source);
	put_source_address(&j, r);
	jout_key_null(&j, "feedback_report");
	put_meta(&j, e, opts);
	if (r->type != RECORD_REJECTION)
		put_headers(&j, e, opts);
	text_or_null(&j, "delivery_protocol", r->delivery_protocol);
	put_reception_protocol(&j, e);
	jout_key_text(&j, "nodeid", span_of(uuid_text(node, id)));
	put_tls(&j, r);
	put_time(&j, "event_time", r->time_us);
	put_time(&j, "created_time", e->envelope.created_us);
	if (!uuid_is_zero(&r->session))
		jout_key_text(&j, "session_id",
		    span_of(uuid_text(&r->session, id)));
	if (r->provider.len > 0)
		jout_key_text(&j, "provider_name", r->provider);
	jout_object_end(&j);
	buf_add_byte(out, '\n');
}
