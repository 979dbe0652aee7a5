/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The real smtp-out with everybody it talks to played by the test, on one
 * loop: master, queue manager, spool reader, policy process, and SMTP servers
 * that follow a script. Included by one test program only.
 */
#ifndef TESTS_SUPPORT_OUT_RIG_H
#define TESTS_SUPPORT_OUT_RIG_H

#include <fcntl.h>
#include <libgen.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/base/ip.h"
#include "lib/base/text.h"
#include "lib/base/uuid.h"
#include "lib/io/loop.h"
#include "lib/io/sock.h"
#include "lib/io/stream.h"
#include "lib/ipc/channel.h"
#include "lib/ipc/control.h"
#include "lib/ipc/delivery.h"
#include "lib/ipc/policy.h"
#include "lib/mail/envelope.h"
#include "lib/mail/record.h"
#include "lib/settings/suite.h"
#include "tests/support/check.h"

enum { RIG_WAIT_MS = 10 * 1000, RIG_OUTCOMES = 64, RIG_ENDED = 16,
	RIG_CONNS = 32, RIG_RECORDS = 8 };

/* ---- scripted servers --------------------------------------------------- */

/* What to say to a command that begins with `verb`; "" is silence. */
struct line_rule {
	const char *verb;
	const char *reply;  /* "!close", "!alert", or lines without last CRLF */
	int times;          /* 0: always */
};

struct server;

struct conn {
	struct server *server;
	struct stream stream;
	bool open, in_data, mail_ok, tls, resumed;
	struct buf log;     /* commands, "|" where a read ended */
	struct buf content; /* of the last message, as on the wire */
	unsigned n_accepted, n_mail;
	int no_tls;         /* STARTTLS, then an alert instead of a handshake */
	char client_cn[64]; /* of the certificate shown to us */
};

struct server {
	struct loop *loop;
	struct io listen;
	struct ip at;
	const struct line_rule *rules;
	int used[16];
	SSL_CTX *tls;
	bool lmtp;
	unsigned messages;
	struct conn *conns[RIG_CONNS];
	unsigned n_conns;
};

static void
conn_close(struct conn *c)
{
	if (c->open) {
		c->open = false;
		stream_close(&c->stream);
	}
}

static void
conn_say(struct conn *c, const char *text)
{
	if (strcmp(text, "!close") == 0) {
		conn_close(c);
		return;
	}
	if (*text == '\0')
		return;
	stream_write(&c->stream, text, strlen(text));
	stream_write(&c->stream, "\r\n", 2);
}

static const char *
rule_for(struct server *s, const char *line, const char *otherwise)
{
	const struct line_rule *r;

	for (r = s->rules; r != NULL && r->verb != NULL; r++) {
		if (strncasecmp(line, r->verb, strlen(r->verb)) != 0)
			continue;
		if (r->times != 0 && s->used[r - s->rules] >= r->times)
			continue;
		s->used[r - s->rules]++;
		return r->reply;
	}
	return otherwise;
}

static void
conn_command(struct conn *c, const char *line)
{
	struct server *s = c->server;
	const char *say;
	SSL *ssl;

	buf_addf(&c->log, "%s\n", line);
	if (strncasecmp(line, "EHLO", 4) == 0 ||
	    strncasecmp(line, "LHLO", 4) == 0)
		say = rule_for(s, c->tls ? "TLS-EHLO" : line,
		    s->tls != NULL && !c->tls ?
		    "250-peer\r\n250-PIPELINING\r\n250-8BITMIME\r\n"
		    "250-STARTTLS\r\n250 ENHANCEDSTATUSCODES" :
		    "250-peer\r\n250-PIPELINING\r\n250-8BITMIME\r\n"
		    "250 ENHANCEDSTATUSCODES");
	else if (strncasecmp(line, "MAIL", 4) == 0) {
		c->n_accepted = 0;
		c->n_mail++;
		say = rule_for(s, line, "250 2.1.0 sender ok");
		c->mail_ok = say[0] == '2';
	} else if (strncasecmp(line, "RCPT", 4) == 0) {
		say = !c->mail_ok ? "503 5.5.1 no sender" :
		    rule_for(s, line, "250 2.1.5 recipient ok");
		c->n_accepted += say[0] == '2';
	} else if (strcasecmp(line, "DATA") == 0) {
		say = rule_for(s, line, c->n_accepted > 0 ? "354 go on" :
		    "503 5.5.1 no recipient");
		c->in_data = strncmp(say, "354", 3) == 0;
		buf_clear(&c->content, 0);
	} else if (strcasecmp(line, "STARTTLS") == 0 && s->tls != NULL) {
		say = rule_for(s, line, "220 go on");
		if (strcmp(say, "!alert") == 0) {
			c->no_tls = 1;
			say = "220 not really";
		}
		conn_say(c, say);
		if (strcmp(say, "220 go on") == 0) {
			ssl = SSL_new(s->tls);
			SSL_set_accept_state(ssl);
			stream_accept_tls(&c->stream, ssl);
		}
		return;
	} else if (strcasecmp(line, "QUIT") == 0) {
		conn_say(c, "221 bye");
		conn_close(c);
		return;
	} else
		say = rule_for(s, line, "250 ok");
	conn_say(c, say);
}

static void
conn_dot(struct conn *c)
{
	unsigned i;

	c->in_data = false;
	c->server->messages++;
	if (!c->server->lmtp) {
		conn_say(c, rule_for(c->server, ".", "250 2.0.0 taken"));
		return;
	}
	for (i = 0; i < c->n_accepted; i++)
		conn_say(c, rule_for(c->server, ".", "250 2.0.0 taken"));
}

static void
conn_readable(void *arg)
{
	struct conn *c = arg;
	struct buf *in = &c->stream.in;
	char *lf, line[2048];
	size_t n;

	if (c->no_tls == 1) {
		buf_clear(in, 0);
		stream_write(&c->stream, "\x15\x03\x03\0\x02\x02\x28", 7);
		c->no_tls = 2;
		return;
	}
	if (c->no_tls == 2) {
		lf = memmem(buf_data(in), buf_len(in), "EHLO", 4);
		buf_take(in, lf == NULL ? buf_len(in) :
		    (size_t)(lf - (char *)buf_data(in)));
		c->no_tls = lf == NULL ? 2 : 0;
	}
	if (!c->in_data)
		buf_add_str(&c->log, "|");
	while (c->open && buf_len(in) > 0 &&
	    c->stream.tls != STREAM_ACCEPTING) {
		lf = memchr(buf_data(in), '\n', buf_len(in));
		if (lf == NULL)
			return;
		n = (size_t)(lf + 1 - (char *)buf_data(in));
		if (c->in_data) {
			buf_add(&c->content, buf_data(in), n);
			if (n == 3 && memcmp(buf_data(in), ".\r\n", 3) == 0) {
				buf_take(in, n);
				conn_dot(c);
				continue;
			}
			buf_take(in, n);
			continue;
		}
		snprintf(line, sizeof(line), "%.*s", (int)(n >= 2 ? n - 2 :
		    0), (const char *)buf_data(in));
		buf_take(in, n);
		conn_command(c, line);
	}
}

static void
conn_drained(void *arg)
{
	(void)arg;
}

static void
conn_closed(void *arg, bool eof, const char *why)
{
	(void)eof;
	(void)why;
	conn_close(arg);
}

static void
conn_secured(void *arg, const char *why)
{
	struct conn *c = arg;
	X509 *cert;

	if (why != NULL) {
		conn_close(c);
		return;
	}
	c->tls = true;
	c->resumed = SSL_session_reused(c->stream.ssl) == 1;
	cert = SSL_get1_peer_certificate(c->stream.ssl);
	if (cert != NULL)
		X509_NAME_get_text_by_NID(X509_get_subject_name(cert),
		    NID_commonName, c->client_cn, sizeof(c->client_cn));
	X509_free(cert);
}

static const struct stream_events conn_events = {
	.readable = conn_readable, .drained = conn_drained,
	.closed = conn_closed, .secured = conn_secured,
};

static void
server_accept(void *arg, int what)
{
	struct server *s = arg;
	struct conn *c;
	int fd = accept4(s->listen.fd, NULL, NULL, SOCK_CLOEXEC |
	    SOCK_NONBLOCK);

	(void)what;
	if (fd == -1)
		return;
	assert_true(s->n_conns < RIG_CONNS);
	c = xcalloc(1, sizeof(*c));
	c->server = s;
	c->open = true;
	s->conns[s->n_conns++] = c;
	stream_init(&c->stream, s->loop, fd, &conn_events, c);
	conn_say(c, rule_for(s, "connect", "220 peer"));
}

static void
server_start(struct server *s, struct loop *loop, const char *addr)
{
	struct ip at;
	int fd;

	assert_int_equal(ip_parse(span_of(addr), &at), 0);
	s->loop = loop;
	fd = sock_listen(&at, 64);
	assert_true(fd != -1);
	assert_int_equal(sock_local(fd, &s->at), 0);
	io_init(&s->listen, loop, fd, server_accept, s);
	io_want(&s->listen, IO_READ);
}

static void server_start_unix(struct server *s, struct loop *loop,
    const char *path) __attribute__((unused));

static void
server_start_unix(struct server *s, struct loop *loop, const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(un.sun_path, sizeof(un.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	assert_int_equal(listen(fd, 8), 0);
	s->loop = loop;
	io_init(&s->listen, loop, fd, server_accept, s);
	io_want(&s->listen, IO_READ);
}

static void
server_stop(struct server *s)
{
	unsigned i;
	int fd = s->listen.fd;

	io_done(&s->listen);
	close(fd);
	for (i = 0; i < s->n_conns; i++) {
		conn_close(s->conns[i]);
		buf_free(&s->conns[i]->log);
		buf_free(&s->conns[i]->content);
		free(s->conns[i]);
	}
	SSL_CTX_free(s->tls);
	*s = (struct server){ 0 };
}

/* ---- the rig ------------------------------------------------------------ */

struct rig_outcome {
	uint64_t request;
	struct outcome o;
	struct record records[RIG_RECORDS];
	uint32_t n_records;
};

struct rig_ended {
	struct session_ended e;
	char text[512];
};

struct rig {
	struct loop *loop;
	struct timer tick;
	pid_t pid;
	enum role role;
	struct channel *master, *qmgr, *reader, *policy;
	struct arena arena;
	bool ready;
	struct rig_outcome outcomes[RIG_OUTCOMES];
	unsigned n_outcomes;
	struct rig_ended ended[RIG_ENDED];
	unsigned n_ended;
	uint32_t asked_hosts, held_frames, held_sessions, held_ids;
	bool keep;           /* acknowledge outcomes */
	struct ip host_addr; /* answer to ASK_HOST */
	bool host_fails;
	const struct server *server; /* that a condition looks at */
	int64_t deadline;
	bool (*until)(struct rig *r);
	unsigned n_until;    /* what `until` counts up to */
	bool late;
};

static struct span
rig_span(struct rig *r, struct span s)
{
	return arena_span(&r->arena, s);
}

static void
rig_record(struct rig *r, struct span encoded, struct record *rec)
{
	struct reader rd;

	reader_init(&rd, rig_span(r, encoded));
	record_get(&rd, rec, &r->arena);
	assert_true(reader_end(&rd));
}

static void
rig_on_outcome(void *arg, struct channel *ch, uint64_t id,
    struct reader *body, int fd)
{
	struct rig *r = arg;
	struct rig_outcome *got = &r->outcomes[r->n_outcomes % RIG_OUTCOMES];
	uint32_t i;

	(void)fd;
	got->request = id;
	outcome_get(body, &got->o, &r->arena);
	assert_true(reader_end(body));
	got->n_records = 0;
	for (i = 0; i < got->o.n_records && i < RIG_RECORDS; i++)
		rig_record(r, got->o.records[i],
		    &got->records[got->n_records++]);
	r->n_outcomes++;
	if (r->keep) {
		outcome_kept_put(channel_begin(ch, MSG_OUTCOME_KEPT, 0), id);
		channel_end(ch);
	}
}

static void
rig_on_ended(void *arg, struct channel *ch, uint64_t id, struct reader *body,
    int fd)
{
	struct rig *r = arg;
	struct rig_ended *e = &r->ended[r->n_ended++ % RIG_ENDED];

	(void)ch;
	(void)id;
	(void)fd;
	session_ended_get(body, &e->e);
	snprintf(e->text, sizeof(e->text), "%.*s", SPAN_FMT(e->e.text));
}

static void
rig_on_held(void *arg, struct channel *ch, uint64_t id, struct reader *body,
    int fd)
{
	struct rig *r = arg;
	struct sessions_held h;
	uint32_t i;

	(void)ch;
	(void)id;
	(void)fd;
	sessions_held_get(body, &h, &r->arena);
	r->held_frames++;
	r->held_sessions = h.n;
	r->held_ids = 0;
	for (i = 0; i < h.n; i++)
		r->held_ids += h.v[i].n_ids;
}

static void
rig_on_ask_host(void *arg, struct channel *ch, uint64_t id,
    struct reader *body, int fd)
{
	struct rig *r = arg;
	struct ask_host ask;
	struct host_answer a = { .ok = !r->host_fails, .ttl_ms = 60000,
		.addrs = &r->host_addr, .n = 1,
		.error = SPAN_LIT("SERVFAIL") };

	(void)fd;
	ask_host_get(body, &ask);
	r->asked_hosts++;
	if (r->host_addr.family == IP_NONE)
		a.n = 0;
	host_answer_put(channel_begin(ch, MSG_HOST_IS, id), &a);
	channel_end(ch);
}

static void
rig_on_ready(void *arg, struct channel *ch, uint64_t id, struct reader *body,
    int fd)
{
	(void)ch;
	(void)id;
	(void)body;
	(void)fd;
	((struct rig *)arg)->ready = true;
}

static void
rig_lost(void *owner, struct channel *ch)
{
	struct rig *r = owner;
	struct channel **all[] = { &r->master, &r->qmgr, &r->reader,
		&r->policy };
	size_t i;

	for (i = 0; i < COUNT(all); i++) {
		if (*all[i] == ch)
			channel_close(all[i]);
	}
}

static const struct channel_handler rig_handlers[] = {
	{ MSG_READY, rig_on_ready },
	{ MSG_OUTCOME, rig_on_outcome },
	{ MSG_SESSION_ENDED, rig_on_ended },
	{ MSG_SESSION_HELD, rig_on_held },
	{ MSG_ASK_HOST, rig_on_ask_host },
	{ .handle = NULL },
};

static struct channel_events rig_events = { .handlers = rig_handlers,
	.lost = rig_lost };

static void
rig_tick(void *arg)
{
	struct rig *r = arg;

	if (r->until != NULL && r->until(r)) {
		loop_stop(r->loop);
		return;
	}
	if (loop_mono_ms(r->loop) > r->deadline) {
		r->late = true;
		loop_stop(r->loop);
		return;
	}
	timer_set(&r->tick, 2);
}

/* False when it did not come true in time. */
static bool
rig_run(struct rig *r, bool (*until)(struct rig *r), unsigned n)
{
	r->until = until;
	r->n_until = n;
	r->late = false;
	r->deadline = loop_mono_ms(r->loop) + RIG_WAIT_MS;
	timer_set(&r->tick, 0);
	loop_run(r->loop);
	return !r->late;
}

static bool
until_ready(struct rig *r)
{
	return r->ready;
}

static bool
until_outcomes(struct rig *r)
{
	return r->n_outcomes >= r->n_until;
}

static bool
until_ended(struct rig *r)
{
	return r->n_ended >= r->n_until;
}

static bool
until_held(struct rig *r)
{
	return r->held_frames >= r->n_until;
}

/* A channel between the daemon and one of its peers. */
static struct channel *
rig_peer(struct rig *r, enum role role)
{
	struct control_peer p = { .role = role };
	int fds[2];

	assert_int_equal(sock_pair(fds), 0);
	control_peer_put(channel_begin(r->master, MSG_PEER, 0), &p);
	channel_end_fd(r->master, fds[1]);
	close(fds[1]);
	return channel_new(r->loop, fds[0], role, r->role, 0, &rig_events, r);
}

static void
rig_setup(struct rig *r)
{
	struct control_setup s = { .epoch = 1 };
	struct problems problems = { 0 };
	struct suite suite;
	struct buf b = { 0 };
	int fd;

	assert_int_equal(suite_load_text(SPAN_LIT("hostname: out.test\n"),
	    &suite, &problems), 0);
	assert_int_equal(suite_finish(&suite, &problems), 0);
	suite_put(&b, &suite);
	s.config_len = buf_len(&b);
	fd = memfd_create("config", MFD_CLOEXEC);
	assert_int_equal(write(fd, buf_data(&b), buf_len(&b)),
	    (ssize_t)buf_len(&b));
	control_setup_put(channel_begin(r->master, MSG_SETUP, 0), &s);
	channel_end_fd(r->master, fd);
	close(fd);
	buf_free(&b);
	suite_free(&suite);
	problems_free(&problems);
}

static void
rig_exec(struct rig *r, int fd)
{
	char exe[4096], path[4200];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	exe[n > 0 ? n : 0] = '\0';
	/* build/unit/smtp-out/daemon_test -> build */
	snprintf(path, sizeof(path), "%s/libexec/ekiden/smtp-out",
	    dirname(dirname(dirname(exe))));
	dup2(fd, 3);
	fcntl(3, F_SETFD, 0);
	execl(path, role_name(r->role), "--index", "0", "--role",
	    role_name(r->role), (char *)NULL);
	_exit(127);
}

static void
rig_start(struct rig *r, enum role role)
{
	int fds[2];

	memset(r, 0, sizeof(*r));
	r->role = role;
	r->keep = true;
	rig_events.owner = r;
	r->loop = loop_new();
	timer_init(&r->tick, r->loop, rig_tick, r);
	assert_int_equal(sock_pair(fds), 0);
	r->pid = fork();
	if (r->pid == 0)
		rig_exec(r, fds[1]);
	close(fds[1]);
	r->master = channel_new(r->loop, fds[0], ROLE_MASTER, role, 0,
	    &rig_events, r);
	rig_setup(r);
	r->qmgr = rig_peer(r, ROLE_QMGR);
	r->reader = rig_peer(r, ROLE_READER);
	if (role == ROLE_OUT)
		r->policy = rig_peer(r, ROLE_POLICY);
	channel_send(r->master, MSG_START, 1);
	assert_true(rig_run(r, until_ready, 0));
	assert_true(rig_run(r, until_held, 1));
}

/* Asked to stop, it must leave with status 0. */
static void
rig_stop(struct rig *r)
{
	int status = -1;

	channel_send(r->master, MSG_STOP, 0);
	channel_flush(r->master);
	r->until = NULL;
	while (waitpid(r->pid, &status, WNOHANG) == 0) {
		r->deadline = loop_mono_ms(r->loop) + 20;
		timer_set(&r->tick, 0);
		loop_run(r->loop);
	}
	assert_int_equal(status, 0);
	channel_close(&r->master);
	channel_close(&r->qmgr);
	channel_close(&r->reader);
	channel_close(&r->policy);
	timer_done(&r->tick);
	loop_free(&r->loop);
	arena_free(&r->arena);
}

/* ---- sessions and messages ---------------------------------------------- */

/* Terms that a test may change before rig_open(). */
struct rig_terms {
	struct egress_path path;
	struct egress_source source;
	struct protocol protocol;
	struct next_hop hosts[8];
	uint32_t n_hosts;
	enum delivery_kind kind;
	bool tls_broken;
};

static void
terms_defaults(struct rig_terms *t)
{
	memset(t, 0, sizeof(*t));
	egress_path_defaults(&t->path);
	egress_source_defaults(&t->source);
	protocol_defaults(&t->protocol);
	t->source.name = xstrdup("src");
	cidr_set_free(&t->path.prohibited_hosts);
}

static void
terms_host(struct rig_terms *t, const char *name, const struct server *s)
{
	struct next_hop *h = &t->hosts[t->n_hosts++];

	h->name = span_of(name);
	h->addr = s->at;
}

static void
rig_open(struct rig *r, uint64_t session, struct rig_terms *t)
{
	struct session_open open = { .session = session, .kind = t->kind,
		.ready_queue = SPAN_LIT("src->site.test@smtp_client"),
		.domain = SPAN_LIT("site.test"), .hosts = t->hosts,
		.n_hosts = t->n_hosts, .keep_order = true,
		.tls_broken = t->tls_broken };
	struct buf path = { 0 }, source = { 0 }, protocol = { 0 };

	egress_path_put(&path, &t->path);
	egress_source_put(&source, &t->source);
	protocol_put(&protocol, &t->protocol);
	open.path = buf_span(&path);
	open.source = buf_span(&source);
	open.protocol = buf_span(&protocol);
	session_open_put(channel_begin(r->qmgr, MSG_SESSION_OPEN, 0), &open);
	channel_end(r->qmgr);
	channel_flush(r->qmgr);
	buf_free(&path);
	buf_free(&source);
	buf_free(&protocol);
	egress_path_free(&t->path);
	egress_source_free(&t->source);
	protocol_free(&t->protocol);
}

/* rcpts: addresses with commas between. by_fd: the body in a memfd. */
static void
rig_message(struct rig *r, uint64_t session, uint8_t n, const char *rcpts,
    uint32_t flags, struct span body, bool by_fd)
{
	struct delivery_message m = { .session = session,
		.pool = SPAN_LIT("pool"), .body_size = body.len };
	struct envelope e = { .flags = flags, .created_us = 1,
		.sender = SPAN_LIT("from@a.test"),
		.queue = SPAN_LIT("tenant@b.test"),
		.prefix = SPAN_LIT("Received: by us\r\n"),
		.body_size = body.len };
	struct span list[64];
	struct buf env = { 0 };
	char *copy = xstrdup(rcpts), *at, *save = NULL;
	int fd;

	e.id.b[15] = n;
	e.rcpts = list;
	for (at = strtok_r(copy, ",", &save); at != NULL;
	    at = strtok_r(NULL, ",", &save))
		list[e.n_rcpts++] = span_of(at);
	envelope_put(&env, &e);
	m.envelope = buf_span(&env);
	if (!by_fd) {
		m.body = body;
		delivery_message_put(channel_begin(r->reader, MSG_MESSAGE, 0),
		    &m);
		channel_end(r->reader);
	} else {
		fd = memfd_create("body", MFD_CLOEXEC | MFD_ALLOW_SEALING);
		assert_int_equal(write(fd, body.p, body.len),
		    (ssize_t)body.len);
		fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW |
		    F_SEAL_WRITE | F_SEAL_SEAL);
		delivery_message_put(channel_begin(r->reader, MSG_MESSAGE, 0),
		    &m);
		channel_end_fd(r->reader, fd);
		close(fd);
	}
	buf_free(&env);
	free(copy);
}

#endif
