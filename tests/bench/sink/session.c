/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/sink/session.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "lib/base/alloc.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "tests/bench/common/conn.h"
#include "tests/bench/sink/eod.h"
#include "tests/bench/sink/sink.h"

enum { LINE_MAX_BYTES = 2048, HEADER_MAX = 16384, REPLY_MAX = 160 };

enum sink_state {
	SINK_COMMAND, /* reading command lines */
	SINK_DATA,    /* reading content */
	SINK_LATE,    /* reading nothing until due_ms */
	SINK_STALLED, /* reading nothing ever again */
	SINK_ENDING,  /* to be closed when its output is sent */
	SINK_DEAD,    /* to be closed now */
};

struct sink_session {
	struct sink *k;
	struct bench_conn conn;
	enum sink_state state;
	struct buf held; /* input not yet used */
	bool greeted;
	bool in_mail;
	bool queued; /* is in k->dirty */
	struct sink_session *next_dirty;
	struct sink_session *next_late, *prev_late;
	int64_t due_ms;
	char late_reply[REPLY_MAX];
	/* the transaction */
	struct buf sender;
	struct buf rcpts; /* separated by commas */
	unsigned rcpt_count;
	unsigned data_code; /* 0: the message is taken */
	bool slow, drop;
	enum eod eod;
	struct buf header; /* kept for the ledger */
	bool header_done;
	uint64_t bytes;
	struct stored stored;
};

static void
transaction_end(struct sink_session *s)
{
	store_end(&s->k->store, &s->stored, false);
	buf_clear(&s->sender, LINE_MAX_BYTES);
	buf_clear(&s->rcpts, LINE_MAX_BYTES);
	buf_clear(&s->header, LINE_MAX_BYTES);
	s->in_mail = s->slow = s->drop = s->header_done = false;
	s->rcpt_count = s->data_code = 0;
	s->bytes = 0;
}

static void
dirty_add(struct sink_session *s)
{
	if (s->queued)
		return;
	s->queued = true;
	s->next_dirty = s->k->dirty;
	s->k->dirty = s;
}

static void
reply(struct sink_session *s, const char *text)
{
	buf_add_str(&s->conn.out, text);
	dirty_add(s);
}

static void
late_remove(struct sink_session *s)
{
	struct sink *k = s->k;

	*(s->prev_late != NULL ? &s->prev_late->next_late : &k->late) =
	    s->next_late;
	*(s->next_late != NULL ? &s->next_late->prev_late : &k->late_last) =
	    s->prev_late;
}

/* All waits are equally long, so the list is in order of time. */
static void
late_add(struct sink_session *s, const char *text)
{
	struct sink *k = s->k;

	snprintf(s->late_reply, sizeof(s->late_reply), "%s", text);
	s->due_ms = clock_mono_ms() + (int64_t)k->opt->slow_ms;
	s->state = SINK_LATE;
	s->next_late = NULL;
	s->prev_late = k->late_last;
	*(k->late_last != NULL ? &k->late_last->next_late : &k->late) = s;
	k->late_last = s;
}

/* The end of a session: nothing refers to it afterwards. */
static void
session_close(struct sink_session *s)
{
	if (s->state == SINK_LATE)
		late_remove(s);
	transaction_end(s);
	s->k->count.open--;
	bench_conn_close(&s->conn);
	buf_free(&s->held);
	buf_free(&s->sender);
	buf_free(&s->rcpts);
	buf_free(&s->header);
	free(s);
}

/* Close at the end of the turn, from anywhere. */
static void
session_kill(struct sink_session *s)
{
	if (s->state == SINK_LATE)
		late_remove(s);
	s->state = SINK_DEAD;
	dirty_add(s);
}

static void
session_arm(struct sink_session *s)
{
	bench_conn_arm(&s->conn, s->k->epoll_fd, s,
	    s->state == SINK_COMMAND || s->state == SINK_DATA);
}

void
sink_session_open(struct sink *k, int fd)
{
	struct sink_session *s = xcalloc(1, sizeof(*s));

	s->k = k;
	bench_conn_init(&s->conn, fd);
	k->count.connections++;
	k->count.open++;
	buf_addf(&s->conn.out, "220 %s ESMTP sink\r\n", k->opt->hostname);
	dirty_add(s);
}

/* The address between < and > behind the verb, or an empty one. */
static struct span
path_of(struct span line)
{
	const char *from = memchr(line.p, '<', line.len), *to;

	if (from == NULL)
		return (struct span){ line.p, 0 };
	to = memchr(from, '>', line.len - (size_t)(from - line.p));
	if (to == NULL)
		return (struct span){ line.p, 0 };
	return span_make(from + 1, (size_t)(to - from) - 1);
}

static void
do_mail(struct sink_session *s, struct span line)
{
	if (s->in_mail) {
		reply(s, "503 5.5.1 Nested MAIL\r\n");
		return;
	}
	if (!s->greeted) {
		reply(s, "503 5.5.1 EHLO first\r\n");
		return;
	}
	s->in_mail = true;
	buf_add_span(&s->sender, path_of(line));
	reply(s, "250 2.1.0 Ok\r\n");
}

static void
reply_code(struct sink_session *s, unsigned code, const char *enhanced,
    const char *text)
{
	char out[REPLY_MAX];

	snprintf(out, sizeof(out), "%u %u.%s %s\r\n", code, code / 100,
	    enhanced, text);
	reply(s, out);
}

static void
rcpt_take(struct sink_session *s, struct span address)
{
	if (s->rcpt_count++ > 0)
		buf_add_byte(&s->rcpts, ',');
	buf_add_span(&s->rcpts, address);
}

static void
rcpt_refuse(struct sink_session *s, unsigned code)
{
	s->k->count.rcpt_refused++;
	reply_code(s, code, code < 500 ? "2.1" : "1.1",
	    "Refused by the recipient's name");
}

static void
do_rcpt(struct sink_session *s, struct span line)
{
	struct span address = path_of(line);
	struct behaviour b = behaviour_of(address);

	if (!s->in_mail) {
		reply(s, "503 5.5.1 MAIL first\r\n");
		return;
	}
	if (address.len == 0) {
		reply(s, "501 5.1.3 No address\r\n");
		return;
	}
	if (s->k->opt->reject_rcpt != 0)
		b = (struct behaviour){ ACT_REPLY, s->k->opt->reject_rcpt };
	switch (b.act) {
	case ACT_TEMPFAIL_ONCE:
		if (!seen_before(&s->k->seen, address)) {
			rcpt_refuse(s, 451);
			return;
		}
		break;
	case ACT_REPLY:
		rcpt_refuse(s, b.code);
		return;
	case ACT_REPLY_CLOSE:
		rcpt_refuse(s, b.code);
		s->state = SINK_ENDING;
		return;
	case ACT_STALL:
		s->state = SINK_STALLED;
		return;
	case ACT_DROP_RCPT:
		session_kill(s);
		return;
	case ACT_DATA_REPLY:
		s->data_code = b.code;
		break;
	case ACT_DROP:
		s->drop = true;
		break;
	case ACT_SLOW:
		s->slow = true;
		rcpt_take(s, address);
		late_add(s, "250 2.1.5 Ok, late\r\n");
		return;
	case ACT_ACCEPT:
		break;
	}
	rcpt_take(s, address);
	reply(s, "250 2.1.5 Ok\r\n");
}

static void
do_data(struct sink_session *s, struct span line)
{
	(void)line;
	if (s->rcpt_count == 0) {
		reply(s, "503 5.5.1 No valid recipients\r\n");
		return;
	}
	s->state = SINK_DATA;
	s->eod = EOD_START;
	store_begin(&s->k->store, &s->stored, buf_span(&s->sender),
	    buf_span(&s->rcpts));
	reply(s, "354 Go on\r\n");
}

static void
do_ehlo(struct sink_session *s, struct span line)
{
	struct buf *text = s->conn.ssl != NULL ? &s->k->ehlo_in_tls
					       : &s->k->ehlo;

	(void)line;
	transaction_end(s);
	s->greeted = true;
	buf_add_span(&s->conn.out, buf_span(text));
	dirty_add(s);
}

static void
do_helo(struct sink_session *s, struct span line)
{
	(void)line;
	transaction_end(s);
	s->greeted = true;
	buf_addf(&s->conn.out, "250 %s\r\n", s->k->opt->hostname);
	dirty_add(s);
}

static void
do_rset(struct sink_session *s, struct span line)
{
	(void)line;
	transaction_end(s);
	reply(s, "250 2.0.0 Ok\r\n");
}

static void
do_noop(struct sink_session *s, struct span line)
{
	(void)line;
	reply(s, "250 2.0.0 Ok\r\n");
}

static void
do_quit(struct sink_session *s, struct span line)
{
	(void)line;
	reply(s, "221 2.0.0 Bye\r\n");
	s->state = SINK_ENDING;
}

static void
do_starttls(struct sink_session *s, struct span line)
{
	(void)line;
	if (s->k->tls == NULL || s->conn.ssl != NULL) {
		reply(s, "502 5.5.1 Not here\r\n");
		return;
	}
	transaction_end(s);
	s->greeted = false;
	buf_add_str(&s->conn.out, "220 2.0.0 Go on\r\n");
	/* The reply is the last thing in clear. */
	if (bench_conn_flush(&s->conn) == -1 || buf_len(&s->conn.out) > 0) {
		session_kill(s);
		return;
	}
	bench_conn_tls(&s->conn, s->k->tls, true);
	s->k->count.tls++;
}

static const struct command {
	const char *verb;
	void (*run)(struct sink_session *, struct span line);
} commands[] = {
	{ "MAIL", do_mail },
	{ "RCPT", do_rcpt },
	{ "DATA", do_data },
	{ "EHLO", do_ehlo },
	{ "HELO", do_helo },
	{ "RSET", do_rset },
	{ "NOOP", do_noop },
	{ "QUIT", do_quit },
	{ "STARTTLS", do_starttls },
};

static void
command_run(struct sink_session *s, struct span line)
{
	size_t len = 0;

	while (len < line.len && line.p[len] != ' ')
		len++;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (!span_ieq_str(span_make(line.p, len), commands[i].verb))
			continue;
		commands[i].run(s, line);
		return;
	}
	reply(s, "502 5.5.2 What?\r\n");
}

/* Keep the header for the ledger's name of the message. */
static void
header_keep(struct sink_session *s, const char *p, size_t len)
{
	size_t room = HEADER_MAX - buf_len(&s->header), from, n;
	const char *end;

	n = len < room ? len : room;
	/* The empty line may have begun in the piece before. */
	from = buf_len(&s->header) > 3 ? buf_len(&s->header) - 3 : 0;
	end = memmem(p, n, "\r\n\r\n", 4);
	if (end != NULL)
		n = (size_t)(end - p) + 4;
	buf_add(&s->header, p, n);
	s->header_done = end != NULL || buf_len(&s->header) == HEADER_MAX ||
	    memmem(buf_data(&s->header) + from, buf_len(&s->header) - from,
		"\r\n\r\n", 4) != NULL;
}

/* The value of a field in the header kept; empty when it is missing. */
static struct span
header_value(const struct sink_session *s, const char *name)
{
	struct span rest = buf_span(&s->header), line;
	ptrdiff_t nl;

	while (rest.len > 0) {
		nl = span_find(rest, '\n');
		line = rest;
		if (nl != -1)
			line.len = (size_t)nl;
		rest = span_from(rest, line.len + 1);
		if (!span_istarts(line, name))
			continue;
		line = span_from(line, strlen(name));
		if (line.len > 0 && line.p[line.len - 1] == '\r')
			line.len--;
		return span_trim(line);
	}
	return (struct span){ "-", 0 };
}

static void
ledger_message(struct sink_session *s)
{
	struct buf *out = &s->k->ledger.lines;
	struct span name = header_value(s, "X-Transmission:");
	size_t size;
	char *text;

	if (name.len == 0)
		name = header_value(s, "X-Seq:");
	if (name.len == 0)
		name = header_value(s, "Message-ID:");
	if (name.len == 0)
		name = SPAN_LIT("-");
	size = 4 * (name.len + buf_len(&s->rcpts)) + 4;
	text = xmalloc(size);
	buf_add_str(out, text_printable(name, text, size));
	buf_add_byte(out, ' ');
	buf_add_str(out, text_printable(buf_span(&s->rcpts), text, size));
	buf_addf(out, " %jd\n", (intmax_t)clock_wall_us());
	free(text);
}

static void
message_take(struct sink_session *s)
{
	struct counters *c = &s->k->count;

	if (ledger_on(&s->k->ledger))
		ledger_message(s);
	store_end(&s->k->store, &s->stored, true);
	c->messages++;
	c->recipients += s->rcpt_count;
	c->bytes += s->bytes;
	c->last_us = clock_wall_us();
	if (c->first_us == 0)
		c->first_us = c->last_us;
	s->k->taken++;
	if (s->k->taken == s->k->opt->max_messages)
		s->k->done = true;
}

static void
message_end(struct sink_session *s)
{
	const struct sink_options *opt = s->k->opt;
	bool slow = s->slow || (opt->slow_percent > 0 &&
	    (unsigned)(random() % 100) < opt->slow_percent);

	s->state = SINK_COMMAND;
	if (s->drop) {
		s->k->count.dropped++;
		session_kill(s);
		return;
	}
	if (s->data_code == 0 && opt->fail_percent > 0 &&
	    (unsigned)(random() % 100) < opt->fail_percent)
		s->data_code = 451;
	if (s->data_code >= 400) {
		s->k->count.data_refused++;
		reply_code(s, s->data_code, "3.0", "Not taken");
		transaction_end(s);
		return;
	}
	message_take(s);
	transaction_end(s);
	if (slow)
		late_add(s, "250 2.0.0 Ok, late\r\n");
	else
		reply(s, "250 2.0.0 Ok\r\n");
}

static size_t
data_read(struct sink_session *s, const char *p, size_t len)
{
	size_t used;
	int ended = eod_scan(&s->eod, p, len, &used);

	s->bytes += used;
	if (ledger_on(&s->k->ledger) && !s->header_done)
		header_keep(s, p, used);
	store_add(&s->stored, p, used);
	if (ended)
		message_end(s);
	return used;
}

/* One line from the front of the input; 0: it is not complete. */
static size_t
command_read(struct sink_session *s, const char *p, size_t len)
{
	const char *nl = memchr(p, '\n', len);
	struct span line;
	bool was_clear = s->conn.ssl == NULL;

	if (nl == NULL) {
		if (len > LINE_MAX_BYTES) {
			reply(s, "500 5.5.2 Line too long\r\n");
			s->state = SINK_ENDING;
		}
		return 0;
	}
	line = span_make(p, (size_t)(nl - p));
	if (line.len > 0 && line.p[line.len - 1] == '\r')
		line.len--;
	command_run(s, line);
	/* Nothing said in clear may count inside TLS. */
	if (was_clear && s->conn.ssl != NULL && p + len > nl + 1)
		session_kill(s);
	return (size_t)(nl - p) + 1;
}

/* Bytes used of the input; the rest is kept by the caller. */
static size_t
input_use(struct sink_session *s, const char *p, size_t len)
{
	size_t at = 0, n;

	while (at < len) {
		if (s->state == SINK_DATA)
			n = data_read(s, p + at, len - at);
		else if (s->state == SINK_COMMAND)
			n = command_read(s, p + at, len - at);
		else
			break;
		if (n == 0)
			break;
		at += n;
	}
	return at;
}

static void
held_use(struct sink_session *s)
{
	size_t used = input_use(s, (char *)buf_data(&s->held),
	    buf_len(&s->held));

	buf_take(&s->held, used);
}

static void
input_read(struct sink_session *s)
{
	size_t held = buf_len(&s->held), used, len;
	char *p = s->k->read + SINK_HELD_MAX - held;
	ssize_t n;

	assert(held <= SINK_HELD_MAX);
	n = bench_conn_read(&s->conn, s->k->read + SINK_HELD_MAX,
	    SINK_READ_MAX);
	if (n == -1) {
		session_kill(s);
		return;
	}
	if (n == 0)
		return;
	if (held > 0)
		memcpy(p, buf_data(&s->held), held);
	buf_clear(&s->held, SINK_HELD_MAX);
	len = held + (size_t)n;
	used = input_use(s, p, len);
	if (used < len)
		buf_add(&s->held, p + used, len - used);
}

static bool
reads(const struct sink_session *s)
{
	return s->state == SINK_COMMAND || s->state == SINK_DATA;
}

void
sink_session_event(struct sink_session *s, uint32_t events)
{
	if (buf_len(&s->conn.out) > 0)
		dirty_add(s);
	if (events & (EPOLLHUP | EPOLLERR) && !reads(s)) {
		session_kill(s);
		return;
	}
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR) && reads(s)) {
		do
			input_read(s);
		while (reads(s) && bench_conn_has_more(&s->conn));
	} else if (events & EPOLLRDHUP)
		session_kill(s);
	/* Its watch changes when it is sent for. */
	if (!reads(s))
		dirty_add(s);
}

int64_t
sink_session_due_ms(const struct sink_session *s)
{
	return s->due_ms;
}

void
sink_session_resume(struct sink_session *s)
{
	late_remove(s);
	s->state = SINK_COMMAND;
	reply(s, s->late_reply);
	held_use(s);
	while (reads(s) && bench_conn_has_more(&s->conn))
		input_read(s);
}

void
sink_session_send(struct sink_session *s)
{
	s->k->dirty = s->next_dirty;
	s->queued = false;
	if (s->state == SINK_DEAD || bench_conn_flush(&s->conn) == -1 ||
	    (s->state == SINK_ENDING && buf_len(&s->conn.out) == 0)) {
		session_close(s);
		return;
	}
	session_arm(s);
}
