/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What resolv.conf(5) says of servers and questions; other directives are
 * passed over, as resolvers do. A pure function of the file's text.
 */
#ifndef LIB_DNS_RESOLV_CONF_H
#define LIB_DNS_RESOLV_CONF_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/ip.h"
#include "lib/base/span.h"

enum { RESOLV_SERVERS_MAX = 16, RESOLV_SEARCH_MAX = 32 };

/* Spans look into the text. */
struct resolv_conf {
	struct ip servers[RESOLV_SERVERS_MAX]; /* with port 53 */
	size_t n_servers;
	struct span domain;
	struct span search[RESOLV_SEARCH_MAX];
	size_t n_search;
	int32_t ndots, timeout, attempts; /* -1: not said; seconds */
	bool edns0;
};

/* 0, or -1 with the line, from 1, and the reason, a constant. */
int resolv_conf_read(struct span text, struct resolv_conf *out, int *line_out,
    const char **why_out);

#endif
