/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/settings/dns_opts.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/settings/option_kind.h"
#include "lib/settings/option_list.h"

static const char *const dns_protocol_names[] = {
	"udp_then_tcp", "udp", "tcp", NULL,
};

static const char *const dns_ip_strategy_names[] = {
	"Ipv4Only", "Ipv6Only", "Ipv4AndIpv6", "Ipv6AndIpv4", "Ipv6thenIpv4",
	"Ipv4thenIpv6", NULL,
};

static const char *const dns_ordering_names[] = {
	"QueryStatistics", "RoundRobin", "UserProvidedOrder", NULL,
};

static const char *const dns_hosts_file_names[] = {
	"Always", "Auto", "Never", NULL,
};

/* By enum dns_backend. */
static const char *const dns_backend_names[] = {
	"system", "servers", "test", "aggregate", "root",
};

static const struct option_row name_server_rows[] = {
#define OPTIONS "lib/settings/name_server.def"
#define OPTION_OF struct name_server
#include "lib/settings/option_rows.h"
};

const struct option_table name_server_table =
    OPTION_TABLE("kumo.dns.configure_resolver name_servers",
	struct name_server, name_server_rows);

static const struct option_row dns_resolver_options_rows[] = {
#define OPTIONS "lib/settings/dns_resolver_options.def"
#define OPTION_OF struct dns_resolver_options
#include "lib/settings/option_rows.h"
};

const struct option_table dns_resolver_options_table =
    OPTION_TABLE("kumo.dns.configure_resolver options",
	struct dns_resolver_options, dns_resolver_options_rows);

static const struct option_row dns_test_zone_rows[] = {
#define OPTIONS "lib/settings/dns_test_zone.def"
#define OPTION_OF struct dns_test_zone
#include "lib/settings/option_rows.h"
};

const struct option_table dns_test_zone_table =
    OPTION_TABLE("kumo.dns.configure_resolver Test zones",
	struct dns_test_zone, dns_test_zone_rows);

static const struct option_row dns_opts_rows[] = {
#define OPTIONS "lib/settings/dns_opts.def"
#define OPTION_OF struct dns_opts
#include "lib/settings/option_rows.h"
};

const struct option_table dns_opts_table =
    OPTION_TABLE("kumo.dns.configure_resolver", struct dns_opts,
	dns_opts_rows);

static struct span
value_span(const struct value *v)
{
	return span_make(v->u.text.p, v->u.text.len);
}

/* ---- NAME_SERVERS ------------------------------------------------------- */

enum { DNS_PORT = 53 };

static int
name_server_text(struct name_server *server, const struct value *v)
{
	struct ip ip;

	if (ip_port_parse(value_span(v), &ip) != 0) {
		if (ip_parse(value_span(v), &ip) != 0)
			return -1;
		ip.port = DNS_PORT;
	}
	option_defaults(&name_server_table, server);
	server->socket_addr = ip;
	return 0;
}

static enum option_read
name_server_read(const struct option_at *at, void *field,
    const struct value *v)
{
	if (v->kind != VALUE_TEXT)
		return option_read_at(&name_server_table, field, v,
		    at->problems, at->depth + 1) == 0 ? OPTION_READ_OK :
		    OPTION_READ_TOLD;
	if (name_server_text(field, v) == 0)
		return OPTION_READ_OK;
	option_problem(at, v->line, "'%.60s' is no server, such as 192.0.2.1 "
	    "or [::1]:53", v->u.text.p);
	return OPTION_READ_TOLD;
}

static void
name_server_put(const struct option_row *row, struct buf *b, const void *field)
{
	(void)row;
	option_put(&name_server_table, b, field);
}

static void
name_server_get(const struct option_row *row, struct reader *r, void *field,
    unsigned depth)
{
	(void)row;
	option_get_at(&name_server_table, r, field, depth + 1);
	if (!option_complete(&name_server_table, field))
		reader_fail(r);
}

static void
name_server_free(const struct option_row *row, void *field)
{
	(void)row;
	option_free(&name_server_table, field);
}

static void
name_server_json(const struct option_row *row, struct jout *j,
    const void *field)
{
	(void)row;
	option_json(&name_server_table, j, field);
}

static const struct option_kind name_server = {
	.read = name_server_read, .put = name_server_put,
	.get = name_server_get, .free = name_server_free,
	.json = name_server_json,
};

static const struct option_list name_servers = {
	.item = &name_server, .size = sizeof(struct name_server),
};

const struct option_kind option_kind_NAME_SERVERS = {
	.name = "name servers", .wanted = "a list of name servers",
	.example = "[\"192.0.2.1\", \"[::1]:53\"]",
	OPTION_LIST(&name_servers),
};

/* ---- TRUST_ANCHOR ------------------------------------------------------- */

static enum option_read
trust_anchor_read(const struct option_at *at, void *field,
    const struct value *v)
{
	struct trust_anchor *anchor = field;
	const struct value *file = v;

	(void)at;
	if (v->kind == VALUE_MAP) {
		file = value_get(v, "managed");
		if (file == NULL || v->u.map.n != 1)
			return OPTION_READ_WRONG;
		anchor->managed = true;
	}
	anchor->file = option_text(file);
	return anchor->file == NULL ? OPTION_READ_WRONG : OPTION_READ_OK;
}

static void
trust_anchor_put(const struct option_row *row, struct buf *b, const void *field)
{
	const struct trust_anchor *anchor = field;

	(void)row;
	option_text_put(b, anchor->file);
	put_bool(b, anchor->managed);
}

static void
trust_anchor_get(const struct option_row *row, struct reader *r, void *field,
    unsigned depth)
{
	struct trust_anchor *anchor = field;

	(void)row;
	(void)depth;
	anchor->file = option_text_get(r, false);
	anchor->managed = reader_bool(r);
}

static void
trust_anchor_free(const struct option_row *row, void *field)
{
	(void)row;
	free(((struct trust_anchor *)field)->file);
}

static void
trust_anchor_json(const struct option_row *row, struct jout *j,
    const void *field)
{
	const struct trust_anchor *anchor = field;

	(void)row;
	if (anchor->file == NULL) {
		jout_null(j);
	} else if (anchor->managed) {
		jout_object(j);
		jout_key_text(j, "managed", span_of(anchor->file));
		jout_object_end(j);
	} else {
		jout_text(j, span_of(anchor->file));
	}
}

const struct option_kind option_kind_TRUST_ANCHOR = {
	.name = "trust anchor", .wanted = "a file or {managed = file}",
	.example = "\"/usr/share/dns/root.key\"", .read = trust_anchor_read,
	.put = trust_anchor_put, .get = trust_anchor_get,
	.free = trust_anchor_free, .json = trust_anchor_json,
};

/* ---- forms -------------------------------------------------------------- */

void
dns_opts_defaults(struct dns_opts *d)
{
	option_defaults(&dns_opts_table, d);
}

static struct dns_test_zone *
test_zones_add(struct dns_test_zones *zones)
{
	zones->v = xreallocarray(zones->v, zones->n + 1, sizeof(*zones->v));
	memset(&zones->v[zones->n], 0, sizeof(*zones->v));
	return &zones->v[zones->n++];
}

int
dns_opts_add_zone(struct dns_opts *d, const struct value *v,
    struct problems *problems)
{
	struct dns_test_zone zone;
	struct value *map;
	int rc;

	/* Bare text is the zone: read it as the map that it abbreviates. */
	map = value_map(v->line);
	if (v->kind == VALUE_TEXT) {
		value_map_add(map, v->line, SPAN_LIT("zone"),
		    value_text(v->line, value_span(v)));
		v = map;
	}
	rc = option_read(&dns_test_zone_table, &zone, v, problems);
	value_free(&map);
	if (rc == 0)
		*test_zones_add(&d->test_zones) = zone;
	return rc;
}

/* Names, as an option of that kind has them. */
static const struct option_row servfail_row = {
	.name = "servfail", .kind = &option_kind_TEXTS,
};

static int
dns_test_fill(struct dns_opts *d, const struct value *v,
    struct problems *problems)
{
	const struct value *zones = value_get(v, "zones");
	const struct value *servfail = value_get(v, "servfail");
	const struct option_at at = { .row = &servfail_row };
	size_t n = 0, known, i;

	d->backend = DNS_TEST;
	known = (size_t)(zones != NULL) + (size_t)(servfail != NULL);
	if (v->kind != VALUE_MAP || known != v->u.map.n ||
	    (zones != NULL && !option_is_list(zones, &n)) ||
	    (servfail != NULL &&
	    option_list_read(&at, &d->servfail, servfail) !=
	    OPTION_READ_OK)) {
		problem_add(problems, v->line, "Test of %s: wanted {zones = "
		    "list of zones, servfail = list of names}",
		    dns_opts_table.of);
		return -1;
	}
	for (i = 0; i < n; i++) {
		if (dns_opts_add_zone(d, zones->u.list.v[i], problems) != 0)
			return -1;
	}
	return 0;
}

static int dns_opts_fill(struct dns_opts *d, const struct value *v,
    struct problems *problems, bool inside);

static int
dns_aggregate_fill(struct dns_opts *d, const struct value *v,
    struct problems *problems, bool inside)
{
	size_t n, i;

	d->backend = DNS_AGGREGATE;
	if (inside || !option_is_list(v, &n) || n == 0 || n > DNS_PARTS_MAX) {
		problem_add(problems, v->line, "Aggregate of %s: wanted a "
		    "list of 1 to %d resolvers, none of them an Aggregate",
		    dns_opts_table.of, DNS_PARTS_MAX);
		return -1;
	}
	d->parts = xcalloc(n, sizeof(*d->parts));
	for (i = 0; i < n; i++) {
		dns_opts_defaults(&d->parts[d->nparts++]);
		if (dns_opts_fill(&d->parts[i], v->u.list.v[i], problems,
		    true) != 0)
			return -1;
	}
	return 0;
}

static int
dns_plain_fill(struct dns_opts *d, const struct value *v,
    struct problems *problems)
{
	if (option_fill(&dns_opts_table, d, v, problems) != 0)
		return -1;
	d->backend = d->name_servers.n == 0 ? DNS_SYSTEM : DNS_SERVERS;
	return 0;
}

/* Without servers it recurses by itself. */
static int
dns_unbound_fill(struct dns_opts *d, const struct value *v,
    struct problems *problems)
{
	if (dns_plain_fill(d, v, problems) != 0)
		return -1;
	if (d->backend == DNS_SYSTEM)
		d->backend = DNS_ROOT;
	return 0;
}

static int
dns_opts_fill(struct dns_opts *d, const struct value *v,
    struct problems *problems, bool inside)
{
	const struct value *inner;

	if (v->kind == VALUE_TEXT &&
	    span_eq_str(value_span(v), "HickorySystemConfig")) {
		d->backend = DNS_SYSTEM;
		return 0;
	}
	if (v->kind == VALUE_MAP && v->u.map.n == 1) {
		if ((inner = value_get(v, "Hickory")) != NULL)
			return dns_plain_fill(d, inner, problems);
		if ((inner = value_get(v, "Unbound")) != NULL)
			return dns_unbound_fill(d, inner, problems);
		if ((inner = value_get(v, "Test")) != NULL)
			return dns_test_fill(d, inner, problems);
		if ((inner = value_get(v, "Aggregate")) != NULL)
			return dns_aggregate_fill(d, inner, problems, inside);
	}
	return dns_plain_fill(d, v, problems);
}

int
dns_opts_read(struct dns_opts *d, const struct value *v,
    struct problems *problems)
{
	dns_opts_defaults(d);
	if (dns_opts_fill(d, v, problems, false) == 0)
		return 0;
	dns_opts_free(d);
	return -1;
}

/* ---- between processes -------------------------------------------------- */

void
dns_opts_put(struct buf *b, const struct dns_opts *d)
{
	size_t i;

	option_put(&dns_opts_table, b, d);
	put_u8(b, (uint8_t)d->backend);
	put_u32(b, (uint32_t)d->test_zones.n);
	for (i = 0; i < d->test_zones.n; i++)
		option_put(&dns_test_zone_table, b, &d->test_zones.v[i]);
	option_list_put(&servfail_row, b, &d->servfail);
	put_u8(b, (uint8_t)d->nparts);
	for (i = 0; i < d->nparts; i++)
		dns_opts_put(b, &d->parts[i]);
}

static void
dns_opts_get_at(struct reader *r, struct dns_opts *d, bool inside)
{
	struct dns_test_zone *zone;
	uint32_t n;

	memset(d, 0, sizeof(*d));
	option_get(&dns_opts_table, r, d);
	n = reader_u8(r);
	if (n > DNS_ROOT || (n == DNS_SERVERS &&
	    d->name_servers.n == 0)) {
		reader_fail(r);
		n = DNS_SYSTEM;
	}
	d->backend = (enum dns_backend)n;
	n = reader_count(r, sizeof(struct option_set));
	for (; n > 0 && reader_ok(r); n--) {
		zone = test_zones_add(&d->test_zones);
		option_get(&dns_test_zone_table, r, zone);
	}
	option_list_get(&servfail_row, r, &d->servfail, 0);
	n = reader_u8(r);
	if (n > DNS_PARTS_MAX || (inside && n != 0) ||
	    (n != 0) != (d->backend == DNS_AGGREGATE)) {
		reader_fail(r);
		return;
	}
	if (n != 0)
		d->parts = xcalloc(n, sizeof(*d->parts));
	for (; n > 0 && reader_ok(r); n--)
		dns_opts_get_at(r, &d->parts[d->nparts++], true);
}

void
dns_opts_get(struct reader *r, struct dns_opts *d)
{
	dns_opts_get_at(r, d, false);
}

void
dns_opts_free(struct dns_opts *d)
{
	size_t i;

	for (i = 0; i < d->test_zones.n; i++)
		option_free(&dns_test_zone_table, &d->test_zones.v[i]);
	free(d->test_zones.v);
	option_list_free(&servfail_row, &d->servfail);
	for (i = 0; i < d->nparts; i++)
		dns_opts_free(&d->parts[i]);
	free(d->parts);
	option_free(&dns_opts_table, d);
	memset(d, 0, sizeof(*d));
}

void
dns_opts_json(struct jout *j, const struct dns_opts *d)
{
	size_t i;

	jout_object(j);
	jout_key_text(j, "backend", span_of(dns_backend_names[d->backend]));
	jout_key(j, SPAN_LIT("options"));
	option_json(&dns_opts_table, j, d);
	jout_key(j, SPAN_LIT("zones"));
	jout_array(j);
	for (i = 0; i < d->test_zones.n; i++)
		option_json(&dns_test_zone_table, j, &d->test_zones.v[i]);
	jout_array_end(j);
	jout_key(j, SPAN_LIT("servfail"));
	option_list_json(&servfail_row, j, &d->servfail);
	jout_key(j, SPAN_LIT("parts"));
	jout_array(j);
	for (i = 0; i < d->nparts; i++)
		dns_opts_json(j, &d->parts[i]);
	jout_array_end(j);
	jout_object_end(j);
}

/* ---- DNS: the whole as one option --------------------------------------- */

static void
dns_init(const struct option_row *row, void *field)
{
	(void)row;
	dns_opts_defaults(field);
}

static enum option_read
dns_read(const struct option_at *at, void *field, const struct value *v)
{
	dns_opts_free(field);
	return dns_opts_read(field, v, at->problems) == 0 ? OPTION_READ_OK :
	    OPTION_READ_TOLD;
}

static void
dns_put(const struct option_row *row, struct buf *b, const void *field)
{
	(void)row;
	dns_opts_put(b, field);
}

static void
dns_get(const struct option_row *row, struct reader *r, void *field,
    unsigned depth)
{
	(void)row;
	(void)depth;
	dns_opts_get(r, field);
}

static void
dns_free(const struct option_row *row, void *field)
{
	(void)row;
	dns_opts_free(field);
}

static void
dns_json(const struct option_row *row, struct jout *j, const void *field)
{
	(void)row;
	dns_opts_json(j, field);
}

const struct option_kind option_kind_DNS = {
	.name = "dns", .wanted = "a map of resolver options",
	.example = "{name_servers = [\"192.0.2.1\"]}", .init = dns_init,
	.read = dns_read, .put = dns_put, .get = dns_get, .free = dns_free,
	.json = dns_json,
};
