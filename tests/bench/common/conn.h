/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A non-blocking TCP connection, in clear or TLS, watched by one epoll.
 * Output is tried at once; what the socket does not take waits in `out` and
 * bench_conn_arm() asks for the event that carries on.
 */
#ifndef TESTS_BENCH_COMMON_CONN_H
#define TESTS_BENCH_COMMON_CONN_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "lib/base/buf.h"
#include "lib/base/ip.h"

struct bench_conn {
	int fd;          /* -1: no connection */
	SSL *ssl;        /* NULL: in clear */
	struct buf out;  /* not yet taken by the socket */
	uint32_t events; /* what epoll watches, when it does */
	bool watched;
};

/* A listening socket; *at gets the port the kernel chose. -1 with errno. */
int bench_listen(struct ip *at);
/* A socket on its way to `to`. -1 with errno. */
int bench_connect(const struct ip *to);

/* Takes over the descriptor. */
void bench_conn_init(struct bench_conn *c, int fd);
/* Closes; fd becomes -1. Nothing happens on a closed one. */
void bench_conn_close(struct bench_conn *c);
/* From now on TLS; the handshake rides on the next reads and writes. */
void bench_conn_tls(struct bench_conn *c, SSL_CTX *ctx, bool server);
/* Bytes read; 0: none now; -1: the connection is over. */
ssize_t bench_conn_read(struct bench_conn *c, void *p, size_t len);
/* Bytes are ready in the TLS layer that epoll will not announce. */
bool bench_conn_has_more(const struct bench_conn *c);
/* Send, keeping a copy of what must wait. -1: the connection is over. */
int bench_conn_writev(struct bench_conn *c, const struct iovec *iov, int n);
/* Try the waiting output again. -1: the connection is over. */
int bench_conn_flush(struct bench_conn *c);
/*
 * Watch for input (if `read`, else for the peer's leaving) and, while output
 * waits, for room.
 */
void bench_conn_arm(struct bench_conn *c, int epoll_fd, void *who, bool read);

#endif
