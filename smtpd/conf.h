/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of one configuration that sessions hold on to: it lives until the
 * last of them is gone, however often the suite is reloaded meanwhile.
 */
#ifndef SMTPD_CONF_H
#define SMTPD_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/span.h"
#include "lib/settings/listener.h"

struct loop;
struct policy;
struct suite;

struct conf_listener {
	struct listener params;
	struct listener shared; /* params, when nothing depends on the ends */
	bool has_overlays;      /* it does: each session resolves its own */
	uint64_t max_connections; /* this process's share */
};

struct door;

struct conf {
	unsigned refs;
	struct conf_listener *v;
	size_t n;
	char *hostname; /* of the host */
	int64_t store_deadline; /* ms */
	struct span *captures;  /* patterns of header fields for the logs */
	size_t ncaptures;
	struct policy *policy;  /* NULL without one */
	/* Which events it handles. */
	bool on_listener_domain, on_message_received;
};

/* With one reference, the caller's. */
struct conf *conf_new(const struct suite *suite);
/* Runs the suite's policy, inside the jail. -1 and a log line: it fails. */
int conf_load_policy(struct conf *c, struct loop *loop,
    const struct suite *suite, struct door *door);
struct conf *conf_ref(struct conf *c);
/* Clears the caller's pointer. */
void conf_unref(struct conf **c);
/* max_connections is the suite's; n processes share it. */
uint64_t conf_share(uint64_t max_connections, uint64_t n);

#endif
