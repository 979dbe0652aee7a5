/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/io/stream.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "lib/base/log.h"

enum {
	STREAM_READ = 32 * 1024,   /* bytes asked of the kernel at once */
	STREAM_KEEP = 128 * 1024,  /* buffers above this go back when empty */
};

static void stream_ready(void *arg, int what);
static void stream_flush_deferred(void *arg);

void
stream_init(struct stream *s, struct loop *loop, int fd,
    const struct stream_events *events, void *arg)
{
	*s = (struct stream){ .loop = loop, .events = events, .arg = arg,
		.in_max = STREAM_IN_MAX,
		.flush = { .run = stream_flush_deferred, .arg = s } };
	io_init(&s->io, loop, fd, stream_ready, s);
	io_want(&s->io, IO_READ);
}

static void
stream_rearm(struct stream *s)
{
	int want = 0;
	bool room = buf_len(&s->in) < s->in_max;

	if (s->failed)
		want = 0;
	else if (s->tls == STREAM_ACCEPTING || s->tls == STREAM_CONNECTING)
		want = s->ssl_wants_write ? IO_WRITE : IO_READ;
	else {
		if (!s->eof && ((!s->paused && room) || s->ssl_wants_read))
			want |= IO_READ;
		if ((buf_len(&s->out) > 0 && !s->ssl_wants_read) ||
		    s->ssl_wants_write)
			want |= IO_WRITE;
	}
	io_want(&s->io, want);
}

static void
stream_fail(struct stream *s, const char *why)
{
	if (s->failed)
		return;
	s->failed = true;
	stream_rearm(s);
	s->events->closed(s->arg, false, why);
}

/* The peer says no more; it may still listen. */
static void
stream_end(struct stream *s)
{
	if (s->eof || s->failed)
		return;
	s->eof = true;
	stream_rearm(s);
	s->events->closed(s->arg, true, "connection closed by peer");
}

/* The first error OpenSSL kept, as text; the queue is emptied. */
static const char *
ssl_why(char *text, size_t size)
{
	unsigned long code = ERR_get_error();

	if (code == 0)
		return errno != 0 ? strerror(errno) : "connection closed";
	ERR_error_string_n(code, text, size);
	ERR_clear_error();
	return text;
}

/* Bytes read, 0 at the end, -1 when there is nothing now, -2 on failure. */
static ssize_t
stream_read_tls(struct stream *s, void *p, size_t len)
{
	int n;

	ERR_clear_error();
	errno = 0;
	s->ssl_wants_write = false;
	n = SSL_read(s->ssl, p, (int)len);
	if (n > 0)
		return n;
	switch (SSL_get_error(s->ssl, n)) {
	case SSL_ERROR_WANT_READ:
		return -1;
	case SSL_ERROR_WANT_WRITE:
		s->ssl_wants_write = true;
		return -1;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	default:
		return -2;
	}
}

static ssize_t
stream_read_some(struct stream *s, void *p, size_t len)
{
	ssize_t n;

	if (s->tls == STREAM_TLS)
		return stream_read_tls(s, p, len);
	n = recv(s->io.fd, p, len, 0);
	if (n >= 0)
		return n;
	return errno == EAGAIN || errno == EINTR ? -1 : -2;
}

static void
stream_handshake(struct stream *s)
{
	char text[160];
	int n;

	ERR_clear_error();
	errno = 0;
	n = s->tls == STREAM_ACCEPTING ? SSL_accept(s->ssl) :
	    SSL_connect(s->ssl);
	if (n == 1) {
		s->tls = STREAM_TLS;
		s->ssl_wants_write = false;
		stream_rearm(s);
		s->events->secured(s->arg, NULL);
		return;
	}
	switch (SSL_get_error(s->ssl, n)) {
	case SSL_ERROR_WANT_READ:
		s->ssl_wants_write = false;
		stream_rearm(s);
		return;
	case SSL_ERROR_WANT_WRITE:
		s->ssl_wants_write = true;
		stream_rearm(s);
		return;
	default:
		s->failed = true;
		stream_rearm(s);
		s->events->secured(s->arg, ssl_why(text, sizeof(text)));
	}
}

static void
stream_read(struct stream *s)
{
	char text[160];
	uint8_t *room;
	ssize_t n;
	size_t got = 0;

	do {
		room = buf_reserve(&s->in, STREAM_READ);
		n = stream_read_some(s, room, STREAM_READ);
		if (n > 0) {
			buf_commit(&s->in, (size_t)n);
			got += (size_t)n;
		}
		/*
		 * TLS may hold decrypted bytes that no event will announce; in
		 * clear, a full read says that there is more.
		 */
	} while (n > 0 && (s->tls == STREAM_TLS || n == STREAM_READ) &&
	    buf_len(&s->in) < s->in_max);
	if (got > 0) {
		bool gone = false;

		s->gone = &gone;
		s->events->readable(s->arg);
		if (gone)
			return;
		s->gone = NULL;
		if (buf_len(&s->in) == 0)
			buf_clear(&s->in, STREAM_KEEP);
	}
	if (n == 0)
		stream_end(s);
	else if (n == -2)
		stream_fail(s, s->tls == STREAM_TLS ?
		    ssl_why(text, sizeof(text)) : strerror(errno));
	else
		stream_rearm(s);
}

static ssize_t
stream_write_some(struct stream *s)
{
	size_t len = buf_len(&s->out);
	int n;

	if (s->tls != STREAM_TLS)
		return send(s->io.fd, buf_data(&s->out), len, MSG_NOSIGNAL);
	ERR_clear_error();
	errno = 0;
	s->ssl_wants_read = false;
	n = SSL_write(s->ssl, buf_data(&s->out),
	    len > INT32_MAX ? INT32_MAX : (int)len);
	if (n > 0)
		return n;
	switch (SSL_get_error(s->ssl, n)) {
	case SSL_ERROR_WANT_READ:
		s->ssl_wants_read = true;
		/* FALLTHROUGH */
	case SSL_ERROR_WANT_WRITE:
		errno = EAGAIN;
		return -1;
	default:
		/* Only the cases above may be tried again. */
		if (errno == 0 || errno == EAGAIN || errno == EINTR)
			errno = EPROTO;
		return -1;
	}
}

/* False when the stream is gone or failed. */
static bool
stream_write_out(struct stream *s)
{
	ssize_t n;

	while (buf_len(&s->out) > 0) {
		n = stream_write_some(s);
		if (n < 0) {
			if (errno == EINTR)
				continue;
			if (errno == EAGAIN)
				return true;
			stream_fail(s, strerror(errno));
			return false;
		}
		buf_take(&s->out, (size_t)n);
	}
	buf_clear(&s->out, STREAM_KEEP);
	return true;
}

void
stream_flush(struct stream *s)
{
	bool had = buf_len(&s->out) > 0;

	if (s->failed || s->tls == STREAM_ACCEPTING ||
	    s->tls == STREAM_CONNECTING)
		return;
	if (!stream_write_out(s))
		return;
	stream_rearm(s);
	if (had && buf_len(&s->out) == 0)
		s->events->drained(s->arg);
}

static void
stream_flush_deferred(void *arg)
{
	struct stream *s = arg;
	bool gone = false;

	/* Before what is written goes out: the answers leave together. */
	if (s->announce && !s->paused && !s->failed && buf_len(&s->in) > 0) {
		s->announce = false;
		s->gone = &gone;
		s->events->readable(s->arg);
		if (gone)
			return;
		s->gone = NULL;
	}
	stream_flush(s);
}

static void
stream_ready(void *arg, int what)
{
	struct stream *s = arg;

	if (s->tls == STREAM_ACCEPTING || s->tls == STREAM_CONNECTING) {
		stream_handshake(s);
		return;
	}
	if (what == IO_WRITE && !s->ssl_wants_write)
		stream_flush(s);
	else if (what == IO_READ && s->ssl_wants_read)
		stream_flush(s);
	else
		stream_read(s);
}

void
stream_write(struct stream *s, const void *p, size_t len)
{
	if (s->failed)
		return;
	buf_add(&s->out, p, len);
	loop_defer(s->loop, &s->flush);
}

/* How many of the bytes went at once. */
static size_t
stream_send_clear(struct stream *s, const struct iovec *v, size_t n)
{
	struct msghdr mh = { .msg_iov = (struct iovec *)v, .msg_iovlen = n };
	ssize_t sent;

	do {
		sent = sendmsg(s->io.fd, &mh, MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	/* A failure shows again when the rest is written. */
	return sent > 0 ? (size_t)sent : 0;
}

void
stream_send(struct stream *s, const struct iovec *v, size_t n)
{
	size_t gone = 0, i;

	if (s->failed)
		return;
	/* A record of TLS is copied while it is made: joining costs less. */
	if (buf_len(&s->out) == 0 && s->tls == STREAM_CLEAR)
		gone = stream_send_clear(s, v, n);
	for (i = 0; i < n; i++) {
		if (gone >= v[i].iov_len) {
			gone -= v[i].iov_len;
			continue;
		}
		buf_add(&s->out, (const char *)v[i].iov_base + gone,
		    v[i].iov_len - gone);
		gone = 0;
	}
	if (buf_len(&s->out) > 0)
		loop_defer(s->loop, &s->flush);
}

size_t
stream_pending(const struct stream *s)
{
	return buf_len(&s->out);
}

void
stream_pause(struct stream *s)
{
	s->paused = true;
	stream_rearm(s);
}

void
stream_resume(struct stream *s)
{
	s->paused = false;
	stream_rearm(s);
	if (buf_len(&s->in) > 0) {
		s->announce = true;
		loop_defer(s->loop, &s->flush);
	}
}

static void
stream_start_tls(struct stream *s, struct ssl_st *ssl, enum stream_tls tls)
{
	/* The words that lead here are still to be sent in clear. */
	if (!stream_write_out(s)) {
		SSL_free(ssl);
		return;
	}
	/* What is left would go out in the wrong one of the two streams. */
	if (buf_len(&s->out) > 0) {
		SSL_free(ssl);
		stream_fail(s, "the peer reads nothing before TLS");
		return;
	}
	buf_clear(&s->in, 0);
	s->announce = false;
	s->ssl = ssl;
	s->tls = tls;
	s->paused = false;
	SSL_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE |
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
	SSL_set_fd(ssl, s->io.fd);
	s->ssl_wants_write = tls == STREAM_CONNECTING;
	stream_rearm(s);
}

void
stream_accept_tls(struct stream *s, struct ssl_st *ssl)
{
	stream_start_tls(s, ssl, STREAM_ACCEPTING);
}

void
stream_connect_tls(struct stream *s, struct ssl_st *ssl)
{
	stream_start_tls(s, ssl, STREAM_CONNECTING);
}

void
stream_leave_tls(struct stream *s)
{
	if (s->ssl != NULL)
		SSL_free(s->ssl);
	s->ssl = NULL;
	ERR_clear_error();
	s->tls = STREAM_CLEAR;
	s->ssl_wants_read = s->ssl_wants_write = false;
	s->failed = false;
	stream_rearm(s);
}

void
stream_close(struct stream *s)
{
	int fd = s->io.fd;

	if (s->gone != NULL)
		*s->gone = true;
	s->gone = NULL;
	if (fd == -1)
		return;
	loop_undefer(s->loop, &s->flush);
	if (!s->failed && s->tls != STREAM_ACCEPTING &&
	    s->tls != STREAM_CONNECTING) {
		s->failed = true;
		if (buf_len(&s->out) > 0)
			(void)stream_write_some(s);
	}
	if (s->ssl != NULL) {
		if (s->tls == STREAM_TLS)
			SSL_shutdown(s->ssl);
		SSL_free(s->ssl);
		s->ssl = NULL;
		ERR_clear_error();
	}
	io_done(&s->io);
	close(fd);
	s->io.fd = -1;
	buf_free(&s->in);
	buf_free(&s->out);
}
