/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/io/stream.h"

#include <errno.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/io/sock.h"
#include "tests/bench/common/tls.h"
#include "tests/support/check.h"

/* One end, and what it was told. */
struct side {
	struct loop *loop;
	struct stream s;
	struct buf got;        /* what readable() took */
	size_t take_max;       /* bytes taken in one readable() */
	unsigned readable, drained, closed, secured;
	bool eof, open, close_when_read, close_when_drained, pause_when_read;
	char why[200];
	const char *want_got, *want_in; /* the loop stops when this is so */
	unsigned want_readable, want_closed, want_secured;
};

struct pair {
	struct loop *loop;
	struct side a, b;
	struct timer late;
	bool in_time;
};

static bool
side_done(const struct side *e)
{
	return (e->want_got == NULL ||
	    span_eq_str(buf_span(&e->got), e->want_got)) &&
	    (e->want_in == NULL ||
	    span_eq_str(buf_span(&e->s.in), e->want_in)) &&
	    e->readable >= e->want_readable && e->closed >= e->want_closed &&
	    e->secured >= e->want_secured;
}

static struct pair *the_pair;

static void
stop_when_done(void)
{
	if (side_done(&the_pair->a) && side_done(&the_pair->b)) {
		the_pair->in_time = true;
		loop_stop(the_pair->loop);
	}
}

static void
on_readable(void *arg)
{
	struct side *e = arg;
	size_t n = buf_len(&e->s.in);

	e->readable++;
	if (n > e->take_max)
		n = e->take_max;
	buf_add(&e->got, buf_data(&e->s.in), n);
	buf_take(&e->s.in, n);
	if (e->pause_when_read)
		stream_pause(&e->s);
	if (e->close_when_read) {
		stream_close(&e->s);
		e->open = false;
	}
	stop_when_done();
}

static void
on_drained(void *arg)
{
	struct side *e = arg;

	e->drained++;
	if (e->close_when_drained) {
		stream_close(&e->s);
		e->open = false;
	}
	stop_when_done();
}

static void
on_closed(void *arg, bool eof, const char *why)
{
	struct side *e = arg;

	e->closed++;
	e->eof = eof;
	strncpy(e->why, why, sizeof(e->why) - 1);
	stop_when_done();
}

static void
on_secured(void *arg, const char *why)
{
	struct side *e = arg;

	e->secured++;
	if (why != NULL)
		strncpy(e->why, why, sizeof(e->why) - 1);
	stop_when_done();
}

static const struct stream_events events = { on_readable, on_drained,
	on_closed, on_secured };

static void
on_late(void *arg)
{
	loop_stop(((struct pair *)arg)->loop);
}

static void
pair_begin(struct pair *p)
{
	int fds[2];

	*p = (struct pair){ .loop = loop_new() };
	the_pair = p;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(sock_pair(fds), 0);
	p->a.take_max = p->b.take_max = SIZE_MAX;
	p->a.loop = p->b.loop = p->loop;
	p->a.open = p->b.open = true;
	stream_init(&p->a.s, p->loop, fds[0], &events, &p->a);
	stream_init(&p->b.s, p->loop, fds[1], &events, &p->b);
	timer_init(&p->late, p->loop, on_late, p);
}

/* Run until both sides have what they want, or for some milliseconds. */
static void
pair_run(struct pair *p, int64_t ms)
{
	p->in_time = false;
	timer_set(&p->late, ms);
	loop_run(p->loop);
}

static void
pair_end(struct pair *p)
{
	/* Closing twice is safe, whatever happened before. */
	stream_close(&p->a.s);
	stream_close(&p->a.s);
	stream_close(&p->b.s);
	stream_close(&p->b.s);
	buf_free(&p->a.got);
	buf_free(&p->b.got);
	timer_done(&p->late);
	loop_free(&p->loop);
}

static void
carries_bytes(void **state)
{
	struct pair p;

	(void)state;
	pair_begin(&p);
	p.b.want_got = "hello world";
	p.b.want_readable = 1;
	stream_write(&p.a.s, "hello ", 6);
	check_int("pending", stream_pending(&p.a.s), 6);
	stream_write(&p.a.s, "world", 5);
	pair_run(&p, 2000);
	assert_true(p.in_time);
	check_int("one write, one read", p.b.readable, 1);
	check_int("drained", p.a.drained, 1);
	p.b.want_closed = 1;
	stream_close(&p.a.s);
	pair_run(&p, 2000);
	assert_true(p.in_time && p.b.eof);
	/* It may still listen, for all we know; a failure tells otherwise. */
	p.in_time = false;
	p.b.want_closed = 2;
	stream_write(&p.b.s, "x", 1);
	pair_run(&p, 2000);
	assert_true(p.in_time && !p.b.eof);
	pair_end(&p);
}

/* Who says no more still hears the answer. */
static void
answers_behind_the_end(void **state)
{
	struct pair p;

	(void)state;
	pair_begin(&p);
	p.b.want_got = "question";
	p.b.want_closed = 1;
	stream_write(&p.a.s, "question", 8);
	stream_flush(&p.a.s);
	shutdown(p.a.s.io.fd, SHUT_WR);
	pair_run(&p, 2000);
	assert_true(p.in_time && p.b.eof);
	p.in_time = false;
	p.a.want_got = "answer";
	stream_write(&p.b.s, "answer", 6);
	pair_run(&p, 2000);
	assert_true(p.in_time);
	check_int("drained", p.b.drained, 1);
	check_int("closed", p.b.closed, 1);
	pair_end(&p);
}

/* Nothing is taken: reading stops near in_max, the writer keeps the rest. */
static void
pushes_back(void **state)
{
	static char chunk[8192];
	struct pair p;
	int i;

	(void)state;
	pair_begin(&p);
	p.b.take_max = 0;
	p.b.want_readable = UINT32_MAX;
	for (i = 0; i < 512; i++)
		stream_write(&p.a.s, chunk, sizeof(chunk));
	pair_run(&p, 100);
	assert_true(buf_len(&p.b.s.in) >= STREAM_IN_MAX);
	assert_true(buf_len(&p.b.s.in) < STREAM_IN_MAX + 32 * 1024);
	assert_true(stream_pending(&p.a.s) > 2 * 1024 * 1024);
	check_int("not drained", p.a.drained, 0);
	p.b.take_max = SIZE_MAX;
	stream_resume(&p.b.s);
	pair_run(&p, 500);
	check_int("all", buf_len(&p.b.got), 512 * sizeof(chunk));
	check_int("drained", p.a.drained, 1);
	pair_end(&p);
}

/* Bytes at hand are told of again, also beside an answer that waits. */
static void
resume_announces(void **state)
{
	struct pair p;

	(void)state;
	pair_begin(&p);
	p.b.take_max = 3;
	p.b.pause_when_read = true;
	p.b.want_got = "one";
	stream_write(&p.a.s, "onetwo", 6);
	pair_run(&p, 2000);
	assert_true(p.in_time);
	pair_run(&p, 20);
	check_int("paused", p.b.readable, 1);
	/* Writing alone tells of nothing. */
	stream_flush(&p.b.s);
	stream_write(&p.b.s, "250 1\r\n", 7);
	stream_flush(&p.b.s);
	pair_run(&p, 20);
	check_int("no news", p.b.readable, 1);
	p.b.want_got = "onetwo";
	stream_write(&p.b.s, "250 2\r\n", 7);
	stream_resume(&p.b.s);
	pair_run(&p, 500);
	assert_true(p.in_time);
	check_int("told", p.b.readable, 2);
	pair_end(&p);
}

static void
closes_in_callbacks(void **state)
{
	struct pair p;

	(void)state;
	pair_begin(&p);
	p.b.close_when_read = true;
	p.a.want_closed = 1;
	stream_write(&p.a.s, "x", 1);
	pair_run(&p, 2000);
	assert_true(p.in_time && !p.b.open);
	pair_end(&p);

	pair_begin(&p);
	p.a.close_when_drained = true;
	p.b.want_closed = 1;
	p.b.want_got = "bye";
	stream_write(&p.a.s, "bye", 3);
	pair_run(&p, 2000);
	assert_true(p.in_time && !p.a.open && p.b.eof);
	pair_end(&p);
}

/* ---- TLS ---------------------------------------------------------------- */

struct contexts {
	SSL_CTX *server, *client;
};

static int
contexts_make(void **state)
{
	static struct contexts c;

	c.server = bench_tls_server(NULL, NULL);
	c.client = bench_tls_client();
	*state = &c;
	return 0;
}

static int
contexts_free(void **state)
{
	struct contexts *c = *state;

	SSL_CTX_free(c->server);
	SSL_CTX_free(c->client);
	return 0;
}

static void
handshake(struct pair *p, const struct contexts *c)
{
	p->a.want_secured = p->b.want_secured = 1;
	stream_accept_tls(&p->a.s, SSL_new(c->server));
	stream_connect_tls(&p->b.s, SSL_new(c->client));
	pair_run(p, 5000);
	assert_true(p->in_time);
	check_str("server", p->a.why, "");
	check_str("client", p->b.why, "");
}

static void
secures(void **state)
{
	static char big[300000];
	struct pair p;

	pair_begin(&p);
	handshake(&p, *state);
	/* The server hears a client that speaks first. */
	p.a.want_got = "EHLO x\r\n";
	stream_write(&p.b.s, "EHLO x\r\n", 8);
	pair_run(&p, 2000);
	assert_true(p.in_time);
	p.b.want_got = "250 x\r\n";
	stream_write(&p.a.s, "250 x\r\n", 7);
	pair_run(&p, 2000);
	assert_true(p.in_time);
	/* More than one record and one buffer, both ways at once. */
	memset(big, 'x', sizeof(big) - 1);
	buf_clear(&p.a.got, 0);
	buf_clear(&p.b.got, 0);
	p.a.want_got = p.b.want_got = big;
	stream_write(&p.a.s, big, sizeof(big) - 1);
	stream_write(&p.b.s, big, sizeof(big) - 1);
	pair_run(&p, 5000);
	assert_true(p.in_time);
	p.a.want_closed = 1;
	stream_close(&p.b.s);
	pair_run(&p, 2000);
	assert_true(p.in_time && p.a.eof);
	pair_end(&p);
}

/* Words that came in clear before the handshake are never read after it. */
static void
drops_what_came_in_clear(void **state)
{
	struct pair p;

	pair_begin(&p);
	p.a.take_max = 8;
	p.a.want_in = "RSET\r\nEVIL\r\n";
	p.a.want_got = "STARTTLS";
	stream_write(&p.b.s, "STARTTLSRSET\r\nEVIL\r\n", 20);
	pair_run(&p, 2000);
	assert_true(p.in_time);
	stream_resume(&p.a.s);
	p.a.want_in = NULL;
	p.a.take_max = SIZE_MAX;
	handshake(&p, *state);
	p.a.want_got = "STARTTLSNOOP\r\n";
	stream_write(&p.b.s, "NOOP\r\n", 6);
	pair_run(&p, 2000);
	assert_true(p.in_time);
	pair_end(&p);
}

static void
handshake_fails_on_clear_text(void **state)
{
	const struct contexts *c = *state;
	struct pair p;

	pair_begin(&p);
	p.a.want_secured = 1;
	stream_accept_tls(&p.a.s, SSL_new(c->server));
	stream_write(&p.b.s, "EHLO in clear\r\n", 15);
	pair_run(&p, 2000);
	assert_true(p.in_time);
	assert_string_not_equal(p.a.why, "");
	check_int("closed", p.a.closed, 0);
	pair_end(&p);
}

/* What cannot leave in clear before the handshake must not leave inside it. */
static void
clear_text_stays_outside(void **state)
{
	const struct contexts *c = *state;
	static char chunk[65536];
	struct pair p;
	int i;

	pair_begin(&p);
	stream_pause(&p.b.s);
	for (i = 0; i < 64; i++)
		stream_write(&p.a.s, chunk, sizeof(chunk));
	stream_accept_tls(&p.a.s, SSL_new(c->server));
	check_int("closed", p.a.closed, 1);
	check_int("clear", p.a.s.tls, STREAM_CLEAR);
	pair_end(&p);
}

/* A broken TLS stream must not be taken for an interrupted call. */
static void
write_after_a_break_fails_once(void **state)
{
	struct pair p;

	pair_begin(&p);
	handshake(&p, *state);
	shutdown(p.b.s.io.fd, SHUT_RDWR);
	p.a.want_closed = 1;
	errno = EINTR;
	stream_write(&p.a.s, "x", 1);
	errno = EINTR;
	stream_flush(&p.a.s);
	pair_run(&p, 500);
	check_int("closed", p.a.closed, 1);
	pair_end(&p);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(carries_bytes),
		cmocka_unit_test(answers_behind_the_end),
		cmocka_unit_test(pushes_back),
		cmocka_unit_test(resume_announces),
		cmocka_unit_test(closes_in_callbacks),
		cmocka_unit_test(secures),
		cmocka_unit_test(drops_what_came_in_clear),
		cmocka_unit_test(handshake_fails_on_clear_text),
		cmocka_unit_test(clear_text_stays_outside),
		cmocka_unit_test(write_after_a_break_fails_once),
	};

	return cmocka_run_group_tests(tests, contexts_make, contexts_free);
}
