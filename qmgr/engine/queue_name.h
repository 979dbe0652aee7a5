/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of scheduled queues: campaign:tenant@domain!routing_domain, where all
 * but the domain may be missing. The domain may end with :PORT or be a literal.
 */
#ifndef QMGR_ENGINE_QUEUE_NAME_H
#define QMGR_ENGINE_QUEUE_NAME_H

#include "lib/base/span.h"

struct queue_name {
	struct span campaign; /* empty: none */
	struct span tenant;
	struct span domain;
	struct span routing_domain;
};

/* The parts, in place. Every text is the name of some queue. */
struct queue_name queue_name_split(struct span name);
/* Where its mail goes: the routing domain, else the domain. */
struct span queue_name_target(struct span name);

#endif
