/* SPDX-License-Identifier: Apache-2.0 */
/* The whole configuration: defaults, checks, look-ups, the blob. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/settings/suite.h"
#include "lib/settings/yaml.h"

static const char suite_yaml[] =
    "hostname: mail.example\n"
    "processes: {smtpd: 3}\n"
    "domains:\n"
    "  '*': {relay_from: [10.0.0.0/8]}\n"
    "  '*.example.com': {log_oob: true}\n"
    "  a.Example.com: {relay_to: true}\n"
    "sources: [{name: ip1}, {name: ip2, remote_port: 26}]\n"
    "pools:\n"
    "  - {name: main, entries: [{name: ip1}, {name: ip2, weight: 2}]}\n"
    "queues:\n"
    "  '*': {egress_pool: main, retry_interval: 1m}\n"
    "  gmail.com: {retry_interval: 2m}\n"
    "  '*.gmail.com': {max_age: 1h}\n"
    "  t1@*: {retry_interval: 3m}\n"
    "  t1@gmail.com: {max_age: 2h}\n"
    "  c1:t1@*: {max_age: 3h}\n"
    "  'c1:@*': {max_age: 4h}\n"
    "paths:\n"
    "  '*': {connection_limit: 1}\n"
    "  ip1->*: {connection_limit: 2}\n"
    "  mx.example.net: {connection_limit: 3, smtp_port: 26}\n"
    "  gmail.com: {connection_limit: 4}\n"
    "  ip1->gmail.com: {max_ready: 7}\n"
    "  yahoo.com: {source: ip2, max_ready: 8}\n";

static void
suite_make(struct suite *s, const char *text)
{
	struct problems problems = { 0 };

	if (suite_load_text(span_of(text), s, &problems) != 0 ||
	    suite_finish(s, &problems) != 0)
		fail_msg("%d: %s", problems.v[0].line, problems.v[0].text);
	problems_free(&problems);
}

static void
empty_test(void **state)
{
	struct suite s;
	char text[IP_TEXT_MAX];

	(void)state;
	suite_make(&s, "");
	assert_non_null(s.hostname);
	assert_int_equal(s.listeners.n, 1);
	assert_string_equal(ip_port_format(&s.listeners.v[0].listen, text),
	    "127.0.0.1:2025");
	assert_string_equal(s.listeners.v[0].hostname, s.hostname);
	assert_int_equal(s.logs.n, 1);
	assert_string_equal(s.logs.v[0].log_dir, "/var/log/ekiden");
	assert_string_equal(s.spool.path, "/var/spool/ekiden");
	assert_true(s.processes.smtpd >= 1);
	assert_true(s.processes.smtp_out >= 1);
	assert_int_equal(s.processes.spool_readers, 1);
	assert_int_equal(s.dns.backend, DNS_SYSTEM);
	suite_free(&s);
	/* A policy declares its own. */
	suite_make(&s, "policy: init.lua");
	assert_int_equal(s.listeners.n, 0);
	assert_int_equal(s.logs.n, 0);
	suite_free(&s);
}

static const struct {
	const char *domain, *tenant, *campaign;
	bool found;
	int64_t retry_s, age_s;
} queue_rows[] = {
	{ "example.org", "", "", true, 60, 604800 },
	{ "gmail.com", "", "", true, 120, 604800 },
	{ "GMail.com", "", "", true, 120, 604800 },
	{ "a.gmail.com", "", "", true, 60, 3600 },
	{ "a.b.gmail.com", "", "", true, 60, 3600 },
	{ "notgmail.com", "", "", true, 60, 604800 },
	{ "example.org", "t1", "", true, 180, 604800 },
	{ "gmail.com", "t1", "", true, 180, 7200 },
	{ "gmail.com", "T1", "", true, 120, 604800 },
	{ "gmail.com", "t1", "c1", true, 180, 10800 },
	{ "gmail.com", "", "c1", true, 120, 14400 },
	{ "gmail.com", "t2", "c1", true, 120, 604800 },
	{ "", "", "", true, 60, 604800 },
};

static void
queue_rows_check(const struct suite *s)
{
	struct queue_config q;
	size_t i;
	bool found;

	for (i = 0; i < sizeof(queue_rows) / sizeof(*queue_rows); i++) {
		found = suite_queue_config(s, span_of(queue_rows[i].domain),
		    span_of(queue_rows[i].tenant),
		    span_of(queue_rows[i].campaign), &q);
		if (found != queue_rows[i].found ||
		    q.retry_interval != queue_rows[i].retry_s * 1000 ||
		    q.max_age != queue_rows[i].age_s * 1000)
			fail_msg("row %zu: got %d %lld %lld", i, found,
			    (long long)q.retry_interval,
			    (long long)q.max_age);
		assert_string_equal(q.egress_pool, "main");
	}
}

static const struct {
	const char *domain, *source, *site;
	uint64_t limit, ready;
	uint16_t port;
} path_rows[] = {
	{ "example.org", "", "", 1, 1024, 25 },
	{ "example.org", "ip1", "", 2, 1024, 25 },
	{ "example.net", "ip1", "MX.example.net", 3, 1024, 26 },
	{ "gmail.com", "ip1", "mx.example.net", 4, 7, 26 },
	{ "gmail.com", "ip2", "mx.example.org", 4, 1024, 25 },
	{ "yahoo.com", "ip2", "", 1, 8, 25 },
	{ "yahoo.com", "ip1", "", 2, 1024, 25 },
};

static void
path_rows_check(const struct suite *s)
{
	struct egress_path p;
	size_t i;

	for (i = 0; i < sizeof(path_rows) / sizeof(*path_rows); i++) {
		assert_true(suite_path(s, span_of(path_rows[i].domain),
		    span_of(path_rows[i].source), span_of(path_rows[i].site),
		    &p));
		if (p.connection_limit.limit != path_rows[i].limit ||
		    p.max_ready != path_rows[i].ready ||
		    p.smtp_port != path_rows[i].port)
			fail_msg("row %zu: got %llu %llu %u", i,
			    (unsigned long long)p.connection_limit.limit,
			    (unsigned long long)p.max_ready, p.smtp_port);
		assert_int_equal(p.prohibited_hosts.n, 4);
	}
}

static void
domain_rows_check(const struct suite *s)
{
	struct listener_domain d;

	assert_true(suite_domain(s, SPAN_LIT("x.org"), &d));
	assert_false(d.relay_to);
	assert_int_equal(d.relay_from.n, 1);
	assert_true(suite_domain(s, SPAN_LIT("A.example.com"), &d));
	assert_true(d.relay_to);
	assert_int_equal(d.log_oob, OOB_LOG_THEN_RELAY);
	assert_true(suite_domain(s, SPAN_LIT("example.com"), &d));
	assert_int_equal(d.log_oob, OOB_IGNORE);
}

static void
lookups_check(const struct suite *s)
{
	queue_rows_check(s);
	path_rows_check(s);
	domain_rows_check(s);
	assert_int_equal(suite_source(s, SPAN_LIT("ip2"))->remote_port, 26);
	assert_null(suite_source(s, SPAN_LIT("ip3")));
	assert_int_equal(suite_pool(s, SPAN_LIT("main"))->entries.n, 2);
	assert_null(suite_pool(s, SPAN_LIT("ip1")));
}

static void
lookup_test(void **state)
{
	struct queue_config q;
	struct suite s;

	(void)state;
	suite_make(&s, suite_yaml);
	assert_int_equal(s.processes.smtpd, 3);
	lookups_check(&s);
	suite_free(&s);
	suite_make(&s, "");
	assert_false(suite_queue_config(&s, SPAN_LIT("a.b"), SPAN_LIT("t"),
	    SPAN_LIT("c"), &q));
	assert_int_equal(q.retry_interval, 1200000);
	suite_free(&s);
}

static bool
suite_take(struct span blob, struct suite *out)
{
	struct reader r;

	reader_init(&r, blob);
	suite_get(&r, out);
	return reader_end(&r);
}

static void
blob_test(void **state)
{
	struct buf first = { 0 }, second = { 0 };
	struct suite s, copy;
	size_t at;

	(void)state;
	suite_make(&s, suite_yaml);
	bundle_add(&s.bundle, "init.lua", SPAN_LIT("return 1\0x"));
	bundle_add(&s.bundle, "queue", SPAN_LIT(""));
	bundle_add(&s.bundle, "queue", SPAN_LIT("again"));
	suite_put(&first, &s);
	suite_free(&s);
	if (!suite_take(buf_span(&first), &copy))
		fail_msg("the blob is not taken back");
	lookups_check(&copy);
	assert_int_equal(copy.bundle.n, 2);
	assert_string_equal(copy.bundle.v[0].name, "init.lua");
	assert_int_equal(copy.bundle.v[0].len, 10);
	assert_int_equal(bundle_find(&copy.bundle, "queue")->len, 0);
	assert_null(bundle_find(&copy.bundle, "shaping"));
	suite_put(&second, &copy);
	assert_int_equal(buf_len(&first), buf_len(&second));
	assert_memory_equal(buf_data(&first), buf_data(&second),
	    buf_len(&first));
	suite_free(&copy);
	for (at = 0; at < buf_len(&first); at++) {
		assert_false(suite_take(span_make(buf_data(&first), at),
		    &copy));
		suite_free(&copy);
	}
	for (at = 0; at < buf_len(&first); at++) {
		buf_data(&first)[at] ^= 0x41;
		suite_take(buf_span(&first), &copy);
		suite_free(&copy);
		buf_data(&first)[at] ^= 0x41;
	}
	buf_free(&first);
	buf_free(&second);
}

static const struct {
	const char *yaml;
	const char *text;
} bad_rows[] = {
	{ "resolvers: [{name: a}, {name: b}, {name: a}]",
	    "two resolvers are named 'a'" },
	{ "resolvers: [{config: {}}]", "name" },
	{ "hostnam: x", "unknown option 'hostnam' of ekiden.yaml; did you "
	    "mean 'hostname'?" },
	{ "processes: {smtpd: 0}", "option 'smtpd' of ekiden.yaml processes "
	    "is 0" },
	{ "queues: {'a*b': {}}", "pattern 'a*b' has a * in another place" },
	{ "queues: {'@a': {}}", "has no tenant in front of the @" },
	{ "queues: {'a!b': {}}", "holds a routing domain" },
	{ "queues: {'': {}}", "is no domain" },
	{ "queues: {'a b': {}}", "is no domain" },
	{ "queues: {'*.': {}}", "has a * in another place" },
	{ "queues: {a.b: {retry: 1m}}", "unknown option 'retry' of "
	    "kumo.make_queue_config" },
	{ "domains: {A.b: {}, a.B: {}}", "pattern 'a.b' is there twice" },
	{ "paths: {'->a': {}}", "has no source in front of the ->" },
	{ "paths: {'x->a': {source: y}}", "names two sources" },
	{ "paths: {a: {source: x}, 'x->a': {}}", "is there twice" },
	{ "paths: {a: {source: [x]}}", "'source' must be text" },
	{ "paths: [1]", "is a list; wanted a map from pattern" },
	{ "listeners: {listen: x}", "is a map; wanted a list of maps of "
	    "listen, hostname" },
	{ "listeners: [{listen: '127.0.0.1:25'}, {listen: '127.0.0.1:25'}]",
	    "two listeners on 127.0.0.1:25" },
	{ "listeners: [{tls_private_key: /k}]", "need each other" },
	{ "sources: [{name: a}, {name: a}]", "two sources are named 'a'" },
	{ "sources: [{name: a, ha_proxy_server: 'p:1'}]",
	    "source 'a': ha_proxy_server and ha_proxy_source_address" },
	{ "pools: [{name: p}, {name: p}]", "two pools are named 'p'" },
	{ "pools: [{name: p, entries: [{name: x}]}]",
	    "pool 'p' names the source 'x', which is not there" },
	{ "queues: {a.b: {egress_pool: p}}",
	    "queue 'a.b' names the pool 'p', which is not there" },
	{ "spool: {map_size: 1k}", "wanted a size of 16777216 bytes" },
	{ "logs: [{}]", "kumo.configure_local_logs needs option 'log_dir'" },
	{ "dns: {Test: {zone: []}}", "wanted {zones = list of zones" },
	{ "dns: {Test: {zones: [{secure: true}]}}", "needs option 'zone'" },
	{ "dns: {Aggregate: []}", "wanted a list of 1 to 16 resolvers" },
	{ "dns: {Aggregate: [{Aggregate: [{}]}]}", "none of them an" },
	{ "dns: Hickory", "wanted a map of options" },
};

static void
bad_test(void **state)
{
	struct problems problems;
	struct suite s;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad_rows) / sizeof(*bad_rows); i++) {
		problems = (struct problems){ 0 };
		if (suite_load_text(span_of(bad_rows[i].yaml), &s,
		    &problems) == 0) {
			if (suite_finish(&s, &problems) == 0)
				fail_msg("taken: %s", bad_rows[i].yaml);
			suite_free(&s);
		}
		if (strstr(problems.v[0].text, bad_rows[i].text) == NULL)
			fail_msg("%s\ngot %s\nwant %s", bad_rows[i].yaml,
			    problems.v[0].text, bad_rows[i].text);
		problems_free(&problems);
	}
}

static void
spool_read(struct spool_opts *spool, const char *text)
{
	struct problems problems = { 0 };
	struct value *v = yaml_parse(span_of(text), &problems);

	if (spool_opts_read(spool, v, &problems) != 0)
		fail_msg("%s", problems.v[0].text);
	value_free(&v);
	problems_free(&problems);
}

static void
spool_test(void **state)
{
	struct problems problems = { 0 };
	struct spool_opts data, meta;
	struct suite s;

	(void)state;
	suite_defaults(&s);
	spool_read(&meta, "{name: meta, path: /m, min_free_inodes: 7, "
	    "rocks_params: {store_deadline: 9s}}");
	spool_read(&data, "{name: data, path: /d, min_free_space: 20%, "
	    "rocks_params: {store_deadline: 8s, allow_error_unlatch: "
	    "false}}");
	suite_define_spool(&s, &data);
	suite_define_spool(&s, &meta);
	assert_string_equal(s.spool.path, "/d");
	assert_int_equal(s.spool.min_free_space.n, 20);
	assert_int_equal(s.spool.min_free_inodes.n, 7);
	assert_false(s.spool.min_free_inodes.percent);
	assert_int_equal(s.spool.store_deadline, 8000);
	assert_false(s.spool.allow_error_unlatch);
	assert_int_equal(suite_finish(&s, &problems), 0);
	spool_opts_free(&data);
	spool_opts_free(&meta);
	suite_free(&s);
	problems_free(&problems);
}

static void
dns_test(void **state)
{
	struct buf b = { 0 };
	struct jout j;
	struct suite s;

	(void)state;
	suite_make(&s, "dns: {Aggregate: [HickorySystemConfig, {Unbound: "
	    "{name_servers: [10.0.0.1]}}, {Test: {zones: [{zone: \"a\\nb\", "
	    "secure: true}, c], servfail: [bad.example]}}]}");
	assert_int_equal(s.dns.backend, DNS_AGGREGATE);
	assert_int_equal(s.dns.nparts, 3);
	assert_int_equal(s.dns.parts[0].backend, DNS_SYSTEM);
	assert_int_equal(s.dns.parts[1].backend, DNS_SERVERS);
	assert_int_equal(s.dns.parts[1].name_servers.v[0].socket_addr.port,
	    53);
	assert_int_equal(s.dns.parts[2].backend, DNS_TEST);
	assert_string_equal(s.dns.parts[2].test_zones.v[0].zone, "a\nb");
	assert_true(s.dns.parts[2].test_zones.v[0].secure);
	assert_string_equal(s.dns.parts[2].test_zones.v[1].zone, "c");
	assert_string_equal(s.dns.parts[2].servfail.v[0], "bad.example");
	jout_init(&j, &b);
	suite_json(&j, &s);
	assert_true(buf_len(&b) > 100);
	buf_free(&b);
	suite_free(&s);
}

static void
resolvers_test(void **state)
{
	struct buf b = { 0 };
	struct suite s, copy;
	struct dns_opts fresh;
	struct reader r;

	(void)state;
	suite_make(&s, "resolvers: [{name: rbl, config: {name_servers: "
	    "[10.0.0.1]}}, {name: sys}]");
	dns_opts_defaults(&fresh);
	fresh.backend = DNS_ROOT;
	suite_add_resolver(&s, "root", &fresh);
	suite_put(&b, &s);
	suite_free(&s);
	reader_init(&r, buf_span(&b));
	suite_get(&r, &copy);
	assert_true(reader_end(&r));
	assert_int_equal(copy.resolvers.n, 3);
	assert_int_equal(suite_resolver(&copy, "rbl")->backend, DNS_SERVERS);
	assert_int_equal(suite_resolver(&copy, "sys")->backend, DNS_SYSTEM);
	assert_int_equal(suite_resolver(&copy, "root")->backend, DNS_ROOT);
	assert_null(suite_resolver(&copy, "rb"));
	suite_free(&copy);
	buf_free(&b);
}

/* The policy's name is taken from the file's folder. */
static void
file_test(void **state)
{
	struct problems problems = { 0 };
	char dir[] = "/tmp/ekiden-suite-XXXXXX", file[64], want[64];
	struct suite s;
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/ekiden.yaml", dir);
	snprintf(want, sizeof(want), "%s/init.lua", dir);
	f = fopen(file, "w");
	assert_non_null(f);
	fputs("policy: init.lua\n", f);
	fclose(f);
	assert_int_equal(suite_load_yaml(file, &s, &problems), 0);
	assert_string_equal(s.policy, want);
	suite_free(&s);
	f = fopen(file, "w");
	assert_non_null(f);
	fputs("\npolicy: 3\n", f);
	fclose(f);
	assert_int_equal(suite_load_yaml(file, &s, &problems), -1);
	assert_string_equal(problems.v[0].file, file);
	assert_int_equal(problems.v[0].line, 2);
	problems_free(&problems);
	unlink(file);
	rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_test),
		cmocka_unit_test(lookup_test),
		cmocka_unit_test(blob_test),
		cmocka_unit_test(bad_test),
		cmocka_unit_test(spool_test),
		cmocka_unit_test(dns_test),
		cmocka_unit_test(resolvers_test),
		cmocka_unit_test(file_test),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
