/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands to Redis servers and clusters: who has the same parameters shares
 * connections and what is known of a cluster's slots. What nobody used for ten
 * minutes is closed.
 */
#ifndef LOOKUPD_REDIS_H
#define LOOKUPD_REDIS_H

#include <stddef.h>

#include "lib/base/span.h"
#include "lib/redis/reply.h"

struct redis;
struct redis_call;
struct redis_net;

/*
 * A reply, or NULL and the error: "HOST:PORT: COMMAND: why". What it has is
 * freed after the call; take it by clearing it.
 */
typedef void redis_done_fn(void *arg, struct redis_reply *reply,
    const char *error);

struct redis *redis_new(const struct redis_net *net);
/* No call may be under way. */
void redis_free(struct redis **r);
/*
 * params: of struct redis_opts, as bytes. NULL when done was called already;
 * else what redis_cancel takes.
 */
struct redis_call *redis_send(struct redis *r, struct span params,
    const struct span *words, size_t n, redis_done_fn *done, void *arg);
/* done will not be called. */
void redis_cancel(struct redis_call *c);

#endif
