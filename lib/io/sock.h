/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets: all close-on-exec and non-blocking. -1 with errno on failure. */
#ifndef LIB_IO_SOCK_H
#define LIB_IO_SOCK_H

#include <stdbool.h>

struct ip;

/* A listening TCP socket. */
int sock_listen(const struct ip *at, int backlog);
/* The next waiting connection and who is there; -1 with EAGAIN if none. */
int sock_accept(int listen_fd, struct ip *peer_out);
/*
 * Start a TCP connection, bound to `source` first unless its family is
 * IP_NONE. The connection is there when the socket becomes writable and
 * sock_error() is 0. bind_failed_out says which half failed.
 */
int sock_connect(const struct ip *to, const struct ip *source,
    bool *bind_failed_out);
/* Connect to a stream socket in the file system. */
int sock_connect_unix(const char *path);
/* The pending error of a socket as an errno value; 0 = none. */
int sock_error(int fd);
int sock_local(int fd, struct ip *out);
int sock_peer(int fd, struct ip *out);
int sock_pair(int fds_out[2]);
void sock_nodelay(int fd);

#endif
