/* SPDX-License-Identifier: Apache-2.0 */
/* Options of addresses: networks, addresses, hosts with ports. */
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/settings/option.h"
#include "lib/settings/option_kind.h"
#include "lib/settings/option_list.h"

static struct span
value_span(const struct value *v)
{
	return span_make(v->u.text.p, v->u.text.len);
}

/* ---- CIDRS -------------------------------------------------------------- */

static enum option_read
cidr_read(const struct option_at *at, void *field, const struct value *v)
{
	if (v->kind != VALUE_TEXT)
		return OPTION_READ_WRONG;
	if (cidr_parse(value_span(v), field) == 0)
		return OPTION_READ_OK;
	option_problem(at, v->line, "'%.60s' is no address or network, such "
	    "as 10.0.0.0/8 or ::1", v->u.text.p);
	return OPTION_READ_TOLD;
}

static void
cidr_put(const struct option_row *row, struct buf *b, const void *field)
{
	const struct cidr *net = field;

	(void)row;
	ip_put(b, &net->net);
	put_u8(b, net->bits);
}

static void
cidr_get(const struct option_row *row, struct reader *r, void *field,
    unsigned depth)
{
	struct cidr *net = field;

	(void)row;
	(void)depth;
	ip_get(r, &net->net);
	net->bits = reader_u8(r);
	if (net->net.family == IP_V4 ? net->bits > 32 :
	    net->net.family != IP_V6 || net->bits > 128)
		reader_fail(r);
}

static void
cidr_json(const struct option_row *row, struct jout *j, const void *field)
{
	char text[IP_TEXT_MAX];

	(void)row;
	jout_text(j, span_of(cidr_format(field, text)));
}

static const struct option_kind cidr = {
	.read = cidr_read, .put = cidr_put, .get = cidr_get,
	.json = cidr_json,
};

static const struct option_list cidrs = {
	.item = &cidr, .size = sizeof(struct cidr),
};

const struct option_kind option_kind_CIDRS = {
	.name = "networks", .wanted = "a list of addresses and networks",
	.example = "[\"10.0.0.0/8\", \"::1\"]", .list = true,
	OPTION_LIST(&cidrs),
};

/* ---- IP, IP_PORT -------------------------------------------------------- */

static enum option_read
ip_read(const struct option_at *at, void *field, const struct value *v)
{
	(void)at;
	return v->kind == VALUE_TEXT && ip_parse(value_span(v), field) == 0 ?
	    OPTION_READ_OK : OPTION_READ_WRONG;
}

static enum option_read
ip_port_read(const struct option_at *at, void *field, const struct value *v)
{
	(void)at;
	return v->kind == VALUE_TEXT &&
	    ip_port_parse(value_span(v), field) == 0 ?
	    OPTION_READ_OK : OPTION_READ_WRONG;
}

static void
ip_kind_put(const struct option_row *row, struct buf *b, const void *field)
{
	(void)row;
	ip_put(b, field);
}

static void
ip_kind_get(const struct option_row *row, struct reader *r, void *field,
    unsigned depth)
{
	struct ip *ip = field;

	(void)depth;
	ip_get(r, ip);
	/* Without an address only where that means "none". */
	if (ip->family == IP_NONE && row->default_text != NULL)
		reader_fail(r);
}

static void
ip_kind_json(const struct option_row *row, struct jout *j, const void *field)
{
	const struct ip *ip = field;
	char text[IP_TEXT_MAX];

	if (ip->family == IP_NONE)
		jout_null(j);
	else if (row->kind == &option_kind_IP_PORT)
		jout_text(j, span_of(ip_port_format(ip, text)));
	else
		jout_text(j, span_of(ip_format(ip, text)));
}

const struct option_kind option_kind_IP = {
	.name = "ip", .wanted = "an address", .example = "\"192.0.2.1\"",
	.read = ip_read, .put = ip_kind_put, .get = ip_kind_get,
	.json = ip_kind_json,
};

const struct option_kind option_kind_IP_PORT = {
	.name = "ip:port", .wanted = "an address with a port",
	.example = "\"192.0.2.1:25\" or \"[::1]:25\"", .read = ip_port_read,
	.put = ip_kind_put, .get = ip_kind_get, .json = ip_kind_json,
};

/* ---- HOST_PORT ---------------------------------------------------------- */

/* Letters that a host name, or an address in brackets, is made of. */
static bool
host_allowed(struct span s)
{
	size_t i;
	char c;

	if (s.len == 0 || s.len > 255)
		return false;
	for (i = 0; i < s.len; i++) {
		c = ascii_lower(s.p[i]);
		if (!ascii_digit(c) && !(c >= 'a' && c <= 'z') && c != '-' &&
		    c != '.' && c != '_')
			return false;
	}
	return true;
}

/* "host:port"; host may be "[ip]" or an IPv4 address. */
static bool
host_port_split(struct span s, struct span *host, uint16_t *port)
{
	size_t colon = s.len;
	uint64_t n;

	while (colon > 0 && s.p[colon - 1] != ':')
		colon--;
	if (colon < 2 || text_u64(span_from(s, colon), 1, 65535, &n) != 0)
		return false;
	*host = span_make(s.p, colon - 1);
	*port = (uint16_t)n;
	return true;
}

static bool
host_port_allowed(struct span s)
{
	struct span host;
	uint16_t port;
	struct ip ip;

	return ip_port_parse(s, &ip) == 0 ? ip.port != 0 :
	    host_port_split(s, &host, &port) && host_allowed(host);
}

static enum option_read
host_port_read(const struct option_at *at, void *field,
    const struct value *v)
{
	(void)at;
	if (v->kind != VALUE_TEXT || !host_port_allowed(value_span(v)))
		return OPTION_READ_WRONG;
	*(char **)field = span_dup(value_span(v));
	return OPTION_READ_OK;
}

static void
host_port_put(const struct option_row *row, struct buf *b, const void *field)
{
	(void)row;
	option_text_put(b, *(char *const *)field);
}

static void
host_port_get(const struct option_row *row, struct reader *r, void *field,
    unsigned depth)
{
	char *s = option_text_get(r, false);

	(void)row;
	(void)depth;
	if (s != NULL && !host_port_allowed(span_of(s)))
		reader_fail(r);
	*(char **)field = s;
}

static void
host_port_free(const struct option_row *row, void *field)
{
	(void)row;
	free(*(char **)field);
}

static void
host_port_json(const struct option_row *row, struct jout *j, const void *field)
{
	const char *s = *(char *const *)field;

	(void)row;
	if (s == NULL)
		jout_null(j);
	else
		jout_text(j, span_of(s));
}

const struct option_kind option_kind_HOST_PORT = {
	.name = "host:port", .wanted = "a host with a port",
	.example = "\"proxy.example.com:1080\"", .read = host_port_read,
	.put = host_port_put, .get = host_port_get, .free = host_port_free,
	.json = host_port_json,
};

/* ---- MX_HOSTS ----------------------------------------------------------- */

enum {
	MX_SOCKET_MAX = 108, /* of sockaddr_un, with its end */
	MX_LIST_MAX = 2048,
	MX_PORT_TEXT = 7,    /* ":65535," */
};

/* "/path" or "unix:/path", no longer than an address can be. */
static bool
mx_socket_parse(struct span s, struct mx_host *out)
{
	size_t i;

	if (span_starts(s, "unix:"))
		s = span_from(s, 5);
	if (s.len < 2 || s.len >= MX_SOCKET_MAX || s.p[0] != '/')
		return false;
	for (i = 0; i < s.len; i++) {
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f)
			return false;
	}
	out->name = span_dup(s);
	return true;
}

/* name, ip, [ip], each with :port or without; the path of a socket. */
static bool
mx_host_parse(struct span s, struct mx_host *out)
{
	struct span host = s;
	struct ip ip;

	*out = (struct mx_host){ 0 };
	if (span_starts(s, "/") || span_starts(s, "unix:"))
		return mx_socket_parse(s, out);
	if (ip_parse(s, &ip) == 0) {
		out->addr = ip;
	} else if (ip_port_parse(s, &ip) == 0) {
		out->port = ip.port;
		ip.port = 0;
		out->addr = ip;
		host_port_split(s, &host, &out->port);
	} else {
		/* Also "[192.0.2.1]:25", brackets around IPv4. */
		host_port_split(s, &host, &out->port);
		if (ip_parse(host, &ip) == 0 || (host.len > 2 &&
		    host.p[0] == '[' && host.p[host.len - 1] == ']' &&
		    ip_parse(span_make(host.p + 1, host.len - 2), &ip) == 0))
			out->addr = ip;
		else if (!host_allowed(host))
			return false;
	}
	out->name = span_dup(host);
	return true;
}

/* {name, addr}: addr is 'ip' or 'ip:port'. */
static bool
mx_host_map(const struct value *v, struct mx_host *out)
{
	const struct value *name = value_get(v, "name");
	const struct value *addr = value_get(v, "addr");
	struct mx_host at;

	if (name == NULL || name->kind != VALUE_TEXT || addr == NULL ||
	    addr->kind != VALUE_TEXT || v->u.map.n != 2 ||
	    !host_allowed(value_span(name)) ||
	    !mx_host_parse(value_span(addr), &at))
		return false;
	free(at.name);
	at.name = span_dup(value_span(name));
	*out = at;
	if (at.addr.family != IP_NONE)
		return true;
	free(at.name);
	return false;
}

bool
mx_hosts_are_sockets(const struct mx_hosts *list)
{
	return list->n > 0 && list->v[0].name[0] == '/';
}

static enum option_read
mx_host_read(const struct option_at *at, void *field, const struct value *v)
{
	struct buf words = { 0 };

	if (v->kind == VALUE_TEXT ? mx_host_parse(value_span(v), field) :
	    mx_host_map(v, field))
		return OPTION_READ_OK;
	/* What was read of it is freed already. */
	memset(field, 0, sizeof(struct mx_host));
	option_value_text(v, &words);
	option_problem(at, v->line, "%.*s is no next hop; wanted "
	    "'mx.example.com', 'host:port', '[192.0.2.1]', 'unix:/path' or "
	    "{name = 'mx.example.com', addr = '192.0.2.1:25'}",
	    SPAN_FMT(buf_span(&words)));
	buf_free(&words);
	return OPTION_READ_TOLD;
}

static void
mx_host_put(const struct option_row *row, struct buf *b, const void *field)
{
	const struct mx_host *host = field;

	(void)row;
	put_str(b, host->name);
	put_u16(b, host->port);
	ip_put(b, &host->addr);
}

static void
mx_host_get(const struct option_row *row, struct reader *r, void *field,
    unsigned depth)
{
	struct mx_host *host = field, check;
	struct span name = reader_span(r, 1024);

	(void)row;
	(void)depth;
	host->port = reader_u16(r);
	ip_get(r, &host->addr);
	if (!reader_ok(r) || !mx_host_parse(name, &check)) {
		reader_fail(r);
		return;
	}
	free(check.name);
	host->name = span_dup(name);
}

static void
mx_host_free(const struct option_row *row, void *field)
{
	(void)row;
	free(((struct mx_host *)field)->name);
}

static void
mx_host_json(const struct option_row *row, struct jout *j, const void *field)
{
	const struct mx_host *host = field;
	char text[IP_TEXT_MAX];

	(void)row;
	jout_object(j);
	jout_key_text(j, "name", span_of(host->name));
	if (host->port != 0)
		jout_key_uint(j, "port", host->port);
	if (host->addr.family != IP_NONE)
		jout_key_text(j, "addr",
		    span_of(ip_format(&host->addr, text)));
	jout_object_end(j);
}

static void
mx_hosts_check(const void *field, struct buf *why)
{
	const struct mx_hosts *list = field;
	bool sockets = mx_hosts_are_sockets(list), mixed = false;
	size_t i, total = 0;

	for (i = 0; i < list->n; i++) {
		mixed |= (list->v[i].name[0] == '/') != sockets;
		total += strlen(list->v[i].name) + MX_PORT_TEXT;
	}
	/* Their names make the name of a site, which has to stay one. */
	if (total > MX_LIST_MAX)
		buf_addf(why, "the names in the list are too long together "
		    "(%d bytes with their ports): put the hosts into the DNS "
		    "and name them there", MX_LIST_MAX);
	/* The process that reaches paths reaches no network. */
	else if (mixed)
		buf_add_str(why, "paths of sockets and other hosts cannot be "
		    "in one list");
}

static const struct option_kind mx_host = {
	.read = mx_host_read, .put = mx_host_put, .get = mx_host_get,
	.free = mx_host_free, .json = mx_host_json,
};

static const struct option_list mx_hosts = {
	.item = &mx_host, .size = sizeof(struct mx_host),
	.check = mx_hosts_check,
};

const struct option_kind option_kind_MX_HOSTS = {
	.name = "hosts", .wanted = "a list of next hops",
	.example = "[\"mx1.example.com\", \"[192.0.2.1]:25\"]", .list = true,
	OPTION_LIST(&mx_hosts),
};
