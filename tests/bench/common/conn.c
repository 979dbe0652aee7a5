/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/common/conn.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/log.h"

int
bench_listen(struct ip *at)
{
	struct sockaddr_storage ss;
	socklen_t len = ip_to_sockaddr(at, &ss);
	int fd, on = 1;

	fd = socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    0);
	if (fd == -1)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	/* Accepted sockets inherit it. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&ss, len) == -1 ||
	    listen(fd, 4096) == -1)
		goto fail;
	len = sizeof(ss);
	if (getsockname(fd, (struct sockaddr *)&ss, &len) == -1 ||
	    ip_from_sockaddr((struct sockaddr *)&ss, at) == -1)
		goto fail;
	return fd;
fail:
	close(fd);
	return -1;
}

int
bench_connect(const struct ip *to)
{
	struct sockaddr_storage ss;
	socklen_t len = ip_to_sockaddr(to, &ss);
	int fd, on = 1;

	fd = socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    0);
	if (fd == -1)
		return -1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(fd, (struct sockaddr *)&ss, len) == -1 &&
	    errno != EINPROGRESS) {
		close(fd);
		return -1;
	}
	return fd;
}

void
bench_conn_init(struct bench_conn *c, int fd)
{
	memset(c, 0, sizeof(*c));
	c->fd = fd;
}

void
bench_conn_close(struct bench_conn *c)
{
	if (c->fd == -1)
		return;
	SSL_free(c->ssl);
	c->ssl = NULL;
	close(c->fd);
	c->fd = -1;
	c->watched = false;
	buf_free(&c->out);
}

void
bench_conn_tls(struct bench_conn *c, SSL_CTX *ctx, bool server)
{
	c->ssl = SSL_new(ctx);
	if (c->ssl == NULL || SSL_set_fd(c->ssl, c->fd) != 1)
		fatalx("TLS: no session");
	if (server)
		SSL_set_accept_state(c->ssl);
	else
		SSL_set_connect_state(c->ssl);
}

/* 0: try again after an event; -1: over. */
static int
ssl_trouble(struct bench_conn *c, int result)
{
	int error = SSL_get_error(c->ssl, result);

	ERR_clear_error();
	return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE
	    ? 0
	    : -1;
}

static bool
again(void)
{
	return errno == EAGAIN || errno == EINTR || errno == EINPROGRESS ||
	    errno == ENOTCONN;
}

ssize_t
bench_conn_read(struct bench_conn *c, void *p, size_t len)
{
	ssize_t n;

	if (c->ssl != NULL) {
		n = SSL_read(c->ssl, p, len > INT_MAX ? INT_MAX : (int)len);
		return n > 0 ? n : ssl_trouble(c, (int)n);
	}
	n = recv(c->fd, p, len, 0);
	if (n > 0)
		return n;
	return n == -1 && again() ? 0 : -1;
}

bool
bench_conn_has_more(const struct bench_conn *c)
{
	return c->ssl != NULL && SSL_pending(c->ssl) > 0;
}

/* Bytes taken, which may be none; -1: over. */
static ssize_t
send_some(struct bench_conn *c, const struct iovec *iov, int n)
{
	struct msghdr msg = { .msg_iov = (struct iovec *)iov,
		.msg_iovlen = (size_t)n };
	ssize_t sent;

	if (c->ssl != NULL) {
		sent = SSL_write(c->ssl, iov->iov_base,
		    iov->iov_len > INT_MAX ? INT_MAX : (int)iov->iov_len);
		return sent > 0 ? sent : ssl_trouble(c, (int)sent);
	}
	sent = sendmsg(c->fd, &msg, MSG_NOSIGNAL);
	if (sent >= 0)
		return sent;
	return again() ? 0 : -1;
}

static void
keep_rest(struct bench_conn *c, const struct iovec *iov, int n, size_t skip)
{
	for (int i = 0; i < n; i++) {
		size_t part = skip < iov[i].iov_len ? skip : iov[i].iov_len;

		buf_add(&c->out, (char *)iov[i].iov_base + part,
		    iov[i].iov_len - part);
		skip -= part;
	}
}

int
bench_conn_writev(struct bench_conn *c, const struct iovec *iov, int n)
{
	ssize_t sent = 0;

	/* TLS takes one piece at a time: join them, it copies anyway. */
	if (buf_len(&c->out) == 0 && c->ssl == NULL) {
		sent = send_some(c, iov, n);
		if (sent == -1)
			return -1;
	}
	keep_rest(c, iov, n, (size_t)sent);
	return c->ssl != NULL ? bench_conn_flush(c) : 0;
}

int
bench_conn_flush(struct bench_conn *c)
{
	while (buf_len(&c->out) > 0) {
		struct iovec iov = { buf_data(&c->out), buf_len(&c->out) };
		ssize_t sent = send_some(c, &iov, 1);

		if (sent == -1)
			return -1;
		if (sent == 0)
			return 0;
		buf_take(&c->out, (size_t)sent);
	}
	buf_clear(&c->out, 16384);
	return 0;
}

void
bench_conn_arm(struct bench_conn *c, int epoll_fd, void *who, bool read)
{
	struct epoll_event ev = { .data.ptr = who };

	ev.events = (read ? EPOLLIN : EPOLLRDHUP) |
	    (buf_len(&c->out) > 0 ? EPOLLOUT : 0U);
	/*
	 * A handshake that waits for the peer has output waiting and would be
	 * told "room" again and again; input is what moves it.
	 */
	if (c->ssl != NULL && !SSL_is_init_finished(c->ssl))
		ev.events = EPOLLIN | (SSL_want_write(c->ssl) ? EPOLLOUT : 0U);
	if (c->watched && ev.events == c->events)
		return;
	if (epoll_ctl(epoll_fd, c->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD,
		c->fd, &ev) == -1)
		fatal("epoll_ctl");
	c->watched = true;
	c->events = ev.events;
}
