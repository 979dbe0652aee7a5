/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/web/url.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/mail/domain.h"

static const struct {
	const char *name;
	uint16_t port;
} schemes[URL_SCHEMES] = {
	[URL_HTTP] = { "http", 80 },
	[URL_HTTPS] = { "https", 443 },
	[URL_WS] = { "ws", 80 },
	[URL_WSS] = { "wss", 443 },
};

/* ---- characters --------------------------------------------------------- */

/* Printable ASCII that is percent-encoded, beside all that is not. */
#define IN_PATH " \"#<>?`{}\\^|"
#define IN_QUERY " \"#<>'\\"
#define IN_FRAGMENT " \"<>`\\"

static void
put_encoded_byte(struct buf *out, char c)
{
	buf_addf(out, "%%%02X", (unsigned char)c);
}

static struct span
encode(struct arena *a, struct span s, const char *which)
{
	struct buf b = { .base = NULL };
	struct span out;
	size_t i;

	for (i = 0; i < s.len; i++) {
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f ||
		    strchr(which, s.p[i]) != NULL)
			put_encoded_byte(&b, s.p[i]);
		else
			buf_add_byte(&b, (uint8_t)s.p[i]);
	}
	out = arena_span(a, buf_span(&b));
	buf_free(&b);
	return out;
}

static int
hex_digit(char c)
{
	c = ascii_lower(c);
	if (ascii_digit(c))
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void
url_decode(struct buf *out, struct span s)
{
	size_t i;

	for (i = 0; i < s.len; i++) {
		if (s.p[i] == '%' && s.len - i > 2 &&
		    hex_digit(s.p[i + 1]) != -1 &&
		    hex_digit(s.p[i + 2]) != -1) {
			buf_add_byte(out, (uint8_t)(hex_digit(s.p[i + 1]) <<
			    4 | hex_digit(s.p[i + 2])));
			i += 2;
		} else {
			buf_add_byte(out, (uint8_t)s.p[i]);
		}
	}
}

static bool
is_alphanumeric(char c)
{
	return ascii_digit(c) || (ascii_lower(c) >= 'a' &&
	    ascii_lower(c) <= 'z');
}

void
url_put_path(struct buf *out, struct span s)
{
	size_t i;

	for (i = 0; i < s.len; i++) {
		if (is_alphanumeric(s.p[i]) || (s.p[i] != '\0' &&
		    strchr("-._~/", s.p[i]) != NULL))
			buf_add_byte(out, (uint8_t)s.p[i]);
		else
			put_encoded_byte(out, s.p[i]);
	}
}

static void
put_form_text(struct buf *out, struct span s)
{
	size_t i;
	char c;

	for (i = 0; i < s.len; i++) {
		c = s.p[i];
		if (is_alphanumeric(c) || (c != '\0' &&
		    strchr("*-._", c) != NULL))
			buf_add_byte(out, (uint8_t)c);
		else if (c == ' ')
			buf_add_byte(out, '+');
		else
			put_encoded_byte(out, c);
	}
}

void
url_put_pair(struct buf *out, struct span name, struct span value, bool first)
{
	if (!first)
		buf_add_byte(out, '&');
	put_form_text(out, name);
	buf_add_byte(out, '=');
	put_form_text(out, value);
}

/* ---- paths -------------------------------------------------------------- */

/* ".", "..", also with %2e: how many dots; else 0. */
static unsigned
segment_dots(struct span s)
{
	unsigned dots = 0;
	size_t i = 0;

	while (i < s.len && dots < 3) {
		if (s.p[i] == '.')
			i++;
		else if (span_istarts(span_from(s, i), "%2e"))
			i += 3;
		else
			return 0;
		dots++;
	}
	return dots > 2 ? 0 : dots;
}

/* RFC 3986 section 5.2.4, a segment at a time; path begins with a slash. */
static struct span
without_dots(struct arena *a, struct span path)
{
	char *out = arena_alloc(a, path.len + 1);
	size_t len = 0, at = 0, next;
	struct span segment;
	unsigned dots;

	while (at < path.len) {
		for (next = at + 1; next < path.len && path.p[next] != '/';
		    next++)
			;
		segment = span_make(path.p + at + 1, next - at - 1);
		dots = segment_dots(segment);
		if (dots == 2) {
			while (len > 0 && out[--len] != '/')
				;
		}
		if (dots == 0) {
			memcpy(out + len, path.p + at, next - at);
			len += next - at;
		} else if (next == path.len) {
			out[len++] = '/';
		}
		at = next;
	}
	if (len == 0)
		out[len++] = '/';
	return span_make(out, len);
}

static struct span
path_read(struct arena *a, struct span path)
{
	if (path.len == 0)
		return SPAN_LIT("/");
	return without_dots(a, encode(a, path, IN_PATH));
}

/* ---- reading ------------------------------------------------------------ */

static bool
has_controls(struct span s)
{
	size_t i;

	for (i = 0; i < s.len; i++) {
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
			return true;
	}
	return false;
}

/* Behind the scheme and its "://". */
static bool
scheme_take(struct span *s, enum url_scheme *out)
{
	size_t i, len;

	for (i = 0; i < URL_SCHEMES; i++) {
		len = strlen(schemes[i].name);
		if (span_istarts(*s, schemes[i].name) &&
		    span_starts(span_from(*s, len), "://")) {
			*s = span_from(*s, len + 3);
			*out = (enum url_scheme)i;
			return true;
		}
	}
	return false;
}

/* A host whose last label is a number would be an address to some. */
static bool
ends_in_number(struct span host)
{
	size_t i = host.len;

	while (i > 0 && host.p[i - 1] != '.')
		i--;
	host = span_from(host, i);
	if (span_istarts(host, "0x"))
		return true;
	for (i = 0; i < host.len; i++) {
		if (!ascii_digit(host.p[i]))
			return false;
	}
	return true;
}

static const char *
host_read(struct arena *a, struct span host, struct url *out)
{
	char *name;

	if (host.len > 1 && host.p[host.len - 1] == '.')
		host.len--;
	if (host.len > 2 && host.p[0] == '[' && host.p[host.len - 1] == ']') {
		host = span_make(host.p + 1, host.len - 2);
		if (ip_parse(host, &out->addr) == -1 ||
		    out->addr.family != IP_V6)
			return "it has no IPv6 address in its brackets";
	} else if (host.len == 0) {
		return "it has no host";
	} else if (ends_in_number(host)) {
		if (ip_parse(host, &out->addr) == -1)
			return "its host is no IPv4 address, and no name";
	} else {
		if (host.p[0] == '[' || domain_normalise(host, &name) == -1)
			return "its host is no name";
		out->host = arena_span(a, span_of(name));
		free(name);
		return NULL;
	}
	name = arena_alloc(a, IP_TEXT_MAX);
	out->addr.port = 0;
	out->host = span_of(ip_format(&out->addr, name));
	return NULL;
}

/* [user[:password]@]host[:port] */
static const char *
authority_read(struct arena *a, struct span s, struct url *out)
{
	struct span host;
	ptrdiff_t colon;
	uint64_t port;
	size_t i;

	/* To browsers it is a slash, and what follows is no host. */
	if (span_find(s, '\\') != -1)
		return "it has a backslash before its path";
	for (i = s.len; i > 0 && s.p[i - 1] != '@'; i--)
		;
	if (i > 0) {
		out->has_user = true;
		out->user = encode(a, span_make(s.p, i - 1), IN_PATH "/@");
		colon = span_find(out->user, ':');
		if (colon != -1) {
			out->password = span_from(out->user,
			    (size_t)colon + 1);
			out->user.len = (size_t)colon;
		}
		s = span_from(s, i);
	}
	/* The colons of an IPv6 address are inside of its brackets. */
	for (i = s.len; i > 0 && s.p[i - 1] != ':' && s.p[i - 1] != ']'; i--)
		;
	host = s;
	if (i > 0 && s.p[i - 1] == ':') {
		host.len = i - 1;
		if (i < s.len) {
			if (text_u64(span_from(s, i), 1, 65535, &port) == -1)
				return "its port is not one of 1 to 65535";
			out->port = (uint16_t)port;
		}
	}
	return host_read(a, host, out);
}

/* Path, query and fragment, from the text behind the authority. */
static void
rest_read(struct arena *a, struct span s, struct url *out)
{
	ptrdiff_t at = span_find(s, '#');

	out->has_fragment = at != -1;
	if (at != -1) {
		out->fragment = encode(a, span_from(s, (size_t)at + 1),
		    IN_FRAGMENT);
		s.len = (size_t)at;
	}
	at = span_find(s, '?');
	out->has_query = at != -1;
	if (at != -1) {
		out->query = encode(a, span_from(s, (size_t)at + 1), IN_QUERY);
		s.len = (size_t)at;
	}
	out->path = path_read(a, s);
}

static const char *
check_text(struct span s)
{
	if (s.len > URL_MAX)
		return "it is longer than 16384 bytes";
	if (has_controls(s))
		return "it holds control characters";
	return NULL;
}

int
url_parse(struct span s, struct arena *a, struct url *out,
    const char **why_out)
{
	size_t end;

	memset(out, 0, sizeof(*out));
	if ((*why_out = check_text(s)) != NULL)
		return -1;
	if (!scheme_take(&s, &out->scheme)) {
		*why_out = "it begins with neither http:// nor https:// (nor "
		    "ws:// nor wss://)";
		return -1;
	}
	for (end = 0; end < s.len && strchr("/?#", s.p[end]) == NULL; end++)
		;
	out->port = schemes[out->scheme].port;
	*why_out = authority_read(a, span_make(s.p, end), out);
	if (*why_out != NULL)
		return -1;
	rest_read(a, span_from(s, end), out);
	return 0;
}

/* "x:", in front of a reference. */
static bool
has_scheme(struct span s)
{
	size_t i;

	for (i = 0; i < s.len && s.p[i] != ':'; i++) {
		char c = ascii_lower(s.p[i]);

		if (!(c >= 'a' && c <= 'z') && (i == 0 || (!ascii_digit(c) &&
		    strchr("+-.", c) == NULL)))
			return false;
	}
	return i > 0 && i < s.len;
}

static void
join_path(const struct url *base, struct span ref, struct arena *a,
    struct url *out)
{
	struct buf b = { .base = NULL };
	size_t keep = base->path.len;

	while (keep > 0 && base->path.p[keep - 1] != '/')
		keep--;
	if (ref.p[0] != '/')
		buf_add(&b, base->path.p, keep);
	buf_add_span(&b, ref);
	rest_read(a, arena_span(a, buf_span(&b)), out);
	buf_free(&b);
}

int
url_join(const struct url *base, struct span ref, struct arena *a,
    struct url *out, const char **why_out)
{
	char *whole;

	ref = span_trim(ref);
	if (has_scheme(ref))
		return url_parse(ref, a, out, why_out);
	if (span_starts(ref, "//")) {
		whole = arena_printf(a, "%s:%.*s",
		    schemes[base->scheme].name, (int)ref.len, ref.p);
		return url_parse(span_of(whole), a, out, why_out);
	}
	if ((*why_out = check_text(ref)) != NULL)
		return -1;
	*out = *base;
	out->has_fragment = false;
	out->fragment = span_of(NULL);
	if (ref.len == 0)
		return 0;
	if (ref.p[0] != '?' && ref.p[0] != '#') {
		join_path(base, ref, a, out);
		return 0;
	}
	rest_read(a, ref, out);
	out->path = base->path;
	if (ref.p[0] == '#') {
		out->has_query = base->has_query;
		out->query = base->query;
	}
	return 0;
}

/* ---- writing ------------------------------------------------------------ */

bool
url_is_secure(const struct url *u)
{
	return u->scheme == URL_HTTPS || u->scheme == URL_WSS;
}

bool
url_same_origin(const struct url *a, const struct url *b)
{
	return a->scheme == b->scheme && a->port == b->port &&
	    span_eq(a->host, b->host);
}

void
url_put_host(struct buf *out, const struct url *u)
{
	bool v6 = u->addr.family == IP_V6;

	buf_addf(out, "%s%.*s%s", v6 ? "[" : "", SPAN_FMT(u->host),
	    v6 ? "]" : "");
	if (u->port != schemes[u->scheme].port)
		buf_addf(out, ":%u", u->port);
}

void
url_put(struct buf *out, const struct url *u, unsigned parts)
{
	buf_addf(out, "%s://", schemes[u->scheme].name);
	if ((parts & URL_WITH_USER) && u->has_user) {
		buf_add_span(out, u->user);
		if (u->password.len != 0) {
			buf_add_byte(out, ':');
			buf_add_span(out, u->password);
		}
		buf_add_byte(out, '@');
	}
	url_put_host(out, u);
	buf_add_span(out, u->path);
	if (u->has_query) {
		buf_add_byte(out, '?');
		buf_add_span(out, u->query);
	}
	if ((parts & URL_WITH_FRAGMENT) && u->has_fragment) {
		buf_add_byte(out, '#');
		buf_add_span(out, u->fragment);
	}
}

void
url_put_shown(struct buf *out, const struct url *u)
{
	struct url shown = *u;

	shown.has_query = false;
	url_put(out, &shown, 0);
	if (u->has_query)
		buf_add_str(out, "?...");
}
