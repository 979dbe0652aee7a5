/* SPDX-License-Identifier: Apache-2.0 */
/* Each option's default, written down a second time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/alloc.h"
#include "lib/settings/option_kind.h"

static const struct {
	const char *table, *name, *json;
} rows[] = {
	{ "kumo.make_egress_path", "connection_limit",
	    "32" },
	{ "kumo.make_egress_path", "additional_connection_limits",
	    "{}" },
	{ "kumo.make_egress_path", "max_message_rate",
	    "null" },
	{ "kumo.make_egress_path", "additional_message_rate_throttles",
	    "{}" },
	{ "kumo.make_egress_path", "max_connection_rate",
	    "null" },
	{ "kumo.make_egress_path", "source_selection_rate",
	    "null" },
	{ "kumo.make_egress_path", "additional_source_selection_rates",
	    "{}" },
	{ "kumo.make_egress_path", "max_deliveries_per_connection",
	    "1024" },
	{ "kumo.make_egress_path", "max_recipients_per_batch",
	    "100" },
	{ "kumo.make_egress_path", "max_ready",
	    "1024" },
	{ "kumo.make_egress_path",
	    "consecutive_connection_failures_before_delay",
	    "100" },
	{ "kumo.make_egress_path", "smtp_port",
	    "25" },
	{ "kumo.make_egress_path", "ehlo_domain",
	    "null" },
	{ "kumo.make_egress_path", "enable_tls",
	    "\"Opportunistic\"" },
	{ "kumo.make_egress_path", "enable_mta_sts",
	    "true" },
	{ "kumo.make_egress_path", "enable_dane",
	    "false" },
	{ "kumo.make_egress_path", "enable_pipelining",
	    "true" },
	{ "kumo.make_egress_path", "enable_rset",
	    "true" },
	{ "kumo.make_egress_path", "tls_prefer_openssl",
	    "false" },
	{ "kumo.make_egress_path", "tls_certificate",
	    "null" },
	{ "kumo.make_egress_path", "tls_private_key",
	    "null" },
	{ "kumo.make_egress_path", "openssl_cipher_list",
	    "null" },
	{ "kumo.make_egress_path", "openssl_cipher_suites",
	    "null" },
	{ "kumo.make_egress_path", "openssl_options",
	    "[]" },
	{ "kumo.make_egress_path", "rustls_cipher_suites",
	    "[]" },
	{ "kumo.make_egress_path",
	    "opportunistic_tls_reconnect_on_failed_handshake",
	    "false" },
	{ "kumo.make_egress_path", "remember_broken_tls",
	    "null" },
	{ "kumo.make_egress_path", "allow_smtp_auth_plain_without_tls",
	    "false" },
	{ "kumo.make_egress_path",
	    "allow_smtp_auth_plain_without_valid_certificate",
	    "false" },
	{ "kumo.make_egress_path", "smtp_auth_plain_username",
	    "null" },
	{ "kumo.make_egress_path", "smtp_auth_plain_password",
	    "null" },
	{ "kumo.make_egress_path", "connect_timeout",
	    "\"1m\"" },
	{ "kumo.make_egress_path", "banner_timeout",
	    "\"1m\"" },
	{ "kumo.make_egress_path", "ehlo_timeout",
	    "\"5m\"" },
	{ "kumo.make_egress_path", "mail_from_timeout",
	    "\"5m\"" },
	{ "kumo.make_egress_path", "rcpt_to_timeout",
	    "\"5m\"" },
	{ "kumo.make_egress_path", "data_timeout",
	    "\"5m\"" },
	{ "kumo.make_egress_path", "data_dot_timeout",
	    "\"5m\"" },
	{ "kumo.make_egress_path", "rset_timeout",
	    "\"5s\"" },
	{ "kumo.make_egress_path", "starttls_timeout",
	    "\"5s\"" },
	{ "kumo.make_egress_path", "auth_timeout",
	    "\"1m\"" },
	{ "kumo.make_egress_path", "idle_timeout",
	    "\"5s\"" },
	{ "kumo.make_egress_path", "system_shutdown_timeout",
	    "null" },
	{ "kumo.make_egress_path", "dispatcher_progress_watchdog_timeout",
	    "null" },
	{ "kumo.make_egress_path", "prohibited_hosts",
	    "[\"127.0.0.0/8\",\"::1\",\"0.0.0.0\",\"::\"]" },
	{ "kumo.make_egress_path", "skip_hosts",
	    "[]" },
	{ "kumo.make_egress_path", "ip_lookup_strategy",
	    "\"Ipv4AndIpv6\"" },
	{ "kumo.make_egress_path", "use_lmtp",
	    "false" },
	{ "kumo.make_egress_path", "ignore_8bit_checks",
	    "false" },
	{ "kumo.make_egress_path", "try_next_host_on_transport_error",
	    "false" },
	{ "kumo.make_egress_path", "reconnect_strategy",
	    "\"ConnectNextHost\"" },
	{ "kumo.make_egress_path", "refresh_strategy",
	    "\"Ttl\"" },
	{ "kumo.make_egress_path", "refresh_interval",
	    "\"1m\"" },
	{ "kumo.make_egress_path", "maintainer_wakeup_strategy",
	    "\"Aggressive\"" },
	{ "kumo.make_egress_path", "dispatcher_wakeup_strategy",
	    "\"Aggressive\"" },
	{ "kumo.make_egress_path", "low_memory_reduction_policy",
	    "\"ShrinkDataAndMeta\"" },
	{ "kumo.make_egress_path", "no_memory_reduction_policy",
	    "\"ShrinkDataAndMeta\"" },
	{ "kumo.make_egress_path", "provider_name",
	    "null" },
	{ "kumo.make_egress_path", "aggressive_connection_opening",
	    "false" },
	{ "kumo.make_egress_path", "readyq_pool_name",
	    "null" },
	{ "kumo.make_queue_config", "egress_pool",
	    "null" },
	{ "kumo.make_queue_config", "max_age",
	    "\"7d\"" },
	{ "kumo.make_queue_config", "retry_interval",
	    "\"20m\"" },
	{ "kumo.make_queue_config", "max_retry_interval",
	    "null" },
	{ "kumo.make_queue_config", "max_message_rate",
	    "null" },
	{ "kumo.make_queue_config", "protocol",
	    "{\"smtp\":{\"mx_list\":[],\"treat_mx_list_as_secure\":false}}" },
	{ "kumo.make_queue_config", "reap_interval",
	    "\"10m\"" },
	{ "kumo.make_queue_config", "refresh_interval",
	    "\"1m\"" },
	{ "kumo.make_queue_config", "refresh_strategy",
	    "\"Ttl\"" },
	{ "kumo.make_queue_config", "strategy",
	    "\"SingletonTimerWheel\"" },
	{ "kumo.make_queue_config", "timerwheel_tick_interval",
	    "null" },
	{ "kumo.make_queue_config", "shrink_policy",
	    "[]" },
	{ "kumo.make_queue_config", "provider_name",
	    "null" },
	{ "kumo.make_queue_config protocol.custom_lua", "constructor",
	    "null" },
	{ "kumo.make_queue_config protocol.custom_lua", "batch_size",
	    "1" },
	{ "kumo.make_queue_config protocol.custom_lua", "min_batch_size",
	    "1" },
	{ "kumo.make_queue_config protocol.custom_lua", "max_batch_latency",
	    "\"0s\"" },
	{ "kumo.make_egress_source", "name",
	    "null" },
	{ "kumo.make_egress_source", "ehlo_domain",
	    "null" },
	{ "kumo.make_egress_source", "source_address",
	    "null" },
	{ "kumo.make_egress_source", "remote_port",
	    "null" },
	{ "kumo.make_egress_source", "ha_proxy_server",
	    "null" },
	{ "kumo.make_egress_source", "ha_proxy_source_address",
	    "null" },
	{ "kumo.make_egress_source", "socks5_proxy_server",
	    "null" },
	{ "kumo.make_egress_source", "socks5_proxy_source_address",
	    "null" },
	{ "kumo.make_egress_source", "socks5_proxy_username",
	    "null" },
	{ "kumo.make_egress_source", "socks5_proxy_password",
	    "null" },
	{ "kumo.make_egress_source", "suspend_when_unplumbed",
	    "null" },
	{ "kumo.make_egress_source", "suspend_when_proxy_unhealthy",
	    "null" },
	{ "kumo.make_egress_source", "ttl",
	    "\"1m\"" },
	{ "kumo.make_egress_pool", "name",
	    "null" },
	{ "kumo.make_egress_pool", "entries",
	    "[]" },
	{ "kumo.make_egress_pool", "ttl",
	    "\"1m\"" },
	{ "kumo.make_egress_pool entries", "name",
	    "null" },
	{ "kumo.make_egress_pool entries", "weight",
	    "1" },
	{ "kumo.make_listener_domain", "relay_to",
	    "false" },
	{ "kumo.make_listener_domain", "relay_from",
	    "[]" },
	{ "kumo.make_listener_domain", "log_oob",
	    "\"Ignore\"" },
	{ "kumo.make_listener_domain", "log_arf",
	    "\"Ignore\"" },
	{ "kumo.make_listener_domain", "ttl",
	    "null" },
	{ "kumo.start_esmtp_listener", "listen",
	    "\"127.0.0.1:2025\"" },
	{ "kumo.start_esmtp_listener", "hostname",
	    "null" },
	{ "kumo.start_esmtp_listener", "banner",
	    "\"Ekiden\"" },
	{ "kumo.start_esmtp_listener", "relay_hosts",
	    "[\"127.0.0.1\",\"::1\"]" },
	{ "kumo.start_esmtp_listener", "client_timeout",
	    "\"1m\"" },
	{ "kumo.start_esmtp_listener", "data_processing_timeout",
	    "\"5m\"" },
	{ "kumo.start_esmtp_listener", "max_connections",
	    "32768" },
	{ "kumo.start_esmtp_listener", "max_messages_per_connection",
	    "10000" },
	{ "kumo.start_esmtp_listener", "max_recipients_per_message",
	    "1024" },
	{ "kumo.start_esmtp_listener", "max_message_size",
	    "20971520" },
	{ "kumo.start_esmtp_listener", "data_buffer_size",
	    "131072" },
	{ "kumo.start_esmtp_listener", "line_length_hard_limit",
	    "998" },
	{ "kumo.start_esmtp_listener", "invalid_line_endings",
	    "\"Deny\"" },
	{ "kumo.start_esmtp_listener", "batch_handling",
	    "\"BifurcateAlways\"" },
	{ "kumo.start_esmtp_listener", "deferred_spool",
	    "false" },
	{ "kumo.start_esmtp_listener", "deferred_queue",
	    "false" },
	{ "kumo.start_esmtp_listener", "allow_xclient",
	    "false" },
	{ "kumo.start_esmtp_listener", "require_proxy_protocol",
	    "false" },
	{ "kumo.start_esmtp_listener", "tls_certificate",
	    "null" },
	{ "kumo.start_esmtp_listener", "tls_private_key",
	    "null" },
	{ "kumo.start_esmtp_listener", "tls_required_client_ca",
	    "null" },
	{ "kumo.start_esmtp_listener", "trace_headers",
	    "{\"received_header\":true,\"supplemental_header\":true,"
	    "\"header_name\":\"X-KumoRef\",\"include_meta_names\":[]}" },
	{ "kumo.start_esmtp_listener", "meta",
	    "{}" },
	{ "kumo.start_esmtp_listener", "peer",
	    "{}" },
	{ "kumo.start_esmtp_listener", "via",
	    "{}" },
	{ "kumo.configure_local_logs", "log_dir",
	    "null" },
	{ "kumo.configure_local_logs", "max_file_size",
	    "1000000000" },
	{ "kumo.configure_local_logs", "max_segment_duration",
	    "null" },
	{ "kumo.configure_local_logs", "compression_level",
	    "0" },
	{ "kumo.configure_local_logs", "back_pressure",
	    "128000" },
	{ "kumo.configure_local_logs", "meta",
	    "[]" },
	{ "kumo.configure_local_logs", "headers",
	    "[]" },
	{ "kumo.configure_local_logs", "per_record",
	    "{}" },
	{ "kumo.configure_local_logs", "filter_event",
	    "null" },
	{ "kumo.configure_local_logs", "min_free_space",
	    "\"10%\"" },
	{ "kumo.configure_local_logs", "min_free_inodes",
	    "\"10%\"" },
	{ "kumo.configure_local_logs per_record", "enable",
	    "true" },
	{ "kumo.configure_local_logs per_record", "suffix",
	    "null" },
	{ "kumo.configure_local_logs per_record", "log_dir",
	    "null" },
	{ "kumo.configure_local_logs per_record", "template",
	    "null" },
	{ "kumo.configure_local_logs per_record", "segment_header",
	    "null" },
	{ "kumo.define_spool", "name",
	    "\"data\"" },
	{ "kumo.define_spool", "path",
	    "null" },
	{ "kumo.define_spool", "kind",
	    "\"LocalDisk\"" },
	{ "kumo.define_spool", "flush",
	    "false" },
	{ "kumo.define_spool", "min_free_space",
	    "\"10%\"" },
	{ "kumo.define_spool", "min_free_inodes",
	    "\"10%\"" },
	{ "kumo.define_spool rocks_params", "increase_parallelism",
	    "null" },
	{ "kumo.define_spool rocks_params", "optimize_level_style_compaction",
	    "null" },
	{ "kumo.define_spool rocks_params",
	    "optimize_universal_style_compaction",
	    "null" },
	{ "kumo.define_spool rocks_params", "paranoid_checks",
	    "false" },
	{ "kumo.define_spool rocks_params", "compression_type",
	    "\"Snappy\"" },
	{ "kumo.define_spool rocks_params", "compaction_readahead_size",
	    "null" },
	{ "kumo.define_spool rocks_params",
	    "level_compaction_dynamic_level_bytes",
	    "false" },
	{ "kumo.define_spool rocks_params", "max_open_files",
	    "null" },
	{ "kumo.define_spool rocks_params", "write_buffer_size",
	    "null" },
	{ "kumo.define_spool rocks_params", "level0_stop_writes_trigger",
	    "null" },
	{ "kumo.define_spool rocks_params", "memtable_huge_page_size",
	    "null" },
	{ "kumo.define_spool rocks_params", "log_level",
	    "\"Info\"" },
	{ "kumo.define_spool rocks_params", "log_file_time_to_roll",
	    "\"1d\"" },
	{ "kumo.define_spool rocks_params", "obsolete_files_period",
	    "\"6h\"" },
	{ "kumo.define_spool rocks_params", "limit_concurrent_stores",
	    "null" },
	{ "kumo.define_spool rocks_params", "limit_concurrent_loads",
	    "null" },
	{ "kumo.define_spool rocks_params", "limit_concurrent_removes",
	    "null" },
	{ "kumo.define_spool rocks_params", "store_deadline",
	    "\"30s\"" },
	{ "kumo.define_spool rocks_params", "error_latch_duration",
	    "\"15s\"" },
	{ "kumo.define_spool rocks_params", "error_unlatch_duration",
	    "\"5m\"" },
	{ "kumo.define_spool rocks_params", "allow_error_unlatch",
	    "true" },
	{ "kumo.dns.configure_resolver", "name_servers",
	    "[]" },
	{ "kumo.dns.configure_resolver", "domain",
	    "null" },
	{ "kumo.dns.configure_resolver", "search",
	    "[]" },
	{ "kumo.dns.configure_resolver name_servers", "socket_addr",
	    "null" },
	{ "kumo.dns.configure_resolver name_servers", "protocol",
	    "\"udp_then_tcp\"" },
	{ "kumo.dns.configure_resolver name_servers",
	    "trust_negative_responses",
	    "true" },
	{ "kumo.dns.configure_resolver name_servers", "bind_addr",
	    "null" },
	{ "kumo.dns.configure_resolver options", "attempts",
	    "2" },
	{ "kumo.dns.configure_resolver options", "cache_size",
	    "8192" },
	{ "kumo.dns.configure_resolver options", "case_randomization",
	    "false" },
	{ "kumo.dns.configure_resolver options", "edns0",
	    "true" },
	{ "kumo.dns.configure_resolver options", "ip_strategy",
	    "\"Ipv6AndIpv4\"" },
	{ "kumo.dns.configure_resolver options", "ndots",
	    "1" },
	{ "kumo.dns.configure_resolver options", "negative_max_ttl",
	    "null" },
	{ "kumo.dns.configure_resolver options", "negative_min_ttl",
	    "null" },
	{ "kumo.dns.configure_resolver options", "positive_max_ttl",
	    "null" },
	{ "kumo.dns.configure_resolver options", "positive_min_ttl",
	    "null" },
	{ "kumo.dns.configure_resolver options", "num_concurrent_reqs",
	    "2" },
	{ "kumo.dns.configure_resolver options", "preserve_intermediates",
	    "true" },
	{ "kumo.dns.configure_resolver options", "recursion_desired",
	    "true" },
	{ "kumo.dns.configure_resolver options", "server_ordering_strategy",
	    "\"QueryStatistics\"" },
	{ "kumo.dns.configure_resolver options", "timeout",
	    "\"5s\"" },
	{ "kumo.dns.configure_resolver options", "trust_anchor_file",
	    "null" },
	{ "kumo.dns.configure_resolver options", "try_tcp_on_error",
	    "false" },
	{ "kumo.dns.configure_resolver options", "use_hosts_file",
	    "\"Auto\"" },
	{ "kumo.dns.configure_resolver options", "validate",
	    "false" },
	{ "kumo.dns.configure_resolver Test zones", "zone",
	    "null" },
	{ "kumo.dns.configure_resolver Test zones", "secure",
	    "false" },
	{ "ekiden.yaml processes", "smtpd",
	    "null" },
	{ "ekiden.yaml processes", "smtp_out",
	    "null" },
	{ "ekiden.yaml processes", "spool_readers",
	    "1" },
	{ "ekiden.yaml spool", "path",
	    "\"/var/spool/ekiden\"" },
	{ "ekiden.yaml spool", "map_size",
	    "1099511627776" },
	{ "ekiden.yaml spool", "min_free_space",
	    "\"10%\"" },
	{ "ekiden.yaml spool", "min_free_inodes",
	    "\"10%\"" },
	{ "ekiden.yaml spool", "store_deadline",
	    "\"30s\"" },
	{ "ekiden.yaml spool", "error_latch_duration",
	    "\"15s\"" },
	{ "ekiden.yaml spool", "error_unlatch_duration",
	    "\"5m\"" },
	{ "ekiden.yaml spool", "allow_error_unlatch",
	    "true" },
};
enum { ROWS = sizeof(rows) / sizeof(*rows) };

static const char *
row_want(const char *table, const char *name)
{
	size_t i;

	for (i = 0; i < ROWS; i++) {
		if (strcmp(rows[i].table, table) == 0 &&
		    strcmp(rows[i].name, name) == 0)
			return rows[i].json;
	}
	return NULL;
}

static const struct option_table *
table_named(const char *of)
{
	size_t i;

	for (i = 0; option_tables[i] != NULL; i++) {
		if (strcmp(option_tables[i]->of, of) == 0)
			return option_tables[i];
	}
	return NULL;
}

static void
row_check(const struct option_table *t, const struct option_row *row,
    const void *obj)
{
	const char *want = row_want(t->of, row->name);
	struct buf out = { 0 };
	struct jout j;

	if (want == NULL)
		return;
	jout_init(&j, &out);
	row->kind->json(row, &j, (const uint8_t *)obj + row->offset);
	buf_add_byte(&out, '\0');
	if (strcmp((char *)buf_data(&out), want) != 0)
		fail_msg("%s %s: got %s, want %s", t->of, row->name,
		    (char *)buf_data(&out), want);
	buf_free(&out);
}

static void
defaults_test(void **state)
{
	const struct option_table *t;
	size_t i, k;
	void *obj;

	(void)state;
	for (i = 0; option_tables[i] != NULL; i++) {
		t = option_tables[i];
		assert_true(t->n <= OPTION_ROWS_MAX);
		obj = xcalloc(1, t->size);
		option_defaults(t, obj);
		for (k = 0; k < t->n; k++) {
			row_check(t, &t->rows[k], obj);
			assert_false(option_bit(t, obj, k));
		}
		option_free(t, obj);
		free(obj);
	}
}

/* No option may be missing. */
static void
names_test(void **state)
{
	const struct option_table *t;
	size_t i, k;

	(void)state;
	for (i = 0; i < ROWS; i++) {
		t = table_named(rows[i].table);
		if (t == NULL)
			fail_msg("no table %s", rows[i].table);
		for (k = 0; k < t->n; k++) {
			if (strcmp(t->rows[k].name, rows[i].name) == 0)
				break;
		}
		if (k == t->n)
			fail_msg("%s has no %s", t->of, rows[i].name);
	}
}

/* What the rows themselves promise. */
static void
rows_test(void **state)
{
	const struct option_table *t;
	const struct option_row *row;
	size_t i, k;

	(void)state;
	for (i = 0; option_tables[i] != NULL; i++) {
		t = option_tables[i];
		for (k = 0; k < t->n; k++) {
			row = &t->rows[k];
			assert_non_null(row->kind);
			assert_true(row->offset + row->size <= t->size);
			assert_int_equal((row->flags & OPT_F_NOEFFECT) != 0,
			    row->why != NULL);
			assert_int_equal(
			    row->meaning[strlen(row->meaning) - 1], '.');
		}
	}
}

static void
mdoc_test(void **state)
{
	struct buf out = { 0 };

	(void)state;
	option_table_mdoc(table_named("kumo.make_egress_pool entries"), &out);
	buf_add_byte(&out, '\0');
	assert_string_equal((char *)buf_data(&out),
	    ".It Ic name\nName of a source.\nWanted is text on one line "
	    "of at most 255 bytes.\nIt must be given.\n"
	    ".It Ic weight\nIts share of the traffic; 0 leaves the source "
	    "out.\nWanted is a whole number from 0 to 4294967295.\n"
	    "The default is\n.Ql \"1\" .\n");
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_test),
		cmocka_unit_test(names_test),
		cmocka_unit_test(rows_test),
		cmocka_unit_test(mdoc_test),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
