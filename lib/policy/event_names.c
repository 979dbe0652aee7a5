/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/policy/event_names.h"

enum { SINGLE = 0, MULTIPLE = 1, ABSENT = 0, RAISED = 1 };

const struct event_name event_names[] = {
	{ "pre_init", MULTIPLE, RAISED },
	{ "init", SINGLE, RAISED },
	{ "validate_config", MULTIPLE, RAISED },
	{ "get_listener_domain", SINGLE, RAISED },
	{ "smtp_server_get_dynamic_parameters", SINGLE, RAISED },
	{ "smtp_server_connection_accepted", SINGLE, RAISED },
	{ "smtp_server_ehlo", SINGLE, RAISED },
	{ "smtp_server_auth_plain", SINGLE, RAISED },
	{ "smtp_server_mail_from", SINGLE, RAISED },
	{ "smtp_server_rcpt_to", SINGLE, RAISED },
	{ "smtp_server_data", SINGLE, RAISED },
	{ "smtp_server_split_transaction", SINGLE, RAISED },
	{ "smtp_server_message_received", SINGLE, RAISED },
	{ "smtp_server_rewrite_response", SINGLE, RAISED },
	{ "get_queue_config", MULTIPLE, RAISED },
	{ "get_egress_pool", SINGLE, RAISED },
	{ "get_egress_source", SINGLE, RAISED },
	{ "get_egress_path_config", SINGLE, RAISED },

	{ "main", SINGLE, ABSENT },
	{ "shutdown_logging", SINGLE, ABSENT },
	{ "smtp_server_message_deferred_inject", SINGLE, ABSENT },
	{ "smtp_client_rewrite_delivery_status", SINGLE, ABSENT },
	{ "http_message_generated", SINGLE, ABSENT },
	{ "http_server_validate_auth_basic", SINGLE, ABSENT },
	{ "http_server_validate_auth_bearer", SINGLE, ABSENT },
	{ "get_acl_definition", MULTIPLE, ABSENT },
	{ "xfer_message_received", SINGLE, ABSENT },
	{ "throttle_insert_ready_queue", MULTIPLE, ABSENT },
	{ "requeue_message", MULTIPLE, ABSENT },
	{ "rebind_message", SINGLE, ABSENT },
	{ "spool_message_enumerated", SINGLE, ABSENT },
	{ "should_enqueue_log_record", MULTIPLE, ABSENT },
	{ "tsa_init", SINGLE, ABSENT },
	{ "tsa_load_shaping_data", SINGLE, ABSENT },
	{ "proxy_init", SINGLE, ABSENT },
	{ "proxy_server_auth_rfc1929", SINGLE, ABSENT },
};

const size_t n_event_names = sizeof(event_names) / sizeof(*event_names);
