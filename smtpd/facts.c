/* SPDX-License-Identifier: Apache-2.0 */
#include "smtpd/facts.h"

#include <string.h>

#include "lib/base/arena.h"
#include "lib/base/ip.h"
#include "lib/base/jout.h"
#include "lib/base/wire.h"
#include "lib/io/tls_server.h"
#include "lib/mail/envelope.h"
#include "lib/mail/queue_name.h"
#include "lib/settings/option.h"

void
facts_set(struct buf *pairs, const char *key, struct span json)
{
	struct span k, v, wanted = span_of(key);
	struct buf kept = { 0 };
	struct reader r;

	if (pairs_find(buf_span(pairs), wanted, &v)) {
		reader_init(&r, buf_span(pairs));
		while (pairs_next(&r, &k, &v)) {
			if (span_eq(k, wanted))
				continue;
			put_span(&kept, k);
			put_span(&kept, v);
		}
		buf_free(pairs);
		*pairs = kept;
	}
	if (json.len == 0 || span_eq_str(json, "null"))
		return;
	put_span(pairs, wanted);
	put_span(pairs, json);
}

void
facts_set_text(struct buf *pairs, const char *key, struct span text)
{
	struct buf json = { 0 };
	struct jout j;

	jout_init(&j, &json);
	jout_text(&j, text);
	facts_set(pairs, key, buf_span(&json));
	buf_free(&json);
}

static void
set_ip(struct buf *pairs, const char *key, const struct ip *a)
{
	char text[IP_TEXT_MAX];

	facts_set_text(pairs, key, span_of(ip_port_format(a, text)));
}

static bool
same_end(const struct ip *a, const struct ip *b)
{
	return ip_eq(a, b) && a->port == b->port;
}

void
facts_connection(struct buf *pairs, const struct facts_start *m)
{
	size_t i;

	for (i = 0; i < m->own->n; i++)
		facts_set(pairs, m->own->v[i].key, span_of(m->own->v[i].json));
	facts_set_text(pairs, "reception_protocol", SPAN_LIT("ESMTP"));
	set_ip(pairs, "received_via", m->local);
	set_ip(pairs, "received_from", m->peer);
	if (!same_end(m->local, m->raw_local))
		set_ip(pairs, "orig_received_via", m->raw_local);
	if (!same_end(m->peer, m->raw_peer))
		set_ip(pairs, "orig_received_from", m->raw_peer);
	facts_set_text(pairs, "hostname", m->hostname);
}

void
facts_tls(struct buf *pairs, const struct tls_facts *f)
{
	struct buf json = { 0 };
	struct jout j;
	size_t i;

	facts_set_text(pairs, "tls_cipher", f->cipher);
	facts_set_text(pairs, "tls_protocol_version", f->version);
	if (f->nsubject == 0)
		return;
	jout_init(&j, &json);
	jout_array(&j);
	for (i = 0; i < f->nsubject; i++)
		jout_text(&j, f->subject[i]);
	jout_array_end(&j);
	facts_set(pairs, "tls_peer_subject_name", buf_span(&json));
	buf_free(&json);
}

/* ---- texts of JSON ------------------------------------------------------ */

static int
hex4(const char *p)
{
	int v = 0, i;

	for (i = 0; i < 4; i++) {
		char c = p[i];

		if (c >= '0' && c <= '9')
			v = v * 16 + c - '0';
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			v = v * 16 + (c | 0x20) - 'a' + 10;
		else
			return -1;
	}
	return v;
}

static size_t
put_utf8(char *out, unsigned c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

/* \uXXXX at p (behind the u), with the half that may follow; its length. */
static size_t
get_escape(const char *p, size_t left, unsigned *out)
{
	int high = left >= 4 ? hex4(p) : -1, low;

	if (high < 0)
		return 0;
	*out = (unsigned)high;
	if (high < 0xd800 || high > 0xdfff)
		return 4;
	low = left >= 10 && p[4] == '\\' && p[5] == 'u' ? hex4(p + 6) : -1;
	if (high > 0xdbff || low < 0xdc00 || low > 0xdfff)
		return 0;
	*out = 0x10000 + ((unsigned)(high - 0xd800) << 10) +
	    (unsigned)(low - 0xdc00);
	return 10;
}

/* The decoded form is never longer than the coded one. */
static bool
json_decode_text(struct span json, struct arena *a, struct span *out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	size_t i, n = 0, used;
	const char *at;
	unsigned c;
	char *text;

	if (json.len < 2 || json.p[0] != '"' || json.p[json.len - 1] != '"')
		return false;
	json = span_make(json.p + 1, json.len - 2);
	text = arena_alloc(a, json.len + 1);
	for (i = 0; i < json.len; i++) {
		if (json.p[i] != '\\') {
			text[n++] = json.p[i];
			continue;
		}
		if (++i == json.len)
			return false;
		at = memchr(from, json.p[i], sizeof(from) - 1);
		if (at != NULL)
			text[n++] = to[at - from];
		else if (json.p[i] == 'u' && (used = get_escape(
		    json.p + i + 1, json.len - i - 1, &c)) > 0) {
			n += put_utf8(text + n, c);
			i += used;
		} else
			return false;
	}
	*out = span_make(text, n);
	return true;
}

bool
facts_text(struct span pairs, const char *key, struct arena *a,
    struct span *out)
{
	struct span json;

	return pairs_find(pairs, span_of(key), &json) &&
	    json_decode_text(json, a, out);
}

/* ---- queues ------------------------------------------------------------- */

int
facts_queue(struct span pairs, struct span domain, struct arena *a,
    struct span *out)
{
	struct queue_name name = { .domain = domain }, check;
	struct buf text = { 0 };

	if (facts_text(pairs, "queue", a, out))
		return queue_name_parse(*out, &check);
	(void)facts_text(pairs, "campaign", a, &name.campaign);
	(void)facts_text(pairs, "tenant", a, &name.tenant);
	(void)facts_text(pairs, "routing_domain", a, &name.routing_domain);
	if (name.campaign.len == 0 && name.tenant.len == 0 &&
	    name.routing_domain.len == 0) {
		*out = domain;
		return 0;
	}
	queue_name_put(&text, &name);
	*out = arena_span(a, buf_span(&text));
	buf_free(&text);
	return queue_name_parse(*out, &check);
}
