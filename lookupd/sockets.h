/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The WebSockets that scripts hold, by their ids. One belongs to the peer that
 * opened it: nobody else can name it, and it goes with the peer's channel.
 */
#ifndef LOOKUPD_SOCKETS_H
#define LOOKUPD_SOCKETS_H

#include <stdint.h>

struct ask;
struct channel;
struct lookupd;
struct sockets;

enum {
	SOCKETS_MAX = 256,
	SOCKETS_PEER_MAX = 64,          /* of one peer */
	SOCKETS_WAIT_MS = 10 * 60000,   /* of one LOOKUP_SOCKET_RECV */
};

struct sockets *sockets_new(struct lookupd *l);
/* LOOKUP_SOCKET_OPEN: {url, authorization}. Gives {id, status, fields}. */
void sockets_ask_open(struct ask *a);
void sockets_cancel_open(struct ask *a);
/*
 * LOOKUP_SOCKET_RECV: {id} waits for a message, {id, batch_ms} collects all of
 * that time, or as many as may wait at once. Gives {messages = list, closed,
 * why}: closed is true when there will be no more, why says so when that was
 * not in order. After SOCKETS_WAIT_MS without a message there is neither, and
 * the script's side asks again.
 */
void sockets_ask_recv(struct ask *a);
void sockets_cancel_recv(struct ask *a);
/* LOOKUP_SOCKET_CLOSE: {id}; gives nil. */
void sockets_ask_close(struct ask *a);
/* An ask was cancelled when its answer was already on the way. */
void sockets_unclaimed(struct sockets *s, const struct channel *ch,
    uint64_t ask);
void sockets_forget_peer(struct sockets *s, const struct channel *ch);

#endif
