/* SPDX-License-Identifier: Apache-2.0 */
#include "smtpd/auth.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/base64.h"
#include "lib/base/log.h"
#include "lib/mail/command.h"
#include "lib/mail/mechanism.h"
#include "smtpd/command.h"
#include "smtpd/conf.h"
#include "smtpd/events.h"
#include "smtpd/facts.h"
#include "smtpd/reject.h"
#include "smtpd/session.h"

enum { NAME_MAX_BYTES = 1024 };

/* Never the line itself: it holds the password. */
#define AUTH_COMMAND SPAN_LIT("AUTH")

static const struct refusal not_offered = { 502, "5.5.1",
	"Command is not implemented" };
static const struct refusal needs_tls = { 538, "5.7.11",
	"AUTH needs TLS first: say STARTTLS" };
static const struct refusal known_already = { 503, "5.5.1",
	"Already authenticated" };
static const struct refusal in_transaction = { 503, "5.5.1",
	"AUTH cannot stand in a transaction" };
static const struct refusal unknown_mechanism = { 504, "5.5.4",
	"Mechanism is not offered" };
static const struct refusal cancelled = { 501, "5.7.0",
	"AUTH was cancelled" };
static const struct refusal bad_base64 = { 501, "5.5.2",
	"Cannot be decoded" };
static const struct refusal bad_response = { 501, "5.5.2",
	"Response is malformed" };
static const struct refusal invalid = { 535, "5.7.8",
	"AUTH invalid" };

bool
auth_is_offered(const struct session *s)
{
	return s->conf->on.auth_plain && s->tls != NULL;
}

static void
secret_free(struct buf *b)
{
	if (b->base != NULL)
		explicit_bzero(buf_data(b), buf_len(b));
	buf_free(b);
}

void
auth_forget(struct session *s)
{
	secret_free(&s->auth.user);
	free((char *)(uintptr_t)s->auth.info.p);
	s->auth.info = (struct span){ NULL, 0 };
	s->auth.known = false;
}

/* ---- the decision ------------------------------------------------------- */

static void
auth_told(void *arg, const struct policy_verdict *v, bool ok,
    struct span info)
{
	struct session *s = arg;

	events_answered(s);
	secret_free(&s->auth.secret);
	session_set(s, SESSION_READY);
	if (v->result != POLICY_OK) {
		(void)events_refuse(s, v, AUTH_COMMAND);
	} else if (ok) {
		s->auth.known = true;
		/* What nobody may, this one perhaps may. */
		rights_cache_clear(&s->rights);
		s->auth.info = span_make(span_dup(info), info.len);
		facts_set_text(&s->meta, "authz_id", s->auth.authz);
		facts_set_text(&s->meta, "authn_id", s->auth.authc);
		log_info("session=%s event=auth user=\"%.*s\"", s->name,
		    SPAN_FMT(s->auth.authc));
		session_say(s, 235, "2.7.0", SPAN_LIT("AUTH OK"));
	} else
		command_refuse(s, &invalid, AUTH_COMMAND);
	events_resume(s);
}

static bool
is_name(struct span s)
{
	return s.len > 0 && s.len <= NAME_MAX_BYTES &&
	    memchr(s.p, '\0', s.len) == NULL;
}

static void
auth_ask(struct session *s, struct span authz, struct span authc,
    struct span password)
{
	s->auth.authz = arena_span(&s->arena, authz);
	s->auth.authc = arena_span(&s->arena, authc);
	events_begin(s);
	events_asked(s, policy_smtp_auth_plain(s->conf->policy,
	    s->auth.authz, s->auth.authc, password, events_conn(s),
	    auth_told, s));
}

/* ---- the dialogue ------------------------------------------------------- */

static void
auth_refuse(struct session *s, const struct refusal *why)
{
	secret_free(&s->auth.secret);
	secret_free(&s->auth.user);
	session_set(s, SESSION_READY);
	command_refuse(s, why, AUTH_COMMAND);
}

/* authz NUL authc NUL password; the first may be empty (RFC 4616). */
static void
auth_plain(struct session *s, struct span all)
{
	ptrdiff_t first = span_find(all, '\0'), second;
	struct span rest, authz, authc, password;

	rest = first == -1 ? SPAN_LIT("") : span_from(all, (size_t)first + 1);
	second = span_find(rest, '\0');
	if (first == -1 || second == -1) {
		auth_refuse(s, &bad_response);
		return;
	}
	authz = span_make(all.p, (size_t)first);
	authc = span_make(rest.p, (size_t)second);
	password = span_from(rest, (size_t)second + 1);
	if (authz.len == 0)
		authz = authc;
	if (!is_name(authz) || !is_name(authc) ||
	    memchr(password.p, '\0', password.len) != NULL)
		auth_refuse(s, &bad_response);
	else
		auth_ask(s, authz, authc, password);
}

/* LOGIN: the name first, then the password. */
static void
auth_login(struct session *s)
{
	struct span user = buf_span(&s->auth.user);

	if (s->auth.step == AUTH_LOGIN_USER) {
		buf_add_span(&s->auth.user, buf_span(&s->auth.secret));
		secret_free(&s->auth.secret);
		if (!is_name(buf_span(&s->auth.user))) {
			auth_refuse(s, &bad_response);
			return;
		}
		s->auth.step = AUTH_LOGIN_PASSWORD;
		session_say(s, 334, NULL, SPAN_LIT("UGFzc3dvcmQ6"));
		session_set(s, SESSION_AUTH);
		return;
	}
	auth_ask(s, user, user, buf_span(&s->auth.secret));
	secret_free(&s->auth.user);
}

static void
auth_response(struct session *s, struct span base64)
{
	secret_free(&s->auth.secret);
	if (base64_decode(base64, &s->auth.secret) != 0)
		auth_refuse(s, &bad_base64);
	else if (s->auth.step == AUTH_PLAIN)
		auth_plain(s, buf_len(&s->auth.secret) == 0 ? SPAN_LIT("") :
		    buf_span(&s->auth.secret));
	else
		auth_login(s);
}

void
auth_line(struct session *s, struct span line)
{
	if (span_eq_str(line, "*"))
		auth_refuse(s, &cancelled);
	else
		auth_response(s, line);
}

static const struct refusal *
auth_obstacle(const struct session *s)
{
	if (!s->conf->on.auth_plain)
		return &not_offered;
	if (s->tls == NULL)
		return &needs_tls;
	if (s->auth.known)
		return &known_already;
	if (s->state != SESSION_READY)
		return &in_transaction;
	return NULL;
}

void
auth_command(struct session *s, const struct command *c, struct span line)
{
	const struct refusal *why = auth_obstacle(s);
	struct command_auth a;

	(void)line;
	if (why == NULL)
		why = command_auth_parse(c->arg, &a);
	if (why != NULL) {
		command_refuse(s, why, AUTH_COMMAND);
		return;
	}
	switch (mechanism_of(a.mechanism)) {
	case MECHANISM_PLAIN:
		s->auth.step = AUTH_PLAIN;
		break;
	case MECHANISM_LOGIN:
		s->auth.step = AUTH_LOGIN_USER;
		break;
	default:
		command_refuse(s, &unknown_mechanism, AUTH_COMMAND);
		return;
	}
	if (a.has_initial) {
		auth_response(s, a.initial);
		return;
	}
	session_say(s, 334, NULL, s->auth.step == AUTH_PLAIN ? SPAN_LIT("") :
	    SPAN_LIT("VXNlcm5hbWU6"));
	session_set(s, SESSION_AUTH);
}
