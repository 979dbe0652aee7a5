/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room of smtpd with a spool writer of its own, in a child process, and a
 * client that speaks to it. What the writer was given comes back as lines of
 * text. With SMTPD_SERVE set the child's part runs alone, for measurements.
 */
#ifndef TESTS_SUPPORT_SMTPD_ALONE_H
#define TESTS_SUPPORT_SMTPD_ALONE_H

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
#include "lib/ipc/tally.h"
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

	buf_addf(&line, "store n=%u deferred=%d size=%llu fd=%d",
	    st->n_messages, st->deferred, (unsigned long long)st->body_size,
	    has_fd);
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
	const struct key_list no_keys = { 0 };
	int pair[2], tally_fd;
	size_t i;

	if (suite_load_text(SPAN_LIT(config), &d->daemon.suite,
	    &problems) != 0 ||
	    suite_finish(&d->daemon.suite, &problems) != 0) {
		problems_print(&problems, &text);
		fprintf(stderr, "%.*s", SPAN_FMT(buf_span(&text)));
		abort();
	}
	d->daemon.suite.processes.smtpd = 1;
	log_init("smtpd", NULL, getenv("SMTPD_DEBUG") != NULL ?
	    LOG_LEVEL_DEBUG : LOG_LEVEL_WARN);
	d->loop = d->daemon.loop = loop_new();
	if (with_policy)
		bundle_add(&d->daemon.suite.bundle, "init.lua",
		    SPAN_LIT(policy));
	d->conf = conf_new(&d->daemon.suite, &no_keys);
	if (conf_load_policy(d->conf, d->loop, &d->daemon.suite,
	    NULL) != 0)
		abort();
	tls_server_start();
	outbox_init(&d->outbox);
	timer_init(&d->accept_wait, d->loop, NULL, d);
	d->tally = tally_new(&tally_fd);
	tally_set_processes(d->tally, 1);
	for (i = 0; i < n; i++)
		acceptor_add(d, listeners[i], (uint32_t)i, (uint32_t)i);
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

#endif
