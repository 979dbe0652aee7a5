/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/load/session.h"

#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "tests/bench/load/load.h"
#include "tests/bench/load/reply.h"

static void session_next(struct load_session *s);
static void session_lost(struct load_session *s, const char *why);

static void
queue_add(struct load_queue *q, struct load_session *s, enum load_step step)
{
	s->step = step;
	s->next = NULL;
	if (q->last != NULL)
		q->last->next = s;
	else
		q->first = s;
	q->last = s;
}

/* Come back after the retry time; all wait equally long, so in order. */
static void
session_wait(struct load_session *s)
{
	s->due_ms = clock_mono_ms() + (int64_t)s->l->opt->retry_ms;
	queue_add(&s->l->retry, s, STEP_RETRY);
}

static void
session_done(struct load_session *s)
{
	bench_conn_close(&s->conn);
	buf_free(&s->held);
	s->step = STEP_DONE;
	s->l->active--;
}

/* The message in hand will not be sent again. */
static void
give_up(struct load_session *s)
{
	if (!s->has_seq)
		return;
	s->has_seq = false;
	s->l->refused++;
}

static void
session_lost(struct load_session *s, const char *why)
{
	struct load *l = s->l;
	bool idle = !s->has_seq && s->worked;

	bench_conn_close(&s->conn);
	buf_clear(&s->held, 0);
	if (s->step == STEP_QUIT) {
		session_done(s);
		return;
	}
	/* A server may well end a connection between two messages. */
	if (!idle) {
		l->errors++;
		load_note_error(l, why);
	}
	if (l->opt->keep_going && !l->stopping) {
		session_wait(s);
		return;
	}
	give_up(s);
	if (s->worked && !l->stopping)
		load_session_start(s);
	else
		session_done(s);
}

static void
session_send(struct load_session *s, const struct iovec *iov, int n)
{
	if (bench_conn_writev(&s->conn, iov, n) == -1) {
		session_lost(s, "connection lost while sending");
		return;
	}
	bench_conn_arm(&s->conn, s->l->epoll_fd, s, true);
}

/* One command; the reply to it is what `step` waits for. */
static void
session_say(struct load_session *s, enum load_step step, const char *verb,
    const char *arg)
{
	char line[512];
	struct iovec iov = { line, 0 };

	iov.iov_len = (size_t)snprintf(line, sizeof(line), "%s%s\r\n", verb,
	    arg);
	s->step = step;
	session_send(s, &iov, 1);
}

static void
session_say_buf(struct load_session *s, enum load_step step,
    const struct buf *b)
{
	struct iovec iov = { buf_data(b), buf_len(b) };

	s->step = step;
	session_send(s, &iov, 1);
}

void
load_session_start(struct load_session *s)
{
	int fd = bench_connect(&s->l->opt->target);

	s->worked = s->pipelining = s->starttls = s->sizes = false;
	s->life++;
	s->step = STEP_BANNER;
	s->heard_ms = clock_mono_ms();
	if (fd == -1) {
		session_lost(s, "cannot connect");
		return;
	}
	bench_conn_init(&s->conn, fd);
	bench_conn_arm(&s->conn, s->l->epoll_fd, s, true);
	s->l->connections++;
}

static void
message_begin(struct load_session *s)
{
	struct load *l = s->l;
	struct buf *b = &l->scratch;

	s->begun_us = clock_mono_us();
	s->rcpts_answered = s->rcpts_taken = 0;
	s->failed = 0;
	buf_clear(b, SIZE_MAX);
	message_mail(&l->messages, b, s->sizes);
	if (s->pipelining) {
		for (uint64_t i = 0; i < l->opt->recipients; i++)
			message_rcpt(&l->messages, b, s->seq, i);
		buf_add_str(b, "DATA\r\n");
	}
	session_say_buf(s, STEP_MAIL, b);
}

/* Is it this session's turn? If not it queues for one. */
static bool
turn_comes(struct load_session *s)
{
	struct load *l = s->l;
	int64_t now;

	if (l->opt->rate == 0)
		return true;
	now = clock_mono_us();
	if (now < l->turn_us) {
		queue_add(&l->paced, s, STEP_PACED);
		return false;
	}
	/* After a standstill the lost turns are not made up for. */
	if (now - l->turn_us > 1000000)
		l->turn_us = now;
	l->turn_us += (int64_t)(1000000 / l->opt->rate);
	return true;
}

/* On to the message in hand, a new one, or the end. */
static void
session_next(struct load_session *s)
{
	struct load *l = s->l;

	if (!s->has_seq && (l->stopping || (l->opt->messages != 0 &&
	    l->next_seq == l->opt->messages))) {
		session_say(s, STEP_QUIT, "QUIT", "");
		return;
	}
	if (!turn_comes(s))
		return;
	if (!s->has_seq) {
		s->seq = l->next_seq++;
		s->has_seq = true;
		s->attempt = 0;
	}
	message_begin(s);
}

void
load_session_continue(struct load_session *s)
{
	if (s->l->stopping && s->has_seq && s->step == STEP_RETRY)
		give_up(s);
	if (s->conn.fd != -1)
		session_next(s);
	else if (!s->l->stopping)
		load_session_start(s);
	else
		session_done(s);
}

void
load_session_timed_out(struct load_session *s)
{
	session_lost(s, "no reply in time");
}

static void
body_send(struct load_session *s)
{
	struct messages *m = &s->l->messages;
	struct span header = message_header(m, s->seq, ++s->attempt);
	struct span body = message_body(m, s->seq);
	struct iovec iov[2] = {
		{ (void *)(uintptr_t)header.p, header.len },
		{ (void *)(uintptr_t)body.p, body.len },
	};

	s->step = STEP_BODY;
	session_send(s, iov, 2);
}

static void
acknowledged(struct load_session *s, const struct load_reply *r)
{
	struct load *l = s->l;
	char text[REPLY_LINE_MAX];

	l->last_us = clock_mono_us();
	latency_add(&l->latency, (uint64_t)(l->last_us - s->begun_us));
	l->acknowledged++;
	l->rcpt_refused += l->opt->recipients - s->rcpts_taken;
	s->has_seq = false;
	s->worked = true;
	if (ledger_on(&l->ledger))
		buf_addf(&l->ledger.lines, "%ju.%u %u %s\n",
		    (uintmax_t)s->seq, s->attempt, r->code,
		    text_printable(r->text, text, sizeof(text)));
}

/* The transaction is over without an acknowledgement; the session is not. */
static void
message_failed(struct load_session *s)
{
	struct load *l = s->l;

	l->errors++;
	if (l->opt->keep_going && s->failed < 500 && !l->stopping) {
		session_wait(s);
		return;
	}
	give_up(s);
	session_next(s);
}

static void
refusal(struct load_session *s, const struct load_reply *r)
{
	char text[LOAD_ERROR_MAX], note[LOAD_ERROR_MAX + 8];

	if (s->failed == 0)
		s->failed = r->code;
	snprintf(note, sizeof(note), "%u %s", r->code,
	    text_printable(r->text, text, sizeof(text)));
	load_note_error(s->l, note);
}

static void
on_banner(struct load_session *s, const struct load_reply *r)
{
	if (r->code != 220) {
		refusal(s, r);
		session_lost(s, "no welcome");
		return;
	}
	session_say(s, STEP_EHLO, "EHLO ", s->l->opt->hostname);
}

static void
on_ehlo(struct load_session *s, const struct load_reply *r)
{
	const struct load_options *o = s->l->opt;

	if (r->code != 250) {
		refusal(s, r);
		session_lost(s, "EHLO is refused");
		return;
	}
	s->pipelining = s->pipelining && o->pipelining;
	if (o->tls && s->conn.ssl == NULL) {
		if (!s->starttls)
			session_lost(s, "STARTTLS is not offered");
		else
			session_say(s, STEP_STARTTLS, "STARTTLS", "");
		return;
	}
	session_next(s);
}

/* A line of the EHLO reply behind the first: an offer. */
static void
on_offer(struct load_session *s, struct span text)
{
	if (span_ieq_str(text, "PIPELINING"))
		s->pipelining = true;
	else if (span_ieq_str(text, "STARTTLS"))
		s->starttls = true;
	else if (span_istarts(text, "SIZE"))
		s->sizes = true;
}

static void
on_starttls(struct load_session *s, const struct load_reply *r)
{
	if (r->code != 220) {
		refusal(s, r);
		session_lost(s, "STARTTLS is refused");
		return;
	}
	bench_conn_tls(&s->conn, s->l->tls, false);
	s->pipelining = s->sizes = false;
	session_say(s, STEP_EHLO, "EHLO ", s->l->opt->hostname);
}

static void
on_mail(struct load_session *s, const struct load_reply *r)
{
	struct buf *b = &s->l->scratch;

	if (r->code != 250)
		refusal(s, r);
	if (s->pipelining) {
		s->step = STEP_RCPT;
		return;
	}
	if (s->failed != 0) {
		session_say(s, STEP_RSET, "RSET", "");
		return;
	}
	buf_clear(b, SIZE_MAX);
	message_rcpt(&s->l->messages, b, s->seq, 0);
	session_say_buf(s, STEP_RCPT, b);
}

static void
on_rcpt(struct load_session *s, const struct load_reply *r)
{
	struct load *l = s->l;
	bool last = ++s->rcpts_answered == l->opt->recipients;
	struct buf *b = &l->scratch;

	if (r->code == 250 || r->code == 251)
		s->rcpts_taken++;
	else
		refusal(s, r);
	if (s->pipelining) {
		if (last)
			s->step = STEP_DATA;
	} else if (!last) {
		buf_clear(b, SIZE_MAX);
		message_rcpt(&l->messages, b, s->seq, s->rcpts_answered);
		session_say_buf(s, STEP_RCPT, b);
	} else if (s->rcpts_taken > 0)
		session_say(s, STEP_DATA, "DATA", "");
	else
		session_say(s, STEP_RSET, "RSET", "");
}

static void
on_data(struct load_session *s, const struct load_reply *r)
{
	if (r->code != 354) {
		refusal(s, r);
		session_say(s, STEP_RSET, "RSET", "");
	} else if (s->rcpts_taken == 0)
		/* RFC 2920 section 3.1: then an empty message is sent. */
		session_say(s, STEP_BODY, ".", "");
	else
		body_send(s);
}

static void
on_body(struct load_session *s, const struct load_reply *r)
{
	if (r->code == 250 && s->rcpts_taken > 0) {
		acknowledged(s, r);
		session_next(s);
		return;
	}
	refusal(s, r);
	message_failed(s);
}

static void
on_rset(struct load_session *s, const struct load_reply *r)
{
	if (r->code != 250)
		session_lost(s, "RSET is refused");
	else
		message_failed(s);
}

/* A whole reply. */
static void
on_reply(struct load_session *s, const struct load_reply *r)
{
	if (r->code == 421 && s->step != STEP_QUIT) {
		refusal(s, r);
		session_lost(s, "421");
		return;
	}
	switch (s->step) {
	case STEP_BANNER:
		on_banner(s, r);
		break;
	case STEP_EHLO:
		on_ehlo(s, r);
		break;
	case STEP_STARTTLS:
		on_starttls(s, r);
		break;
	case STEP_MAIL:
		on_mail(s, r);
		break;
	case STEP_RCPT:
		on_rcpt(s, r);
		break;
	case STEP_DATA:
		on_data(s, r);
		break;
	case STEP_BODY:
		on_body(s, r);
		break;
	case STEP_RSET:
		on_rset(s, r);
		break;
	case STEP_QUIT:
		session_done(s);
		break;
	case STEP_PACED:
	case STEP_RETRY:
	case STEP_DONE:
		/* Said by a server that nobody asked; ignored. */
		break;
	}
}

static void
on_line(struct load_session *s, struct span line)
{
	struct load_reply r;

	if (load_reply_parse(line, &r) == -1) {
		session_lost(s, "a reply that is none");
		return;
	}
	if (s->step == STEP_EHLO && r.code == 250)
		on_offer(s, r.text);
	if (r.last)
		on_reply(s, &r);
}

/* Lines of the input; what is left of it is kept for the next turn. */
static void
input_use(struct load_session *s, struct span in)
{
	unsigned life = s->life;
	bool clear = s->conn.ssl == NULL;

	while (in.len > 0) {
		ptrdiff_t nl = span_find(in, '\n');
		struct span line = in;

		if (nl == -1)
			break;
		line.len = (size_t)nl;
		in = span_from(in, line.len + 1);
		if (line.len > 0 && line.p[line.len - 1] == '\r')
			line.len--;
		on_line(s, line);
		/* A lost connection takes its input with it. */
		if (s->life != life || s->conn.fd == -1)
			return;
		/* And nothing said in clear counts inside TLS. */
		if (clear && s->conn.ssl != NULL)
			return;
	}
	if (in.len > REPLY_LINE_MAX)
		session_lost(s, "an endless reply line");
	else if (in.len > 0)
		buf_add(&s->held, in.p, in.len);
}

static void
input_read(struct load_session *s)
{
	struct load *l = s->l;
	size_t held = buf_len(&s->held);
	ssize_t n;

	n = bench_conn_read(&s->conn, l->read + held, LOAD_READ_MAX - held);
	if (n == -1) {
		if (s->step == STEP_RETRY || s->step == STEP_PACED)
			/* It is in a queue; that turn will connect again. */
			bench_conn_close(&s->conn);
		else
			session_lost(s, "connection closed by the server");
		return;
	}
	if (n == 0)
		return;
	s->heard_ms = clock_mono_ms();
	if (held > 0)
		memcpy(l->read, buf_data(&s->held), held);
	buf_clear(&s->held, REPLY_LINE_MAX);
	input_use(s, span_make(l->read, held + (size_t)n));
}

void
load_session_event(struct load_session *s, uint32_t events)
{
	if (s->conn.fd == -1)
		return;
	if (buf_len(&s->conn.out) > 0 &&
	    bench_conn_flush(&s->conn) == -1) {
		session_lost(s, "connection lost while sending");
		return;
	}
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
		do
			input_read(s);
		while (s->conn.fd != -1 && bench_conn_has_more(&s->conn));
	}
	if (s->conn.fd != -1)
		bench_conn_arm(&s->conn, s->l->epoll_fd, s, true);
}
