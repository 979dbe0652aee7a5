/* SPDX-License-Identifier: Apache-2.0 */
/* All tables there are, in the order of the man pages. */
#include "lib/settings/suite.h"

const struct option_table *const option_tables[] = {
	&suite_table, &suite_processes_table, &suite_spool_table,
	&listener_table, &trace_headers_table, &listener_domain_table,
	&queue_config_table, &protocol_table, &protocol_smtp_table,
	&protocol_lua_table, &protocol_xfer_table, &shrink_rule_table,
	&egress_path_table, &egress_source_table, &egress_pool_table,
	&pool_entry_table, &spool_opts_table, &rocks_params_table,
	&local_logs_table, &log_record_opts_table, &dns_opts_table,
	&name_server_table, &dns_resolver_options_table, &dns_test_zone_table,
	&suite_resolver_table, &redis_opts_table, NULL,
};
