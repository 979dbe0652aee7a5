/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/policy/smtp_events.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/log.h"
#include "lib/policy/message.h"
#include "lib/policy/meta.h"
#include "lib/policy/object.h"
#include "lib/policy/state.h"

struct smtp_call {
	struct call call; /* first */
	struct span domain, listener;
	struct policy_message *message;
	struct policy_meta *conn;
	policy_verdict_fn *done;
	policy_domain_fn *domain_done;
	void *arg;
};

static void
smtp_drop(struct call *call)
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
static struct policy_verdict
verdict_of(const char *event, const struct policy_error *e)
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

/* ---- smtp_server_message_received --------------------------------------- */

static int
received_push(struct call *call, lua_State *co)
{
	struct smtp_call *s = (struct smtp_call *)call;

	shell_push(co, call, MESSAGE_TYPE, s->message);
	shell_push(co, call, CONN_META_TYPE, s->conn);
	return 2;
}

static void
received_finish(struct call *call, lua_State *co, int n,
    const struct policy_error *error)
{
	struct smtp_call *s = (struct smtp_call *)call;
	struct policy_verdict v = verdict_of("smtp_server_message_received",
	    error);

	(void)co;
	(void)n;
	s->done(s->arg, &v);
}

static const struct call_ops received_ops = {
	.push = received_push, .finish = received_finish, .drop = smtp_drop,
};

uint64_t
policy_message_received(struct policy *p, struct policy_message *m,
    struct policy_meta *conn, policy_verdict_fn *done, void *arg)
{
	struct smtp_call *s = xcalloc(1, sizeof(*s));

	s->call.ops = &received_ops;
	s->message = m;
	s->conn = conn;
	s->done = done;
	s->arg = arg;
	return call_start(p, &s->call, "smtp_server_message_received");
}

/* ---- get_listener_domain ------------------------------------------------ */

static int
domain_push(struct call *call, lua_State *co)
{
	struct smtp_call *s = (struct smtp_call *)call;

	lua_pushlstring(co, s->domain.p, s->domain.len);
	lua_pushlstring(co, s->listener.p, s->listener.len);
	shell_push(co, call, CONN_META_TYPE, s->conn);
	return 3;
}

static void
domain_finish(struct call *call, lua_State *co, int n,
    const struct policy_error *error)
{
	struct smtp_call *s = (struct smtp_call *)call;
	struct policy_verdict v = verdict_of("get_listener_domain", error);
	const struct listener_domain *domain = NULL;

	if (error == NULL && n > 0 && !lua_isnil(co, -n)) {
		domain = object_test(co, -n, &object_listener_domain);
		if (domain == NULL) {
			v.result = POLICY_TROUBLE;
			v.text = SPAN_LIT("get_listener_domain must return "
			    "what kumo.make_listener_domain makes, or nil");
			log_warnx("policy: %s", v.text.p);
		}
	}
	s->domain_done(s->arg, &v, domain);
}

static const struct call_ops domain_ops = {
	.push = domain_push, .finish = domain_finish, .drop = smtp_drop,
};

uint64_t
policy_listener_domain(struct policy *p, struct span domain,
    struct span listener, struct policy_meta *conn, policy_domain_fn *done,
    void *arg)
{
	struct smtp_call *s = xcalloc(1, sizeof(*s));

	s->call.ops = &domain_ops;
	s->domain = domain;
	s->listener = listener;
	s->conn = conn;
	s->domain_done = done;
	s->arg = arg;
	return call_start(p, &s->call, "get_listener_domain");
}
