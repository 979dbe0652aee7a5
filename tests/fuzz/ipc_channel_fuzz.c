/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A peer that says anything: the first byte picks who talks to whom, bits of
 * the second whether descriptors come along, then come frames in pieces. Every
 * handler reads each frame by all readers of bodies. However it ends, no
 * descriptor stays open.
 */
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/io/loop.h"
#include "lib/io/sock.h"
#include "lib/ipc/channel.h"
#include "tests/fuzz/bodies.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct taker {
	struct channel *ch;
	unsigned frames;
};

static void
on_any(void *arg, struct channel *ch, uint64_t id, struct reader *r, int fd)
{
	struct taker *t = arg;
	struct span body = span_make(r->p, reader_left(r));
	unsigned which;
	bool read = false;

	assert(ch == t->ch);
	if (fd != -1) {
		assert(fcntl(fd, F_GETFD) == FD_CLOEXEC);
		close(fd);
	}
	for (which = 0; which < BODIES; which++)
		read |= body_check(which, body);
	/* A body that nobody could read stays unread. */
	if (read || body.len == 0)
		reader_take(r, body.len);
	t->frames++;
	if (id % 7 == 3)
		channel_pause(ch);
	if (id % 31 == 5)
		channel_close(&t->ch);
}

static void
on_lost(void *owner, struct channel *ch)
{
	struct taker *t = owner;

	assert(ch == t->ch);
	channel_close(&t->ch);
}

static const struct channel_handler handlers[] = {
#define MSG(name, from, to, fd, max, answer) { MSG_##name, on_any },
#include "lib/ipc/messages.def"
#undef MSG
	{ .handle = NULL },
};

static const struct {
	enum role self, peer;
} pairs[] = {
	{ ROLE_SPOOLD, ROLE_SMTPD }, { ROLE_SMTPD, ROLE_SPOOLD },
	{ ROLE_QMGR, ROLE_SPOOLD }, { ROLE_SPOOLD, ROLE_QMGR },
	{ ROLE_QMGR, ROLE_OUT }, { ROLE_OUT, ROLE_QMGR },
	{ ROLE_READER, ROLE_QMGR }, { ROLE_OUT, ROLE_READER },
	{ ROLE_LOGGER, ROLE_READER }, { ROLE_SPOOLD, ROLE_LOGGER },
	{ ROLE_QMGR, ROLE_POLICY }, { ROLE_POLICY, ROLE_OUT },
	{ ROLE_MASTER, ROLE_LOADER }, { ROLE_SMTPD, ROLE_MASTER },
};

static void
send_piece(int to, const uint8_t *p, size_t len, unsigned n_fds)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(3 * sizeof(int))];
	} control = { .space = { 0 } };
	struct iovec iov = { (void *)(uintptr_t)p, len };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cm;
	int fds[3] = { to, to, to };

	if (n_fds > 0) {
		mh.msg_control = control.space;
		mh.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
		cm = CMSG_FIRSTHDR(&mh);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
		memcpy(CMSG_DATA(cm), fds, n_fds * sizeof(int));
	}
	if (sendmsg(to, &mh, MSG_NOSIGNAL) == -1)
		return;
}

static void
drain(struct taker *t)
{
	if (t->ch == NULL)
		return;
	channel_drain(t->ch);
	if (t->ch != NULL)
		channel_resume(t->ch);
}

static void
talk(struct taker *t, int to, unsigned how, const uint8_t *p, size_t len)
{
	size_t piece = 1 + (how >> 3 & 31) * (how >> 3 & 31) * 8;
	unsigned turn = 0, n_fds;

	while (len > 0 && t->ch != NULL) {
		if (piece > len)
			piece = len;
		n_fds = how & 4 ? 0 : turn++ % 3 == 0 ? how & 3 : 0;
		send_piece(to, p, piece, n_fds);
		p += piece;
		len -= piece;
		drain(t);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct taker t = { 0 };
	struct channel_events events = { handlers, on_lost, NULL, &t };
	struct loop *loop;
	int fds[2], first;
	size_t row;

	if (size < 2)
		return 0;
	log_set_level(LOG_LEVEL_ERROR);
	loop = loop_new();
	if (sock_pair(fds) == -1)
		abort();
	first = dup(fds[0]);
	close(first);
	row = data[0] % (sizeof(pairs) / sizeof(*pairs));
	t.ch = channel_new(loop, fds[0], pairs[row].self, pairs[row].peer, 0,
	    &events, &t);
	talk(&t, fds[1], data[1], data + 2, size - 2);
	shutdown(fds[1], SHUT_WR);
	/* Each turn may be paused by one frame. */
	for (row = 0; t.ch != NULL && row < size; row++)
		drain(&t);
	if (t.ch != NULL)
		channel_close(&t.ch);
	close(fds[1]);
	loop_free(&loop);
	/* The lowest free descriptor is what it was: none was left. */
	row = (size_t)dup(STDERR_FILENO);
	assert((int)row <= first);
	close((int)row);
	return 0;
}
