/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection to a Redis server: resolved, connected, secured, logged in,
 * then commands and replies in the same order. What is lost is never sent
 * again, since nobody knows whether it was carried out.
 */
#ifndef LOOKUPD_REDIS_CONN_H
#define LOOKUPD_REDIS_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/io/loop.h"
#include "lib/redis/reply.h"

struct redis_conn;
struct redis_pool;
struct resolver;
struct tls_client;

struct redis_net {
	struct loop *loop;
	struct resolver *resolver;
	struct tls_client *tls;
};

/* Where, and as whom; texts are on the heap. */
struct redis_server {
	char *host, *user, *password;
	uint16_t port;
	uint32_t db;
	bool tls, verify;
	bool readonly; /* a replica, which is told that reading is all */
	int64_t connect_ms, wait_ms, response_ms;
	int64_t recycle_ms; /* -1: connections are not asked */
	unsigned pool_size;
};

/*
 * A command on its way. Embedded in its owner; done is called exactly once
 * unless it is cancelled, with a reply, which it takes, or the reason why
 * there is none (sent says whether it may have been carried out all the same).
 */
struct redis_request {
	struct redis_request *next;
	struct buf wire;
	bool waits;  /* on the server: needs a connection for itself */
	unsigned replies; /* it gives; the last one counts; 0 is 1 */
	void (*done)(struct redis_request *r, struct redis_reply *reply,
	    const char *why, bool sent);
	/* Of the pool and the connection. */
	struct redis_pool *pool;
	struct redis_flight *flight;
	struct timer overdue;
};

struct redis_conn *redis_conn_open(struct redis_pool *pool,
    const struct redis_net *net, const struct redis_server *server);
/* All that was sent on it fails with the reason; NULL: nobody is told. */
void redis_conn_close(struct redis_conn **c, const char *why);
bool redis_conn_is_up(const struct redis_conn *c);
/* Commands without a reply yet; SIZE_MAX while one has it for itself. */
size_t redis_conn_load(const struct redis_conn *c);
/* Does it have to be asked first whether it lives? */
bool redis_conn_is_stale(const struct redis_conn *c);
/* It answers or is closed; not up until then. */
void redis_conn_check(struct redis_conn *c);
void redis_conn_send(struct redis_conn *c, struct redis_request *r);
/* Nobody waits for the reply any more; it is read and dropped. */
void redis_conn_cancel(struct redis_request *r);

#endif
