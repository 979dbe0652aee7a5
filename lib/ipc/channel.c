/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/ipc/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/base/log.h"
#include "lib/io/loop.h"

enum {
	FRAME_MAGIC = 0x454b0001, /* "EK", version 1 */
	FRAME_HAS_FD = 1,
	READ_CHUNK = 256 * 1024,
	KEEP = 512 * 1024,  /* buffers above this go back when empty */
	FDS_MAX = 16,       /* descriptors received and not yet claimed */
};

/* A descriptor on its way out: it leaves with the byte at `at`. */
struct out_fd {
	struct out_fd *next;
	uint64_t at; /* absolute position in the stream */
	int fd;
};

struct channel {
	struct loop *loop;
	struct io io;
	struct deferred flush, parse;
	enum role self, peer;
	unsigned peer_index;
	const struct channel_events *events;
	void *arg;
	const struct channel_handler *by_type[MSG_COUNT];
	struct buf in, out;
	uint64_t out_pos;    /* stream position of the first pending byte */
	size_t frame_at;     /* offset of the frame being written */
	bool in_frame;
	struct out_fd *fds, **fds_last;
	int in_fds[FDS_MAX];
	unsigned n_in_fds;
	bool was_full, paused, lost, freed, busy;
	bool broke; /* lost because the peer broke the rules */
	bool deaf;  /* the peer reads no more; it may have spoken before */
};

static void channel_ready(void *arg, int what);

static void
channel_flush_deferred(void *arg)
{
	channel_flush(arg);
}

static bool channel_parse(struct channel *ch);

static void
channel_parse_deferred(void *arg)
{
	channel_parse(arg);
}

struct channel *
channel_new(struct loop *loop, int fd, enum role self, enum role peer,
    unsigned peer_index, const struct channel_events *events, void *arg)
{
	struct channel *ch = xcalloc(1, sizeof(*ch));
	const struct channel_handler *h;

	ch->loop = loop;
	ch->self = self;
	ch->peer = peer;
	ch->peer_index = peer_index;
	ch->events = events;
	ch->arg = arg;
	ch->flush = (struct deferred){ .run = channel_flush_deferred,
		.arg = ch };
	ch->parse = (struct deferred){ .run = channel_parse_deferred,
		.arg = ch };
	ch->fds_last = &ch->fds;
	for (h = events->handlers; h->handle != NULL; h++)
		ch->by_type[h->type] = h;
	io_init(&ch->io, loop, fd, channel_ready, ch);
	io_want(&ch->io, IO_READ);
	return ch;
}

static void
drop_out_fds(struct channel *ch)
{
	struct out_fd *f;

	while ((f = ch->fds) != NULL) {
		ch->fds = f->next;
		close(f->fd);
		free(f);
	}
	ch->fds_last = &ch->fds;
}

static void
channel_free(struct channel *ch)
{
	buf_free(&ch->in);
	buf_free(&ch->out);
	free(ch);
}

void
channel_close(struct channel **chp)
{
	struct channel *ch = *chp;
	int fd;

	*chp = NULL;
	if (ch == NULL || ch->freed)
		return;
	ch->freed = true;
	loop_undefer(ch->loop, &ch->flush);
	loop_undefer(ch->loop, &ch->parse);
	fd = ch->io.fd;
	io_done(&ch->io);
	close(fd);
	drop_out_fds(ch);
	while (ch->n_in_fds > 0)
		close(ch->in_fds[--ch->n_in_fds]);
	if (!ch->busy)
		channel_free(ch);
}

enum role
channel_peer(const struct channel *ch)
{
	return ch->peer;
}

unsigned
channel_peer_index(const struct channel *ch)
{
	return ch->peer_index;
}

bool
channel_broke(const struct channel *ch)
{
	return ch->broke;
}

static void
channel_lose(struct channel *ch, const char *why)
{
	if (ch->lost || ch->freed)
		return;
	ch->lost = true;
	ch->broke = why != NULL;
	io_want(&ch->io, 0);
	if (why != NULL)
		log_warnx("channel peer=%s/%u closed reason=\"%s\"",
		    role_name(ch->peer), ch->peer_index, why);
	else
		log_debug("channel peer=%s/%u ended", role_name(ch->peer),
		    ch->peer_index);
	ch->events->lost(ch->events->owner, ch);
}

static void
channel_rearm(struct channel *ch)
{
	if (!ch->lost && !ch->freed)
		io_want(&ch->io, (ch->paused ? 0 : IO_READ) |
		    (buf_len(&ch->out) > 0 ? IO_WRITE : 0));
}

struct buf *
channel_begin(struct channel *ch, enum message type, uint64_t id)
{
	if (ch->in_frame || !message_allowed(type, ch->self, ch->peer))
		fatalx("message %s must not be sent to %s here",
		    message_name(type), role_name(ch->peer));
	ch->in_frame = true;
	ch->frame_at = buf_len(&ch->out);
	put_u32(&ch->out, FRAME_MAGIC);
	put_u16(&ch->out, (uint16_t)type);
	put_u16(&ch->out, 0);
	put_u32(&ch->out, 0);
	put_u32(&ch->out, 0);
	put_u64(&ch->out, id);
	return &ch->out;
}

static void
channel_finish(struct channel *ch, bool has_fd)
{
	uint8_t *frame = buf_data(&ch->out) + ch->frame_at;
	size_t body = buf_len(&ch->out) - ch->frame_at - CHANNEL_FRAME;
	unsigned type = (unsigned)(frame[4] | frame[5] << 8);

	if (body > message_row(type)->max_body)
		fatalx("message %s with a body of %zu bytes",
		    message_name(type), body);
	frame[6] = has_fd ? FRAME_HAS_FD : 0;
	put_u32_at(&ch->out, ch->frame_at + 8, (uint32_t)body);
	ch->in_frame = false;
	if (ch->lost || ch->deaf) {
		buf_clear(&ch->out, 0);
		drop_out_fds(ch);
		return;
	}
	if (channel_full(ch))
		ch->was_full = true;
	loop_defer(ch->loop, &ch->flush);
}

void
channel_end(struct channel *ch)
{
	channel_finish(ch, false);
}

void
channel_end_fd(struct channel *ch, int fd)
{
	struct out_fd *f = xcalloc(1, sizeof(*f));

	f->at = ch->out_pos + ch->frame_at;
	f->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (f->fd == -1)
		fatal("dup of a descriptor to pass");
	*ch->fds_last = f;
	ch->fds_last = &f->next;
	channel_finish(ch, true);
}

void
channel_send(struct channel *ch, enum message type, uint64_t id)
{
	channel_begin(ch, type, id);
	channel_end(ch);
}

/* One sendmsg: up to the next descriptor, or with it in front. */
static ssize_t
channel_write_some(struct channel *ch)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { buf_data(&ch->out), buf_len(&ch->out) };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct out_fd *f = ch->fds;
	struct cmsghdr *cm;
	ssize_t n;

	if (f != NULL && f->at > ch->out_pos)
		iov.iov_len = (size_t)(f->at - ch->out_pos);
	else if (f != NULL) {
		if (f->next != NULL)
			iov.iov_len = (size_t)(f->next->at - ch->out_pos);
		memset(&control, 0, sizeof(control));
		mh.msg_control = control.space;
		mh.msg_controllen = sizeof(control.space);
		cm = CMSG_FIRSTHDR(&mh);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cm), &f->fd, sizeof(int));
	}
	n = sendmsg(ch->io.fd, &mh, MSG_NOSIGNAL);
	if (n > 0 && mh.msg_control != NULL) {
		ch->fds = f->next;
		if (ch->fds == NULL)
			ch->fds_last = &ch->fds;
		close(f->fd);
		free(f);
	}
	return n;
}

/*
 * The peer will not take any more, but what it said before is still to be
 * read: it is lost only when that was read to its end. A failure that is not
 * the peer's end gets that end made for it.
 */
static void
channel_deafen(struct channel *ch)
{
	if (errno != EPIPE && errno != ECONNRESET) {
		log_warn("channel peer=%s/%u cannot be written",
		    role_name(ch->peer), ch->peer_index);
		shutdown(ch->io.fd, SHUT_RDWR);
	}
	ch->deaf = true;
	buf_take(&ch->out, buf_len(&ch->out));
	drop_out_fds(ch);
}

void
channel_flush(struct channel *ch)
{
	ssize_t n;

	if (ch->freed || ch->lost || ch->in_frame)
		return;
	while (!ch->deaf && buf_len(&ch->out) > 0) {
		n = channel_write_some(ch);
		if (n < 0) {
			if (errno == EINTR)
				continue;
			/* The last three: too much is under way, wait too. */
			if (errno != EAGAIN && errno != ETOOMANYREFS &&
			    errno != ENOBUFS && errno != ENOMEM)
				channel_deafen(ch);
			break;
		}
		ch->out_pos += (uint64_t)n;
		buf_take(&ch->out, (size_t)n);
	}
	if (buf_len(&ch->out) == 0)
		buf_clear(&ch->out, KEEP);
	channel_rearm(ch);
	if (ch->was_full && channel_pending(ch) < CHANNEL_LOW) {
		ch->was_full = false;
		if (ch->events->drained != NULL)
			ch->events->drained(ch->events->owner, ch);
	}
}

size_t
channel_pending(const struct channel *ch)
{
	return buf_len(&ch->out);
}

void
channel_pause(struct channel *ch)
{
	ch->paused = true;
	channel_rearm(ch);
}

void
channel_resume(struct channel *ch)
{
	if (!ch->paused)
		return;
	ch->paused = false;
	channel_rearm(ch);
	if (buf_len(&ch->in) > 0)
		loop_defer(ch->loop, &ch->parse);
}

static void
take_fds(struct channel *ch, struct msghdr *mh)
{
	struct cmsghdr *cm;
	size_t n, i;
	int fd;

	for (cm = CMSG_FIRSTHDR(mh); cm != NULL; cm = CMSG_NXTHDR(mh, cm)) {
		if (cm->cmsg_level != SOL_SOCKET || cm->cmsg_type != SCM_RIGHTS)
			continue;
		n = (cm->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < n; i++) {
			memcpy(&fd, CMSG_DATA(cm) + i * sizeof(int),
			    sizeof(fd));
			if (ch->n_in_fds < FDS_MAX)
				ch->in_fds[ch->n_in_fds++] = fd;
			else
				close(fd);
		}
	}
}

/* The descriptor that belongs to the frame at hand, or -1. */
static int
claim_fd(struct channel *ch)
{
	int fd;

	if (ch->n_in_fds == 0)
		return -1;
	fd = ch->in_fds[0];
	ch->n_in_fds--;
	memmove(ch->in_fds, ch->in_fds + 1, ch->n_in_fds * sizeof(int));
	return fd;
}

struct frame {
	unsigned type, flags;
	uint32_t len;
	uint64_t id;
};

/* NULL when the head is in order, else what is wrong with it. */
static const char *
frame_check(const struct channel *ch, const struct frame *f, uint32_t magic,
    uint32_t zero)
{
	const struct message_row *row = message_row(f->type);

	if (magic != FRAME_MAGIC || zero != 0)
		return "not a frame of this version";
	if (row == NULL || ch->by_type[f->type] == NULL)
		return "unknown message";
	if (!message_allowed(f->type, ch->peer, ch->self))
		return "message not allowed to this peer";
	if (f->len > row->max_body)
		return "body too long";
	if (f->flags > FRAME_HAS_FD)
		return "unknown flags";
	if (row->fd == MESSAGE_FD_NO && f->flags != 0)
		return "unexpected descriptor";
	if (row->fd == MESSAGE_FD_MUST && f->flags == 0)
		return "descriptor missing";
	return NULL;
}

/* One frame, if it is whole. False when there is none or all is over. */
static bool
channel_one(struct channel *ch)
{
	struct reader r;
	struct frame f;
	const char *why;
	uint32_t magic, zero;
	char text[96];
	int fd = -1;

	if (buf_len(&ch->in) < CHANNEL_FRAME)
		return false;
	reader_init(&r, span_make(buf_data(&ch->in), CHANNEL_FRAME));
	magic = reader_u32(&r);
	f.type = reader_u16(&r);
	f.flags = reader_u16(&r);
	f.len = reader_u32(&r);
	zero = reader_u32(&r);
	f.id = reader_u64(&r);
	why = frame_check(ch, &f, magic, zero);
	if (why == NULL && buf_len(&ch->in) - CHANNEL_FRAME < f.len)
		return false;
	if (why == NULL && f.flags == FRAME_HAS_FD &&
	    (fd = claim_fd(ch)) == -1)
		why = "descriptor missing";
	if (why != NULL) {
		snprintf(text, sizeof(text), "%s: %s", message_name(f.type),
		    why);
		channel_lose(ch, text);
		return false;
	}
	reader_init(&r, span_make(buf_data(&ch->in) + CHANNEL_FRAME, f.len));
	ch->by_type[f.type]->handle(ch->arg, ch, f.id, &r, fd);
	if (ch->freed || ch->lost)
		return false;
	if (!reader_end(&r)) {
		snprintf(text, sizeof(text), "%s: malformed body",
		    message_name(f.type));
		channel_lose(ch, text);
		return false;
	}
	buf_take(&ch->in, CHANNEL_FRAME + (size_t)f.len);
	return true;
}

/*
 * A descriptor comes with the first byte of its frame, and no read goes past
 * it: once all whole frames are handled, at most one may wait, for a frame
 * that is not whole yet.
 */
static bool
has_stray_fds(const struct channel *ch)
{
	return ch->n_in_fds > 1 ||
	    (ch->n_in_fds == 1 && buf_len(&ch->in) == 0);
}

/* False when the channel is gone. */
static bool
channel_parse(struct channel *ch)
{
	ch->busy = true;
	while (!ch->paused && !ch->lost && channel_one(ch))
		;
	if (!ch->paused && !ch->lost && !ch->freed && has_stray_fds(ch))
		channel_lose(ch, "unexpected descriptor");
	ch->busy = false;
	if (ch->freed) {
		channel_free(ch);
		return false;
	}
	if (buf_len(&ch->in) == 0)
		buf_clear(&ch->in, KEEP);
	return !ch->lost;
}

/* True when bytes came and the channel still lives. */
static bool
channel_read(struct channel *ch)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int) * FDS_MAX)];
	} control;
	struct msghdr mh = { 0 };
	struct iovec iov;
	ssize_t n;

	iov.iov_base = buf_reserve(&ch->in, READ_CHUNK);
	iov.iov_len = READ_CHUNK;
	mh.msg_iov = &iov;
	mh.msg_iovlen = 1;
	mh.msg_control = control.space;
	mh.msg_controllen = sizeof(control.space);
	n = recvmsg(ch->io.fd, &mh, MSG_CMSG_CLOEXEC);
	if (n == -1) {
		if (errno != EAGAIN && errno != EINTR)
			channel_lose(ch, NULL);
		return false;
	}
	take_fds(ch, &mh);
	/* More of them than one frame has, or than this process may open. */
	if (mh.msg_flags & MSG_CTRUNC) {
		channel_lose(ch, "descriptors cut off");
		return false;
	}
	if (n == 0) {
		channel_lose(ch, NULL);
		return false;
	}
	buf_commit(&ch->in, (size_t)n);
	return channel_parse(ch);
}

bool
channel_is_dead(const struct channel *ch)
{
	char byte;
	ssize_t n = recv(ch->io.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

	return n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR);
}

void
channel_drain(struct channel *ch)
{
	if (ch->busy || ch->lost)
		return;
	while (!ch->paused && channel_read(ch))
		;
}

static void
channel_ready(void *arg, int what)
{
	struct channel *ch = arg;

	if (what == IO_WRITE)
		channel_flush(ch);
	else
		channel_read(ch);
}
