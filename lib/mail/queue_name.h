/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of scheduled queues: [[campaign ":"] [tenant] "@"] domain
 * ["!" routing_domain].
 */
#ifndef LIB_MAIL_QUEUE_NAME_H
#define LIB_MAIL_QUEUE_NAME_H

#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/span.h"

enum { QUEUE_NAME_MAX = 1024 };

/*
 * A part that is absent has p == NULL; "c:@d" has a tenant that is empty but
 * not absent. Writing treats both alike. A name is text that is read by its
 * grammar alone: a tenant "a:b" without a campaign reads back as two parts.
 */
struct queue_name {
	struct span campaign;
	struct span tenant;
	struct span domain;
	struct span routing_domain;
};

/* Parts point into s. -1: no domain, a control, or too long. */
int queue_name_parse(struct span s, struct queue_name *out);
/*
 * Where mail of the queue of this name is sent, in place and with its ":port":
 * the routing domain, else the domain; all of the text if it is no such name.
 */
struct span queue_name_route(struct span name);
void queue_name_put(struct buf *out, const struct queue_name *q);
/*
 * Where mail of this queue is sent: the routing domain, else the domain,
 * without its ":port"; port 0 when none is given. -1 for a bad port.
 */
int queue_name_target(const struct queue_name *q, struct span *host_out,
    uint16_t *port_out);

#endif
