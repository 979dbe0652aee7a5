/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connections to one server. A command takes one that rests, or a new one
 * while there may be more; else it follows others on one that is busy, unless
 * it or what is there waits on the server; else it waits.
 */
#ifndef LOOKUPD_REDIS_POOL_H
#define LOOKUPD_REDIS_POOL_H

#include "lookupd/redis_conn.h"

/* The server is copied; net is borrowed. */
struct redis_pool *redis_pool_new(const struct redis_net *net,
    const struct redis_server *server);
/* Nobody may wait for it any more. */
void redis_pool_free(struct redis_pool **p);
const struct redis_server *redis_pool_server(const struct redis_pool *p);
/* Does nobody wait for a connection or a reply? */
bool redis_pool_is_idle(const struct redis_pool *p);
/* The request's wire, waits, replies and done are set. */
void redis_pool_send(struct redis_pool *p, struct redis_request *r);
/* done will not be called. */
void redis_pool_cancel(struct redis_request *r);

void redis_server_copy(struct redis_server *out,
    const struct redis_server *in);
void redis_server_free(struct redis_server *s);

/* Of the connections: there is room; it is lost. */
void redis_pool_up(struct redis_pool *p);
void redis_pool_lost(struct redis_pool *p, struct redis_conn *c,
    const char *why);

#endif
