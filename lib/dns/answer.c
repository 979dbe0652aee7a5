/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/dns/answer.h"

#include <string.h>

#include "lib/base/text.h"

enum { HEADER_LEN = 12, POINTERS_MAX = 64, CLASS_IN = 1 };

static uint8_t
byte_at(struct span msg, size_t at)
{
	return (uint8_t)msg.p[at];
}

/* The caller checked that two bytes are there. */
static uint16_t
u16_at(struct span msg, size_t at)
{
	return (uint16_t)(byte_at(msg, at) << 8 | byte_at(msg, at + 1));
}

static uint32_t
u32_at(struct span msg, size_t at)
{
	return (uint32_t)u16_at(msg, at) << 16 | u16_at(msg, at + 2);
}

static int
label_copy(struct span msg, size_t at, size_t len, char *out)
{
	size_t i;
	uint8_t c;

	for (i = 0; i < len; i++) {
		c = byte_at(msg, at + i);
		/* A dot inside a label would make another name of it. */
		if (c <= ' ' || c >= 0x7f || c == '.' || c == '\\')
			return -1;
		out[i] = ascii_lower((char)c);
	}
	return 0;
}

int
dns_name_read(struct span msg, size_t *at, char out[DNS_NAME_MAX])
{
	size_t pos = *at, len = 0, label, target, behind = 0;
	unsigned jumps = 0;

	for (;;) {
		if (pos >= msg.len)
			return -1;
		label = byte_at(msg, pos);
		if ((label & 0xc0) == 0xc0) {
			if (msg.len - pos < 2 || ++jumps > POINTERS_MAX)
				return -1;
			target = u16_at(msg, pos) & 0x3fff;
			if (behind == 0)
				behind = pos + 2;
			/* Only back, so that a chain must end. */
			if (target >= pos)
				return -1;
			pos = target;
			continue;
		}
		if (label > 63)
			return -1;
		pos++;
		if (label == 0)
			break;
		if (label > msg.len - pos || label + 1 > DNS_NAME_MAX - 2 - len)
			return -1;
		if (label_copy(msg, pos, label, out + len) == -1)
			return -1;
		pos += label;
		len += label;
		out[len++] = '.';
	}
	if (len == 0)
		out[len++] = '.';
	out[len] = '\0';
	*at = behind != 0 ? behind : pos;
	return 0;
}

/* A name that must fill the data exactly. */
static int
rdata_name(struct span msg, size_t at, size_t end, struct dns_record *out,
    struct arena *a)
{
	char name[DNS_NAME_MAX];

	if (dns_name_read(msg, &at, name) == -1 || at != end)
		return -1;
	out->name = arena_span(a, span_of(name));
	return 0;
}

static int
rdata_txt(struct span data, struct dns_record *out, struct arena *a)
{
	char *joined = arena_alloc(a, data.len + 1);
	size_t pos = 0, len = 0, part;

	if (data.len == 0)
		return -1;
	while (pos < data.len) {
		part = byte_at(data, pos++);
		if (part > data.len - pos)
			return -1;
		memcpy(joined + len, data.p + pos, part);
		len += part;
		pos += part;
	}
	out->data = span_make(joined, len);
	return 0;
}

int
dns_rdata_read(struct span msg, size_t at, size_t rdata_len, uint16_t type,
    struct dns_record *out, struct arena *a)
{
	struct span data;

	memset(out, 0, sizeof(*out));
	if (at > msg.len || rdata_len > msg.len - at)
		return -1;
	data = span_make(msg.p + at, rdata_len);
	switch (type) {
	case DNS_A:
		if (rdata_len != 4)
			return -1;
		out->addr.family = IP_V4;
		memcpy(out->addr.b, data.p, 4);
		return 0;
	case DNS_AAAA:
		if (rdata_len != 16)
			return -1;
		out->addr.family = IP_V6;
		memcpy(out->addr.b, data.p, 16);
		return 0;
	case DNS_MX:
		if (rdata_len < 3)
			return -1;
		out->preference = u16_at(data, 0);
		return rdata_name(msg, at + 2, at + rdata_len, out, a);
	case DNS_NS:
	case DNS_CNAME:
	case DNS_PTR:
		return rdata_name(msg, at, at + rdata_len, out, a);
	case DNS_TXT:
		return rdata_txt(data, out, a);
	case DNS_TLSA:
		if (rdata_len < 4)
			return -1;
		out->usage = byte_at(data, 0);
		out->selector = byte_at(data, 1);
		out->matching = byte_at(data, 2);
		out->data = arena_span(a, span_from(data, 3));
		return 0;
	}
	return -1;
}

/* One resource record's fixed part; *at moves to its data. */
struct rr {
	uint16_t type, class;
	uint32_t ttl;
	size_t len;
};

static int
rr_read(struct span msg, size_t *at, struct rr *out)
{
	char name[DNS_NAME_MAX];
	uint32_t ttl;

	if (dns_name_read(msg, at, name) == -1 || msg.len - *at < 10)
		return -1;
	out->type = u16_at(msg, *at);
	out->class = u16_at(msg, *at + 2);
	ttl = u32_at(msg, *at + 4);
	/* RFC 2181 section 8: the top bit set means 0. */
	out->ttl = ttl > 0x7fffffff ? 0 :
	    ttl > DNS_TTL_MAX ? DNS_TTL_MAX : ttl;
	out->len = u16_at(msg, *at + 8);
	*at += 10;
	return out->len > msg.len - *at ? -1 : 0;
}

/* How long nothing may be believed (RFC 2308 section 5): the SOA says. */
static uint32_t
negative_ttl(struct span msg, size_t at, unsigned count)
{
	uint32_t minimum;
	struct rr rr;

	for (; count > 0; count--, at += rr.len) {
		if (rr_read(msg, &at, &rr) == -1)
			return 0;
		if (rr.type != DNS_SOA || rr.len < 22)
			continue;
		minimum = u32_at(msg, at + rr.len - 4);
		return minimum < rr.ttl ? minimum : rr.ttl;
	}
	return 0;
}

static int
questions_skip(struct span msg, size_t *at, unsigned count)
{
	char name[DNS_NAME_MAX];

	for (; count > 0; count--) {
		if (dns_name_read(msg, at, name) == -1 || msg.len - *at < 4)
			return -1;
		*at += 4;
	}
	return 0;
}

void
dns_message_read(struct span msg, uint16_t type, struct dns_answer *out,
    struct arena *a)
{
	unsigned count, rcode;
	struct rr rr;
	size_t at = HEADER_LEN;
	uint32_t ttl = DNS_TTL_MAX;

	memset(out, 0, sizeof(*out));
	out->status = DNS_FAILED;
	out->why = "the answer is malformed";
	if (msg.len < HEADER_LEN ||
	    questions_skip(msg, &at, u16_at(msg, 4)) == -1)
		return;
	rcode = byte_at(msg, 3) & 15;
	if (rcode != 0 && rcode != 3) {
		out->why = rcode == 2 ? "the servers failed" :
		    rcode == 5 ? "the servers refused" :
		    "the servers gave an error";
		return;
	}
	count = u16_at(msg, 6);
	out->v = arena_alloc(a, sizeof(*out->v) *
	    (count < DNS_RECORDS_MAX ? count : DNS_RECORDS_MAX));
	for (; count > 0; count--, at += rr.len) {
		if (rr_read(msg, &at, &rr) == -1) {
			out->n = 0;
			return;
		}
		/* The chain that leads here lives as long as its weakest. */
		if (rr.ttl < ttl)
			ttl = rr.ttl;
		if (rr.type == type && rr.class == CLASS_IN &&
		    out->n < DNS_RECORDS_MAX && dns_rdata_read(msg, at, rr.len,
		    type, &out->v[out->n], a) == 0)
			out->n++;
	}
	out->why = NULL;
	out->status = out->n != 0 ? DNS_OK :
	    rcode == 3 ? DNS_NXDOMAIN : DNS_NODATA;
	out->ttl = out->n != 0 ? ttl : negative_ttl(msg, at, u16_at(msg, 8));
}
