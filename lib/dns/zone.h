/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Zones written as text (RFC 1035 section 5), for a resolver that needs no
 * network: $ORIGIN, $TTL, A AAAA MX TXT CNAME NS SOA PTR TLSA, relative names,
 * `@`, comments, parentheses. No $INCLUDE, no wildcards, no escapes in names.
 */
#ifndef LIB_DNS_ZONE_H
#define LIB_DNS_ZONE_H

#include <stdbool.h>

#include "lib/base/map.h"
#include "lib/base/span.h"
#include "lib/dns/answer.h"

enum { ZONE_TEXT_MAX = 1024 * 1024, ZONE_RECORDS_MAX = 100000 };

/* All zones together. Zero-initialised is empty. */
struct zones {
	struct map names; /* name with its dot -> struct zone_name */
	struct map failing; /* names that give DNS_FAILED */
	struct arena arena;
	size_t records;
};

/* 0, or -1 with the line (from 1) and the reason, a constant. */
int zones_add(struct zones *z, struct span text, bool secure, int *line_out,
    const char **why_out);
/* Every question for this name fails. */
void zones_add_failing(struct zones *z, struct span name);
void zones_free(struct zones *z);
/* name in any case, with or without its dot. Follows CNAMEs. */
void zones_ask(const struct zones *z, const char *name, uint16_t type,
    struct dns_answer *out, struct arena *a);

#endif
