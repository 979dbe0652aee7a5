/* SPDX-License-Identifier: Apache-2.0 */
#include "smtpd/greeting.h"

#include <stdlib.h>

#include "lib/base/alloc.h"
#include "lib/settings/listener.h"
#include "smtpd/conf.h"
#include "smtpd/events.h"
#include "smtpd/session.h"

/* ---- may it come in? ---------------------------------------------------- */

static void
accept_told(void *arg, const struct policy_verdict *v)
{
	struct session *s = arg;

	events_answered(s);
	/* A refusal stands where the banner would: there is no session. */
	if (v->result == POLICY_OK)
		session_greet(s);
	else if (events_refuse(s, v, SPAN_LIT("")))
		session_linger(s);
	events_resume(s);
}

void
greeting_accept(struct session *s)
{
	if (!s->conf->on.connection_accepted || s->accepted) {
		session_greet(s);
		return;
	}
	s->accepted = true;
	events_begin(s);
	events_asked(s, policy_smtp_connected(s->conf->policy,
	    events_conn(s), accept_told, s));
}

/* ---- options by a policy ------------------------------------------------ */

static void
greeting_go_on(struct session *s)
{
	if (s->params->require_proxy_protocol && !s->proxied)
		session_set(s, SESSION_PROXY);
	else
		greeting_accept(s);
}

/* The event's answer is gone after it; the session's copy is not. */
static struct listener *
listener_copy(const struct listener *l)
{
	struct listener *copy = xcalloc(1, sizeof(*copy));
	struct buf b = { .base = NULL };
	struct reader r;

	listener_put(&b, l);
	reader_init(&r, buf_span(&b));
	listener_get(&r, copy);
	buf_free(&b);
	return copy;
}

static void
parameters_told(void *arg, const struct policy_verdict *v,
    const struct listener *partial)
{
	struct session *s = arg;

	events_answered(s);
	if (partial != NULL) {
		s->dynamic = listener_copy(partial);
		session_resolve(s);
	}
	if (v->result == POLICY_OK)
		greeting_go_on(s);
	else if (events_refuse(s, v, SPAN_LIT("")))
		session_linger(s);
	events_resume(s);
}

static void
greeting_parameters(struct session *s)
{
	char listener[IP_TEXT_MAX];

	if (!s->conf->on.dynamic_parameters) {
		greeting_go_on(s);
		return;
	}
	events_begin(s);
	ip_port_format(&s->at->params.listen, listener);
	events_asked(s, policy_smtp_parameters(s->conf->policy,
	    arena_span(&s->arena, span_of(listener)), events_conn(s),
	    parameters_told, s));
}

void
greeting_begin(struct session *s)
{
	greeting_parameters(s);
}

void
greeting_again(struct session *s)
{
	session_drop_dynamic(s);
	session_resolve(s);
	greeting_parameters(s);
}
