/* SPDX-License-Identifier: Apache-2.0 */
/* Which node of a cluster has which slot, as CLUSTER SLOTS tells. */
#ifndef LIB_REDIS_SLOTS_H
#define LIB_REDIS_SLOTS_H

#include <stdint.h>

#include "lib/base/span.h"
#include "lib/redis/command.h"
#include "lib/settings/value.h"

enum { REDIS_NODES_MAX = 1000, REDIS_REPLICAS_MAX = 16 };

struct redis_node {
	char *host;
	uint16_t port;
};

/* A primary and those that copy it. */
struct redis_shard {
	struct redis_node primary;
	struct redis_node replicas[REDIS_REPLICAS_MAX];
	unsigned n_replicas;
};

struct redis_slots {
	struct redis_shard *shards;
	unsigned n_shards;
	uint16_t of[REDIS_SLOTS]; /* shard + 1; 0: nobody has it */
};

/*
 * From the reply; a node without a host is the one that was asked. NULL when
 * it is no such reply or has no node; free it with redis_slots_free.
 */
struct redis_slots *redis_slots_read(const struct value *reply,
    struct span asked);
void redis_slots_free(struct redis_slots **s);
/* The slot is at that node now (MOVED). */
void redis_slots_move(struct redis_slots *s, unsigned slot, struct span host,
    uint16_t port);

#endif
