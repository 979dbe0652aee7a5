/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/settings/redis_url.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/ip.h"
#include "lib/base/text.h"

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* %XX as bytes; NULL for what is no such text or holds a NUL. */
static char *
percent_decode(struct span s)
{
	char *out = xmalloc(s.len + 1), *at = out;
	int high, low;
	size_t i;

	for (i = 0; i < s.len; i++) {
		if (s.p[i] != '%') {
			*at++ = s.p[i];
			continue;
		}
		high = s.len - i > 2 ? hex_digit(s.p[i + 1]) : -1;
		low = high == -1 ? -1 : hex_digit(s.p[i + 2]);
		if (low == -1 || high * 16 + low == 0) {
			free(out);
			return NULL;
		}
		*at++ = (char)(high * 16 + low);
		i += 2;
	}
	*at = '\0';
	return out;
}

static int
user_read(struct span s, struct redis_url *u)
{
	ptrdiff_t colon = span_find(s, ':');
	struct span name = s;

	if (colon != -1) {
		name = span_make(s.p, (size_t)colon);
		u->password = percent_decode(span_from(s, (size_t)colon + 1));
		if (u->password == NULL)
			return -1;
	}
	if (name.len != 0 && (u->user = percent_decode(name)) == NULL)
		return -1;
	return 0;
}

static bool
is_name(struct span s)
{
	size_t i;

	for (i = 0; i < s.len; i++) {
		char c = ascii_lower(s.p[i]);

		if (!(c >= 'a' && c <= 'z') && !ascii_digit(c) && c != '.' &&
		    c != '-' && c != '_')
			return false;
	}
	return s.len > 0 && s.len <= 253;
}

static int
host_read(struct span s, struct redis_url *u)
{
	struct span host = s, port = span_of(NULL);
	ptrdiff_t end = s.len > 0 && s.p[0] == '[' ? span_find(s, ']') : -1;
	struct ip ip;
	uint64_t n;

	if (end != -1) {
		host = span_make(s.p + 1, (size_t)end - 1);
		port = span_from(s, (size_t)end + 1);
		if (ip_parse(host, &ip) == -1 || ip.family != IP_V6)
			return -1;
	} else {
		end = span_find(s, ':');
		if (end != -1) {
			host = span_make(s.p, (size_t)end);
			port = span_from(s, (size_t)end);
		}
		if (!is_name(host))
			return -1;
	}
	if (port.len != 0) {
		if (port.p[0] != ':' ||
		    text_u64(span_from(port, 1), 1, 65535, &n) == -1)
			return -1;
		u->port = (uint16_t)n;
	}
	u->host = span_dup(host);
	return 0;
}

/* What stands behind the first `c`, both cut off from s. */
static struct span
cut(struct span *s, char c)
{
	ptrdiff_t at = span_find(*s, c);
	struct span rest = span_of(NULL);

	if (at == -1)
		return rest;
	rest = span_from(*s, (size_t)at + 1);
	s->len = (size_t)at;
	return rest;
}

static const char *
parse(struct span s, struct redis_url *u)
{
	struct span path, query, fragment;
	size_t at, i;
	uint64_t db;

	u->port = REDIS_PORT;
	u->verify = true;
	if (span_istarts(s, "rediss://"))
		u->tls = true;
	else if (!span_istarts(s, "redis://"))
		return "it must begin with redis:// or rediss://";
	s = span_from(s, u->tls ? 9 : 8);
	fragment = cut(&s, '#');
	query = cut(&s, '?');
	path = cut(&s, '/');
	/* A password may hold an '@'. */
	for (at = s.len, i = 0; i < s.len; i++) {
		if (s.p[i] == '@')
			at = i;
	}
	if (at < s.len) {
		if (user_read(span_make(s.p, at), u) == -1)
			return "a percent sign in its user or password must "
			    "be written as %25";
		s = span_from(s, at + 1);
	}
	if (host_read(s, u) == -1)
		return "wanted HOST or HOST:PORT in it, an IPv6 address in "
		    "brackets";
	if (path.len != 0) {
		if (text_u64(path, 0, REDIS_DB_MAX, &db) == -1)
			return "what follows the host must be the number of a "
			    "database";
		u->db = (uint32_t)db;
	}
	if (fragment.len != 0 && u->tls && span_eq_str(fragment, "insecure"))
		u->verify = false;
	else if (fragment.len != 0)
		return "only rediss:// may end in a fragment, which can only "
		    "be #insecure";
	if (query.len != 0 && !span_eq_str(query, "protocol=resp2") &&
	    !span_eq_str(query, "protocol=2"))
		return "the only protocol spoken is ?protocol=resp2";
	return NULL;
}

int
redis_url_parse(struct span text, struct redis_url *out, const char **why_out)
{
	memset(out, 0, sizeof(*out));
	*why_out = parse(text, out);
	if (*why_out == NULL)
		return 0;
	redis_url_free(out);
	return -1;
}

void
redis_url_free(struct redis_url *u)
{
	free(u->host);
	free(u->user);
	free(u->password);
	memset(u, 0, sizeof(*u));
}
