/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pools, sources and destinations: which ready queue the next message of a
 * scheduled queue enters.
 */
#ifndef QMGR_ENGINE_ROUTE_H
#define QMGR_ENGINE_ROUTE_H

#include "qmgr/engine/state.h"

enum pick {
	PICK_READY,     /* into `ready` */
	PICK_PARKED,    /* the queue waits for an answer */
	PICK_FULL,      /* `ready` is the first of the full ones */
	PICK_RATE,      /* all that could go must wait `wait_ms` */
	PICK_SUSPENDED, /* `ready` is suspended for `wait_ms` */
	PICK_FAILED,    /* for lack of a configuration; `why` */
	PICK_NONE,      /* no eligible source */
};

/* What goes with it. */
struct picked {
	uint32_t ready;
	int64_t wait_ms;
	uint32_t why; /* a blob, as answers have it */
};

/* The queue's profile and domain are known, and its site is. */
enum pick route_pick(struct engine *e, uint32_t q, struct picked *out);

/* A reference more or less; the thing goes with the last. */
uint32_t pool_ref(struct engine *e, struct span name);
void pool_unref(struct engine *e, uint32_t pool);
uint32_t source_ref(struct engine *e, struct span name);
void source_unref(struct engine *e, uint32_t source);
/* For MX records of this domain. */
uint32_t domain_ref(struct engine *e, struct span name);
/* A site that the configuration fixes. */
uint32_t domain_ref_fixed(struct engine *e, struct span site,
    struct span hosts);
void domain_unref(struct engine *e, uint32_t domain);
/* What is known of it; KNOWN_NOT: the queue waits. */
enum known domain_want(struct engine *e, uint32_t domain);

void routes_done(struct engine *e);

#endif
