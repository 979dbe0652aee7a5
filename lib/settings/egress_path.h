/* SPDX-License-Identifier: Apache-2.0 */
/* How one source delivers to one site: kumo.make_egress_path, `paths:`. */
#ifndef LIB_SETTINGS_EGRESS_PATH_H
#define LIB_SETTINGS_EGRESS_PATH_H

#include "lib/settings/option.h"

enum ip_lookup_strategy {
	IPV4_AND_IPV6,
	IPV4_ONLY,
	IPV6_ONLY,
	IPV6_THEN_IPV4,
	IPV4_THEN_IPV6,
};

enum reconnect_strategy {
	RECONNECT_TERMINATE_SESSION,
	RECONNECT_SAME_HOST,
	RECONNECT_NEXT_HOST,
};

enum enable_tls {
	TLS_OPPORTUNISTIC,
	TLS_OPPORTUNISTIC_INSECURE,
	TLS_REQUIRED,
	TLS_REQUIRED_INSECURE,
	TLS_DISABLED,
};

enum refresh_strategy { REFRESH_TTL, REFRESH_EPOCH };

/* Of openssl_options: names joined with '|'. */
#define OPTION_C_OPENSSL_OPTIONS struct texts
#define OPTION_C_RUSTLS_SUITES struct texts

struct egress_path {
#define OPTIONS "lib/settings/egress_path.def"
#include "lib/settings/option_members.h"
};

extern const struct option_table egress_path_table;
extern const char *const enable_tls_names[];
extern const char *const refresh_strategy_names[];
extern const char *const memory_reduction_names[];

void egress_path_defaults(struct egress_path *p);
int egress_path_read(struct egress_path *p, const struct value *map,
    struct problems *problems);
void egress_path_put(struct buf *b, const struct egress_path *p);
void egress_path_get(struct reader *r, struct egress_path *p);
void egress_path_free(struct egress_path *p);

/*
 * What a session stands on: where these bytes are equal, one that is open may
 * go on under the new options. The others (limits, rates) hold at once.
 */
void egress_path_terms(struct buf *b, const struct egress_path *p);

/* The options whose default depends on others, in ms. */
int64_t egress_path_shutdown_ms(const struct egress_path *p);
int64_t egress_path_watchdog_ms(const struct egress_path *p, bool smtp);
/* Sum of all SMTP waits: how long a connection lease must live. */
int64_t egress_path_lease_ms(const struct egress_path *p);

#endif
