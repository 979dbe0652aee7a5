/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A non-blocking byte stream over a socket, in clear or TLS. What is written
 * during a turn leaves at its end in one go. The owner reads from `in` and
 * takes what it used with buf_take(); reading stops by itself while `in` holds
 * in_max bytes or more (an owner that takes bytes outside of readable() calls
 * stream_resume() to go on).
 *
 * Callbacks may free the stream with stream_close() as their last act.
 */
#ifndef LIB_IO_STREAM_H
#define LIB_IO_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/buf.h"
#include "lib/io/loop.h"

struct iovec;
struct ssl_st; /* OpenSSL's SSL */

struct stream_events {
	/* There are new bytes in `in`. */
	void (*readable)(void *arg);
	/* All that was written has gone to the kernel. */
	void (*drained)(void *arg);
	/*
	 * The peer closed (eof), or the stream failed (why says how); bytes
	 * still in `in` were announced by readable() before. After eof the
	 * peer may still read: what is written leaves, drained() comes, and
	 * only a failure calls this once more. After a failure nothing does.
	 */
	void (*closed)(void *arg, bool eof, const char *why);
	/* A handshake ended; why is NULL on success. */
	void (*secured)(void *arg, const char *why);
};

enum stream_tls { STREAM_CLEAR, STREAM_ACCEPTING, STREAM_CONNECTING,
	STREAM_TLS };

struct stream {
	struct loop *loop;
	struct io io;
	struct deferred flush;
	const struct stream_events *events;
	void *arg;
	struct buf in;
	struct buf out;
	size_t in_max;
	struct ssl_st *ssl;
	enum stream_tls tls;
	bool paused;      /* the owner does not want to read now */
	bool announce;    /* readable() is owed for bytes at hand */
	bool ssl_wants_write, ssl_wants_read;
	bool eof;         /* the peer says no more */
	bool failed;      /* nothing goes any more; closed() was called */
	bool *gone;       /* set when the stream is closed in a callback */
};

enum { STREAM_IN_MAX = 64 * 1024 };

/* Takes the descriptor over. Reading starts at once. */
void stream_init(struct stream *s, struct loop *loop, int fd,
    const struct stream_events *events, void *arg);
void stream_write(struct stream *s, const void *p, size_t len);
/*
 * Write at once, from where the bytes are; what the kernel does not take is
 * copied and follows. Calls nobody back: drained() comes only if something was
 * left, so ask stream_pending(). For bulk; words go through stream_write().
 */
void stream_send(struct stream *s, const struct iovec *v, size_t n);
/* Bytes written but not yet with the kernel. */
size_t stream_pending(const struct stream *s);
/* Write now what is pending, instead of at the end of the turn. */
void stream_flush(struct stream *s);
void stream_pause(struct stream *s);
/* Reading again; bytes already in `in` are announced at the end of the turn. */
void stream_resume(struct stream *s);
/*
 * Begin a handshake on this connection; takes ssl over. Bytes in `in` must
 * have been dealt with by the caller: anything there is dropped, since it
 * came in clear. What was written goes out in clear first; a peer that does
 * not take it ends the stream (closed() may be called from in here). The
 * stream reads again, even if it was paused.
 */
void stream_accept_tls(struct stream *s, struct ssl_st *ssl);
void stream_connect_tls(struct stream *s, struct ssl_st *ssl);
/* After a handshake that failed: go on in clear on the same connection. */
void stream_leave_tls(struct stream *s);
/* Send what is pending (best effort, one try) and close. Safe to repeat. */
void stream_close(struct stream *s);

#endif
