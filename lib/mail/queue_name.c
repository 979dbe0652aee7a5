/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/mail/queue_name.h"

#include <string.h>

#include "lib/base/text.h"
#include "lib/mail/chars.h"

/* Cut s at the first c: the part before it, or NULL p without one. */
static struct span
cut(struct span *s, char c)
{
	ptrdiff_t at = span_find(*s, c);
	struct span before = { NULL, 0 };

	if (at >= 0) {
		before = span_make(s->p, (size_t)at);
		*s = span_from(*s, (size_t)at + 1);
	}
	return before;
}

/* At the first "@", then its left at the first ":", its right at "!". */
int
queue_name_parse(struct span s, struct queue_name *out)
{
	struct span left, right = s;
	size_t i;

	memset(out, 0, sizeof(*out));
	if (s.len == 0 || s.len > QUEUE_NAME_MAX)
		return -1;
	for (i = 0; i < s.len; i++) {
		if (char_is(s.p[i], CHAR_CONTROL))
			return -1;
	}
	left = cut(&right, '@');
	if (left.p != NULL) {
		out->campaign = cut(&left, ':');
		out->tenant = left;
	}
	out->domain = cut(&right, '!');
	if (out->domain.p == NULL)
		out->domain = right;
	else
		out->routing_domain = right;
	return out->domain.len != 0 ? 0 : -1;
}

void
queue_name_put(struct buf *out, const struct queue_name *q)
{
	buf_reserve(out, q->campaign.len + q->tenant.len + q->domain.len +
	    q->routing_domain.len + 3);
	if (q->campaign.len != 0) {
		buf_add_span(out, q->campaign);
		buf_add_byte(out, ':');
	}
	buf_add_span(out, q->tenant);
	/* An "@" in a domain must not be taken for the one that parts. */
	if (q->campaign.len != 0 || q->tenant.len != 0 ||
	    span_find(q->domain, '@') >= 0 ||
	    span_find(q->routing_domain, '@') >= 0)
		buf_add_byte(out, '@');
	buf_add_span(out, q->domain);
	if (q->routing_domain.len != 0) {
		buf_add_byte(out, '!');
		buf_add_span(out, q->routing_domain);
	}
}

struct span
queue_name_route(struct span name)
{
	struct queue_name q;

	if (queue_name_parse(name, &q) != 0)
		return name;
	return q.routing_domain.len != 0 ? q.routing_domain : q.domain;
}

int
queue_name_target(const struct queue_name *q, struct span *host_out,
    uint16_t *port_out)
{
	struct span host = q->routing_domain.len != 0 ? q->routing_domain :
	    q->domain;
	const char *colon;
	uint64_t port = 0;
	size_t from = 0;

	/* The colons of an IPv6 literal are inside its brackets. */
	if (host.len > 0 && host.p[0] == '[')
		from = (size_t)(span_find(host, ']') + 1);
	colon = host.len > from ?
	    memrchr(host.p + from, ':', host.len - from) : NULL;
	if (colon != NULL) {
		if (text_u64(span_from(host, (size_t)(colon - host.p) + 1), 1,
		    65535, &port) != 0)
			return -1;
		host.len = (size_t)(colon - host.p);
	}
	if (host.len == 0)
		return -1;
	*host_out = host;
	*port_out = (uint16_t)port;
	return 0;
}
