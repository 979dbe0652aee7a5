/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/ip.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"

static size_t
ip_len(const struct ip *a)
{
	return a->family == IP_V4 ? 4 : a->family == IP_V6 ? 16 : 0;
}

int
ip_parse(struct span s, struct ip *out)
{
	char text[INET6_ADDRSTRLEN];
	struct ip a = { 0 };

	if (s.len >= 2 && s.p[0] == '[' && s.p[s.len - 1] == ']') {
		s = span_make(s.p + 1, s.len - 2);
		if (span_find(s, ':') < 0)
			return -1;
	}
	if (s.len == 0 || s.len >= sizeof(text) ||
	    memchr(s.p, '\0', s.len) != NULL)
		return -1;
	memcpy(text, s.p, s.len);
	text[s.len] = '\0';
	a.family = span_find(s, ':') >= 0 ? IP_V6 : IP_V4;
	if (inet_pton(a.family == IP_V6 ? AF_INET6 : AF_INET, text, a.b) != 1)
		return -1;
	*out = a;
	return 0;
}

int
ip_port_parse(struct span s, struct ip *out)
{
	struct ip a;
	uint64_t port;
	size_t colon = s.len;

	while (colon > 0 && s.p[colon - 1] != ':')
		colon--;
	if (colon < 2)
		return -1;
	if (text_u64(span_from(s, colon), 0, 65535, &port) != 0)
		return -1;
	s.len = colon - 1;
	if (span_find(s, ':') >= 0 && s.p[0] != '[')
		return -1;
	if (ip_parse(s, &a) != 0)
		return -1;
	a.port = (uint16_t)port;
	*out = a;
	return 0;
}

char *
ip_format(const struct ip *a, char out[IP_TEXT_MAX])
{
	if (a->family == IP_NONE || inet_ntop(a->family == IP_V6 ? AF_INET6 :
	    AF_INET, a->b, out, IP_TEXT_MAX) == NULL)
		memcpy(out, "-", 2);
	return out;
}

char *
ip_port_format(const struct ip *a, char out[IP_TEXT_MAX])
{
	char host[IP_TEXT_MAX];

	ip_format(a, host);
	snprintf(out, IP_TEXT_MAX, a->family == IP_V6 ? "[%.45s]:%u" :
	    "%.45s:%u", host, a->port);
	return out;
}

/* ::ffff:192.0.2.1 is the IPv4 address that it holds (RFC 4291 2.5.5.2). */
static bool
ip_is_mapped(const struct ip *a)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	return a->family == IP_V6 && memcmp(a->b, mapped, sizeof(mapped)) == 0;
}

static void
ip_unmap(struct ip *a)
{
	a->family = IP_V4;
	memmove(a->b, a->b + 12, 4);
	memset(a->b + 4, 0, 12);
}

int
ip_from_sockaddr(const struct sockaddr *sa, struct ip *out)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct ip a = { 0 };

	if (sa->sa_family == AF_INET) {
		memcpy(&in, sa, sizeof(in));
		a.family = IP_V4;
		a.port = ntohs(in.sin_port);
		memcpy(a.b, &in.sin_addr, 4);
	} else if (sa->sa_family == AF_INET6) {
		memcpy(&in6, sa, sizeof(in6));
		a.port = ntohs(in6.sin6_port);
		memcpy(a.b, &in6.sin6_addr, 16);
		a.family = IP_V6;
		if (ip_is_mapped(&a))
			ip_unmap(&a);
	} else
		return -1;
	*out = a;
	return 0;
}

socklen_t
ip_to_sockaddr(const struct ip *a, struct sockaddr_storage *ss)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };

	memset(ss, 0, sizeof(*ss));
	if (a->family == IP_V4) {
		in.sin_port = htons(a->port);
		memcpy(&in.sin_addr, a->b, 4);
		memcpy(ss, &in, sizeof(in));
		return sizeof(in);
	}
	in6.sin6_port = htons(a->port);
	memcpy(&in6.sin6_addr, a->b, 16);
	memcpy(ss, &in6, sizeof(in6));
	return sizeof(in6);
}

bool
ip_eq(const struct ip *a, const struct ip *b)
{
	return a->family == b->family && memcmp(a->b, b->b, ip_len(a)) == 0;
}

void
ip_put(struct buf *b, const struct ip *a)
{
	put_u8(b, a->family);
	put_u16(b, a->port);
	put_bytes(b, a->b, ip_len(a));
}

void
ip_get(struct reader *r, struct ip *out)
{
	memset(out, 0, sizeof(*out));
	out->family = reader_u8(r);
	if (out->family != IP_NONE && out->family != IP_V4 &&
	    out->family != IP_V6) {
		reader_fail(r);
		out->family = IP_NONE;
	}
	out->port = reader_u16(r);
	reader_bytes(r, out->b, ip_len(out));
}

int
cidr_parse(struct span s, struct cidr *out)
{
	ptrdiff_t slash = span_find(s, '/');
	struct cidr c = { 0 };
	uint64_t bits;
	size_t i, full;

	if (ip_parse(slash < 0 ? s : span_make(s.p, (size_t)slash),
	    &c.net) != 0)
		return -1;
	full = ip_len(&c.net) * 8;
	bits = full;
	if (slash >= 0 &&
	    text_u64(span_from(s, (size_t)slash + 1), 0, full, &bits) != 0)
		return -1;
	c.bits = (uint8_t)bits;
	for (i = bits; i < full; i++)
		c.net.b[i / 8] &= (uint8_t)~(0x80 >> (i % 8));
	/* In the form in which addresses of connections come. */
	if (c.bits >= 96 && ip_is_mapped(&c.net)) {
		ip_unmap(&c.net);
		c.bits -= 96;
	}
	*out = c;
	return 0;
}

bool
cidr_has(const struct cidr *c, const struct ip *a)
{
	size_t whole = c->bits / 8;
	uint8_t mask = (uint8_t)(0xff00 >> (c->bits % 8));

	if (c->net.family != a->family)
		return false;
	if (memcmp(c->net.b, a->b, whole) != 0)
		return false;
	return (c->bits % 8) == 0 ||
	    ((c->net.b[whole] ^ a->b[whole]) & mask) == 0;
}

char *
cidr_format(const struct cidr *c, char out[IP_TEXT_MAX])
{
	char host[IP_TEXT_MAX];

	ip_format(&c->net, host);
	if (c->bits == ip_len(&c->net) * 8)
		snprintf(out, IP_TEXT_MAX, "%.45s", host);
	else
		snprintf(out, IP_TEXT_MAX, "%.45s/%u", host, c->bits);
	return out;
}

void
cidr_set_add(struct cidr_set *set, const struct cidr *c)
{
	set->v = xreallocarray(set->v, set->n + 1, sizeof(*set->v));
	set->v[set->n++] = *c;
}

bool
cidr_set_has(const struct cidr_set *set, const struct ip *a)
{
	struct ip plain = *a;
	size_t i;

	if (ip_is_mapped(&plain))
		ip_unmap(&plain);
	for (i = 0; i < set->n; i++) {
		if (cidr_has(&set->v[i], &plain))
			return true;
	}
	return false;
}

void
cidr_set_free(struct cidr_set *set)
{
	free(set->v);
	*set = (struct cidr_set){ 0 };
}
