/* SPDX-License-Identifier: Apache-2.0 */
#include "smtp-out/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/ipc/channel.h"
#include "lib/proc/daemon.h"

enum {
	SESSION_WINDOW = 2,           /* messages in hand */
	SESSION_FIRST_WAIT_MS = 30 * 1000,
	SESSION_QUIT_WAIT_MS = 2000,
	SESSION_REPLY_TEXT = 400,     /* of a reply in a reason of ours */
};

static const char *const state_names[SESSION_STATES] = {
	[SESSION_WAITING] = "waiting",
	[SESSION_RESOLVING] = "resolving",
	[SESSION_DIALLING] = "dialling",
	[SESSION_BANNER] = "banner",
	[SESSION_HELLO] = "hello",
	[SESSION_STARTTLS] = "starttls",
	[SESSION_HANDSHAKE] = "handshake",
	[SESSION_HELLO_TLS] = "hello-tls",
	[SESSION_IDLE] = "idle",
	[SESSION_ENVELOPE] = "envelope",
	[SESSION_CONTENT] = "content",
	[SESSION_DOT] = "dot",
	[SESSION_QUITTING] = "quitting",
};

const char *
session_state_name(enum session_state state)
{
	return state < SESSION_STATES ? state_names[state] : "?";
}

/* ---- states ------------------------------------------------------------- */

static int64_t
state_wait_ms(const struct session *s, enum session_state state)
{
	const struct egress_path *p = &s->terms.path;

	switch (state) {
	case SESSION_WAITING:
		return p->idle_timeout > SESSION_FIRST_WAIT_MS ?
		    p->idle_timeout : SESSION_FIRST_WAIT_MS;
	case SESSION_RESOLVING:
		return HOSTS_WAIT_MS;
	case SESSION_DIALLING:
		return p->connect_timeout;
	case SESSION_BANNER:
		return p->banner_timeout;
	case SESSION_HELLO:
	case SESSION_HELLO_TLS:
		return p->ehlo_timeout;
	case SESSION_STARTTLS:
	case SESSION_HANDSHAKE:
		return p->starttls_timeout;
	case SESSION_IDLE:
		return p->idle_timeout;
	case SESSION_ENVELOPE:
		return p->mail_from_timeout;
	case SESSION_CONTENT:
		return p->data_timeout;
	case SESSION_DOT:
		return p->data_dot_timeout;
	case SESSION_QUITTING:
		return SESSION_QUIT_WAIT_MS;
	case SESSION_STATES:
		break;
	}
	return 0;
}

void
session_wait(struct session *s, int64_t ms)
{
	timer_set(&s->timer, ms);
}

void
session_enter(struct session *s, enum session_state state)
{
	if (log_is_on(LOG_LEVEL_DEBUG))
		log_debug("session=%llu from=%s to=%s",
		    (unsigned long long)s->id, session_state_name(s->state),
		    session_state_name(state));
	s->state = state;
	session_wait(s, state_wait_ms(s, state));
}

/* The connection failed, in whatever state it is. */
static void
session_broken(struct session *s, bool transport, const char *why)
{
	switch (s->state) {
	case SESSION_DIALLING:
	case SESSION_BANNER:
	case SESSION_HELLO:
	case SESSION_STARTTLS:
		connect_failed(s, why);
		return;
	case SESSION_HANDSHAKE:
	case SESSION_HELLO_TLS:
		connect_secured(s, why);
		return;
	case SESSION_IDLE:
		session_lost(s, why);
		return;
	case SESSION_ENVELOPE:
	case SESSION_CONTENT:
	case SESSION_DOT:
		transaction_abort(s, transport, why);
		return;
	case SESSION_QUITTING:
		session_free(s);
		return;
	case SESSION_WAITING:
	case SESSION_RESOLVING:
	case SESSION_STATES:
		return;
	}
}

static void
session_timeout(void *arg)
{
	struct session *s = arg;
	char why[96];

	switch (s->state) {
	case SESSION_WAITING:
		session_end(s, buf_len(&s->lost) > 0 ? SESSION_END_LOST :
		    SESSION_END_DONE, NULL);
		return;
	case SESSION_RESOLVING:
		hosts_expire(&s->out->hosts, loop_mono_ms(s->out->loop));
		connect_start(s);
		return;
	case SESSION_IDLE:
		session_end(s, SESSION_END_DONE, NULL);
		return;
	default:
		snprintf(why, sizeof(why), "timed out in state %s",
		    session_state_name(s->state));
		session_broken(s, true, why);
	}
}

/* ---- the stream --------------------------------------------------------- */

bool
session_interrupted(const struct session *s)
{
	return buf_len(&s->stream.in) > 0;
}

void
session_say(struct session *s, const char *text)
{
	stream_write(&s->stream, text, strlen(text));
}

/* A whole reply to nothing: often the peer's farewell. */
static void
session_unasked(struct session *s)
{
	char text[SESSION_REPLY_TEXT], why[SESSION_REPLY_TEXT + 64];
	struct answer answer = { .code = 400 };

	text_printable(s->reply.content, text, sizeof(text));
	snprintf(why, sizeof(why), "KumoMTA internal: reply without a "
	    "command: %u %s", (unsigned)s->reply.code, text);
	if (s->state == SESSION_CONTENT) {
		transaction_abort(s, false, why);
		return;
	}
	answer.content = span_of(why);
	if (s->n_mails > 0 && s->reply.code != 421)
		session_mail_fails(s, FATE_DEFERRED, &answer);
	session_lost(s, why);
}

/* Take one reply; false when there is none, or nobody to take it. */
static bool
session_one_reply(struct session *s)
{
	const char *why = "";

	if (s->state == SESSION_QUITTING) {
		session_free(s);
		return false;
	}
	switch (reply_parse(&s->reply, &s->stream.in, &why)) {
	case PARSE_MORE:
		return false;
	case PARSE_BAD:
		session_broken(s, false, why);
		return false;
	case PARSE_DONE:
		break;
	}
	switch (s->state) {
	case SESSION_BANNER:
	case SESSION_HELLO:
	case SESSION_STARTTLS:
	case SESSION_HELLO_TLS:
		connect_reply(s);
		break;
	case SESSION_ENVELOPE:
	case SESSION_DOT:
		transaction_reply(s);
		break;
	default:
		session_unasked(s);
	}
	return true;
}

static void
session_readable(void *arg)
{
	struct session *s = arg;

	s->in_replies = true;
	while (s->open && s->state != SESSION_HANDSHAKE &&
	    buf_len(&s->stream.in) > 0 && session_one_reply(s))
		;
	s->in_replies = false;
	if (s->dead)
		free(s);
}

static void
session_drained(void *arg)
{
	struct session *s = arg;

	if (s->state == SESSION_CONTENT)
		transaction_drained(s);
}

static void
session_stream_closed(void *arg, bool eof, const char *why)
{
	(void)eof;
	session_broken(arg, true, why);
}

static void
session_secured(void *arg, const char *why)
{
	connect_secured(arg, why);
}

const struct stream_events session_stream_events = {
	.readable = session_readable,
	.drained = session_drained,
	.closed = session_stream_closed,
	.secured = session_secured,
};

void
session_hang_up(struct session *s, bool say_quit)
{
	int fd = s->dial.fd;

	if (s->dialling) {
		io_done(&s->dial);
		close(fd);
		s->dialling = false;
	}
	if (s->open) {
		s->open = false;
		if (say_quit)
			session_say(s, "QUIT\r\n");
		stream_close(&s->stream);
	}
	reply_free(&s->reply);
	transaction_free(s);
	arena_reset(&s->conn);
	s->tls = (struct tls_facts){ 0 };
	s->ehlo = (struct ehlo){ 0 };
	s->local[0] = s->peer[0] = '\0';
	s->deliveries = 0;
}

/* ---- beginning and end -------------------------------------------------- */

struct session *
session_find(const struct out *o, uint64_t id)
{
	return map_get(&o->sessions, span_make(&id, sizeof(id)));
}

static void
session_copy_hosts(struct session *s, const struct session_open *open)
{
	uint32_t i;

	s->n_hosts = open->n_hosts;
	s->hosts = arena_alloc(&s->arena, s->n_hosts * sizeof(*s->hosts));
	for (i = 0; i < s->n_hosts; i++) {
		s->hosts[i] = open->hosts[i];
		s->hosts[i].name = arena_span(&s->arena, open->hosts[i].name);
	}
}

void
session_open(struct out *o, const struct session_open *open)
{
	struct session *s;
	struct mail *m;

	if (session_find(o, open->session) != NULL)
		return;
	s = xcalloc(1, sizeof(*s));
	terms_read(&s->terms, open->path, open->source, open->protocol);
	s->out = o;
	s->id = open->session;
	s->kind = open->kind;
	s->known = true;
	s->uuid = uuid_random();
	s->mails_last = &s->mails;
	s->keep_order = open->keep_order;
	s->no_tls = open->tls_broken;
	s->ready_queue = arena_span(&s->arena, open->ready_queue);
	s->domain = arena_span(&s->arena, open->domain);
	session_copy_hosts(s, open);
	timer_init(&s->timer, o->loop, session_timeout, s);
	map_set(&o->sessions, span_make(&s->id, sizeof(s->id)), s);
	s->next = o->first;
	s->prev = &o->first;
	if (s->next != NULL)
		s->next->prev = &s->next;
	o->first = s;
	session_enter(s, SESSION_WAITING);
	if (o->stopping) {
		session_end(s, SESSION_END_DONE, NULL);
		return;
	}
	while ((m = early_take(&o->early, open->session)) != NULL) {
		session_mail(s, m);
		if (session_find(o, open->session) != s)
			return;
	}
	if (s->state == SESSION_WAITING && s->kind == DELIVER_SMTP &&
	    s->terms.path.aggressive_connection_opening)
		connect_start(s);
}

void
session_free(struct session *s)
{
	struct out *o = s->out;
	struct mail *m;

	if (session_find(o, s->id) == s)
		map_del(&o->sessions, span_make(&s->id, sizeof(s->id)));
	session_hang_up(s, false);
	while ((m = s->mails) != NULL) {
		s->mails = m->next;
		mail_free(&m);
	}
	*s->prev = s->next;
	if (s->next != NULL)
		s->next->prev = s->prev;
	timer_done(&s->timer);
	terms_free(&s->terms);
	buf_free(&s->tx.wire);
	buf_free(&s->causes);
	buf_free(&s->lost);
	arena_free(&s->conn);
	arena_free(&s->arena);
	s->dead = true;
	if (!s->in_replies)
		free(s);
	out_check_stop(o);
}

/* What was tried must be told even if the session ends in between. */
static void
session_drop_mails(struct session *s)
{
	struct outcome outcome;
	struct mail *m;

	while ((m = s->mails) != NULL) {
		s->mails = m->next;
		if (m->attempted) {
			mail_outcome(m, &outcome);
			held_add(&s->out->held, out_qmgr(s->out), &outcome);
		}
		mail_free(&m);
	}
	s->mails_last = &s->mails;
	s->n_mails = 0;
}

void
session_end(struct session *s, enum session_end why, const char *text)
{
	struct channel *qmgr = out_qmgr(s->out);
	struct session_ended ended = { .session = s->id, .why = why,
		.tls_broke = s->tls_broke, .text = span_of(text) };
	bool polite = s->open && s->state != SESSION_HANDSHAKE &&
	    s->state != SESSION_CONTENT;

	if (text == NULL)
		ended.text = buf_span(&s->lost);
	session_drop_mails(s);
	if (s->known && qmgr != NULL) {
		session_ended_put(channel_begin(qmgr, MSG_SESSION_ENDED, 0),
		    &ended);
		channel_end(qmgr);
	}
	early_note_ended(&s->out->early, s->id);
	map_del(&s->out->sessions, span_make(&s->id, sizeof(s->id)));
	if (!polite) {
		session_free(s);
		return;
	}
	session_say(s, "QUIT\r\n");
	session_enter(s, SESSION_QUITTING);
}

void
session_close(struct session *s)
{
	s->closing = true;
	if (s->n_mails == 0 && s->state != SESSION_QUITTING)
		session_end(s, SESSION_END_DONE, NULL);
}

/* ---- messages ----------------------------------------------------------- */

/* Did the peer close while nothing was going on? */
static bool
session_peer_closed(const struct session *s)
{
	char byte;
	ssize_t n = recv(s->stream.io.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

	return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

void
session_mail(struct session *s, struct mail *m)
{
	m->next = NULL;
	*s->mails_last = m;
	s->mails_last = &m->next;
	s->n_mails++;
	if (s->state == SESSION_WAITING) {
		if (s->kind == DELIVER_MAILDIR)
			local_deliver(s);
		else
			connect_start(s);
	} else if (s->state == SESSION_IDLE) {
		if (session_peer_closed(s))
			session_lost(s, "connection closed by peer");
		else
			session_next(s);
	}
}

void
session_mail_done(struct session *s)
{
	struct mail *m = s->mails;
	struct outcome outcome;

	s->mails = m->next;
	if (s->mails == NULL)
		s->mails_last = &s->mails;
	s->n_mails--;
	s->deliveries++;
	mail_outcome(m, &outcome);
	held_add(&s->out->held, out_qmgr(s->out), &outcome);
	mail_free(&m);
}

void
session_mail_fails(struct session *s, enum fate fate,
    const struct answer *answer)
{
	struct mail *m = s->mails;
	struct record rec;

	mail_settle_rest(m, fate, mail_answer(m, answer));
	session_record(s, m, &rec);
	mail_record(m, &rec);
	session_mail_done(s);
}

void
session_next(struct session *s)
{
	if (s->deliveries >= s->terms.path.max_deliveries_per_connection ||
	    (s->n_mails == 0 && s->closing)) {
		session_end(s, SESSION_END_DONE, NULL);
		return;
	}
	/* What the peer says now is for nobody: the reply loop meets it. */
	if (s->n_mails > 0 && !session_interrupted(s)) {
		transaction_start(s);
		return;
	}
	session_enter(s, SESSION_IDLE);
}

void
session_lost(struct session *s, const char *why)
{
	/* why may lie in what hanging up frees. */
	char *text = xstrdup(why);
	int strategy = s->terms.path.reconnect_strategy;

	buf_clear(&s->lost, 1024);
	buf_add_str(&s->lost, text);
	free(text);
	session_hang_up(s, false);
	if (strategy == RECONNECT_SAME_HOST && s->plan.at > 0)
		s->plan.at--;
	if (strategy == RECONNECT_TERMINATE_SESSION ||
	    s->plan.at == s->plan.n || (s->closing && s->n_mails == 0)) {
		session_end(s, SESSION_END_LOST, NULL);
		return;
	}
	if (s->n_mails > 0) {
		connect_next(s);
		return;
	}
	session_enter(s, SESSION_WAITING);
}

void
session_resolved(struct session *s)
{
	if (s->state == SESSION_RESOLVING)
		connect_start(s);
}

void
session_held(const struct session *s, struct session_held *h,
    struct arena *a)
{
	const struct mail *m;

	*h = (struct session_held){ .session = s->id,
		.ready_queue = s->ready_queue };
	h->ids = arena_alloc(a, s->n_mails * sizeof(*h->ids));
	for (m = s->mails; m != NULL; m = m->next)
		h->ids[h->n_ids++] = m->env.id;
}

void
session_record(const struct session *s, const struct mail *m,
    struct record *rec)
{
	const struct terms *t = &s->terms;

	*rec = (struct record){ .time_us = clock_wall_us() };
	rec->site = s->ready_queue;
	rec->pool = m->pool;
	rec->source = span_of(t->source.name != NULL ? t->source.name :
	    "unspecified");
	rec->provider = span_of(t->path.provider_name);
	rec->session = s->uuid;
	if (s->kind == DELIVER_MAILDIR) {
		rec->delivery_protocol = SPAN_LIT("Maildir");
		return;
	}
	rec->delivery_protocol = SPAN_LIT("ESMTP");
	if (!s->open)
		return;
	rec->peer_name = s->host.name;
	rec->peer_addr = s->host.is_unix ? s->host.name : span_of(s->peer);
	rec->peer_is_secure = s->host.is_secure;
	rec->source_address = span_of(s->local);
	rec->tls_cipher = s->tls.cipher;
	rec->tls_version = s->tls.version;
	rec->tls_subject = s->tls.subject;
	rec->n_tls_subject = s->tls.n_subject;
}
