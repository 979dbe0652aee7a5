/* SPDX-License-Identifier: Apache-2.0 */
/* What all events of a session have in common. Only for lib/policy. */
#ifndef LIB_POLICY_SMTP_CALL_H
#define LIB_POLICY_SMTP_CALL_H

#include "lib/policy/smtp_events.h"
#include "lib/policy/state.h"

struct smtp_call {
	struct call call; /* first */
	const char *event;
	struct span a, b, c; /* texts that the event is about */
	const struct span *list;
	uint32_t n_list;
	struct policy_message *message;
	struct policy_meta *conn;
	policy_verdict_fn *done;
	policy_domain_fn *domain_done;
	policy_parameters_fn *parameters_done;
	policy_ehlo_fn *ehlo_done;
	policy_auth_fn *auth_done;
	policy_split_fn *split_done;
	void *arg;
};

struct smtp_call *smtp_call_new(const struct call_ops *ops, const char *event,
    struct policy_meta *conn, void *arg);
uint64_t smtp_call_start(struct policy *p, struct smtp_call *s);
void smtp_call_drop(struct call *call);
/* What the session does about an error; OK without one. Logs faults. */
struct policy_verdict smtp_verdict(const char *event,
    const struct policy_error *e);
/* The handler gave what it must not: logged, and trouble for the session. */
struct policy_verdict smtp_trouble(const char *event, const char *why);

#endif
