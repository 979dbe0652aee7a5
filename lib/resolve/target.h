/* SPDX-License-Identifier: Apache-2.0 */
/* Where mail is to go, as text: a domain, a literal, an entry of an mx_list. */
#ifndef LIB_RESOLVE_TARGET_H
#define LIB_RESOLVE_TARGET_H

#include <stdint.h>

#include "lib/base/ip.h"
#include "lib/base/span.h"

enum target_kind { TARGET_DOMAIN, TARGET_ADDRESS, TARGET_UNIX };

struct target {
	enum target_kind kind;
	char *name;    /* domain: comparable, no dot at the end; unix: path;
			* address: NULL. Heap */
	struct ip addr; /* address; its port stays 0 */
	uint16_t port;  /* 0 = none was given */
};

/*
 * "domain", "domain:port", "[192.0.2.1]", "[IPv6:::1]", "[::1]", either with a
 * ":port". -1 for what is none of them.
 */
int target_parse(struct span text, struct target *out);
/* As target_parse, but also a bare address, "unix:/path" and "/path". */
int target_parse_entry(struct span text, struct target *out);
void target_free(struct target *t);

#endif
