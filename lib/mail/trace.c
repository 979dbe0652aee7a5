/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/mail/trace.h"

#include <string.h>

#include "lib/base/base64.h"
#include "lib/base/clock.h"
#include "lib/base/jout.h"
#include "lib/mail/chars.h"

enum { FOLD_AT = 76 };

#define MARKER_KEY "_@_"
#define MARKER_VALUE "\\_/"

const char *
trace_protocol(bool esmtp, bool tls, bool authenticated)
{
	if (tls)
		return authenticated ? "ESMTPSA" : "ESMTPS";
	if (authenticated)
		return "ESMTPA";
	return esmtp ? "ESMTP" : "SMTP";
}

static inline bool
token_safe(char c)
{
	switch (c) {
	case ' ':
	case '(':
	case ')':
	case '\\':
	case '<':
	case '>':
	case ';':
	case '"':
		return false;
	default:
		return !char_is(c, CHAR_CONTROL);
	}
}

/*
 * A token of another's making: whatever could end a comment, a field or a line
 * becomes "?".
 */
static void
put_token(struct buf *out, struct span s)
{
	uint8_t *p = buf_reserve(out, s.len + 1);
	size_t i;

	for (i = 0; i < s.len; i++) {
		p[i] = (uint8_t)s.p[i];
		if (!token_safe(s.p[i]))
			p[i] = '?';
	}
	buf_commit(out, s.len);
}

/* A mailbox may hold any of these in its quotes; controls never pass. */
static void
put_mailbox(struct buf *out, struct span s)
{
	uint8_t *p = buf_reserve(out, s.len + 1);
	size_t i;

	for (i = 0; i < s.len; i++)
		p[i] = char_is(s.p[i], CHAR_CONTROL) ? '?' : (uint8_t)s.p[i];
	buf_commit(out, s.len);
}

static void
put_literal(struct buf *out, const struct ip *ip)
{
	char text[IP_TEXT_MAX];

	buf_add_str(out, ip->family == IP_V6 ? "[IPv6:" : "[");
	buf_add_str(out, ip->family == IP_NONE ? "0.0.0.0" :
	    ip_format(ip, text));
	buf_add_byte(out, ']');
}

/* From-domain = "FROM" FWS Extended-Domain, with TCP-info as a comment */
static void
put_from(struct buf *out, const struct trace_received *t)
{
	buf_add_str(out, "Received: from ");
	if (t->helo.len != 0)
		put_token(out, t->helo);
	else
		put_literal(out, &t->peer);
	buf_add_str(out, " (");
	if (t->peer_name.len != 0) {
		put_token(out, t->peer_name);
		buf_add_byte(out, ' ');
	}
	put_literal(out, &t->peer);
	buf_add_str(out, ")\r\n\tby ");
}

static void
put_tls(struct buf *out, const struct trace_received *t)
{
	buf_add_str(out, " (");
	put_token(out, t->tls_version);
	if (t->tls_cipher.len != 0) {
		buf_add_byte(out, ' ');
		put_token(out, t->tls_cipher);
	}
	buf_add_byte(out, ')');
}

void
trace_received_put(struct buf *out, const struct trace_received *t)
{
	char date[CLOCK_RFC5322_MAX];

	buf_reserve(out, 512);
	put_from(out, t);
	put_token(out, t->hostname);
	buf_add_str(out, " (Ekiden)\r\n\twith ");
	buf_add_str(out, trace_protocol(t->esmtp, t->tls, t->authenticated));
	if (t->tls && t->tls_version.len != 0)
		put_tls(out, t);
	buf_add_str(out, " id ");
	put_token(out, t->id);
	if (t->recipient.len != 0) {
		buf_add_str(out, "\r\n\tfor <");
		put_mailbox(out, t->recipient);
		buf_add_byte(out, '>');
	}
	buf_add_str(out, ";\r\n\t");
	buf_add_str(out, clock_rfc5322(t->wall_us, date));
	buf_add_str(out, "\r\n");
}

static void
supplemental_json(struct buf *out, const struct span *recipients,
    size_t nrecipients, const struct trace_meta *meta, size_t nmeta)
{
	struct jout j;
	size_t i;

	jout_init(&j, out);
	jout_object(&j);
	jout_key_text(&j, MARKER_KEY, SPAN_LIT(MARKER_VALUE));
	jout_key(&j, SPAN_LIT("recipient"));
	if (nrecipients != 1)
		jout_array(&j);
	for (i = 0; i < nrecipients; i++)
		jout_text(&j, recipients[i]);
	if (nrecipients != 1)
		jout_array_end(&j);
	for (i = 0; i < nmeta; i++) {
		jout_key(&j, meta[i].key);
		jout_raw(&j, meta[i].json);
	}
	jout_object_end(&j);
}

void
trace_supplemental_put(struct buf *out, struct span field_name,
    const struct span *recipients, size_t nrecipients,
    const struct trace_meta *meta, size_t nmeta)
{
	struct buf text = { 0 };
	struct span rest, part;
	size_t i, max;

	supplemental_json(&text, recipients, nrecipients, meta, nmeta);
	rest = buf_span(&text);
	buf_reserve(out, field_name.len + rest.len / 2 * 3 + 16);
	for (i = 0; i < field_name.len; i++)
		buf_add_byte(out, char_is(field_name.p[i], CHAR_FTEXT) ?
		    (uint8_t)field_name.p[i] : '-');
	buf_add_str(out, ": ");
	/* Whole groups of three octets on a line, one at least. */
	max = field_name.len + 2 + 4 < FOLD_AT ?
	    (FOLD_AT - field_name.len - 2) / 4 * 3 : 3;
	while (rest.len > max) {
		part = span_make(rest.p, max);
		rest = span_from(rest, max);
		base64_encode(part, out);
		buf_add_str(out, "\r\n\t");
		max = FOLD_AT / 4 * 3;
	}
	base64_encode(rest, out);
	buf_add_str(out, "\r\n");
	buf_free(&text);
}

/* The marker, spelled as JSON writers may. */
static bool
has_marker(struct span json)
{
	static const char key[] = "\"" MARKER_KEY "\"";
	const char *at;
	struct span s;

	if (json.len < 2 || json.p[0] != '{' || json.p[json.len - 1] != '}')
		return false;
	at = memmem(json.p, json.len, key, sizeof(key) - 1);
	if (at == NULL)
		return false;
	s = span_trim(span_from(json, (size_t)(at - json.p) + sizeof(key) - 1));
	if (s.len == 0 || s.p[0] != ':')
		return false;
	s = span_trim(span_from(s, 1));
	return span_starts(s, "\"\\\\_/\"") || span_starts(s, "\"\\\\_\\/\"");
}

int
trace_supplemental_get(struct span value, struct buf *json_out)
{
	struct buf packed = { 0 };
	size_t i, before = buf_len(json_out);
	int rc = -1;

	for (i = 0; i < value.len; i++) {
		if (memchr(" \t\r\n", value.p[i], 4) == NULL)
			buf_add_byte(&packed, (uint8_t)value.p[i]);
	}
	if (buf_len(&packed) != 0 &&
	    base64_decode(buf_span(&packed), json_out) == 0) {
		if (has_marker(span_from(buf_span(json_out), before)))
			rc = 0;
		else
			json_out->end = json_out->start + before;
	}
	buf_free(&packed);
	return rc;
}
