/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/policy/modules/modules.h"

const struct library *const libraries[] = {
	&library_cidr,
	&library_counter_series,
	&library_crypto,
	&library_digest,
	&library_dns,
	&library_domain_map,
	&library_encode,
	&library_file_type,
	&library_fs,
	&library_http,
	&library_kumo_message,
	&library_message,
	&library_mimepart,
	&library_mpsc,
	&library_redis,
	&library_regex,
	&library_regex_set_map,
	&library_secrets,
	&library_serde,
	&library_sqlite,
	&library_string,
	&library_time,
	&library_uuid,
	NULL,
};
