/* SPDX-License-Identifier: Apache-2.0 */
#include "lookupd/redis_conn.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/io/sock.h"
#include "lib/io/stream.h"
#include "lib/io/tls_client.h"
#include "lib/redis/command.h"
#include "lib/resolve/host.h"
#include "lib/resolve/resolver.h"
#include "lookupd/redis_pool.h"

enum {
	ADDRESSES_MAX = 16,
	RESTED_MS = 1000,     /* then recycle_timeout applies */
	RESPONSE_MS = 60000,  /* when nothing else is said */
};

enum conn_state {
	CONN_RESOLVING,
	CONN_CONNECTING, /* fd is not connected yet */
	CONN_SECURING,   /* TLS */
	CONN_LOGIN,      /* replies to AUTH, SELECT, READONLY are awaited */
	CONN_UP,
	CONN_CHECKING,   /* a PING is out before anything else goes */
};

/* What was sent and has no reply yet, in the order it was sent. */
struct redis_flight {
	struct redis_flight *next;
	struct redis_conn *conn;
	struct redis_request *request; /* NULL: it was cancelled */
	unsigned replies;
	bool waits;
	struct timer overdue;
};

struct redis_conn {
	struct redis_pool *pool;
	const struct redis_net *net;
	const struct redis_server *server;
	enum conn_state state;
	struct timer overdue; /* of connecting and checking */
	struct host_ask *question;
	struct ip addresses[ADDRESSES_MAX];
	unsigned n_addresses, next_address;
	struct io io; /* while connecting */
	bool has_io, has_stream;
	struct stream stream;
	struct redis_replies *replies;
	unsigned login; /* replies still to come */
	struct redis_flight *first, **last;
	size_t load;
	int64_t rested_ms;
	char why[256];
};

static void connect_next(struct redis_conn *c);

/* The pool closes it and hears why; the last act of whoever calls. */
static void
conn_fail(struct redis_conn *c, const char *why)
{
	char text[256];

	snprintf(text, sizeof(text), "%s", why);
	redis_pool_lost(c->pool, c, text);
}

/* ---- login -------------------------------------------------------------- */

static void
write_words(struct redis_conn *c, const struct span *words, size_t n)
{
	struct buf b = { .base = NULL };

	redis_command_put(&b, words, n);
	stream_write(&c->stream, buf_data(&b), buf_len(&b));
	buf_wipe(&b);
}

static void
conn_up(struct redis_conn *c)
{
	c->state = CONN_UP;
	timer_cancel(&c->overdue);
	c->rested_ms = loop_mono_ms(c->net->loop);
	redis_pool_up(c->pool);
}

static void
login(struct redis_conn *c)
{
	const struct redis_server *s = c->server;
	struct span words[3] = { SPAN_LIT("AUTH") };
	char db[16];
	size_t n = 1;

	c->state = CONN_LOGIN;
	c->login = 0;
	if (s->password != NULL) {
		if (s->user != NULL)
			words[n++] = span_of(s->user);
		words[n++] = span_of(s->password);
		write_words(c, words, n);
		c->login++;
	}
	if (s->db != 0) {
		snprintf(db, sizeof(db), "%u", s->db);
		words[0] = SPAN_LIT("SELECT");
		words[1] = span_of(db);
		write_words(c, words, 2);
		c->login++;
	}
	if (s->readonly) {
		words[0] = SPAN_LIT("READONLY");
		write_words(c, words, 1);
		c->login++;
	}
	if (c->login == 0)
		conn_up(c);
}

/* ---- replies ------------------------------------------------------------ */

static void
flight_free(struct redis_flight *f)
{
	timer_done(&f->overdue);
	free(f);
}

static struct redis_flight *
flight_take(struct redis_conn *c)
{
	struct redis_flight *f = c->first;

	c->first = f->next;
	if (c->first == NULL)
		c->last = &c->first;
	c->load--;
	return f;
}

/* True when the connection may be gone. */
static bool
on_flight_reply(struct redis_conn *c, struct redis_reply *reply)
{
	struct redis_pool *pool = c->pool;
	struct redis_request *r;
	struct redis_flight *f;

	if (--c->first->replies > 0) {
		redis_reply_free(reply);
		return false;
	}
	f = flight_take(c);
	r = f->request;
	flight_free(f);
	c->rested_ms = loop_mono_ms(c->net->loop);
	if (r == NULL) {
		redis_reply_free(reply);
		redis_pool_up(pool);
		return true;
	}
	r->flight = NULL;
	redis_pool_up(pool);
	r->done(r, reply, NULL, true);
	return true;
}

/* What the server says of our login. True when the connection may be gone. */
static bool
on_login_reply(struct redis_conn *c, struct redis_reply *reply)
{
	char why[256], *text;

	if (reply->error != NULL) {
		text = redis_error_text(span_of(reply->error));
		snprintf(why, sizeof(why), "the login failed: %s", text);
		free(text);
		redis_reply_free(reply);
		conn_fail(c, why);
		return true;
	}
	redis_reply_free(reply);
	if (--c->login > 0)
		return false;
	conn_up(c);
	return true;
}

static bool
on_reply(struct redis_conn *c, struct redis_reply *reply)
{
	switch (c->state) {
	case CONN_LOGIN:
		return on_login_reply(c, reply);
	case CONN_CHECKING:
		redis_reply_free(reply);
		conn_up(c);
		return true;
	case CONN_UP:
		if (c->first != NULL)
			return on_flight_reply(c, reply);
		/* FALLTHROUGH */
	case CONN_RESOLVING:
	case CONN_CONNECTING:
	case CONN_SECURING:
		break;
	}
	redis_reply_free(reply);
	conn_fail(c, "it answered what nobody asked");
	return true;
}

/*
 * A reply's owner may close this connection or free the whole pool, so after
 * each the stream's own word for "closed meanwhile" is asked.
 */
static void
on_readable(void *arg)
{
	struct redis_conn *c = arg;
	struct redis_reply reply;
	const char *why;
	bool gone = false, *outer;

	redis_replies_feed(c->replies, buf_span(&c->stream.in));
	buf_take(&c->stream.in, buf_len(&c->stream.in));
	outer = c->stream.gone;
	for (;;) {
		switch (redis_replies_next(c->replies, &reply, &why)) {
		case REDIS_READ_MORE:
			return;
		case REDIS_READ_BAD:
			conn_fail(c, why);
			return;
		case REDIS_READ_REPLY:
			break;
		}
		c->stream.gone = &gone;
		on_reply(c, &reply);
		if (gone) {
			if (outer != NULL)
				*outer = true;
			return;
		}
		c->stream.gone = outer;
	}
}

static void
on_closed(void *arg, bool eof, const char *why)
{
	struct redis_conn *c = arg;

	conn_fail(c, eof ? "the server closed the connection" : why);
}

static void
on_secured(void *arg, const char *why)
{
	struct redis_conn *c = arg;
	char text[256];

	if (why == NULL) {
		login(c);
		return;
	}
	snprintf(text, sizeof(text), "TLS: %s", why);
	conn_fail(c, text);
}

static void
on_drained(void *arg)
{
	(void)arg;
}

static const struct stream_events stream_events = {
	.readable = on_readable,
	.drained = on_drained,
	.closed = on_closed,
	.secured = on_secured,
};

/* ---- connecting --------------------------------------------------------- */

static void
secure(struct redis_conn *c)
{
	const struct redis_server *s = c->server;
	struct tls_options options = { .verify = s->verify };
	char *key = xasprintf("redis/%d/%s:%u", s->verify, s->host, s->port);
	const char *why;
	struct ssl_st *ssl;

	ssl = tls_client_start(c->net->tls, &options, span_of(s->host),
	    span_of(key), &why);
	free(key);
	if (ssl == NULL) {
		conn_fail(c, why);
		return;
	}
	c->state = CONN_SECURING;
	stream_connect_tls(&c->stream, ssl);
}

static void
on_connected(void *arg, int what)
{
	struct redis_conn *c = arg;
	int fd = c->io.fd, error = sock_error(fd);

	(void)what;
	io_done(&c->io);
	c->has_io = false;
	if (error != 0) {
		close(fd);
		snprintf(c->why, sizeof(c->why), "%s", strerror(error));
		connect_next(c);
		return;
	}
	sock_nodelay(fd);
	stream_init(&c->stream, c->net->loop, fd, &stream_events, c);
	c->has_stream = true;
	if (c->server->tls)
		secure(c);
	else
		login(c);
}

static void
connect_next(struct redis_conn *c)
{
	bool bind_failed;
	struct ip to;
	int fd;

	while (c->next_address < c->n_addresses) {
		to = c->addresses[c->next_address++];
		to.port = c->server->port;
		fd = sock_connect(&to, &(struct ip){ .family = IP_NONE },
		    &bind_failed);
		if (fd == -1) {
			snprintf(c->why, sizeof(c->why), "%s",
			    strerror(errno));
			continue;
		}
		c->state = CONN_CONNECTING;
		io_init(&c->io, c->net->loop, fd, on_connected, c);
		c->has_io = true;
		io_want(&c->io, IO_WRITE);
		return;
	}
	conn_fail(c, c->why);
}

static void
on_addresses(void *arg, const struct host_result *found)
{
	struct redis_conn *c = arg;
	uint32_t i;

	c->question = NULL;
	for (i = 0; i < found->n && i < ADDRESSES_MAX; i++)
		c->addresses[c->n_addresses++] = found->addrs[i];
	if (!found->ok)
		snprintf(c->why, sizeof(c->why), "DNS: %s", found->why);
	else if (found->n == 0)
		snprintf(c->why, sizeof(c->why), "%s", found->exists ?
		    "this name has no address" : "there is no such name");
	connect_next(c);
}

static void
resolve(struct redis_conn *c)
{
	struct host_ask *ask = host_ask(c->net->resolver->dns,
	    span_of(c->server->host), true, true, on_addresses, c);

	/* Answered at once it may be gone: then nothing is touched. */
	if (ask != NULL)
		c->question = ask;
}

static void
on_overdue(void *arg)
{
	struct redis_conn *c = arg;
	char text[128];

	snprintf(text, sizeof(text), c->state == CONN_CHECKING ?
	    "it did not answer a PING" : "no connection within %lld ms",
	    (long long)c->server->connect_ms);
	conn_fail(c, text);
}

/* Not from within redis_conn_open: its caller has no pointer yet. */
static void
begin(void *arg)
{
	struct redis_conn *c = arg;

	timer_set(&c->overdue, c->server->connect_ms);
	c->overdue.fire = on_overdue;
	if (span_ieq_str(span_of(c->server->host), "localhost")) {
		/* RFC 6761: this name never leaves the machine. */
		ip_parse(SPAN_LIT("127.0.0.1"), &c->addresses[0]);
		ip_parse(SPAN_LIT("::1"), &c->addresses[1]);
		c->n_addresses = 2;
		connect_next(c);
	} else
		resolve(c);
}

struct redis_conn *
redis_conn_open(struct redis_pool *pool, const struct redis_net *net,
    const struct redis_server *server)
{
	struct redis_conn *c = xcalloc(1, sizeof(*c));

	c->pool = pool;
	c->net = net;
	c->server = server;
	c->last = &c->first;
	c->replies = redis_replies_new();
	timer_init(&c->overdue, net->loop, begin, c);
	timer_set(&c->overdue, 0);
	return c;
}

void
redis_conn_close(struct redis_conn **cp, const char *why)
{
	struct redis_conn *c = *cp;
	struct redis_flight *f, *flights = c->first;
	struct redis_request *r;
	int fd;

	*cp = NULL;
	host_cancel(&c->question);
	if (c->has_io) {
		fd = c->io.fd;
		io_done(&c->io);
		close(fd);
	}
	if (c->has_stream)
		stream_close(&c->stream);
	timer_done(&c->overdue);
	redis_replies_free(&c->replies);
	free(c);
	while ((f = flights) != NULL) {
		flights = f->next;
		r = f->request;
		flight_free(f);
		if (r == NULL)
			continue;
		r->flight = NULL;
		if (why != NULL)
			r->done(r, NULL, why, true);
	}
}

/* ---- for the pool ------------------------------------------------------- */

bool
redis_conn_is_up(const struct redis_conn *c)
{
	return c->state == CONN_UP;
}

size_t
redis_conn_load(const struct redis_conn *c)
{
	return c->first != NULL && c->first->waits ? SIZE_MAX : c->load;
}

bool
redis_conn_is_stale(const struct redis_conn *c)
{
	return c->server->recycle_ms > 0 && c->load == 0 &&
	    loop_mono_ms(c->net->loop) - c->rested_ms >= RESTED_MS;
}

void
redis_conn_check(struct redis_conn *c)
{
	struct span word = SPAN_LIT("PING");

	c->state = CONN_CHECKING;
	write_words(c, &word, 1);
	timer_set(&c->overdue, c->server->recycle_ms);
}

static int64_t
response_ms(const struct redis_conn *c)
{
	return c->server->response_ms > 0 ? c->server->response_ms :
	    RESPONSE_MS;
}

static void
flight_overdue(void *arg)
{
	struct redis_flight *f = arg;
	struct redis_conn *c = f->conn;
	char why[96];

	snprintf(why, sizeof(why), "no reply within %lld ms",
	    (long long)response_ms(c));
	conn_fail(c, why);
}

void
redis_conn_send(struct redis_conn *c, struct redis_request *r)
{
	struct redis_flight *f = xcalloc(1, sizeof(*f));

	f->conn = c;
	f->request = r;
	f->replies = r->replies == 0 ? 1 : r->replies;
	f->waits = r->waits;
	timer_init(&f->overdue, c->net->loop, flight_overdue, f);
	timer_set(&f->overdue, response_ms(c));
	*c->last = f;
	c->last = &f->next;
	c->load++;
	r->flight = f;
	stream_write(&c->stream, buf_data(&r->wire), buf_len(&r->wire));
}

void
redis_conn_cancel(struct redis_request *r)
{
	struct redis_flight *f = r->flight;

	r->flight = NULL;
	f->request = NULL;
	/* The server would go on waiting in vain. */
	if (f->waits)
		conn_fail(f->conn, "cancelled");
}
