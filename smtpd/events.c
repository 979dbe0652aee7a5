/* SPDX-License-Identifier: Apache-2.0 */
#include "smtpd/events.h"

#include <stdio.h>

#include "lib/settings/listener.h"
#include "smtpd/conf.h"
#include "smtpd/reject.h"
#include "smtpd/session.h"
#include "smtpd/smtpd.h"

struct policy_meta *
events_conn(struct session *s)
{
	s->conn.pairs = buf_span(&s->meta);
	return &s->conn;
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
