/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PROXY protocol header, versions 1 and 2, by which a listed load balancer
 * names the two ends of the connection it forwards.
 */
#ifndef LIB_MAIL_PROXY_H
#define LIB_MAIL_PROXY_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/ip.h"
#include "lib/base/span.h"
#include "lib/mail/parse.h"

enum { PROXY_V1_MAX = 107, PROXY_V2_MAX = 536 };

struct proxy {
	bool has_addresses; /* false (LOCAL, UNKNOWN, unix): the connection's
			     * own ends count */
	struct ip source;
	struct ip destination;
};

/* A header at the front of `in`; *used_out counts its bytes when done. */
enum parse proxy_parse(struct span in, struct proxy *out, size_t *used_out,
    const char **why_out);

#endif
