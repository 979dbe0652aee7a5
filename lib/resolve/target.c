/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/resolve/target.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/mail/domain.h"

static int
port_parse(struct span text, uint16_t *out)
{
	uint64_t port;

	if (text_u64(text, 1, 65535, &port) == -1)
		return -1;
	*out = (uint16_t)port;
	return 0;
}

static int
literal_parse(struct span text, struct target *out)
{
	ptrdiff_t end = span_find(text, ']');
	struct span inside, rest;

	if (end == -1)
		return -1;
	inside = span_make(text.p + 1, (size_t)end - 1);
	rest = span_from(text, (size_t)end + 1);
	if (span_istarts(inside, "IPv6:"))
		inside = span_from(inside, 5);
	out->kind = TARGET_ADDRESS;
	if (ip_parse(inside, &out->addr) == -1)
		return -1;
	out->addr.port = 0;
	if (rest.len == 0)
		return 0;
	return rest.p[0] == ':' ? port_parse(span_from(rest, 1), &out->port) :
	    -1;
}

int
target_parse(struct span text, struct target *out)
{
	ptrdiff_t colon;

	memset(out, 0, sizeof(*out));
	if (text.len == 0)
		return -1;
	if (text.p[0] == '[')
		return literal_parse(text, out);
	colon = span_find(text, ':');
	if (colon != -1) {
		if (port_parse(span_from(text, (size_t)colon + 1),
		    &out->port) == -1)
			return -1;
		text.len = (size_t)colon;
	}
	out->kind = TARGET_DOMAIN;
	return domain_normalise(text, &out->name);
}

int
target_parse_entry(struct span text, struct target *out)
{
	struct span path = text;

	memset(out, 0, sizeof(*out));
	if (span_starts(text, "unix:"))
		path = span_from(text, 5);
	if (path.len != 0 && path.p[0] == '/' &&
	    memchr(path.p, 0, path.len) == NULL) {
		out->kind = TARGET_UNIX;
		out->name = span_dup(path);
		return 0;
	}
	if (text.len != 0 && text.p[0] != '[' &&
	    ip_parse(text, &out->addr) == 0) {
		out->kind = TARGET_ADDRESS;
		return 0;
	}
	return target_parse(text, out);
}

void
target_free(struct target *t)
{
	free(t->name);
	t->name = NULL;
}
