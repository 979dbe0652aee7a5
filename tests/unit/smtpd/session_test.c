/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole sessions: a child process runs the room with a writer of its own, the
 * test is the client. What the writer was given comes back as lines of text.
 * With SMTPD_SERVE set the child alone runs, for measurements.
 */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/alloc.h"
#include "lib/base/log.h"
#include "lib/io/sock.h"
#include "lib/io/tls_server.h"
#include "lib/mail/envelope.h"
#include "lib/mail/record.h"
#include "smtpd/conf.h"
#include "smtpd/listener.h"
#include "smtpd/peers.h"
#include "smtpd/smtpd.h"

static const char config[] =
    "hostname: mx.test\n"
    "spool: {store_deadline: 1s}\n"
    "logs:\n"
    "  - {log_dir: /tmp, headers: [Subject, 'X-*']}\n"
    "domains:\n"
    "  inbound.test: {relay_to: true}\n"
    "  outbound.test: {relay_from: [127.0.0.0/8]}\n"
    "listeners:\n"
    "  - listen: 127.0.0.1:0\n"
    "    max_message_size: 1 MiB\n"
    "    max_recipients_per_message: 3\n"
    "    client_timeout: 2s\n"
    "    meta: {tenant: acme}\n"
    "    peer:\n"
    "      127.0.0.1: {allow_xclient: true}\n"
    "      10.9.9.9: {relay_hosts: [], meta: {x_via: nine}}\n"
    "  - listen: 127.0.0.1:0\n"
    "    max_message_size: 100 MiB\n"
    "    require_proxy_protocol: true\n"
    "    batch_handling: BatchByDomain\n"
    "    trace_headers: {received_header: false, header_name: X-Ref,\n"
    "      include_meta_names: [tenant, hostname]}\n"
    "    meta: {tenant: acme, campaign: spring}\n"
    "  - listen: 127.0.0.1:0\n"
    "    max_message_size: 100 MiB\n"
    "    relay_hosts: []\n"
    "    max_messages_per_connection: 1\n"
    "    max_connections: 2\n"
    "    invalid_line_endings: Fix\n";

static const char policy[] =
    "local kumo = require 'kumo'\n"
    "kumo.on('get_listener_domain', function(domain, listener, meta)\n"
    "  if domain == 'to.test' then\n"
    "    return kumo.make_listener_domain { relay_to = true }\n"
    "  elseif domain == 'from.test' then\n"
    "    return kumo.make_listener_domain { relay_from = {'127.0.0.1'} }\n"
    "  elseif domain == 'later.test' then\n"
    "    kumo.reject(451, '4.7.1 not now')\n"
    "  elseif domain == 'broken.test' then error 'broken' end\n"
    "end)\n"
    "kumo.on('smtp_server_message_received', function(msg, conn)\n"
    "  local user = msg:recipient().user\n"
    "  if user == 'refuse' then kumo.reject(550, '5.7.1 no thanks')\n"
    "  elseif user == 'queue' then msg:set_meta('queue', 'c:t@e.test')\n"
    "  elseif user == 'null' then msg:set_meta('queue', 'null')\n"
    "  elseif user == 'body' then msg:set_data('Subject: new\\r\\n\\r\\n')\n"
    "  elseif user == 'head' then msg:prepend_header('X-New', '1')\n"
    "  elseif user == 'conn' then conn:set_meta('x_seen', 'yes')\n"
    "  elseif user == 'bye' then kumo.disconnect(421, 'bye')\n"
    "  elseif user == 'fault' then error 'fault' end\n"
    "end)\n";

/* ---- the server --------------------------------------------------------- */

struct server {
	struct smtpd smtpd;
	struct channel *writer, *to_writer;
	struct channel_events room_events;
	int said; /* lines for the test */
};

static void
say_store(int fd, const struct store *st, struct span body, bool has_fd)
{
	struct buf line = { 0 };
	struct arena a = { 0 };
	struct span key, value;
	struct envelope e;
	struct record rec;
	struct reader r;
	uint32_t i, k;

	buf_addf(&line, "store n=%u deferred=%d size=%llu fd=%d", st->n_messages,
	    st->deferred, (unsigned long long)st->body_size, has_fd);
	for (i = 0; i < st->n_messages; i++) {
		reader_init(&r, st->messages[i].envelope);
		envelope_get(&r, &e, &a);
		if (!reader_end(&r))
			buf_add_str(&line, " BAD-ENVELOPE");
		reader_init(&r, st->messages[i].record);
		record_get(&r, &rec, &a);
		if (!reader_end(&r) || rec.type != RECORD_RECEPTION)
			buf_add_str(&line, " BAD-RECORD");
		if (st->messages[i].sched.size != envelope_size(&e))
			buf_add_str(&line, " BAD-SIZE");
		buf_addf(&line, " | queue=%.*s flags=%u from=<%.*s> to=",
		    SPAN_FMT(e.queue), e.flags, SPAN_FMT(e.sender));
		for (k = 0; k < e.n_rcpts; k++)
			buf_addf(&line, "<%.*s>", SPAN_FMT(e.rcpts[k]));
		reader_init(&r, e.meta);
		while (pairs_next(&r, &key, &value))
			buf_addf(&line, " %.*s=%.*s", SPAN_FMT(key),
			    SPAN_FMT(value));
		reader_init(&r, e.headers);
		while (pairs_next(&r, &key, &value))
			buf_addf(&line, " [%.*s: %.*s]", SPAN_FMT(key),
			    SPAN_FMT(value));
		buf_addf(&line, " prefix={%.*s}", SPAN_FMT(e.prefix));
	}
	buf_addf(&line, " body={%.*s}", body.len < 200 ? (int)body.len : 200,
	    body.p);
	for (i = 0; i < buf_len(&line); i++) {
		if (buf_data(&line)[i] == '\n' || buf_data(&line)[i] == '\r')
			buf_data(&line)[i] = '~';
	}
	buf_add_byte(&line, '\n');
	if (write(fd, buf_data(&line), buf_len(&line)) == -1)
		abort();
	buf_free(&line);
	arena_free(&a);
}

static bool
first_rcpt_has(const struct store *st, const char *word)
{
	struct arena a = { 0 };
	struct envelope e;
	struct reader r;
	bool has;

	reader_init(&r, st->messages[0].envelope);
	envelope_get(&r, &e, &a);
	has = e.n_rcpts > 0 && span_starts(e.rcpts[0], word);
	arena_free(&a);
	return has;
}

static void
writer_store(void *arg, struct channel *ch, uint64_t id, struct reader *r,
    int fd)
{
	struct server *s = arg;
	struct arena a = { 0 };
	struct store st;
	struct span body;
	void *map = NULL;

	store_get(r, &st, &a);
	assert_true(reader_end(r));
	body = st.body;
	if (fd != -1) {
		map = mmap(NULL, st.body_size, PROT_READ, MAP_PRIVATE, fd, 0);
		assert_ptr_not_equal(map, MAP_FAILED);
		body = span_make(map, st.body_size);
	}
	if (s->said != -1)
		say_store(s->said, &st, body, fd != -1);
	if (!first_rcpt_has(&st, "never")) {
		stored_put(channel_begin(ch, MSG_STORED, id),
		    first_rcpt_has(&st, "nospace") ? STORED_NO_SPACE :
		    first_rcpt_has(&st, "failed") ? STORED_FAILED : STORED_OK);
		channel_end(ch);
	}
	if (map != NULL)
		munmap(map, st.body_size);
	if (fd != -1)
		close(fd);
	arena_free(&a);
}

static void
writer_record(void *arg, struct channel *ch, uint64_t id, struct reader *r,
    int fd)
{
	struct server *s = arg;
	struct lone_record l;
	struct arena a = { 0 };
	struct record rec;
	struct envelope e;
	struct reader in;

	(void)ch;
	(void)id;
	(void)fd;
	lone_record_get(r, &l);
	assert_true(reader_end(r));
	reader_init(&in, l.record);
	record_get(&in, &rec, &a);
	assert_true(reader_end(&in));
	reader_init(&in, l.envelope);
	envelope_get(&in, &e, &a);
	assert_true(reader_end(&in));
	if (s->said != -1)
		dprintf(s->said, "record %u %u.%u.%u %.*s | %.*s | <%.*s>\n",
		    rec.code, rec.enh_class, rec.enh_subject, rec.enh_detail,
		    SPAN_FMT(rec.content), SPAN_FMT(rec.command),
		    e.n_rcpts > 0 ? (int)e.rcpts[0].len : 0,
		    e.n_rcpts > 0 ? e.rcpts[0].p : "");
	arena_free(&a);
}

static const struct channel_handler writer_handlers[] = {
	{ MSG_STORE, writer_store },
	{ MSG_RECORD, writer_record },
	{ .handle = NULL },
};

static void
server_lost(void *arg, struct channel *ch)
{
	(void)arg;
	(void)ch;
	_exit(0);
}

static const struct channel_events writer_events = {
	.handlers = writer_handlers, .lost = server_lost,
};

static void
server_stop(void *arg)
{
	loop_stop(arg);
}

static void
server_run(struct server *s, const int *listeners, size_t n, bool with_policy)
{
	struct problems problems = { 0 };
	struct smtpd *d = &s->smtpd;
	struct buf text = { 0 };
	int pair[2];
	size_t i;

	if (suite_load_text(SPAN_LIT(config), &d->daemon.suite,
	    &problems) != 0 ||
	    suite_finish(&d->daemon.suite, &problems) != 0) {
		problems_print(&problems, &text);
		fprintf(stderr, "%.*s", SPAN_FMT(buf_span(&text)));
		abort();
	}
	d->daemon.suite.processes.smtpd = 1;
	log_init("smtpd", false, getenv("SMTPD_DEBUG") != NULL ?
	    LOG_LEVEL_DEBUG : LOG_LEVEL_WARN);
	d->loop = d->daemon.loop = loop_new();
	if (with_policy)
		bundle_add(&d->daemon.suite.bundle, "init.lua",
		    SPAN_LIT(policy));
	d->conf = conf_new(&d->daemon.suite);
	if (conf_load_policy(d->conf, d->loop, &d->daemon.suite) != 0)
		abort();
	tls_server_start();
	outbox_init(&d->outbox);
	timer_init(&d->accept_wait, d->loop, NULL, d);
	for (i = 0; i < n; i++)
		acceptor_add(d, listeners[i], (uint32_t)i);
	if (sock_pair(pair) != 0)
		abort();
	s->room_events = (struct channel_events){
		.handlers = peers_handlers, .lost = server_lost,
		.drained = peers_drained, .owner = d };
	s->to_writer = channel_new(d->loop, pair[0], ROLE_SMTPD, ROLE_SPOOLD,
	    0, &s->room_events, d);
	s->writer = channel_new(d->loop, pair[1], ROLE_SPOOLD, ROLE_SMTPD, 0,
	    &writer_events, s);
	loop_signal(d->loop, SIGTERM, server_stop, d->loop);
	peers_up(d, s->to_writer);
	health_put(channel_begin(s->writer, MSG_HEALTH, 0), HEALTH_OK);
	channel_end(s->writer);
	loop_run(d->loop);
	exit(0); /* a sanitizer looks for leaks here */
}

/* ---- the client --------------------------------------------------------- */

struct fixture {
	pid_t child;
	uint16_t port[3];
	FILE *said;
};

static int
start_with(void **state, bool with_policy)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	static struct server server;
	int listeners[3], pipes[2], i;
	struct ip at;

	for (i = 0; i < 3; i++) {
		assert_int_equal(ip_port_parse(SPAN_LIT("127.0.0.1:0"), &at),
		    0);
		listeners[i] = sock_listen(&at, 64);
		assert_int_not_equal(listeners[i], -1);
		assert_int_equal(sock_local(listeners[i], &at), 0);
		f->port[i] = at.port;
	}
	if (getenv("SMTPD_SERVE") != NULL) {
		printf("listening on %u\n", f->port[0]);
		fflush(stdout);
		server.said = -1;
		server_run(&server, listeners, 3, with_policy);
	}
	assert_int_equal(pipe(pipes), 0);
	f->child = fork();
	if (f->child == 0) {
		signal(SIGPIPE, SIG_IGN);
		close(pipes[0]);
		server.said = pipes[1];
		server_run(&server, listeners, 3, with_policy);
	}
	for (i = 0; i < 3; i++)
		close(listeners[i]);
	close(pipes[1]);
	f->said = fdopen(pipes[0], "r");
	*state = f;
	return 0;
}

static int
start(void **state)
{
	return start_with(state, false);
}

static int
start_with_policy(void **state)
{
	return start_with(state, true);
}

static int
stop(void **state)
{
	struct fixture *f = *state;
	int status;

	kill(f->child, SIGTERM);
	waitpid(f->child, &status, 0);
	assert_int_equal(status, 0);
	fclose(f->said);
	free(f);
	return 0;
}

struct client {
	int fd;
	char in[65536];
	size_t len;
};

static struct client *
connect_to(uint16_t port)
{
	struct client *c = xcalloc(1, sizeof(*c));
	struct timeval tv = { 5, 0 };
	struct sockaddr_storage ss;
	struct ip at;
	socklen_t len;

	assert_int_equal(ip_parse(SPAN_LIT("127.0.0.1"), &at), 0);
	at.port = port;
	len = ip_to_sockaddr(&at, &ss);
	c->fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(c->fd, (struct sockaddr *)&ss, len), 0);
	setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	return c;
}

static void
hang_up(struct client *c)
{
	close(c->fd);
	free(c);
}

static void
send_bytes(struct client *c, const char *p, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = send(c->fd, p, len, MSG_NOSIGNAL);
		if (n <= 0)
			return;
		p += n;
		len -= (size_t)n;
	}
}

static void
say(struct client *c, const char *text)
{
	send_bytes(c, text, strlen(text));
}

/* One line without its end, or "<closed>". */
static const char *
hear_line(struct client *c, char *out, size_t size)
{
	char *lf;
	ssize_t n;

	while ((lf = memchr(c->in, '\n', c->len)) == NULL) {
		n = recv(c->fd, c->in + c->len, sizeof(c->in) - c->len, 0);
		if (n < 0 && errno == EAGAIN)
			return "<silence>";
		if (n <= 0)
			return "<closed>";
		c->len += (size_t)n;
	}
	n = lf - c->in;
	snprintf(out, size, "%.*s", n > 0 && lf[-1] == '\r' ? (int)n - 1 :
	    (int)n, c->in);
	memmove(c->in, lf + 1, c->len - (size_t)n - 1);
	c->len -= (size_t)n + 1;
	return out;
}

/* The last line of a reply begins with `want`. */
static void
hear_at(struct client *c, const char *want, int line)
{
	char text[8192];
	const char *got;

	do {
		got = hear_line(c, text, sizeof(text));
	} while (strlen(got) > 3 && got[3] == '-');
	if (strncmp(got, want, strlen(want)) != 0) {
		fprintf(stderr, "line %d: got \"%s\" want \"%s\"\n", line, got,
		    want);
		fail();
	}
}
#define HEAR(c, want) hear_at(c, want, __LINE__)

static void
said_at(struct fixture *f, const char *want, int line)
{
	char *text = NULL;
	size_t size = 0;

	if (getline(&text, &size, f->said) < 0 || strstr(text, want) == NULL) {
		fprintf(stderr, "line %d: got \"%s\" want \"%s\"\n", line,
		    text, want);
		fail();
	}
	free(text);
}
#define SAID(f, want) said_at(f, want, __LINE__)

static struct client *
greeted(uint16_t port)
{
	struct client *c = connect_to(port);

	HEAR(c, "220 mx.test Ekiden");
	say(c, "EHLO client.test\r\n");
	HEAR(c, "250 ");
	return c;
}

/* ---- rows --------------------------------------------------------------- */

/* Said as one piece after EHLO; each line of `want` is one reply. */
struct dialogue {
	const char *name;
	int listener;
	const char *say;
	const char *want[12];
	const char *spool[8]; /* lines of the writer */
};

#define OK250 "250 2.1.0 OK"
#define RCPT_OK "250 2.1.5 OK"
#define MAIL "MAIL FROM:<a@b.test>\r\n"
#define RCPT "RCPT TO:<x@y.test>\r\n"
#define HEAD "Subject: s\r\n\r\n"

static const struct dialogue dialogues[] = {
	{ "one message, pipelined", 0,
	    MAIL RCPT "DATA\r\n" HEAD "hello\r\n..dot\r\n.\r\nQUIT\r\n",
	    { OK250, RCPT_OK, "354 ", "250 OK ids=", "221 2.0.0", "<closed>" },
	    { "store n=1 deferred=0 size=27 fd=0 | queue=acme@y.test flags=0 "
	      "from=<a@b.test> to=<x@y.test> tenant=\"acme\" "
	      "reception_protocol=\"ESMTP\" received_via=\"127.0.0.1:" } },
	{ "two messages, pipelined", 0,
	    MAIL RCPT "DATA\r\n" HEAD "1\r\n.\r\n"
	    MAIL RCPT "DATA\r\n" HEAD "2\r\n.\r\n",
	    { OK250, RCPT_OK, "354 ", "250 OK ids=", OK250, RCPT_OK, "354 ",
	      "250 OK ids=" },
	    { "body={Subject: s~~~~1~~}", "body={Subject: s~~~~2~~}" } },
	{ "one message per recipient", 0,
	    MAIL RCPT "RCPT TO:<p@Q.Test>\r\nDATA\r\n" HEAD "1\r\n.\r\n",
	    { OK250, RCPT_OK, RCPT_OK, "354 ", "250 OK ids=" },
	    { "to=<p@Q.Test>" } },
	{ "headers for the logs", 0,
	    MAIL RCPT "DATA\r\nSubject: =?utf-8?q?caf=C3=A9?=\r\nX-A: 1\r\n"
	    "To: x\r\n\r\n.\r\n",
	    { OK250, RCPT_OK, "354 ", "250 OK ids=" },
	    { "[Subject: caf\xc3\xa9] [X-A: 1] prefix={X-KumoRef: " } },
	{ "order", 0,
	    RCPT "DATA\r\n" MAIL MAIL "DATA\r\nRSET\r\n" RCPT,
	    { "503 5.5.1", "503 5.5.1", OK250, "503 5.5.1",
	      "503 5.5.1 There are no valid", "250 2.0.0", "503 5.5.1" },
	    { "record 503 5.5.1", "record 503", "record 503", "record 503",
	      "record 503" } },
	{ "syntax", 0,
	    "FOO\r\nMAIL\r\nMAIL FROM:<a b>\r\nNOOP\r\nVRFY x\r\nEXPN x\r\n"
	    "AUTH PLAIN\r\nEHLO\r\n\r\n",
	    { "500 5.5.1", "501 5.5.4", "501 ", "250 2.0.0", "252 2.1.5",
	      "502 5.5.1", "502 5.5.1", "501 5.5.4", "500 5.5.1" },
	    { "record 500 5.5.1 Command not recognized | FOO | <>",
	      "record 501", "record 501", "record 502", "record 502",
	      "record 501", "record 500" } },
	{ "sender and sizes", 0,
	    "MAIL FROM:<a@b.test> SIZE=99999999\r\n"
	    "MAIL FROM:<> BODY=8BITMIME SMTPUTF8\r\n"
	    "RCPT TO:<\xc3\xa9@y.test>\r\nDATA\r\n"
	    "Subject: \xc3\xa9\r\n\r\n\xc3\xa9\r\n.\r\n",
	    { "552 5.3.4", OK250, RCPT_OK, "354 ", "250 OK ids=" },
	    { "record 552 5.3.4", "flags=15 from=<> to=<\xc3\xa9@y.test>" } },
	{ "too many recipients", 0,
	    MAIL RCPT RCPT RCPT RCPT,
	    { OK250, RCPT_OK, RCPT_OK, RCPT_OK, "452 4.5.3" },
	    { "record 452 4.5.3 Too many recipients | RCPT TO:<x@y.test> | "
	      "<x@y.test>" } },
	{ "postmaster", 0,
	    MAIL "RCPT TO:<Postmaster>\r\nDATA\r\n" HEAD "\r\n.\r\n",
	    { OK250, RCPT_OK, "354 ", "250 OK ids=" },
	    { "queue=acme@mx.test flags=0 from=<a@b.test> "
	      "to=<Postmaster@mx.test>" } },
	{ "no space", 0,
	    MAIL "RCPT TO:<nospace@y.test>\r\nDATA\r\n" HEAD "\r\n.\r\nNOOP\r\n",
	    { OK250, RCPT_OK, "354 ", "452 4.3.1", "250 2.0.0" },
	    { "store", "record 452 4.3.1" } },
	{ "not stored", 0,
	    MAIL "RCPT TO:<failed@y.test>\r\nDATA\r\n" HEAD "\r\n.\r\n" MAIL,
	    { OK250, RCPT_OK, "354 ", "451 4.3.0", OK250 },
	    { "store", "record 451 4.3.0 Message could not be stored | . | "
	      "<failed@y.test>" } },
	{ "no answer from the spool", 0,
	    MAIL "RCPT TO:<never@y.test>\r\nDATA\r\n" HEAD "\r\n.\r\n" MAIL,
	    { OK250, RCPT_OK, "354 ", "451 4.4.5", OK250 },
	    { "store", "record 451 4.4.5" } },

	/* ends of content (RFC 5321 section 4.1.1.4) */
	{ "LF.LF", 0,
	    MAIL RCPT "DATA\r\n" HEAD "x\n.\nMAIL FROM:<evil@b.test>\r\n.\r\n",
	    { OK250, RCPT_OK, "354 ", "550 5.5.2" },
	    { "record 550 5.5.2" } },
	{ "CRLF.LF", 0,
	    MAIL RCPT "DATA\r\n" HEAD "x\r\n.\nMAIL FROM:<e@b.test>\r\n.\r\n",
	    { OK250, RCPT_OK, "354 ", "550 5.5.2" },
	    { "record 550 5.5.2" } },
	{ "LF.CRLF", 0,
	    MAIL RCPT "DATA\r\n" HEAD "x\n.\r\nMAIL FROM:<e@b.test>\r\n.\r\n",
	    { OK250, RCPT_OK, "354 ", "550 5.5.2" },
	    { "record 550 5.5.2" } },
	{ "CR.CR", 0,
	    MAIL RCPT "DATA\r\n" HEAD "x\r.\rMAIL FROM:<e@b.test>\r\n.\r\n",
	    { OK250, RCPT_OK, "354 ", "550 5.5.2" },
	    { "record 550 5.5.2" } },
	{ "CRLF.CRCRLF", 0,
	    MAIL RCPT "DATA\r\n" HEAD "x\r\n.\r\r\nMAIL FROM:<e@b.test>\r\n.\r\n",
	    { OK250, RCPT_OK, "354 ", "550 5.5.2" },
	    { "record 550 5.5.2" } },
	{ "bare ends are repaired where that is asked", 2,
	    "MAIL FROM:<a@b.test>\r\nRCPT TO:<x@inbound.test>\r\nDATA\r\n" HEAD
	    "x\n.\ny\r\n.\r\n",
	    { OK250, RCPT_OK, "354 ", "250 OK ids=" },
	    { "body={Subject: s~~~~x~~.~~y~~}" } },
	{ "bare LF ends no command", 0,
	    "NOOP\nNOOP\r\nNOOP\r\n",
	    { "500 5.5.2", "250 2.0.0", "250 2.0.0" },
	    { "record 500 5.5.2" } },

	/* BDAT */
	{ "chunks", 0,
	    MAIL RCPT "BDAT 7\r\nSubjectBDAT 11\r\n: s\r\n\r\n.\r\n\r"
	    "BDAT 1 LAST\r\n\n",
	    { OK250, RCPT_OK, "250 2.0.0", "250 2.0.0", "250 OK ids=" },
	    { "body={Subject: s~~~~.~~~~}" } },
	{ "empty last chunk", 0,
	    MAIL RCPT "BDAT 14\r\n" HEAD "BDAT 0 LAST\r\n",
	    { OK250, RCPT_OK, "250 2.0.0", "250 OK ids=" },
	    { "size=14" } },
	{ "chunk without a transaction is skipped", 0,
	    "BDAT 6\r\nQUIT\r\n" "NOOP\r\n",
	    { "503 5.5.1", "250 2.0.0" },
	    { "record 503" } },
	{ "DATA behind a chunk", 0,
	    MAIL RCPT "BDAT 1\r\nxDATA\r\n" RCPT MAIL "RSET\r\n" MAIL,
	    { OK250, RCPT_OK, "250 2.0.0", "503 5.5.1", "503 5.5.1",
	      "503 5.5.1", "250 2.0.0", OK250 },
	    { "record 503", "record 503", "record 503" } },
	{ "a chunk far too big", 0,
	    MAIL RCPT "BDAT 99999999999\r\nMAIL FROM:<e@b.test>\r\n",
	    { OK250, RCPT_OK, "552 5.3.4", "<closed>" },
	    { "record 552 5.3.4" } },
	{ "a chunk without size", 0,
	    MAIL RCPT "BDAT 12x LAST\r\nMAIL FROM:<e@b.test>\r\n",
	    { OK250, RCPT_OK, "501 5.5.4", "<closed>" },
	    { "record 501" } },
	{ "BDAT without recipients, then the next transaction", 0,
	    MAIL "BDAT 6 LAST\r\nabcdef" MAIL RCPT,
	    { OK250, "503 5.5.1", OK250, RCPT_OK },
	    { "record 503" } },

	/* who may relay */
	{ "relaying", 2,
	    MAIL RCPT "RCPT TO:<x@INBOUND.test>\r\nRSET\r\n"
	    "MAIL FROM:<a@outbound.test>\r\n" RCPT,
	    { OK250, "550 5.7.1 relaying not permitted", RCPT_OK, "250 2.0.0",
	      OK250, RCPT_OK },
	    { "record 550 5.7.1 relaying not permitted | RCPT TO:<x@y.test> | "
	      "<x@y.test>" } },
	{ "messages of a connection", 2,
	    "MAIL FROM:<a@outbound.test>\r\n" RCPT "DATA\r\n" HEAD
	    ".\r\nMAIL FROM:<>\r\n",
	    { OK250, RCPT_OK, "354 ", "250 OK ids=", "421 4.5.3", "<closed>" },
	    { "store", "record 421 4.5.3" } },

	/* others than SMTP clients */
	{ "STARTTLS with a command behind it", 0,
	    "STARTTLS\r\nMAIL FROM:<evil@b.test>\r\n",
	    { "421 4.7.0", "<closed>" },
	    { "record 421 4.7.0" } },
	{ "XCLIENT", 0,
	    "XCLIENT ADDR=10.9.9.9 PORT=77\r\n",
	    { "220 mx.test" }, { NULL } },
	{ "XCLIENT with a command behind it", 0,
	    "XCLIENT ADDR=10.9.9.9 PORT=77\r\nEHLO x\r\n",
	    { "421 4.7.0", "<closed>" },
	    { "record 421 4.7.0" } },
	{ "XCLIENT where it is not allowed", 2,
	    "XCLIENT ADDR=10.9.9.9 PORT=77\r\n",
	    { "550 5.7.0" },
	    { "record 550 5.7.0" } },
	{ "XCLIENT with a login", 0,
	    "XCLIENT ADDR=10.9.9.9 LOGIN=root\r\n",
	    { "501 5.5.4" },
	    { "record 501 5.5.4" } },
	{ "HTTP", 0,
	    "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
	    { "500 5.5.1 This is an SMTP server", "<closed>" },
	    { "record 500 5.5.1" } },
	{ "TLS", 0,
	    "\x16\x03\x01\x02",
	    { "500 5.5.1", "<closed>" },
	    { "record 500 5.5.1" } },
};

static void
run_dialogue(struct fixture *f, const struct dialogue *d)
{
	struct client *c = greeted(f->port[d->listener]);
	size_t i;

	say(c, d->say);
	for (i = 0; i < 12 && d->want[i] != NULL; i++)
		HEAR(c, d->want[i]);
	for (i = 0; i < 8 && d->spool[i] != NULL; i++)
		SAID(f, d->spool[i]);
	hang_up(c);
}

#define TO(user) "RCPT TO:<" user "@to.test>\r\n"
#define CONTENT "DATA\r\n" HEAD ".\r\n"

static const struct dialogue policy_dialogues[] = {
	{ "rights by policy", 2,
	    MAIL RCPT TO("x") "RSET\r\nMAIL FROM:<a@from.test>\r\n" RCPT,
	    { OK250, "550 5.7.1 relaying not permitted", RCPT_OK, "250 2.0.0",
	      OK250, RCPT_OK },
	    { "record 550 5.7.1" } },
	{ "refused by get_listener_domain", 2,
	    MAIL "RCPT TO:<x@later.test>\r\n" TO("x"),
	    { OK250, "451 4.7.1 not now", RCPT_OK },
	    { "record 451 4.7.1 not now | RCPT TO:<x@later.test> |" } },
	{ "a fault in get_listener_domain", 2,
	    MAIL "RCPT TO:<x@broken.test>\r\n" TO("x"),
	    { OK250, "421 4.3.0 mx.test technical difficulties", "<closed>" },
	    { "record 421 4.3.0" } },
	{ "queue by metadata", 0,
	    MAIL TO("queue") CONTENT,
	    { OK250, RCPT_OK, "354 ", "250 OK ids=" },
	    { "queue=c:t@e.test flags=0 from=<a@b.test> to=<queue@to.test>" } },
	{ "queue null", 0,
	    MAIL TO("null") CONTENT MAIL,
	    { OK250, RCPT_OK, "354 ", "250 OK ids=", OK250 },
	    { NULL } },
	{ "a body of its own", 0,
	    MAIL TO("body") CONTENT,
	    { OK250, RCPT_OK, "354 ", "250 OK ids=" },
	    { "size=16 fd=0 | queue=acme@to.test" } },
	{ "one of two bodies", 0,
	    MAIL TO("body") TO("x") CONTENT,
	    { OK250, RCPT_OK, RCPT_OK, "354 ", "250 OK ids=" },
	    { "n=1 deferred=0 size=16", "n=1 deferred=0 size=14" } },
	{ "a field in front", 0,
	    MAIL TO("head") CONTENT,
	    { OK250, RCPT_OK, "354 ", "250 OK ids=" },
	    { "X-New: 1~~Received: " } },
	{ "connection metadata counts from the next message on", 0,
	    MAIL TO("conn") CONTENT MAIL TO("x") CONTENT,
	    { OK250, RCPT_OK, "354 ", "250 OK ids=", OK250, RCPT_OK, "354 ",
	      "250 OK ids=" },
	    { "store", "x_seen=\"yes\"" } },
	{ "refused", 0,
	    MAIL TO("refuse") CONTENT MAIL,
	    { OK250, RCPT_OK, "354 ", "550 5.7.1 no thanks", OK250 },
	    { "record 550 5.7.1 no thanks | . | <refuse@to.test>" } },
	{ "one of two refused", 0,
	    MAIL TO("refuse") TO("x") CONTENT,
	    { OK250, RCPT_OK, RCPT_OK, "354 ", "250 OK ids=" },
	    { "record 550 5.7.1 no thanks | . | <refuse@to.test>",
	      "to=<x@to.test>" } },
	{ "disconnect", 0,
	    MAIL TO("bye") CONTENT MAIL,
	    { OK250, RCPT_OK, "354 ", "421 bye", "<closed>" },
	    { "record 421 0.0.0 bye" } },
	{ "a fault", 0,
	    MAIL TO("x") TO("fault") CONTENT MAIL,
	    { OK250, RCPT_OK, RCPT_OK, "354 ",
	      "421 4.3.0 mx.test technical difficulties", "<closed>" },
	    { "record 421 4.3.0" } },
};

static void
test_policy(void **state)
{
	size_t i;

	for (i = 0; i < sizeof(policy_dialogues) / sizeof(*policy_dialogues);
	    i++) {
		fprintf(stderr, "[ dialogue ] %s\n",
		    policy_dialogues[i].name);
		run_dialogue(*state, &policy_dialogues[i]);
	}
}

static void
test_dialogues(void **state)
{
	size_t i;

	for (i = 0; i < sizeof(dialogues) / sizeof(*dialogues); i++) {
		fprintf(stderr, "[ dialogue ] %s\n", dialogues[i].name);
		run_dialogue(*state, &dialogues[i]);
	}
}

/* ---- others ------------------------------------------------------------- */

static void
test_received_loop(void **state)
{
	struct fixture *f = *state;
	struct client *c = greeted(f->port[0]);
	int i;

	say(c, MAIL RCPT "DATA\r\n");
	for (i = 0; i < 101; i++)
		say(c, "Received: from a by b; today\r\n");
	say(c, "\r\nx\r\n.\r\n");
	HEAR(c, OK250);
	HEAR(c, RCPT_OK);
	HEAR(c, "354 ");
	HEAR(c, "554 5.4.6");
	SAID(f, "record 554 5.4.6");
	hang_up(c);
}

static void
test_chunk_above_limit(void **state)
{
	struct fixture *f = *state;
	struct client *c = greeted(f->port[0]);
	char *chunk = xmalloc(1048577);

	memset(chunk, 'x', 1048577);
	say(c, MAIL RCPT "BDAT 1048577\r\n");
	send_bytes(c, chunk, 1048577);
	say(c, "BDAT 0 LAST\r\n" MAIL);
	HEAR(c, OK250);
	HEAR(c, RCPT_OK);
	HEAR(c, "552 5.3.4");
	HEAR(c, "503 5.5.1");
	HEAR(c, OK250);
	SAID(f, "record 552");
	SAID(f, "record 503");
	hang_up(c);
	free(chunk);
}

static void
test_line_too_long(void **state)
{
	struct fixture *f = *state;
	struct client *c = greeted(f->port[0]);
	char line[3001];

	memset(line, 'a', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	say(c, line);
	say(c, "\r\nNOOP\r\n");
	HEAR(c, "500 5.5.2 Line is too long");
	HEAR(c, "250 2.0.0");
	SAID(f, "record 500 5.5.2");
	/* 998 octets are still a line (an unknown command). */
	line[998] = '\0';
	say(c, line);
	say(c, "\r\n");
	HEAR(c, "500 5.5.1");
	SAID(f, "record 500 5.5.1");
	hang_up(c);
}

static void
test_proxy_and_batches(void **state)
{
	struct fixture *f = *state;
	struct client *c = connect_to(f->port[1]);

	say(c, "PROXY TCP4 192.0.2.7 192.0.2.1 4711 25\r\n");
	HEAR(c, "220 mx.test");
	say(c, "HELO client.test\r\n" MAIL
	    "RCPT TO:<1@a.test>\r\nRCPT TO:<2@b.test>\r\n"
	    "RCPT TO:<3@A.test>\r\n");
	HEAR(c, "250 mx.test");
	HEAR(c, OK250);
	HEAR(c, "550 5.7.1"); /* 192.0.2.7 is no relay host */
	HEAR(c, "550 5.7.1");
	HEAR(c, "550 5.7.1");
	SAID(f, "record");
	SAID(f, "record");
	SAID(f, "record");
	hang_up(c);

	c = connect_to(f->port[1]);
	say(c, "PROXY TCP4 127.0.0.1 192.0.2.1 4711 25\r\n");
	HEAR(c, "220 mx.test");
	say(c, "HELO client.test\r\n" MAIL
	    "RCPT TO:<1@a.test>\r\nRCPT TO:<2@b.test>\r\n"
	    "RCPT TO:<3@A.test>\r\nDATA\r\n" HEAD ".\r\n");
	HEAR(c, "250 mx.test");
	HEAR(c, OK250);
	HEAR(c, RCPT_OK);
	HEAR(c, RCPT_OK);
	HEAR(c, RCPT_OK);
	HEAR(c, "354 ");
	HEAR(c, "250 OK ids=");
	SAID(f, "store n=2 deferred=0 size=14 fd=0 | queue=spring:acme@a.test "
	    "flags=0 from=<a@b.test> to=<1@a.test><3@A.test>");
	hang_up(c);
}

static void
test_proxy_missing(void **state)
{
	struct fixture *f = *state;
	struct client *c = connect_to(f->port[1]);

	say(c, "EHLO x\r\n");
	HEAR(c, "<closed>");
	hang_up(c);
	c = connect_to(f->port[1]);
	say(c, "PROXY TCP4 192.0.2.7 192.0.2.1 4711 25\r\nEHLO x\r\n");
	HEAR(c, "<closed>");
	hang_up(c);
}

static void
test_xclient_changes_rights(void **state)
{
	struct fixture *f = *state;
	struct client *c = greeted(f->port[0]);

	say(c, "XCLIENT ADDR=10.9.9.9 PORT=77\r\n");
	HEAR(c, "220 mx.test");
	say(c, MAIL);
	HEAR(c, "503 5.5.1");
	say(c, "EHLO other\r\n");
	HEAR(c, "250 ");
	say(c, MAIL RCPT "RCPT TO:<x@inbound.test>\r\nDATA\r\n" HEAD ".\r\n");
	HEAR(c, OK250);
	HEAR(c, "550 5.7.1");
	HEAR(c, RCPT_OK);
	HEAR(c, "354 ");
	HEAR(c, "250 OK ids=");
	SAID(f, "record 503");
	SAID(f, "record 550");
	SAID(f, "x_via=\"nine\"");
	hang_up(c);
}

static void
test_too_many_connections(void **state)
{
	struct fixture *f = *state;
	struct client *a = greeted(f->port[2]), *b = greeted(f->port[2]);
	struct client *c = connect_to(f->port[2]);

	HEAR(c, "421 4.3.2 mx.test too many connections");
	HEAR(c, "<closed>");
	hang_up(c);
	say(a, "QUIT\r\n");
	HEAR(a, "221 ");
	HEAR(a, "<closed>");
	hang_up(a);
	hang_up(greeted(f->port[2]));
	hang_up(b);
}

static void
test_timeout(void **state)
{
	struct fixture *f = *state;
	struct client *c = greeted(f->port[0]);

	HEAR(c, "421 4.4.2");
	HEAR(c, "<closed>");
	SAID(f, "record 421 4.4.2");
	hang_up(c);
}

static void
test_offences(void **state)
{
	struct fixture *f = *state;
	struct client *c = greeted(f->port[0]);
	int i;

	for (i = 0; i < 101; i++)
		say(c, "FOO\r\n");
	for (i = 0; i < 101; i++) {
		HEAR(c, "500 5.5.1");
		SAID(f, "record 500");
	}
	HEAR(c, "421 4.7.0");
	HEAR(c, "<closed>");
	SAID(f, "record 421");
	hang_up(c);
}

static long
resident_kb(pid_t pid)
{
	char path[64], line[256];
	long kb = -1;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	in = fopen(path, "r");
	while (in != NULL && fgets(line, sizeof(line), in) != NULL)
		(void)sscanf(line, "VmRSS: %ld", &kb);
	if (in != NULL)
		fclose(in);
	return kb;
}

/* One line without end: refused at twice the limit, memory stays flat. */
static void
test_endless_line(void **state)
{
	struct fixture *f = *state;
	struct client *c = greeted(f->port[0]);
	char *piece = xmalloc(1 << 20);
	long before = resident_kb(f->child);
	int i;

	memset(piece, 'x', 1 << 20);
	say(c, MAIL RCPT "DATA\r\n");
	for (i = 0; i < 1024; i++)
		send_bytes(c, piece, 1 << 20);
	HEAR(c, OK250);
	HEAR(c, RCPT_OK);
	HEAR(c, "354 ");
	HEAR(c, "552 5.3.4");
	assert_true(resident_kb(f->child) - before < 8192);
	SAID(f, "record 552");
	hang_up(c);
	free(piece);
}

/* Above what a frame holds the content rides in a sealed memory file. */
static void
test_large(void **state)
{
	struct fixture *f = *state;
	struct client *c = greeted(f->port[0]);
	char *text = xmalloc(900000);
	size_t i;

	memset(text, 'x', 900000);
	for (i = 78; i + 2 < 900000; i += 80)
		memcpy(text + i, "\r\n", 2);
	memcpy(text, "A: ", 3);
	memcpy(text + 899998, "\r\n", 2);
	say(c, MAIL RCPT "DATA\r\n");
	send_bytes(c, text, 900000);
	say(c, ".\r\n");
	HEAR(c, OK250);
	HEAR(c, RCPT_OK);
	HEAR(c, "354 ");
	HEAR(c, "250 OK ids=");
	SAID(f, "store n=1 deferred=0 size=900000 fd=1");
	hang_up(c);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_dialogues, start, stop),
		cmocka_unit_test_setup_teardown(test_policy, start_with_policy,
		    stop),
		cmocka_unit_test_setup_teardown(test_received_loop, start, stop),
		cmocka_unit_test_setup_teardown(test_chunk_above_limit, start, stop),
		cmocka_unit_test_setup_teardown(test_line_too_long, start, stop),
		cmocka_unit_test_setup_teardown(test_proxy_and_batches, start, stop),
		cmocka_unit_test_setup_teardown(test_proxy_missing, start, stop),
		cmocka_unit_test_setup_teardown(test_xclient_changes_rights, start, stop),
		cmocka_unit_test_setup_teardown(test_too_many_connections, start, stop),
		cmocka_unit_test_setup_teardown(test_timeout, start, stop),
		cmocka_unit_test_setup_teardown(test_offences, start, stop),
		cmocka_unit_test_setup_teardown(test_endless_line, start, stop),
		cmocka_unit_test_setup_teardown(test_large, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
