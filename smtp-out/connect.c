/* SPDX-License-Identifier: Apache-2.0 */
/* From a list of hosts to a greeted connection; see session.h. */
#include "smtp-out/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/io/sock.h"

enum {
	CAUSES_MAX = 4096, /* bytes of reasons in one record */
	CAUSE_MAX = 400,   /* of one reason */
};

/* ---- the plan ----------------------------------------------------------- */

static void
cause_add(struct session *s, struct span name, const char *why)
{
	char text[CAUSE_MAX];

	s->failures++;
	if (buf_len(&s->causes) > CAUSES_MAX)
		return;
	if (buf_len(&s->causes) > 0)
		buf_add_str(&s->causes, ", ");
	text_printable(name, text, sizeof(text));
	buf_add_str(&s->causes, text);
	if (s->peer[0] != '\0')
		buf_addf(&s->causes, "/%s", s->peer);
	buf_addf(&s->causes, ": %s", why);
}

/*
 * One host with what its name resolves to; the addresses are copied, since
 * what the cache holds may go with the next question. False: not known yet.
 */
static bool
host_resolve(struct session *s, const struct next_hop *hop,
    struct plan_host *out)
{
	const struct host *h;
	struct ip *addrs;

	*out = (struct plan_host){ .name = hop->name,
		.preference = hop->preference, .port = hop->addr.port,
		.is_secure = hop->is_secure, .is_unix = hop->is_unix };
	if (hop->is_unix)
		return true;
	if (hop->addr.family != IP_NONE) {
		out->is_literal = true;
		out->addrs = &hop->addr;
		out->n_addrs = 1;
		return true;
	}
	h = hosts_look(&s->out->hosts, out_policy(s->out), hop->name,
	    loop_mono_ms(s->out->loop));
	if (!h->known)
		return false;
	if (!h->ok)
		cause_add(s, hop->name, h->error);
	addrs = arena_alloc(&s->arena, h->n * sizeof(*addrs));
	if (h->n > 0)
		memcpy(addrs, h->addrs, h->n * sizeof(*addrs));
	out->addrs = addrs;
	out->n_addrs = h->n;
	out->is_secure = out->is_secure && h->is_secure;
	return true;
}

/* No attempt is possible: say so of every message in hand. */
static void
plan_impossible(struct session *s, enum session_end how, enum fate fate,
    const struct answer *answer)
{
	char text[CAUSES_MAX + CAUSE_MAX];

	snprintf(text, sizeof(text), "%.*s", SPAN_FMT(answer->content));
	while (s->n_mails > 0) {
		s->mails->unreached = true;
		session_mail_fails(s, fate, answer);
	}
	session_end(s, how, text);
}

static void
plan_refused(struct session *s, enum plan_result result, const struct ip *bad)
{
	struct answer answer = { .code = 451, .has_enhanced = true,
		.class = 4, .subject = 4, .detail = 4 };
	char text[CAUSES_MAX + CAUSE_MAX], name[CAUSE_MAX], addr[IP_TEXT_MAX];

	text_printable(s->domain, name, sizeof(name));
	switch (result) {
	case PLAN_PROHIBITED:
		answer.code = 550;
		answer.class = 5;
		snprintf(text, sizeof(text), "KumoMTA internal: address %s of "
		    "%s is in prohibited_hosts", ip_format(bad, addr), name);
		answer.content = span_of(text);
		plan_impossible(s, SESSION_END_PROHIBITED, FATE_BOUNCED,
		    &answer);
		return;
	case PLAN_SKIPPED:
		snprintf(text, sizeof(text), "KumoMTA internal: all addresses "
		    "of %s are in skip_hosts", name);
		answer.content = span_of(text);
		plan_impossible(s, SESSION_END_SKIPPED, FATE_DEFERRED,
		    &answer);
		return;
	case PLAN_NO_ADDRESS:
	case PLAN_OK:
		break;
	}
	snprintf(text, sizeof(text), "KumoMTA internal: no host of %s has an "
	    "address%s%.*s", name, buf_len(&s->causes) > 0 ? ": " : "",
	    SPAN_FMT(buf_span(&s->causes)));
	answer.content = span_of(text);
	plan_impossible(s, SESSION_END_NO_ADDRESS, FATE_DEFERRED, &answer);
}

/* Asks for what is missing; the plan is made when nothing is. */
static void
plan_begin(struct session *s)
{
	const struct egress_path *p = &s->terms.path;
	struct plan_rules rules = {
		.strategy = (enum ip_lookup_strategy)p->ip_lookup_strategy,
		.prohibited = &p->prohibited_hosts, .skip = &p->skip_hosts,
		.remote_port = s->terms.source.remote_port,
		.smtp_port = p->smtp_port, .keep_order = s->keep_order };
	struct plan_host *hosts = arena_alloc(&s->arena,
	    s->n_hosts * sizeof(*hosts));
	enum plan_result result;
	struct ip bad;
	uint32_t i;
	bool all = true;

	buf_clear(&s->causes, CAUSES_MAX);
	s->failures = 0;
	for (i = 0; i < s->n_hosts; i++)
		all = host_resolve(s, &s->hosts[i], &hosts[i]) && all;
	if (!all) {
		session_enter(s, SESSION_RESOLVING);
		return;
	}
	result = plan_make(&s->plan, &rules, hosts, s->n_hosts,
	    &s->out->seed, &s->arena, &bad);
	if (result != PLAN_OK) {
		plan_refused(s, result, &bad);
		return;
	}
	s->planned = true;
	connect_next(s);
}

/*
 * A file that only a handler names was never read. Where TLS is not spoken
 * nobody is shown anything.
 */
static bool
key_is_unknown(const struct session *s, char *text, size_t size)
{
	const struct egress_path *p = &s->terms.path;
	const char *option, *file;
	char name[256];

	if (s->out->tls == NULL || p->enable_tls == TLS_DISABLED ||
	    (option = out_keys_unknown(&s->out->keys, p, &file)) == NULL)
		return false;
	snprintf(text, size, "KumoMTA internal: %s of the egress path names "
	    "the file %s, which was not known when the configuration was "
	    "loaded: give it to kumo.make_egress_path in the policy's init, "
	    "too, and reload", option, text_printable(span_of(file), name,
	    sizeof(name)));
	return true;
}

/* False: what the terms ask for cannot be had, and that was said. */
static bool
terms_are_met(struct session *s)
{
	const char *unmet = terms_unmet(&s->terms);
	struct answer answer = { .code = 400 };
	char text[640];

	if (unmet != NULL)
		snprintf(text, sizeof(text),
		    "KumoMTA internal: %s cannot be honoured here", unmet);
	else if (!key_is_unknown(s, text, sizeof(text)))
		return true;
	answer.content = span_of(text);
	plan_impossible(s, SESSION_END_PLAN_FAILED, FATE_DEFERRED, &answer);
	return false;
}

void
connect_start(struct session *s)
{
	if (!terms_are_met(s))
		return;
	if (s->planned)
		connect_next(s);
	else
		plan_begin(s);
}

static void
plan_exhausted(struct session *s)
{
	struct answer answer = { .code = 400 };
	char text[CAUSES_MAX + CAUSE_MAX * 2], addr[IP_TEXT_MAX];
	bool unplumbed = s->unplumbed > 0 && s->unplumbed == s->failures;

	if (unplumbed)
		snprintf(text, sizeof(text), "KumoMTA internal: failed to "
		    "connect to any candidate hosts: all failures are related "
		    "to the source address %s, which is not on this host",
		    ip_format(&s->terms.source.source_address, addr));
	else
		snprintf(text, sizeof(text), "KumoMTA internal: failed to "
		    "connect to any candidate hosts: %.*s",
		    SPAN_FMT(buf_span(&s->causes)));
	if (s->worked) {
		session_end(s, SESSION_END_LOST, text);
		return;
	}
	answer.content = span_of(text);
	if (s->n_mails > 0) {
		s->mails->unreached = true;
		session_mail_fails(s, FATE_DEFERRED, &answer);
	}
	session_end(s, unplumbed ? SESSION_END_UNPLUMBED :
	    SESSION_END_PLAN_FAILED, text);
}

/* ---- dialling ----------------------------------------------------------- */

static void
dial_done(void *arg, int what)
{
	struct session *s = arg;
	int fd = s->dial.fd, err = sock_error(fd);
	struct ip local;

	(void)what;
	if (err != 0) {
		connect_failed(s, strerror(err));
		return;
	}
	io_done(&s->dial);
	s->dialling = false;
	if (!s->host.is_unix && sock_local(fd, &local) == 0)
		ip_port_format(&local, s->local);
	stream_init(&s->stream, s->out->loop, fd, &session_stream_events, s);
	s->open = true;
	s->tx.begun = 0;
	session_enter(s, SESSION_BANNER);
}

/* 0 when a connection is under way, else the reason is noted. */
static int
dial(struct session *s)
{
	const struct ip *source = &s->terms.source.source_address;
	const struct plan_entry *h = &s->host;
	bool bind_failed = false;
	char *path;
	int fd;

	session_enter(s, SESSION_DIALLING);
	s->peer[0] = '\0';
	if (h->is_unix) {
		path = span_dup(h->name);
		fd = sock_connect_unix(path);
		free(path);
	} else {
		ip_format(&h->addr, s->peer);
		if (source->family != IP_NONE &&
		    source->family != h->addr.family) {
			cause_add(s, h->name, "the source address is of the "
			    "other family");
			return -1;
		}
		fd = sock_connect(&h->addr, source, &bind_failed);
	}
	if (fd == -1) {
		s->unplumbed += bind_failed && errno == EADDRNOTAVAIL;
		cause_add(s, h->name, strerror(errno));
		return -1;
	}
	io_init(&s->dial, s->out->loop, fd, dial_done, s);
	io_want(&s->dial, IO_WRITE);
	s->dialling = true;
	return 0;
}

void
connect_next(struct session *s)
{
	while (s->plan.at < s->plan.n) {
		s->host = s->plan.v[s->plan.at++];
		if (dial(s) == 0)
			return;
	}
	plan_exhausted(s);
}

void
connect_failed(struct session *s, const char *why)
{
	bool may_speak = s->open && s->state != SESSION_HANDSHAKE;

	cause_add(s, s->host.name, why);
	log_debug("session=%llu host=%.*s failed reason=\"%s\"",
	    (unsigned long long)s->id, SPAN_FMT(s->host.name), why);
	session_hang_up(s, may_speak);
	connect_next(s);
}

/* ---- greeting ----------------------------------------------------------- */

static void
hello(struct session *s, enum session_state state)
{
	const struct terms *t = &s->terms;
	struct buf line = { 0 };

	if (session_interrupted(s)) {
		connect_failed(s, "the peer spoke before it was asked");
		return;
	}
	buf_add_str(&line, t->path.use_lmtp ? "LHLO " : "EHLO ");
	if (t->path.ehlo_domain != NULL)
		buf_add_str(&line, t->path.ehlo_domain);
	else if (t->source.ehlo_domain != NULL)
		buf_add_str(&line, t->source.ehlo_domain);
	else
		buf_add_span(&line, out_hostname(s->out));
	buf_add_str(&line, "\r\n");
	stream_write(&s->stream, buf_data(&line), buf_len(&line));
	buf_free(&line);
	session_enter(s, state);
}

static void
greeted(struct session *s)
{
	s->worked = true;
	session_next(s);
}

/* Handshake, STARTTLS or the EHLO behind it failed: what the mode allows. */
static void
tls_failed(struct session *s, const char *why)
{
	const struct egress_path *p = &s->terms.path;

	log_debug("session=%llu host=%.*s tls failed reason=\"%s\"",
	    (unsigned long long)s->id, SPAN_FMT(s->host.name), why);
	s->tls_broke = true;
	if (!terms_tls_opportunistic(&s->terms)) {
		connect_failed(s, why);
		return;
	}
	if (p->remember_broken_tls > 0)
		s->no_tls = true;
	if (p->opportunistic_tls_reconnect_on_failed_handshake) {
		s->plan.v[--s->plan.at].clear = true;
		connect_failed(s, why);
		return;
	}
	if (p->enable_tls == TLS_OPPORTUNISTIC_INSECURE &&
	    s->state != SESSION_HELLO_TLS) {
		if (s->state == SESSION_HANDSHAKE)
			stream_leave_tls(&s->stream);
		s->host.clear = true;
		hello(s, SESSION_HELLO);
		return;
	}
	connect_failed(s, why);
}

static void
tls_start(struct session *s)
{
	const struct egress_path *p = &s->terms.path;
	struct tls_options o = {
		.verify = terms_tls_verified(&s->terms),
		.ciphers = span_of(p->openssl_cipher_list),
		.suites = span_of(p->openssl_cipher_suites),
		.flags = (const char *const *)p->openssl_options.v,
		.n_flags = p->openssl_options.n };
	struct span name = s->host.name;
	struct shown shown;
	struct ssl_st *ssl;
	const char *why;

	if (session_interrupted(s)) {
		/* In clear, where TLS was agreed: somebody is in between. */
		connect_failed(s, "bytes in clear behind the reply to "
		    "STARTTLS");
		return;
	}
	if (name.len > 0 && name.p[name.len - 1] == '.')
		name.len--;
	if (name.len == 0)
		name = span_of(s->peer);
	out_keys_shown(&s->out->keys, p, &shown);
	o.chain = shown.chain;
	o.key = shown.key;
	ssl = tls_client_start(s->out->tls, &o, name, s->ready_queue, &why);
	shown_free(&shown);
	if (ssl == NULL) {
		connect_failed(s, why);
		return;
	}
	session_enter(s, SESSION_HANDSHAKE);
	stream_connect_tls(&s->stream, ssl);
}

void
connect_secured(struct session *s, const char *why)
{
	const char *better;
	char text[CAUSE_MAX];

	if (why == NULL) {
		tls_client_facts(s->stream.ssl, &s->conn, &s->tls);
		s->ehlo = (struct ehlo){ 0 };
		hello(s, SESSION_HELLO_TLS);
		return;
	}
	better = s->stream.ssl != NULL ? tls_client_why(s->stream.ssl) : NULL;
	snprintf(text, sizeof(text), "TLS: %s", better != NULL ? better : why);
	tls_failed(s, text);
}

static void
tls_decide(struct session *s)
{
	bool required = terms_tls_required(&s->terms);
	bool wanted = required || (terms_tls_opportunistic(&s->terms) &&
	    !s->host.clear && !s->no_tls);

	/* Behind a path there is nobody in between, and no name to verify. */
	if (wanted && s->ehlo.starttls && !s->host.is_unix) {
		if (session_interrupted(s)) {
			connect_failed(s, "the peer spoke before it was "
			    "asked");
			return;
		}
		session_say(s, "STARTTLS\r\n");
		session_enter(s, SESSION_STARTTLS);
	} else if (required)
		connect_failed(s, "STARTTLS is not offered and enable_tls "
		    "requires it");
	else
		greeted(s);
}

static void
refused(struct session *s, const char *what)
{
	char text[CAUSE_MAX / 2], why[CAUSE_MAX];

	text_printable(s->reply.content, text, sizeof(text));
	snprintf(why, sizeof(why), "%s was answered with %u %s", what,
	    (unsigned)s->reply.code, text);
	if (s->state == SESSION_STARTTLS || s->state == SESSION_HELLO_TLS)
		tls_failed(s, why);
	else
		connect_failed(s, why);
}

void
connect_reply(struct session *s)
{
	uint16_t code = s->reply.code;

	switch (s->state) {
	case SESSION_BANNER:
		if (code != 220)
			refused(s, "the connection");
		else
			hello(s, SESSION_HELLO);
		return;
	case SESSION_HELLO:
	case SESSION_HELLO_TLS:
		if (code / 100 != 2) {
			refused(s, s->state == SESSION_HELLO ? "EHLO" :
			    "EHLO after STARTTLS");
			return;
		}
		ehlo_parse(&s->reply, &s->ehlo);
		if (s->state == SESSION_HELLO)
			tls_decide(s);
		else
			greeted(s);
		return;
	case SESSION_STARTTLS:
		if (code != 220)
			refused(s, "STARTTLS");
		else
			tls_start(s);
		return;
	default:
		return;
	}
}
