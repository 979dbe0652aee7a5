/* SPDX-License-Identifier: Apache-2.0 */
#include "smtpd/session.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/base/alloc.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/io/sock.h"
#include "lib/ipc/tally.h"
#include "lib/mail/proxy.h"
#include "lib/mail/reply.h"
#include "smtpd/auth.h"
#include "smtpd/command.h"
#include "smtpd/conf.h"
#include "smtpd/events.h"
#include "smtpd/facts.h"
#include "smtpd/greeting.h"
#include "smtpd/listener.h"
#include "smtpd/message.h"
#include "smtpd/reject.h"
#include "smtpd/smtpd.h"
#include "smtpd/transaction.h"

enum {
	PROXY_WAIT_MS = 5000,
	SECURING_WAIT_MS = 30000,
	LAST_WAIT_MS = 2000,      /* for the last reply to be read */
	LINE_EXCESS_MAX = 65536,  /* thrown away of one line, then we close */
	LAST_INPUT_MAX = 262144,  /* thrown away behind the last reply */
	REPLIES_MAX = 65536,      /* not read by the client: we wait */
	CONTENT_RATE_MIN = 64,    /* octets a second, after client_timeout */
};

/* How long each state may last, where the listener's options do not say. */
static const struct {
	const char *name;
	int64_t wait_ms; /* 0: client_timeout */
} states[SESSION_STATES] = {
	[SESSION_PROXY] = { "proxy", PROXY_WAIT_MS },
	[SESSION_GREETED] = { "greeted", 0 },
	[SESSION_READY] = { "ready", 0 },
	[SESSION_MAIL] = { "mail", 0 },
	[SESSION_RCPT] = { "rcpt", 0 },
	[SESSION_DATA] = { "data", 0 },
	[SESSION_BDAT] = { "bdat", 0 },
	[SESSION_CHUNK] = { "chunk", 0 },
	[SESSION_SKIP] = { "skip", 0 },
	[SESSION_AUTH] = { "auth", 0 },
	[SESSION_ASKING] = { "asking", -1 },   /* events.c says */
	[SESSION_STORING] = { "storing", -1 }, /* message.c says */
	[SESSION_SECURING] = { "securing", SECURING_WAIT_MS },
	[SESSION_QUITTING] = { "quitting", LAST_WAIT_MS },
	[SESSION_LINGERING] = { "lingering", LAST_WAIT_MS },
	[SESSION_OVER] = { "over", -1 },
};

static const struct refusal too_slow = { 421, "4.4.2",
	"Content comes too slowly" };
static const struct refusal timed_out = { 421, "4.4.2",
	"Timeout waiting for the client" };
static const struct refusal far_too_big = { 552, "5.3.4",
	"Message is far too big" };
static const struct refusal not_smtp = { 500, "5.5.1",
	"This is an SMTP server" };

const char *
session_state_name(enum session_state state)
{
	return states[state].name;
}

void
session_set(struct session *s, enum session_state state)
{
	int64_t wait = states[state].wait_ms;

	if (state != s->state && log_is_on(LOG_LEVEL_DEBUG))
		log_debug("session=%s state=%s from=%s", s->name,
		    states[state].name, states[s->state].name);
	s->state = state;
	if (wait == 0)
		wait = s->params->client_timeout;
	if (wait > 0)
		timer_set(&s->timer, wait);
}

struct span
session_hostname(const struct session *s)
{
	return span_of(s->params->hostname != NULL ? s->params->hostname :
	    s->conf->hostname);
}

/* ---- output ------------------------------------------------------------- */

/* As the policy words it. */
static void
say_rewritten(struct session *s, unsigned code, const char *enhanced,
    struct span text)
{
	struct buf whole = { .base = NULL }, other = { .base = NULL };
	bool lent = s->policy_call != 0;

	if (enhanced != NULL)
		buf_addf(&whole, "%s ", enhanced);
	buf_add_span(&whole, text);
	/* While another event has the metadata this one cannot have it. */
	if (!lent && policy_smtp_rewrite(s->conf->policy, &code,
	    buf_len(&whole) > 0 ? buf_span(&whole) : SPAN_LIT(""),
	    buf_len(&s->command) > 0 ? buf_span(&s->command) : SPAN_LIT(""),
	    events_conn(s), &other))
		reply_put(&s->stream.out, code, NULL, buf_len(&other) > 0 ?
		    buf_span(&other) : SPAN_LIT(""));
	else
		reply_put(&s->stream.out, code, enhanced, text);
	if (!lent)
		events_answered(s);
	buf_free(&whole);
	buf_free(&other);
}

void
session_say(struct session *s, unsigned code, const char *enhanced,
    struct span text)
{
	if (s->state == SESSION_OVER)
		return;
	if (s->conf->on.rewrite_response)
		say_rewritten(s, code, enhanced, text);
	else
		reply_put(&s->stream.out, code, enhanced, text);
	stream_write(&s->stream, "", 0);
}

void
session_reply(struct session *s, unsigned code, const char *enhanced,
    const char *fmt, ...)
{
	char text[1024];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	session_say(s, code, enhanced, span_make(text,
	    (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1));
}

void
session_greet(struct session *s)
{
	session_reply(s, 220, NULL, "%.*s %s", SPAN_FMT(session_hostname(s)),
	    s->params->banner != NULL ? s->params->banner : "");
	session_set(s, SESSION_GREETED);
}

void
session_quit(struct session *s)
{
	session_set(s, SESSION_QUITTING);
}

void
session_linger(struct session *s)
{
	session_set(s, SESSION_LINGERING);
	s->line_excess = 0;
}

static const struct span stopping = { "shutting down", 13 };

void
session_ready(struct session *s)
{
	if (!s->smtpd->daemon.stopping) {
		session_set(s, SESSION_READY);
		return;
	}
	reject(s, 421, "4.3.2", stopping, SPAN_LIT(""));
	session_quit(s);
}

/* ---- input -------------------------------------------------------------- */

/* Each step takes something and tells whether to go on with what is left. */

static bool
step_proxy(struct session *s)
{
	struct proxy p;
	const char *why;
	size_t used;

	switch (proxy_parse(buf_span(&s->stream.in), &p, &used, &why)) {
	case PARSE_MORE:
		return false;
	case PARSE_BAD:
		session_end(s, why);
		return false;
	case PARSE_DONE:
		break;
	}
	buf_take(&s->stream.in, used);
	/* A client waits for the banner: what came with it is none of ours. */
	if (buf_len(&s->stream.in) > 0) {
		session_end(s, "bytes behind the PROXY header");
		return false;
	}
	if (p.has_addresses) {
		s->peer = p.source;
		s->local = p.destination;
		s->proxied = true;
		greeting_again(s);
		return false;
	}
	s->proxied = true;
	greeting_accept(s);
	return false;
}

static bool
line_excess(struct session *s, struct span in)
{
	s->line_excess += in.len;
	buf_take(&s->stream.in, in.len);
	if (s->line_excess > LINE_EXCESS_MAX) {
		reject_refusal(s, &command_line_long, SPAN_LIT(""));
		session_linger(s);
	}
	return false;
}

/* A TLS handshake has no lines: it is known by its first two bytes. */
static bool
line_is_tls(const struct session *s, struct span in)
{
	return s->line_excess == 0 && in.len >= 2 && in.p[0] == 0x16 &&
	    in.p[1] == 0x03;
}

static bool
step_line(struct session *s)
{
	struct span in = buf_span(&s->stream.in), line;
	const char *lf = in.len > 0 ? memchr(in.p, '\n', in.len) : NULL;
	size_t limit = s->params->line_length_hard_limit;
	bool excess = s->line_excess > 0;

	if (line_is_tls(s, in)) {
		reject_refusal(s, &not_smtp, SPAN_LIT(""));
		session_linger(s);
		return true;
	}
	if (lf == NULL)
		return in.len > limit + 1 || excess ? line_excess(s, in) :
		    false;
	line = span_make(in.p, (size_t)(lf - in.p));
	/* Taking moves no byte: the line stays readable for its handler. */
	buf_take(&s->stream.in, line.len + 1);
	s->line_excess = 0;
	if (excess || line.len > limit + 1) {
		if (s->state == SESSION_AUTH)
			session_set(s, SESSION_READY);
		command_refuse(s, &command_line_long, SPAN_LIT(""));
	}
	else if (line.len == 0 || line.p[line.len - 1] != '\r')
		command_refuse(s, &command_bare_end, line);
	else if (s->state == SESSION_AUTH) {
		buf_clear(&s->command, 4096);
		auth_line(s, span_make(line.p, line.len - 1));
		explicit_bzero((char *)(uintptr_t)line.p, line.len);
	} else
		command_run(s, span_make(line.p, line.len - 1));
	return true;
}

/* One octet a minute must not hold a session for days. */
static bool
content_is_slow(const struct session *s)
{
	int64_t ms = loop_mono_ms(s->smtpd->loop) - s->content_from_ms;

	return ms > s->params->client_timeout &&
	    s->tx->content.in.size < (uint64_t)ms / 1000 * CONTENT_RATE_MIN;
}

/* More is needed; false, for the callers' convenience. */
static bool
content_more(struct session *s)
{
	if (content_is_slow(s)) {
		reject_refusal(s, &too_slow, SPAN_LIT("."));
		session_linger(s);
	} else
		session_set(s, s->state);
	return false;
}

static bool
step_data(struct session *s)
{
	struct span in = buf_span(&s->stream.in);
	enum parse p;
	size_t used;

	if (in.len == 0)
		return false;
	p = content_line(&s->tx->content, in, &used);
	buf_take(&s->stream.in, used);
	switch (p) {
	case PARSE_MORE:
		return content_more(s);
	case PARSE_BAD:
		reject_refusal(s, &far_too_big, SPAN_LIT("."));
		session_linger(s);
		return true;
	case PARSE_DONE:
		break;
	}
	messages_make(s, false);
	return true;
}

static bool
step_chunk(struct session *s)
{
	struct span in = buf_span(&s->stream.in);

	if (in.len > s->chunk_left)
		in.len = (size_t)s->chunk_left;
	if (in.len > 0 && content_chunk(&s->tx->content, in) == PARSE_BAD) {
		reject_refusal(s, &far_too_big, SPAN_LIT("BDAT"));
		session_linger(s);
		return true;
	}
	buf_take(&s->stream.in, in.len);
	s->chunk_left -= in.len;
	if (s->chunk_left > 0)
		return in.len > 0 ? content_more(s) : false;
	if (s->chunk_last)
		messages_make(s, true);
	else {
		session_reply(s, 250, "2.0.0", "OK, go on");
		session_set(s, SESSION_BDAT);
	}
	return true;
}

static bool
step_skip(struct session *s)
{
	size_t n = buf_len(&s->stream.in);

	if (n > s->chunk_left)
		n = (size_t)s->chunk_left;
	buf_take(&s->stream.in, n);
	s->chunk_left -= n;
	if (s->chunk_left > 0)
		return false;
	transaction_reset(s);
	session_set(s, s->helo.len > 0 ? SESSION_READY : SESSION_GREETED);
	command_refuse(s, s->later, SPAN_LIT("BDAT"));
	return true;
}

static bool
step_discard(struct session *s)
{
	s->line_excess += buf_len(&s->stream.in);
	buf_take(&s->stream.in, buf_len(&s->stream.in));
	if (s->line_excess > LAST_INPUT_MAX)
		session_end(s, "flood behind the last reply");
	return false;
}

static bool
session_step(struct session *s)
{
	switch (s->state) {
	case SESSION_PROXY:
		return step_proxy(s);
	case SESSION_GREETED:
	case SESSION_READY:
	case SESSION_MAIL:
	case SESSION_RCPT:
	case SESSION_BDAT:
	case SESSION_AUTH:
		return step_line(s);
	case SESSION_DATA:
		return step_data(s);
	case SESSION_CHUNK:
		return step_chunk(s);
	case SESSION_SKIP:
		return step_skip(s);
	case SESSION_QUITTING:
	case SESSION_LINGERING:
		return step_discard(s);
	case SESSION_ASKING:
	case SESSION_STORING:
	case SESSION_SECURING:
	case SESSION_OVER:
	case SESSION_STATES:
		break;
	}
	return false;
}

/* Someone else's answer is awaited; a reply to the client follows it. */
static bool
session_waits(const struct session *s)
{
	return s->state == SESSION_ASKING || s->state == SESSION_STORING;
}

/* Has a client that says no more got all its replies? */
static void
session_last_word(struct session *s)
{
	bool held = s->stream.paused && buf_len(&s->stream.in) > 0;

	if (s->deaf && !session_waits(s) && !held &&
	    stream_pending(&s->stream) == 0)
		session_end(s, "closed by the client");
}

void
session_input(struct session *s)
{
	while (stream_pending(&s->stream) < REPLIES_MAX && session_step(s))
		;
	session_last_word(s);
}

static void
session_readable(void *arg)
{
	struct session *s = arg;

	/* The spool is slower than our clients: they wait, not our memory. */
	if (outbox_is_full(&s->smtpd->outbox)) {
		stream_pause(&s->stream);
		return;
	}
	session_input(s);
}

static void
session_drained(void *arg)
{
	struct session *s = arg;

	if (s->state == SESSION_QUITTING)
		session_end(s, NULL);
	else if (s->state == SESSION_LINGERING && !s->deaf)
		/* Closing over unread input would take the reply back. */
		shutdown(s->stream.io.fd, SHUT_WR);
	else if (buf_len(&s->stream.in) > 0 && !s->stream.paused)
		session_input(s);
	else
		session_last_word(s);
}

static void
session_closed(void *arg, bool eof, const char *why)
{
	struct session *s = arg;

	if (!eof) {
		session_end(s, why);
		return;
	}
	/* Half-closed behind its last command: replies still leave. */
	s->deaf = true;
	session_last_word(s);
}

static void
session_secured(void *arg, const char *why)
{
	struct session *s = arg;

	if (why != NULL) {
		log_info("session=%s tls=failed reason=\"%s\"", s->name, why);
		session_end(s, "TLS handshake failed");
		return;
	}
	s->tls = arena_alloc(&s->arena, sizeof(*s->tls));
	tls_facts_get(s->stream.ssl, &s->arena, s->tls);
	session_forget_helo(s);
	auth_forget(s);
	transaction_reset(s);
	session_set(s, SESSION_GREETED);
	session_resolve(s);
	log_debug("session=%s tls=%.*s cipher=%.*s", s->name,
	    SPAN_FMT(s->tls->version), SPAN_FMT(s->tls->cipher));
	stream_resume(&s->stream);
}

static const struct stream_events session_events = {
	.readable = session_readable,
	.drained = session_drained,
	.closed = session_closed,
	.secured = session_secured,
};

void
session_secure(struct session *s, struct tls_server *server)
{
	session_set(s, SESSION_SECURING);
	stream_accept_tls(&s->stream, tls_server_session(server));
}

static void
session_timeout(void *arg)
{
	struct session *s = arg;

	switch (s->state) {
	case SESSION_GREETED:
	case SESSION_READY:
	case SESSION_MAIL:
	case SESSION_RCPT:
	case SESSION_DATA:
	case SESSION_BDAT:
	case SESSION_CHUNK:
	case SESSION_SKIP:
	case SESSION_AUTH:
		reject_refusal(s, &timed_out, SPAN_LIT(""));
		session_quit(s);
		break;
	case SESSION_ASKING:
		events_overdue(s);
		break;
	case SESSION_STORING:
		messages_overdue(s);
		break;
	case SESSION_PROXY:
	case SESSION_SECURING:
	case SESSION_QUITTING:
	case SESSION_LINGERING:
		session_end(s, "timeout");
		break;
	case SESSION_OVER:
	case SESSION_STATES:
		break;
	}
}

/* ---- begin and end ------------------------------------------------------ */

void
session_forget_helo(struct session *s)
{
	free((char *)(uintptr_t)s->helo.p);
	s->helo = (struct span){ NULL, 0 };
}

static void
session_drop_own(struct session *s)
{
	if (s->own == NULL)
		return;
	listener_unresolve(s->own);
	free(s->own);
	s->own = NULL;
}

void
session_drop_dynamic(struct session *s)
{
	if (s->dynamic == NULL)
		return;
	session_drop_own(s);
	s->params = &s->at->shared;
	listener_free(s->dynamic);
	free(s->dynamic);
	s->dynamic = NULL;
}

void
session_resolve(struct session *s)
{
	struct facts_start m;

	session_drop_own(s);
	s->params = &s->at->shared;
	if (s->at->has_overlays || s->dynamic != NULL) {
		s->own = xcalloc(1, sizeof(*s->own));
		listener_resolve(&s->at->params, &s->peer, &s->local, s->own);
		if (s->dynamic != NULL)
			listener_apply(s->own, s->dynamic, &s->peer,
			    &s->local);
		s->params = s->own;
	}
	m = (struct facts_start){ .own = &s->params->meta,
		.hostname = session_hostname(s),
		.peer = &s->peer, .local = &s->local,
		.raw_peer = &s->raw_peer, .raw_local = &s->raw_local };
	buf_clear(&s->meta, 1024);
	facts_connection(&s->meta, &m);
	if (s->tls != NULL)
		facts_tls(&s->meta, s->tls);
	rights_cache_clear(&s->rights);
}

static void
session_free(void *arg)
{
	struct session *s = arg;
	struct smtpd *d = s->smtpd;

	session_drop_own(s);
	session_drop_dynamic(s);
	session_forget_helo(s);
	auth_forget(s);
	buf_free(&s->auth.secret);
	buf_free(&s->command);
	rights_cache_clear(&s->rights);
	policy_meta_free(&s->conn);
	buf_free(&s->meta);
	arena_free(&s->arena);
	conf_unref(&s->conf);
	free(s);
	if (d->daemon.stopping && d->nsessions == 0)
		daemon_exit(&d->daemon);
}

void
session_open(struct acceptor *a, int fd, const struct ip *peer)
{
	struct smtpd *d = a->smtpd;
	struct session *s = xcalloc(1, sizeof(*s));
	char ip[IP_TEXT_MAX];

	s->smtpd = d;
	s->row = a->row;
	s->conf = conf_ref(d->conf);
	s->at = &s->conf->v[a->index];
	s->id = uuid_random();
	uuid_text(&s->id, s->name);
	s->peer = s->raw_peer = *peer;
	if (sock_local(fd, &s->raw_local) != 0)
		s->raw_local = s->at->params.listen;
	s->local = s->raw_local;
	s->opened_ms = loop_mono_ms(d->loop);
	s->end = (struct deferred){ .run = session_free, .arg = s };
	s->next = d->sessions;
	if (s->next != NULL)
		s->next->prev = s;
	d->sessions = s;
	d->nsessions++;
	stream_init(&s->stream, d->loop, fd, &session_events, s);
	timer_init(&s->timer, d->loop, session_timeout, s);
	session_resolve(s);
	log_debug("session=%s event=connect peer=%s", s->name,
	    ip_port_format(peer, ip));
	greeting_begin(s);
}

void
session_end(struct session *s, const char *why)
{
	struct smtpd *d = s->smtpd;
	char ip[IP_TEXT_MAX];

	if (s->state == SESSION_OVER)
		return;
	log_info("session=%s event=end peer=%s messages=%llu ms=%lld "
	    "reason=\"%s\"", s->name, ip_port_format(&s->peer, ip),
	    (unsigned long long)s->messages,
	    (long long)(loop_mono_ms(d->loop) - s->opened_ms),
	    why != NULL ? why : "quit");
	session_set(s, SESSION_OVER);
	events_cancel(s);
	outbox_forget(&d->outbox, s);
	transaction_free(d, &s->tx);
	timer_done(&s->timer);
	stream_close(&s->stream);
	if (s->prev != NULL)
		s->prev->next = s->next;
	else
		d->sessions = s->next;
	if (s->next != NULL)
		s->next->prev = s->prev;
	d->nsessions--;
	tally_leave(d->tally, d->daemon.index, s->row);
	loop_defer(d->loop, &s->end);
}

void
session_stop(struct session *s, bool now)
{
	bool idle = s->state == SESSION_GREETED || s->state == SESSION_READY;

	if (s->state == SESSION_PROXY || s->state == SESSION_SECURING)
		session_end(s, "shutdown");
	else if (now) {
		if (s->state != SESSION_QUITTING &&
		    s->state != SESSION_LINGERING)
			reject(s, 421, "4.3.2", stopping, SPAN_LIT(""));
		session_end(s, "shutdown");
	} else if (idle) {
		reject(s, 421, "4.3.2", stopping, SPAN_LIT(""));
		session_quit(s);
	}
}
