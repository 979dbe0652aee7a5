/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/settings/egress_path.h"

#include "lib/settings/option_kind.h"

static const char *const ip_lookup_strategy_names[] = {
	"Ipv4AndIpv6", "Ipv4Only", "Ipv6Only", "Ipv6ThenIpv4", "Ipv4ThenIpv6",
	NULL,
};

static const char *const reconnect_strategy_names[] = {
	"TerminateSession", "ReconnectSameHost", "ConnectNextHost", NULL,
};

const char *const enable_tls_names[] = {
	"Opportunistic", "OpportunisticInsecure", "Required",
	"RequiredInsecure", "Disabled", NULL,
};

const char *const refresh_strategy_names[] = { "Ttl", "Epoch", NULL };

static const char *const wakeup_strategy_names[] = {
	"Aggressive", "Relaxed", NULL,
};

const char *const memory_reduction_names[] = {
	"ShrinkDataAndMeta", "ShrinkData", "NoShrink", NULL,
};

static const struct option_row egress_path_rows[] = {
#define OPTIONS "lib/settings/egress_path.def"
#define OPTION_OF struct egress_path
#include "lib/settings/option_rows.h"
};

const struct option_table egress_path_table =
    OPTION_TABLE("kumo.make_egress_path", struct egress_path,
	egress_path_rows);

void
egress_path_defaults(struct egress_path *p)
{
	option_defaults(&egress_path_table, p);
}

int
egress_path_read(struct egress_path *p, const struct value *map,
    struct problems *problems)
{
	return option_read(&egress_path_table, p, map, problems);
}

void
egress_path_put(struct buf *b, const struct egress_path *p)
{
	option_put(&egress_path_table, b, p);
}

void
egress_path_get(struct reader *r, struct egress_path *p)
{
	option_get(&egress_path_table, r, p);
}

void
egress_path_free(struct egress_path *p)
{
	option_free(&egress_path_table, p);
}

/* A new option stands on the safe side: it is not in here. */
static const char *const not_of_a_session[] = {
	"connection_limit", "additional_connection_limits",
	"max_message_rate", "additional_message_rate_throttles",
	"max_connection_rate", "source_selection_rate",
	"additional_source_selection_rates", "max_deliveries_per_connection",
	"max_ready", "consecutive_connection_failures_before_delay",
	"aggressive_connection_opening", "idle_timeout", "refresh_strategy",
	"refresh_interval", NULL,
};

void
egress_path_terms(struct buf *b, const struct egress_path *p)
{
	option_put_but(&egress_path_table, b, p, not_of_a_session);
}

int64_t
egress_path_shutdown_ms(const struct egress_path *p)
{
	if (p->system_shutdown_timeout >= 0)
		return p->system_shutdown_timeout;
	return p->mail_from_timeout + p->rcpt_to_timeout + p->data_timeout +
	    p->data_dot_timeout;
}

int64_t
egress_path_watchdog_ms(const struct egress_path *p, bool smtp)
{
	const int64_t waits[] = { p->connect_timeout, p->banner_timeout,
		p->ehlo_timeout, p->mail_from_timeout, p->rcpt_to_timeout,
		p->data_timeout, p->data_dot_timeout, p->rset_timeout,
		p->starttls_timeout, p->auth_timeout };
	int64_t longest = 30 * 1000;
	size_t i;

	if (p->dispatcher_progress_watchdog_timeout >= 0)
		return p->dispatcher_progress_watchdog_timeout;
	if (!smtp)
		return 600 * 1000;
	for (i = 0; i < sizeof(waits) / sizeof(*waits); i++) {
		if (waits[i] > longest)
			longest = waits[i];
	}
	return 2 * longest;
}

int64_t
egress_path_lease_ms(const struct egress_path *p)
{
	return p->connect_timeout + p->banner_timeout + p->ehlo_timeout +
	    p->mail_from_timeout + p->rcpt_to_timeout + p->data_timeout +
	    p->data_dot_timeout + p->rset_timeout + p->starttls_timeout +
	    p->auth_timeout;
}
