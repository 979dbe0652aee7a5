/* SPDX-License-Identifier: Apache-2.0 */
/* The one state of lookupd. */
#ifndef LOOKUPD_LOOKUPD_H
#define LOOKUPD_LOOKUPD_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/buf.h"
#include "lib/proc/daemon.h"
#include "lib/redis/script.h"
#include "lookupd/http.h"
#include "lookupd/resolvers.h"

struct ask;
struct counters;
struct databases;
struct files;
struct memos;
struct queues;
struct redis;
struct sockets;
struct throttles;
struct tls_client;
struct vault;

/* Does the Redis of the throttles have CL.THROTTLE? */
enum throttle_cell {
	THROTTLE_CELL_UNKNOWN,
	THROTTLE_CELL_THERE,
	THROTTLE_CELL_ABSENT,
};

struct lookupd {
	struct daemon daemon;
	struct ask *asks; /* under way */
	size_t n_asks, ask_bytes;
	bool paused;      /* too many: peers are read more slowly */
	struct counters *counters;
	struct memos *memos;
	struct queues *queues;
	struct redis *redis;
	struct throttles *throttles;
	struct buf throttles_redis; /* its parameters; empty: none */
	enum throttle_cell throttle_cell;
	char throttle_sha1[REDIS_SHA1_SIZE];
	struct databases *databases;
	char *account; /* who we are, for messages */
	struct files *files;
	struct resolvers resolvers;
	struct tls_client *tls;
	struct http http;
	struct sockets *sockets;
	struct vault *vault;
};

#endif
