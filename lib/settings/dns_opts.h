/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How names are looked up: kumo.dns.configure_resolver and _unbound, `dns:`.
 * Beside the plain form a value may choose the backend: {Hickory = form},
 * {Unbound = form}, "HickorySystemConfig", {Test = {zones, servfail}},
 * {Aggregate = list of these}.
 */
#ifndef LIB_SETTINGS_DNS_OPTS_H
#define LIB_SETTINGS_DNS_OPTS_H

#include "lib/settings/option.h"

enum dns_backend {
	DNS_SYSTEM,    /* /etc/resolv.conf, unless there are name_servers */
	DNS_SERVERS,   /* the options below */
	DNS_TEST,      /* answers from test_zones and servfail only */
	DNS_AGGREGATE, /* asks `parts` in turn for a non-empty answer */
	DNS_ROOT,      /* asks from the root servers down; {Unbound = {}} */
};

enum dns_protocol { DNS_UDP_THEN_TCP, DNS_UDP, DNS_TCP };
enum dns_ip_strategy {
	DNS_IPV4_ONLY,
	DNS_IPV6_ONLY,
	DNS_IPV4_AND_IPV6,
	DNS_IPV6_AND_IPV4,
	DNS_IPV6_THEN_IPV4,
	DNS_IPV4_THEN_IPV6,
};
enum dns_hosts_file { DNS_HOSTS_ALWAYS, DNS_HOSTS_AUTO, DNS_HOSTS_NEVER };

struct name_server {
#define OPTIONS "lib/settings/name_server.def"
#include "lib/settings/option_members.h"
};

struct name_servers {
	struct name_server *v;
	size_t n;
};

struct trust_anchor {
	char *file; /* NULL = none */
	bool managed;
};

#define OPTION_C_NAME_SERVERS struct name_servers
#define OPTION_C_TRUST_ANCHOR struct trust_anchor

struct dns_resolver_options {
#define OPTIONS "lib/settings/dns_resolver_options.def"
#include "lib/settings/option_members.h"
};

struct dns_test_zone {
#define OPTIONS "lib/settings/dns_test_zone.def"
#include "lib/settings/option_members.h"
};

struct dns_test_zones {
	struct dns_test_zone *v;
	size_t n;
};

struct dns_opts {
#define OPTIONS "lib/settings/dns_opts.def"
#include "lib/settings/option_members.h"
	enum dns_backend backend;
	struct dns_test_zones test_zones;
	struct texts servfail;  /* names that the Test resolver fails for */
	struct dns_opts *parts; /* of DNS_AGGREGATE */
	size_t nparts;
};

#define OPTION_C_DNS struct dns_opts

enum { DNS_PARTS_MAX = 16 };

extern const struct option_table dns_opts_table;
extern const struct option_table name_server_table;
extern const struct option_table dns_resolver_options_table;
extern const struct option_table dns_test_zone_table;

void dns_opts_defaults(struct dns_opts *d);
int dns_opts_read(struct dns_opts *d, const struct value *v,
    struct problems *problems);
/* One zone of kumo.dns.configure_test_resolver: text or {zone, secure}. */
int dns_opts_add_zone(struct dns_opts *d, const struct value *v,
    struct problems *problems);
void dns_opts_put(struct buf *b, const struct dns_opts *d);
void dns_opts_get(struct reader *r, struct dns_opts *d);
void dns_opts_json(struct jout *j, const struct dns_opts *d);
void dns_opts_free(struct dns_opts *d);

#endif
