/* SPDX-License-Identifier: Apache-2.0 */
/* Options read, refused, carried between processes and shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/alloc.h"
#include "lib/settings/suite.h"
#include "lib/settings/yaml.h"

static char *
text_of(struct buf *b)
{
	char *text = span_dup(buf_span(b));

	buf_free(b);
	return text;
}

static char *
json_of(const struct option_table *t, const void *obj)
{
	struct buf out = { 0 };
	struct jout j;

	jout_init(&j, &out);
	option_json(t, &j, obj);
	return text_of(&out);
}

/* ---- what is refused, in which words ------------------------------------ */

static const struct {
	const struct option_table *table;
	const char *yaml;
	int line;
	const char *text;
} bad_rows[] = {
	{ &egress_path_table, "max_conections: 3", 1,
	    "unknown option 'max_conections' of kumo.make_egress_path" },
	{ &egress_path_table, "smtp_port: 25\nconection_limit: 3", 2,
	    "unknown option 'conection_limit' of kumo.make_egress_path; did "
	    "you mean 'connection_limit'?" },
	{ &egress_path_table, "zzz: 3", 1,
	    "unknown option 'zzz' of kumo.make_egress_path" },
	{ &egress_path_table, "smtp_port: 70000", 1,
	    "option 'smtp_port' of kumo.make_egress_path is 70000; wanted a "
	    "whole number from 1 to 65535" },
	{ &egress_path_table, "smtp_port: 0", 1, "is 0; wanted" },
	{ &egress_path_table, "smtp_port: -1", 1, "is -1; wanted" },
	{ &egress_path_table, "smtp_port: \"25\"", 1, "is \"25\"; wanted" },
	{ &egress_path_table, "smtp_port:", 1, "is nothing; wanted" },
	{ &egress_path_table, "max_ready: 1.5", 1, "is 1.5; wanted a whole "
	    "number from 1" },
	{ &egress_path_table, "enable_dane: 1", 1,
	    "is 1; wanted true or false" },
	{ &egress_path_table, "enable_tls: opportunistic", 1,
	    "is \"opportunistic\"; wanted \"Opportunistic\", "
	    "\"OpportunisticInsecure\", \"Required\", \"RequiredInsecure\" "
	    "or \"Disabled\"" },
	{ &egress_path_table, "idle_timeout: soon", 1, "is \"soon\"; wanted a "
	    "duration, such as \"5 minutes\" or 300 (seconds)" },
	{ &egress_path_table, "idle_timeout: -1", 1, "is -1; wanted" },
	{ &egress_path_table, "connect_timeout: 0", 1,
	    "wanted a duration above 0" },
	{ &egress_path_table, "idle_timeout: 1e300", 1, "wanted a duration" },
	{ &egress_path_table, "connection_limit: -3", 1, "wanted a limit, "
	    "such as 32 or \"local:32\"" },
	{ &egress_path_table, "connection_limit: remote:3", 1, "a limit" },
	{ &egress_path_table, "max_message_rate: 100", 1,
	    "is 100; wanted a rate, such as \"100/min\"" },
	{ &egress_path_table, "max_message_rate: 100/fortnight", 1, "a rate" },
	{ &egress_path_table, "max_message_rate: 0/s", 1, "a rate" },
	{ &egress_path_table, "max_message_rate: 5/s,burst=2", 1, "a rate" },
	{ &egress_path_table, "max_message_rate: 5/0s", 1, "a rate" },
	{ &egress_path_table, "additional_connection_limits: {kumomta.x: 1}",
	    1, "the name 'kumomta.x' is reserved" },
	{ &egress_path_table, "additional_connection_limits: {x: y}", 1,
	    "wanted a map from name to limit" },
	{ &egress_path_table, "skip_hosts: 10.0.0.1", 1,
	    "is \"10.0.0.1\"; wanted a list of addresses and networks" },
	{ &egress_path_table, "skip_hosts:\n - 10.0.0.1\n - 10.0.0.0/33", 3,
	    "'10.0.0.0/33' is no address or network" },
	{ &egress_path_table, "openssl_options: NO_TLSV1|NO_TLSV9", 1,
	    "wanted flags of OpenSSL joined with |" },
	{ &egress_path_table, "rustls_cipher_suites: [x]", 1,
	    "wanted a list of cipher suites" },
	{ &egress_path_table, "ehlo_domain: a b", 1, "wanted a host name" },
	{ &egress_path_table, "provider_name: \"a\\nb\"", 1,
	    "is \"a\\x0ab\"; wanted text on one line" },
	{ &egress_path_table, "tls_certificate: {vault_mount: secret}", 1,
	    "keys from a vault or an event are not available yet in this "
	    "place" },
	{ &egress_path_table, "tls_certificate: {key_date: x}", 1,
	    "wanted a file's name or {key_data = text}" },
	{ &egress_path_table, "[1]", 1,
	    "kumo.make_egress_path: wanted a map of options" },
	{ &queue_config_table, "protocol: {}", 1, "wanted exactly one of" },
	{ &queue_config_table, "protocol:\n  smtp: {}\n  xfer: {target: x}",
	    2, "wanted exactly one of" },
	{ &queue_config_table, "protocol: {custom_lua: {}}", 1,
	    "protocol.custom_lua needs option 'constructor'" },
	{ &queue_config_table, "protocol: {smtp: {}, dir_mode: 1}", 1,
	    "go with maildir_path" },
	{ &queue_config_table, "protocol: {smpt: {}}", 1,
	    "unknown option 'smpt' of kumo.make_queue_config protocol; did "
	    "you mean 'smtp'?" },
	{ &queue_config_table, "protocol: {smtp: {mx_list: [a b]}}", 1,
	    "\"a b\" is no next hop; wanted 'mx.example.com'" },
	{ &queue_config_table, "protocol: {smtp: {mx_list: [{name: a}]}}", 1,
	    "a map is no next hop" },
	{ &queue_config_table, "shrink_policy: [{policy: NoShrink}]", 1,
	    "needs option 'interval'" },
	{ &egress_source_table, "source_address: 10.0.0.1", 1,
	    "kumo.make_egress_source needs option 'name': Name used" },
	{ &egress_source_table, "name: ''", 1, "wanted text on one line" },
	{ &egress_source_table, "name: a\nsource_address: 10.0.0.1:25", 2,
	    "wanted an address, such as" },
	{ &egress_source_table, "name: a\nha_proxy_server: x", 2,
	    "wanted a host with a port" },
	{ &egress_source_table, "name: a\nsuspend_when_unplumbed: "
	    "{trigger: Later, duration: 1m}", 2,
	    "wanted a map of trigger and duration" },
	{ &egress_pool_table, "name: a\nentries:\n  - weight: 1", 3,
	    "kumo.make_egress_pool entries needs option 'name'" },
	{ &egress_pool_table, "name: a\nentries: [{name: b, weight: -1}]", 2,
	    "option 'weight' of kumo.make_egress_pool entries is -1" },
	{ &listener_table, "listen: 127.0.0.1", 1,
	    "wanted an address with a port" },
	{ &listener_table, "max_message_size: 20 bananas", 1,
	    "wanted a size, such as \"20 MiB\" or 20971520" },
	{ &listener_table, "peer: {10.0.0.0/8: {listen: '1.2.3.4:5'}}", 1,
	    "stands at the top only" },
	{ &listener_table, "peer:\n  10.0.0.0/8: {}\n  10.1.2.3/8: {}", 3,
	    "network '10.1.2.3/8' is there twice" },
	{ &listener_table, "via: {lan: {}}", 1,
	    "'lan' is no address or network" },
	{ &listener_table, "via: {10.0.0.1: {banner: 3}}", 1,
	    "option 'banner' of kumo.start_esmtp_listener is 3" },
	{ &listener_table, "trace_headers: {recieved_header: true}", 1,
	    "did you mean 'received_header'?" },
	{ &listener_domain_table, "log_oob: 3", 1, "wanted \"Ignore\"" },
	{ &spool_opts_table, "name: both\npath: /x", 1,
	    "is \"both\"; wanted \"data\" or \"meta\"" },
	{ &spool_opts_table, "path: /x", 1, "needs option 'name'" },
	{ &spool_opts_table, "name: data\npath: /x\nmin_free_space: 101%", 3,
	    "wanted a percentage or a number" },
	{ &local_logs_table, "log_dir: /x\ncompression_level: 22", 2,
	    "wanted a whole number from 0 to 21" },
	{ &local_logs_table, "log_dir: /x\nper_record:\n  Delivry: {}", 3,
	    "'Delivry' is no record type" },
	{ &local_logs_table, "log_dir: /x\nper_record: {Any: {enabel: 1}}", 2,
	    "did you mean 'enable'?" },
	{ &dns_opts_table, "name_servers: [ns.example.com]", 1,
	    "'ns.example.com' is no server" },
	{ &dns_opts_table, "options: {timeout: 0}", 1,
	    "option 'timeout' of kumo.dns.configure_resolver options is 0" },
};

static void
bad_test(void **state)
{
	const struct option_table *t;
	struct problems problems;
	struct value *v;
	void *obj;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad_rows) / sizeof(*bad_rows); i++) {
		problems = (struct problems){ 0 };
		t = bad_rows[i].table;
		obj = xcalloc(1, t->size);
		v = yaml_parse(span_of(bad_rows[i].yaml), &problems);
		if (v == NULL)
			fail_msg("%s: %s", bad_rows[i].yaml,
			    problems.v[0].text);
		if (option_read(t, obj, v, &problems) == 0)
			fail_msg("taken: %s", bad_rows[i].yaml);
		if (strstr(problems.v[0].text, bad_rows[i].text) == NULL ||
		    problems.v[0].line != bad_rows[i].line)
			fail_msg("%s\ngot %d: %s\nwant %d: %s",
			    bad_rows[i].yaml, problems.v[0].line,
			    problems.v[0].text, bad_rows[i].line,
			    bad_rows[i].text);
		value_free(&v);
		problems_free(&problems);
		free(obj);
	}
}

/* ---- what is taken ------------------------------------------------------ */

static const struct {
	const struct option_table *table;
	const char *yaml;
	const char *json; /* is in the effective values */
} good_rows[] = {
	{ &egress_path_table, "connection_limit: local:5",
	    "\"connection_limit\":\"local:5\"" },
	{ &egress_path_table, "connection_limit: 0",
	    "\"connection_limit\":0," },
	{ &egress_path_table, "connection_limit: '1,000'",
	    "\"connection_limit\":1000" },
	{ &egress_path_table, "max_message_rate: 1_000/5min,max_burst=7",
	    "\"max_message_rate\":\"1000/5min,max_burst=7\"" },
	{ &egress_path_table, "max_message_rate: local:10/2hr",
	    "\"max_message_rate\":\"local:10/2h\"" },
	{ &egress_path_table, "max_message_rate: 10/90s",
	    "\"max_message_rate\":\"10/90s\"" },
	{ &egress_path_table, "max_connection_rate: 3/day",
	    "\"max_connection_rate\":\"3/d\"" },
	{ &egress_path_table,
	    "additional_connection_limits: {b: 7, a: local:9, c: 3}",
	    "\"additional_connection_limits\":{\"c\":3,\"b\":7,"
	    "\"a\":\"local:9\"}" },
	{ &egress_path_table,
	    "additional_message_rate_throttles: {a: 60/min, b: 2/min}",
	    "\"additional_message_rate_throttles\":{\"b\":\"2/min\","
	    "\"a\":\"60/min\"}" },
	{ &egress_path_table, "idle_timeout: 1.5",
	    "\"idle_timeout\":\"1s500ms\"" },
	{ &egress_path_table, "idle_timeout: 1h 30m",
	    "\"idle_timeout\":\"1h30m\"" },
	{ &egress_path_table, "remember_broken_tls:",
	    "\"remember_broken_tls\":null" },
	{ &egress_path_table, "max_ready: 10.0", "\"max_ready\":10," },
	{ &egress_path_table, "prohibited_hosts: []",
	    "\"prohibited_hosts\":[]" },
	{ &egress_path_table, "prohibited_hosts: {}",
	    "\"prohibited_hosts\":[]" },
	{ &egress_path_table, "openssl_options: NO_TLSV1 | NO_TICKET",
	    "\"openssl_options\":[\"NO_TLSV1\",\"NO_TICKET\"]" },
	{ &egress_path_table, "tls_private_key: {key_data: secret}",
	    "\"tls_private_key\":{\"key_data\":\"(hidden)\"}" },
	{ &egress_path_table, "tls_private_key: /etc/key.pem",
	    "\"tls_private_key\":\"/etc/key.pem\"" },
	{ &queue_config_table, "protocol: {smtp: {mx_list: [a.example, "
	    "'b.example:26', '[10.0.0.1]', '[10.0.0.2]:27', '[::1]:28', "
	    "{name: c.example, addr: '10.0.0.3:29'}]}}",
	    "\"mx_list\":[{\"name\":\"a.example\"},"
	    "{\"name\":\"b.example\",\"port\":26},"
	    "{\"name\":\"[10.0.0.1]\",\"addr\":\"10.0.0.1\"},"
	    "{\"name\":\"[10.0.0.2]\",\"port\":27,\"addr\":\"10.0.0.2\"},"
	    "{\"name\":\"[::1]\",\"port\":28,\"addr\":\"::1\"},"
	    "{\"name\":\"c.example\",\"port\":29,\"addr\":\"10.0.0.3\"}]" },
	{ &queue_config_table, "protocol: {maildir_path: '/m/{{ email }}', "
	    "dir_mode: 0o750}",
	    "\"protocol\":{\"maildir_path\":\"/m/{{ email }}\","
	    "\"dir_mode\":488}" },
	{ &queue_config_table, "protocol: {custom_lua: {constructor: m.x, "
	    "batch_size: 10, max_batch_latency: 2s}}",
	    "\"custom_lua\":{\"constructor\":\"m.x\",\"batch_size\":10,"
	    "\"min_batch_size\":1,\"max_batch_latency\":\"2s\"}" },
	{ &queue_config_table, "protocol: {xfer: {target: 'http://n2'}}",
	    "\"xfer\":{\"target\":\"http://n2\"}" },
	{ &queue_config_table, "shrink_policy: [{interval: 1h, policy: "
	    "NoShrink}]",
	    "\"shrink_policy\":[{\"interval\":\"1h\","
	    "\"policy\":\"NoShrink\"}]" },
	{ &egress_source_table, "name: a\nsuspend_when_unplumbed: "
	    "{trigger: Immediate, duration: 5m}",
	    "{\"trigger\":\"Immediate\",\"duration\":\"5m\"}" },
	{ &egress_source_table, "name: a\nremote_port: 26\nsource_address: "
	    "'::1'\nsuspend_when_proxy_unhealthy: "
	    "{trigger: {Threshold: 3/min}, duration: 5m}",
	    "{\"trigger\":{\"Threshold\":\"3/min\"},\"duration\":\"5m\"}" },
	{ &egress_source_table, "name: a\nha_proxy_server: p.example:5000\n"
	    "ha_proxy_source_address: 10.0.0.1",
	    "\"ha_proxy_server\":\"p.example:5000\"" },
	{ &egress_pool_table, "name: a\nentries: [{name: b}, {name: c, "
	    "weight: 3}]",
	    "\"entries\":[{\"name\":\"b\",\"weight\":1},{\"name\":\"c\","
	    "\"weight\":3}]" },
	{ &listener_table, "listen: '[::]:0'\nmax_message_size: 10M\n"
	    "data_buffer_size: 4 KB", "\"max_message_size\":10485760,"
	    "\"data_buffer_size\":4000," },
	{ &listener_table, "meta: {a: 1, b: [x, {c: null}]}",
	    "\"meta\":{\"a\":1,\"b\":[\"x\",{\"c\":null}]}" },
	{ &listener_table, "peer: {10.0.0.0/8: {banner: x, via: {10.0.0.1: "
	    "{deferred_spool: true}}}}",
	    "\"peer\":{\"10.0.0.0/8\":{\"banner\":\"x\",\"via\":{\"10.0.0.1\":"
	    "{\"deferred_spool\":true}}}}" },
	{ &listener_table, "trace_headers: {include_meta_names: [a]}",
	    "\"header_name\":\"X-KumoRef\",\"include_meta_names\":[\"a\"]" },
	{ &listener_domain_table, "log_oob: true\nlog_arf: LogThenDrop\n"
	    "relay_to: true\nrelay_from: [10.0.0.0/8]",
	    "\"log_oob\":\"LogThenRelay\",\"log_arf\":\"LogThenDrop\"" },
	{ &spool_opts_table, "name: meta\npath: /x\nmin_free_space: 20 GiB\n"
	    "min_free_inodes: 5%\nrocks_params: {store_deadline: 5s}",
	    "\"min_free_space\":21474836480,\"min_free_inodes\":\"5%\"" },
	{ &local_logs_table, "log_dir: /x\nmeta: [a*]\nper_record: {Any: "
	    "{enable: false}, Bounce: {template: \"a\\nb\"}}",
	    "\"per_record\":{\"Any\":{\"enable\":false" },
	{ &dns_opts_table, "name_servers: [10.0.0.1, '[::1]:54', "
	    "{socket_addr: '10.0.0.2:53', protocol: tcp, bind_addr: "
	    "10.0.0.9}]\nsearch: [a.example]\noptions: {trust_anchor_file: "
	    "{managed: /k}, validate: true}",
	    "{\"socket_addr\":\"10.0.0.1:53\",\"protocol\":"
	    "\"udp_then_tcp\",\"trust_negative_responses\":true,"
	    "\"bind_addr\":null},{\"socket_addr\":\"[::1]:54\"" },
	{ &suite_table, "listeners: [{listen: '0.0.0.0:25'}]\ndomains: "
	    "{Example.COM: {relay_to: true}}\nqueues: {'T@*': {max_age: 1h}}"
	    "\npaths: {'ip1->Example.net': {smtp_port: 26}}\ndns: {Test: "
	    "{zones: ['$ORIGIN a.']}}\nlog_level: debug",
	    "\"paths\":{\"ip1->example.net\":{" },
};
enum { GOOD = sizeof(good_rows) / sizeof(*good_rows) };

static void *
good_read(size_t i)
{
	const struct option_table *t = good_rows[i].table;
	struct problems problems = { 0 };
	void *obj = xcalloc(1, t->size);
	struct value *v;

	v = yaml_parse(span_of(good_rows[i].yaml), &problems);
	if (v == NULL || option_read(t, obj, v, &problems) != 0)
		fail_msg("%s: %d: %s", good_rows[i].yaml,
		    problems.v[0].line, problems.v[0].text);
	value_free(&v);
	problems_free(&problems);
	return obj;
}

static void
good_test(void **state)
{
	char *json;
	size_t i;
	void *obj;

	(void)state;
	for (i = 0; i < GOOD; i++) {
		obj = good_read(i);
		json = json_of(good_rows[i].table, obj);
		if (strstr(json, good_rows[i].json) == NULL)
			fail_msg("%s\ngot %s\nwant %s", good_rows[i].yaml,
			    json, good_rows[i].json);
		free(json);
		option_free(good_rows[i].table, obj);
		free(obj);
	}
}

/* ---- between processes -------------------------------------------------- */

static bool
get(const struct option_table *t, struct span s, void *obj)
{
	struct reader r;

	reader_init(&r, s);
	option_get(t, &r, obj);
	return reader_end(&r);
}

static void
round_trip_test(void **state)
{
	const struct option_table *t;
	struct buf first, second;
	char *before, *after;
	void *obj, *copy;
	size_t i;

	(void)state;
	for (i = 0; i < GOOD; i++) {
		t = good_rows[i].table;
		obj = good_read(i);
		copy = xcalloc(1, t->size);
		first = second = (struct buf){ 0 };
		option_put(t, &first, obj);
		if (!get(t, buf_span(&first), copy))
			fail_msg("not taken back: %s", good_rows[i].yaml);
		option_put(t, &second, copy);
		assert_int_equal(buf_len(&first), buf_len(&second));
		assert_memory_equal(buf_data(&first), buf_data(&second),
		    buf_len(&first));
		before = json_of(t, obj);
		after = json_of(t, copy);
		assert_string_equal(before, after);
		free(before);
		free(after);
		buf_free(&first);
		buf_free(&second);
		option_free(t, obj);
		option_free(t, copy);
		free(obj);
		free(copy);
	}
}

/* Cut and changed bytes: refused or taken, and always given back. */
static void
hostile_test(void **state)
{
	static const uint8_t flips[] = { 0x01, 0x80, 0xff };
	const struct option_table *t;
	size_t i, at, f;
	struct buf b;
	void *obj;

	(void)state;
	for (i = 0; i < GOOD; i++) {
		t = good_rows[i].table;
		obj = good_read(i);
		b = (struct buf){ 0 };
		option_put(t, &b, obj);
		option_free(t, obj);
		for (at = 0; at < buf_len(&b); at++) {
			assert_false(get(t, span_make(buf_data(&b), at),
			    obj));
			option_free(t, obj);
			for (f = 0; f < sizeof(flips); f++) {
				buf_data(&b)[at] ^= flips[f];
				get(t, buf_span(&b), obj);
				option_free(t, obj);
				buf_data(&b)[at] ^= flips[f];
			}
		}
		free(obj);
		buf_free(&b);
	}
}

/* ---- the rest ----------------------------------------------------------- */

static void
notice_test(void **state)
{
	struct problems problems = { 0 };
	struct egress_path p;
	struct value *v;

	(void)state;
	v = yaml_parse(SPAN_LIT("tls_prefer_openssl: true\nsmtp_port: 26"),
	    &problems);
	assert_int_equal(egress_path_read(&p, v, &problems), 0);
	assert_int_equal(problems.errors, 0);
	assert_int_equal(problems.n, 1);
	assert_true(problems.v[0].notice);
	assert_string_equal(problems.v[0].text, "option 'tls_prefer_openssl' "
	    "of kumo.make_egress_path has no effect: OpenSSL is always used "
	    "here");
	assert_true(option_is_set(&egress_path_table, &p, "smtp_port"));
	assert_false(option_is_set(&egress_path_table, &p, "max_ready"));
	assert_false(option_is_set(&egress_path_table, &p, "nonsense"));
	egress_path_free(&p);
	value_free(&v);
	problems_free(&problems);
}

/* A later layer replaces what it names and nothing else. */
static void
layers_test(void **state)
{
	struct problems problems = { 0 };
	struct value *one, *two;
	struct egress_path p;

	(void)state;
	one = yaml_parse(SPAN_LIT("{ehlo_domain: a, max_ready: 5}"),
	    &problems);
	two = yaml_parse(SPAN_LIT("{ehlo_domain: b}"), &problems);
	egress_path_defaults(&p);
	assert_int_equal(option_fill(&egress_path_table, &p, one, &problems),
	    0);
	assert_int_equal(option_fill(&egress_path_table, &p, two, &problems),
	    0);
	assert_string_equal(p.ehlo_domain, "b");
	assert_int_equal(p.max_ready, 5);
	egress_path_free(&p);
	value_free(&one);
	value_free(&two);
	problems_free(&problems);
}

static void
derived_test(void **state)
{
	struct egress_path p;

	(void)state;
	egress_path_defaults(&p);
	assert_int_equal(egress_path_lease_ms(&p), 1690000);
	assert_int_equal(egress_path_shutdown_ms(&p), 1200000);
	assert_int_equal(egress_path_watchdog_ms(&p, true), 600000);
	assert_int_equal(egress_path_watchdog_ms(&p, false), 600000);
	p.system_shutdown_timeout = 7;
	p.dispatcher_progress_watchdog_timeout = 8;
	assert_int_equal(egress_path_shutdown_ms(&p), 7);
	assert_int_equal(egress_path_watchdog_ms(&p, true), 8);
	egress_path_free(&p);
}

static const struct {
	const char *text;
	bool good, local;
	uint64_t limit, burst;
	int64_t period_ms;
} rates[] = {
	{ "1/s", true, false, 1, 1, 1000 },
	{ " local:1,000/5 minute ", true, true, 1000, 1000, 300000 },
	{ "10/hour,max_burst=3", true, false, 10, 3, 3600000 },
	{ "10/hr, max_burst=3", true, false, 10, 3, 3600000 },
	{ "1/365d", true, false, 1, 1, INT64_C(31536000000) },
	{ "1/", false, false, 0, 0, 0 },
	{ "/s", false, false, 0, 0, 0 },
	{ "1", false, false, 0, 0, 0 },
	{ "", false, false, 0, 0, 0 },
	{ "-1/s", false, false, 0, 0, 0 },
	{ ",1/s", false, false, 0, 0, 0 },
	{ "1_/s", false, false, 0, 0, 0 },
	{ "1/s,", false, false, 0, 0, 0 },
	{ "1/s,max_burst=0", false, false, 0, 0, 0 },
	{ "1/ms", false, false, 0, 0, 0 },
	{ "1/99999999999999d", false, false, 0, 0, 0 },
	{ "1/2147483647d", false, false, 0, 0, 0 },
	{ "99999999999999999999/s", false, false, 0, 0, 0 },
	{ "local:local:1/s", false, false, 0, 0, 0 },
};

static void
rates_test(void **state)
{
	struct throttle_spec t, again;
	char *text;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rates) / sizeof(*rates); i++) {
		if ((throttle_parse(span_of(rates[i].text), &t) == 0) !=
		    rates[i].good)
			fail_msg("'%s': want %d", rates[i].text,
			    rates[i].good);
		if (!rates[i].good)
			continue;
		assert_int_equal(t.local, rates[i].local);
		assert_int_equal(t.limit, rates[i].limit);
		assert_int_equal(t.burst, rates[i].burst);
		assert_int_equal(t.period_ms, rates[i].period_ms);
		text = throttle_format(&t);
		assert_int_equal(throttle_parse(span_of(text), &again), 0);
		assert_memory_equal(&t, &again, sizeof(t));
		free(text);
	}
}

static void
sizes_test(void **state)
{
	static const struct {
		const char *text;
		int64_t bytes; /* -1 = refused */
	} rows[] = {
		{ "0", 0 }, { "1k", 1024 }, { "2 KB", 2000 },
		{ "20 MiB", 20971520 }, { "1g", 1073741824 },
		{ "1TB", INT64_C(1000000000000) }, { "10 b", 10 },
		{ "", -1 }, { "k", -1 }, { "-1", -1 }, { "1.5M", -1 },
		{ "1 Mb/s", -1 }, { "99999999T", -1 },
	};
	uint64_t bytes;
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		rc = size_parse(span_of(rows[i].text), &bytes);
		if ((rc == 0) != (rows[i].bytes >= 0) ||
		    (rc == 0 && bytes != (uint64_t)rows[i].bytes))
			fail_msg("'%s': got %d %llu", rows[i].text, rc,
			    (unsigned long long)bytes);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_test),
		cmocka_unit_test(good_test),
		cmocka_unit_test(round_trip_test),
		cmocka_unit_test(hostile_test),
		cmocka_unit_test(notice_test),
		cmocka_unit_test(layers_test),
		cmocka_unit_test(derived_test),
		cmocka_unit_test(rates_test),
		cmocka_unit_test(sizes_test),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
