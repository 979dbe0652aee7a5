/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/policy/smtp_call.h"

#include <stdlib.h>

#include "lib/base/alloc.h"
#include "lib/base/log.h"

struct smtp_call *
smtp_call_new(const struct call_ops *ops, const char *event,
    struct policy_meta *conn, void *arg)
{
	struct smtp_call *s = xcalloc(1, sizeof(*s));

	s->call.ops = ops;
	s->event = event;
	s->conn = conn;
	s->arg = arg;
	return s;
}

uint64_t
smtp_call_start(struct policy *p, struct smtp_call *s)
{
	return call_start(p, &s->call, s->event);
}

void
smtp_call_drop(struct call *call)
{
	free(call);
}

static void
log_failure(const char *event, const struct policy_error *e)
{
	log_warnx("policy: %s: %s", event, e->text);
	if (e->traceback != NULL)
		log_debug("policy: %s: %s", event, e->traceback);
}

/* What the session does about it. */
struct policy_verdict
smtp_verdict(const char *event, const struct policy_error *e)
{
	struct policy_verdict v = { .result = POLICY_OK };

	if (e == NULL)
		return v;
	v.text = span_of(e->text);
	v.code = e->code;
	switch (e->kind) {
	case POLICY_NO_ERROR:
		return v;
	case POLICY_REJECTED:
		v.result = POLICY_REJECT;
		break;
	case POLICY_DISCONNECTED:
		v.result = POLICY_DISCONNECT;
		if (e->close == POLICY_CLOSE_IF_421 && e->code != 421)
			v.result = POLICY_REJECT;
		else if (e->close == POLICY_CLOSE_AFTER_421 && e->code != 421)
			v.result = POLICY_DISCONNECT_421;
		break;
	case POLICY_FAILED:
	case POLICY_TOO_LONG:
	case POLICY_TOO_BIG:
		log_failure(event, e);
		v.result = POLICY_TROUBLE;
		return v;
	}
	/* A refusal with a code that says yes is a fault of the script. */
	if (v.code < 400) {
		log_warnx("policy: %s: refused with %u, which is no refusal",
		    event, v.code);
		v.result = POLICY_TROUBLE;
	}
	return v;
}

struct policy_verdict
smtp_trouble(const char *event, const char *why)
{
	log_warnx("policy: %s: %s", event, why);
	return (struct policy_verdict){ .result = POLICY_TROUBLE,
		.text = span_of(why) };
}
