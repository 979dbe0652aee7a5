/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One WebSocket (RFC 6455) as a client: connection, handshake, and the
 * messages that came and were not taken yet. While as many wait as may, no
 * more are read.
 */
#ifndef LOOKUPD_WEBSOCKET_H
#define LOOKUPD_WEBSOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/span.h"
#include "lib/web/upgrade.h"

struct dns;
struct loop;
struct tls_client;
struct websocket;

enum {
	WEBSOCKET_OPEN_MS = 60000,
	WEBSOCKET_MESSAGE_MAX = 4 * 1024 * 1024,
	WEBSOCKET_QUEUE_BYTES = 1024 * 1024,
	WEBSOCKET_QUEUE_MAX = 10000,
};

enum websocket_state {
	WEBSOCKET_OPENING,
	WEBSOCKET_OPEN,
	WEBSOCKET_CLOSED, /* by the server, in order */
	WEBSOCKET_BROKEN, /* websocket_why says how */
};

struct websocket_events {
	/* The handshake is over; head is NULL when it failed. */
	void (*opened)(void *arg, const struct upgrade *head,
	    const char *why);
	/* Messages came, or the state changed after it was open. */
	void (*changed)(void *arg);
};

/* NULL with a reason, a constant. Events come later, never from in here. */
struct websocket *websocket_new(struct loop *loop, struct dns *dns,
    struct tls_client *tls, struct span url, struct span authorization,
    const struct websocket_events *events, void *arg, const char **why_out);
/*
 * Says good-bye to the server. From inside an event only when that is opened()
 * and it failed. NULL is accepted.
 */
void websocket_free(struct websocket **ws);
enum websocket_state websocket_state(const struct websocket *ws);
const char *websocket_why(const struct websocket *ws);
/* The next message, valid until the next call; false: none is there. */
bool websocket_take(struct websocket *ws, struct span *out);
size_t websocket_waiting(const struct websocket *ws);
/* Are as many waiting as may? */
bool websocket_is_full(const struct websocket *ws);

#endif
