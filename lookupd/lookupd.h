/* SPDX-License-Identifier: Apache-2.0 */
/* The one state of lookupd. */
#ifndef LOOKUPD_LOOKUPD_H
#define LOOKUPD_LOOKUPD_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/proc/daemon.h"
#include "lookupd/http.h"
#include "lookupd/resolvers.h"

struct ask;
struct counters;
struct memos;
struct queues;
struct sockets;
struct throttles;
struct tls_client;
struct vault;

struct lookupd {
	struct daemon daemon;
	struct ask *asks; /* under way */
	size_t n_asks, ask_bytes;
	bool paused;      /* too many: peers are read more slowly */
	struct counters *counters;
	struct memos *memos;
	struct queues *queues;
	struct throttles *throttles;
	struct resolvers resolvers;
	struct tls_client *tls;
	struct http http;
	struct sockets *sockets;
	struct vault *vault;
};

#endif
