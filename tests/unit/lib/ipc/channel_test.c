/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/ipc/channel.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/io/loop.h"
#include "lib/io/sock.h"
#include "lib/ipc/store.h"
#include "tests/support/check.h"

/*
 * smtpd's side is a channel or bare bytes; spoold's side is the channel under
 * test. STORE takes a descriptor if it likes, RECORD none, START is not for
 * either of them.
 */
struct end {
	struct channel *ch;
	unsigned stores, records, lost, drained, healths;
	bool broke, close_in_handler, pause_in_handler, leave_unread;
	uint64_t last_id;
	char text[64];       /* what the descriptor of the last STORE held */
	size_t bytes;        /* of all bodies */
	uint64_t order_at;   /* ids must come as 1, 2, 3 ... when not 0 */
	uint64_t stop_at_id; /* then the loop ends */
	struct loop *loop;
};

static void
note_fd(struct end *e, int fd)
{
	ssize_t n;

	e->text[0] = '\0';
	if (fd == -1)
		return;
	n = pread(fd, e->text, sizeof(e->text) - 1, 0);
	e->text[n > 0 ? n : 0] = '\0';
	close(fd);
}

static void
note(struct end *e, struct channel *ch, uint64_t id, struct reader *r)
{
	size_t left = reader_left(r);

	assert_ptr_equal(ch, e->ch);
	if (e->order_at != 0)
		check_int("order", id, e->order_at++);
	e->last_id = id;
	e->bytes += left;
	if (!e->leave_unread)
		reader_take(r, left);
	if (e->pause_in_handler)
		channel_pause(ch);
	if (e->close_in_handler)
		channel_close(&e->ch);
	if (id == e->stop_at_id)
		loop_stop(e->loop);
}

static void
on_store(void *arg, struct channel *ch, uint64_t id, struct reader *r, int fd)
{
	struct end *e = arg;

	e->stores++;
	note_fd(e, fd);
	note(e, ch, id, r);
}

static void
on_record(void *arg, struct channel *ch, uint64_t id, struct reader *r, int fd)
{
	struct end *e = arg;

	check_int("no descriptor", fd, -1);
	e->records++;
	note(e, ch, id, r);
}

static void
on_health(void *arg, struct channel *ch, uint64_t id, struct reader *r, int fd)
{
	struct end *e = arg;

	(void)ch;
	(void)id;
	(void)fd;
	e->healths++;
	health_get(r);
	if (e->healths == e->stop_at_id)
		loop_stop(e->loop);
}

static const struct channel_handler spoold_handlers[] = {
	{ MSG_STORE, on_store },
	{ MSG_RECORD, on_record },
	{ .handle = NULL },
};

static const struct channel_handler smtpd_handlers[] = {
	{ MSG_HEALTH, on_health },
	{ .handle = NULL },
};

static void
on_lost(void *owner, struct channel *ch)
{
	struct end *e = owner;

	assert_ptr_equal(ch, e->ch);
	e->lost++;
	e->broke = channel_broke(ch);
	channel_close(&e->ch);
	loop_stop(e->loop);
}

static void
on_drained(void *owner, struct channel *ch)
{
	struct end *e = owner;

	assert_ptr_equal(ch, e->ch);
	e->drained++;
}

struct rig {
	struct loop *loop;
	struct end spoold, smtpd;
	struct channel_events spoold_events, smtpd_events;
	int raw; /* smtpd's descriptor, when it has no channel */
	struct timer late;
	bool timed_out;
};

static void
on_late(void *arg)
{
	struct rig *g = arg;

	g->timed_out = true;
	loop_stop(g->loop);
}

static void
rig_begin(struct rig *g, bool raw)
{
	int fds[2];

	*g = (struct rig){ .loop = loop_new(), .raw = -1 };
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(sock_pair(fds), 0);
	g->spoold.loop = g->smtpd.loop = g->loop;
	g->spoold_events = (struct channel_events){ spoold_handlers, on_lost,
		on_drained, &g->spoold };
	g->smtpd_events = (struct channel_events){ smtpd_handlers, on_lost,
		on_drained, &g->smtpd };
	g->spoold.ch = channel_new(g->loop, fds[0], ROLE_SPOOLD, ROLE_SMTPD, 3,
	    &g->spoold_events, &g->spoold);
	if (raw)
		g->raw = fds[1];
	else
		g->smtpd.ch = channel_new(g->loop, fds[1], ROLE_SMTPD,
		    ROLE_SPOOLD, 0, &g->smtpd_events, &g->smtpd);
	timer_init(&g->late, g->loop, on_late, g);
}

static void
rig_run(struct rig *g, int64_t ms)
{
	g->timed_out = false;
	timer_set(&g->late, ms);
	loop_run(g->loop);
}

static void
rig_end(struct rig *g)
{
	channel_close(&g->spoold.ch);
	channel_close(&g->smtpd.ch);
	if (g->raw != -1)
		close(g->raw);
	timer_done(&g->late);
	loop_free(&g->loop);
}

/* A frame as bytes. */
static void
put_frame(struct buf *b, unsigned type, unsigned flags, uint64_t id,
    struct span body)
{
	put_u32(b, 0x454b0001);
	put_u16(b, (uint16_t)type);
	put_u16(b, (uint16_t)flags);
	put_u32(b, (uint32_t)body.len);
	put_u32(b, 0);
	put_u64(b, id);
	buf_add_span(b, body);
}

static int
file_with(const char *text)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	return fd;
}

/* Bytes with descriptors at their front. */
static void
send_raw(int to, const void *p, size_t len, const int *fds, size_t n)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int) * 32)];
	} control = { .space = { 0 } };
	struct iovec iov = { (void *)(uintptr_t)p, len };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cm;

	if (n > 0) {
		mh.msg_control = control.space;
		mh.msg_controllen = CMSG_SPACE(sizeof(int) * n);
		cm = CMSG_FIRSTHDR(&mh);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(sizeof(int) * n);
		memcpy(CMSG_DATA(cm), fds, sizeof(int) * n);
	}
	assert_int_equal(sendmsg(to, &mh, MSG_NOSIGNAL), len);
}

static unsigned
open_descriptors(void)
{
	unsigned n = 0;
	int fd;

	for (fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return n;
}

/* ---- what arrives ------------------------------------------------------- */

/* Two frames cut anywhere, and byte by byte: the same two frames. */
static void
frames_in_any_chunks(void **state)
{
	struct buf b = { 0 };
	struct rig g;
	size_t cut, i;

	(void)state;
	put_frame(&b, MSG_RECORD, 0, 7, SPAN_LIT("body"));
	put_frame(&b, MSG_STORE, 0, 8, SPAN_LIT(""));
	for (cut = 0; cut <= buf_len(&b); cut++) {
		rig_begin(&g, true);
		g.spoold.stop_at_id = 8;
		send_raw(g.raw, buf_data(&b), cut != 0 ? cut : 1, NULL, 0);
		channel_drain(g.spoold.ch);
		if (cut == 0)
			cut = 1;
		for (i = cut; i < buf_len(&b); i++) {
			send_raw(g.raw, buf_data(&b) + i, 1, NULL, 0);
			if (cut < 3)
				channel_drain(g.spoold.ch);
		}
		channel_drain(g.spoold.ch);
		check_int("records", g.spoold.records, 1);
		check_int("stores", g.spoold.stores, 1);
		check_int("bytes", g.spoold.bytes, 4);
		check_int("id", g.spoold.last_id, 8);
		rig_end(&g);
	}
	buf_free(&b);
}

/* Each frame has its own descriptor, whatever comes between them. */
static void
descriptors_find_their_frames(void **state)
{
	unsigned before = open_descriptors();
	char text[16];
	struct rig g;
	int i, fd;

	(void)state;
	rig_begin(&g, false);
	g.spoold.order_at = 1;
	for (i = 1; i <= 40; i++) {
		put_bytes(channel_begin(g.smtpd.ch, i % 4 == 0 ? MSG_RECORD :
		    MSG_STORE, (uint64_t)i), "0123456789", 10);
		if (i % 4 != 1) {
			channel_end(g.smtpd.ch);
			continue;
		}
		snprintf(text, sizeof(text), "file %d", i);
		fd = file_with(text);
		channel_end_fd(g.smtpd.ch, fd);
		close(fd);
		if (i % 8 == 1) {
			channel_flush(g.smtpd.ch);
			channel_drain(g.spoold.ch);
			check_str("own file", g.spoold.text, text);
		}
	}
	g.spoold.stop_at_id = 40;
	rig_run(&g, 2000);
	assert_false(g.timed_out);
	check_int("stores", g.spoold.stores, 30);
	check_int("records", g.spoold.records, 10);
	check_int("lost", g.spoold.lost, 0);
	rig_end(&g);
	check_int("descriptors left", open_descriptors(), before);
}

static const struct {
	const char *row;
	unsigned type, flags;
	uint32_t magic, zero, len;
	unsigned fds;
	bool leave_unread;
} broken[] = {
	{ "wrong magic", MSG_STORE, 0, 0x454b0002, 0, 0, 0, false },
	{ "not zero", MSG_STORE, 0, 0x454b0001, 1, 0, 0, false },
	{ "unknown type", MSG_COUNT, 0, 0x454b0001, 0, 0, 0, false },
	{ "type 65535", 65535, 0, 0x454b0001, 0, 0, 0, false },
	{ "no handler", MSG_OUTCOME, 0, 0x454b0001, 0, 0, 0, false },
	{ "not from this peer", MSG_SETTLE, 0, 0x454b0001, 0, 0, 0, false },
	{ "not in this direction", MSG_STORED, 0, 0x454b0001, 0, 0, 0, false },
	{ "master's word", MSG_STOP, 0, 0x454b0001, 0, 0, 0, false },
	{ "too long", MSG_RECORD, 0, 0x454b0001, 0, 262145, 0, false },
	{ "4 GiB", MSG_STORE, 0, 0x454b0001, 0, UINT32_MAX, 0, false },
	{ "unknown flag", MSG_STORE, 2, 0x454b0001, 0, 0, 0, false },
	{ "descriptor flag where none may be", MSG_RECORD, 1, 0x454b0001, 0, 0,
	    1, false },
	{ "promised descriptor", MSG_STORE, 1, 0x454b0001, 0, 0, 0, false },
	{ "stray descriptor", MSG_STORE, 0, 0x454b0001, 0, 0, 1, false },
	{ "two for one", MSG_STORE, 1, 0x454b0001, 0, 0, 2, false },
	{ "many", MSG_STORE, 1, 0x454b0001, 0, 0, 30, false },
	{ "unread body", MSG_STORE, 0, 0x454b0001, 0, 1, 0, true },
};

/* It closes this channel, with no descriptor left, and nothing else. */
static void
broken_rules_close_the_channel(void **state)
{
	unsigned before = open_descriptors();
	struct buf b = { 0 };
	int fds[32], fd;
	struct rig g;
	size_t i, k;

	(void)state;
	fd = file_with("stray");
	for (k = 0; k < COUNT(fds); k++)
		fds[k] = fd;
	for (i = 0; i < COUNT(broken); i++) {
		rig_begin(&g, true);
		g.spoold.leave_unread = broken[i].leave_unread;
		buf_clear(&b, 1000);
		put_u32(&b, broken[i].magic);
		put_u16(&b, (uint16_t)broken[i].type);
		put_u16(&b, (uint16_t)broken[i].flags);
		put_u32(&b, broken[i].len);
		put_u32(&b, broken[i].zero);
		put_u64(&b, 1);
		if (broken[i].leave_unread)
			put_u8(&b, 0);
		put_frame(&b, MSG_RECORD, 0, 2, SPAN_LIT(""));
		send_raw(g.raw, buf_data(&b), buf_len(&b), fds, broken[i].fds);
		rig_run(&g, 2000);
		check_int(broken[i].row, g.spoold.lost, 1);
		check_int(broken[i].row, g.spoold.broke, true);
		assert_null(g.spoold.ch);
		rig_end(&g);
	}
	close(fd);
	buf_free(&b);
	check_int("descriptors left", open_descriptors(), before);
}

static void
an_end_is_no_breach(void **state)
{
	struct rig g;

	(void)state;
	rig_begin(&g, true);
	close(g.raw);
	g.raw = -1;
	rig_run(&g, 2000);
	check_int("lost", g.spoold.lost, 1);
	check_int("broke", g.spoold.broke, false);
	rig_end(&g);
}

/* A frame that will never be whole is no reason to say anything. */
static void
half_a_frame_then_the_end(void **state)
{
	unsigned before = open_descriptors();
	struct buf b = { 0 };
	struct rig g;
	int fd;

	(void)state;
	rig_begin(&g, true);
	fd = file_with("x");
	put_frame(&b, MSG_STORE, 1, 1, SPAN_LIT("body"));
	send_raw(g.raw, buf_data(&b), buf_len(&b) - 1, &fd, 1);
	close(fd);
	close(g.raw);
	g.raw = -1;
	rig_run(&g, 2000);
	check_int("stores", g.spoold.stores, 0);
	check_int("lost", g.spoold.lost, 1);
	check_int("broke", g.spoold.broke, false);
	rig_end(&g);
	buf_free(&b);
	check_int("descriptors left", open_descriptors(), before);
}

/* ---- pausing, closing --------------------------------------------------- */

static void
pauses(void **state)
{
	struct rig g;
	int i;

	(void)state;
	rig_begin(&g, false);
	g.spoold.order_at = 1;
	g.spoold.pause_in_handler = true;
	for (i = 1; i <= 3; i++)
		channel_send(g.smtpd.ch, MSG_RECORD, (uint64_t)i);
	for (i = 1; i <= 3; i++) {
		rig_run(&g, 20);
		check_int("one each time", g.spoold.records, i);
		channel_drain(g.spoold.ch);
		check_int("not drained either", g.spoold.records, i);
		channel_resume(g.spoold.ch);
	}
	g.spoold.pause_in_handler = false;
	channel_resume(g.spoold.ch);
	channel_send(g.smtpd.ch, MSG_RECORD, 4);
	g.spoold.stop_at_id = 4;
	rig_run(&g, 2000);
	assert_false(g.timed_out);
	rig_end(&g);
}

static void
closes_in_its_handler(void **state)
{
	struct rig g;

	(void)state;
	rig_begin(&g, false);
	g.spoold.close_in_handler = true;
	channel_send(g.smtpd.ch, MSG_RECORD, 1);
	channel_send(g.smtpd.ch, MSG_RECORD, 2);
	rig_run(&g, 2000);
	check_int("only one", g.spoold.records, 1);
	check_int("our own doing", g.spoold.lost, 0);
	check_int("theirs", g.smtpd.lost, 1);
	assert_null(g.spoold.ch);
	rig_end(&g);
}

/* ---- much to say -------------------------------------------------------- */

static void
send_bytes(struct end *e, uint64_t id, size_t len)
{
	struct buf *b = channel_begin(e->ch, MSG_STORE, id);

	memset(buf_reserve(b, len), 'x', len);
	buf_commit(b, len);
	channel_end(e->ch);
}

static void
a_backlog_drains_once(void **state)
{
	struct rig g;
	uint64_t id;

	(void)state;
	rig_begin(&g, false);
	channel_pause(g.spoold.ch);
	for (id = 1; !channel_full(g.smtpd.ch); id++)
		send_bytes(&g.smtpd, id, 100000);
	rig_run(&g, 30);
	check_int("still full", g.smtpd.drained, 0);
	assert_true(channel_pending(g.smtpd.ch) > CHANNEL_LOW);
	g.spoold.order_at = 1;
	g.spoold.stop_at_id = id - 1;
	channel_resume(g.spoold.ch);
	rig_run(&g, 5000);
	assert_false(g.timed_out);
	check_int("all bytes", g.spoold.bytes, (id - 1) * 100000);
	check_int("drained", g.smtpd.drained, 1);
	check_int("pending", channel_pending(g.smtpd.ch), 0);
	rig_end(&g);
}

/*
 * The peer spoke, then died, and we write before we read: what it said still
 * counts, and what we wrote leaves nothing behind.
 */
static void
last_words_of_the_dead(void **state)
{
	unsigned before = open_descriptors();
	struct rig g;
	uint64_t i;
	int fd;

	(void)state;
	rig_begin(&g, false);
	channel_pause(g.smtpd.ch);
	for (i = 0; i < 20; i++) {
		health_put(channel_begin(g.spoold.ch, MSG_HEALTH, 0),
		    HEALTH_OK);
		channel_end(g.spoold.ch);
	}
	channel_flush(g.spoold.ch);
	channel_close(&g.spoold.ch);
	fd = file_with("x");
	for (i = 1; i <= 50; i++) {
		channel_begin(g.smtpd.ch, MSG_STORE, i);
		channel_end_fd(g.smtpd.ch, fd);
		channel_flush(g.smtpd.ch);
	}
	close(fd);
	check_int("not lost yet", g.smtpd.lost, 0);
	check_int("nothing kept", channel_pending(g.smtpd.ch), 0);
	/* The channel's socket and the loop's own descriptors remain. */
	if (open_descriptors() > before + 8)
		fail_msg("%u descriptors are open",
		    open_descriptors() - before);
	channel_resume(g.smtpd.ch);
	rig_run(&g, 2000);
	check_int("heard", g.smtpd.healths, 20);
	check_int("lost", g.smtpd.lost, 1);
	check_int("broke", g.smtpd.broke, false);
	rig_end(&g);
	check_int("descriptors left", open_descriptors(), before);
}

static void
on_lost_kept(void *owner, struct channel *ch)
{
	struct end *e = owner;

	(void)ch;
	e->lost++;
	loop_stop(e->loop);
}

/* An owner may close it later: it reads no more, whoever asks it to. */
static void
the_lost_stay_silent(void **state)
{
	struct buf b = { 0 };
	struct rig g;

	(void)state;
	rig_begin(&g, true);
	g.spoold_events.lost = on_lost_kept;
	g.spoold.leave_unread = true;
	put_frame(&b, MSG_RECORD, 0, 1, SPAN_LIT("x"));
	put_frame(&b, MSG_RECORD, 0, 2, SPAN_LIT(""));
	send_raw(g.raw, buf_data(&b), buf_len(&b), NULL, 0);
	rig_run(&g, 2000);
	channel_drain(g.spoold.ch);
	channel_pause(g.spoold.ch);
	channel_resume(g.spoold.ch);
	rig_run(&g, 20);
	check_int("lost", g.spoold.lost, 1);
	check_int("records", g.spoold.records, 1);
	channel_send(g.spoold.ch, MSG_HEALTH, 0);
	check_int("says nothing", channel_pending(g.spoold.ch), 0);
	rig_end(&g);
	buf_free(&b);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_in_any_chunks),
		cmocka_unit_test(descriptors_find_their_frames),
		cmocka_unit_test(broken_rules_close_the_channel),
		cmocka_unit_test(an_end_is_no_breach),
		cmocka_unit_test(half_a_frame_then_the_end),
		cmocka_unit_test(pauses),
		cmocka_unit_test(closes_in_its_handler),
		cmocka_unit_test(a_backlog_drains_once),
		cmocka_unit_test(last_words_of_the_dead),
		cmocka_unit_test(the_lost_stay_silent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
