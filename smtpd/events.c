/* SPDX-License-Identifier: Apache-2.0 */
#include "smtpd/events.h"

#include <stdio.h>

#include "lib/settings/listener.h"
#include "lib/mail/refusal.h"
#include "smtpd/conf.h"
#include "smtpd/message.h"
#include "smtpd/reject.h"
#include "smtpd/session.h"
#include "smtpd/smtpd.h"
#include "smtpd/transaction.h"

static const struct refusal overdue = { 421, "4.4.5",
	"No decision in time, try again later" };

struct policy_meta *
events_conn(struct session *s)
{
	s->conn.pairs = buf_span(&s->meta);
	s->conn.auth_info = s->auth.info;
	return &s->conn;
}

void
events_begin(struct session *s)
{
	s->event_calling = true;
}

void
events_asked(struct session *s, uint64_t call)
{
	s->event_calling = false;
	if (call != 0)
		events_wait(s, call);
}

void
events_resume(struct session *s)
{
	if (!s->event_calling)
		session_input(s);
}

void
events_overdue(struct session *s)
{
	struct span command = buf_len(&s->command) > 0 ?
	    buf_span(&s->command) : SPAN_LIT("");

	events_cancel(s);
	events_answered(s);
	if (s->tx != NULL && s->tx->whole) {
		messages_overdue(s);
		return;
	}
	reject_refusal(s, &overdue, command);
	session_linger(s);
	session_input(s);
}

void
events_wait(struct session *s, uint64_t call)
{
	s->policy_call = call;
	session_set(s, SESSION_ASKING);
	timer_set(&s->timer, s->params->data_processing_timeout);
}

void
events_answered(struct session *s)
{
	s->policy_call = 0;
	if (s->conn.pairs.p != (const char *)buf_data(&s->meta)) {
		buf_clear(&s->meta, 4096);
		buf_add_span(&s->meta, s->conn.pairs);
	}
	policy_meta_free(&s->conn);
	s->conn = (struct policy_meta){ 0 };
}

void
events_cancel(struct session *s)
{
	if (s->policy_call == 0)
		return;
	policy_cancel(s->conf->policy, s->policy_call);
	s->policy_call = 0;
}

/* Behind a reply, or as the reply: the host's name and words of ours. */
static void
say_421(struct session *s, const char *words, struct span command)
{
	char text[320];
	int n = snprintf(text, sizeof(text), "%.*s %s",
	    SPAN_FMT(session_hostname(s)), words);

	reject(s, 421, "4.3.0", span_make(text, n > 0 &&
	    (size_t)n < sizeof(text) ? (size_t)n : 0), command);
}

bool
events_refuse(struct session *s, const struct policy_verdict *v,
    struct span command)
{
	switch (v->result) {
	case POLICY_OK:
		return true;
	case POLICY_REJECT:
		reject(s, v->code, NULL, v->text, command);
		return true;
	case POLICY_DISCONNECT:
		reject(s, v->code, NULL, v->text, command);
		break;
	case POLICY_DISCONNECT_421:
		reject(s, v->code, NULL, v->text, command);
		say_421(s, "disconnecting due to previous error", command);
		break;
	case POLICY_TROUBLE:
		say_421(s, "technical difficulties", command);
		break;
	}
	session_linger(s);
	return false;
}
