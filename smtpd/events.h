/* SPDX-License-Identifier: Apache-2.0 */
/* What all calls of a session into its policy have in common. */
#ifndef SMTPD_EVENTS_H
#define SMTPD_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/span.h"

struct policy_meta;
struct policy_verdict;
struct session;

/* The connection's metadata, to be lent to a call. */
struct policy_meta *events_conn(struct session *s);
/*
 * Around the call that asks, whose callback may run before it returns:
 * events_begin, ask, events_asked with the handle; and as the callback's last
 * act events_resume, which goes on with input when it came later.
 */
void events_begin(struct session *s);
void events_asked(struct session *s, uint64_t call);
void events_resume(struct session *s);
/* The answer is to come: input waits for it, within limits. */
void events_wait(struct session *s, uint64_t call);
/* It did not come in time: the client is told to come again. */
void events_overdue(struct session *s);
/* It came: what the script made of the metadata counts. */
void events_answered(struct session *s);
/* Nobody waits any more. */
void events_cancel(struct session *s);
/*
 * Say what the verdict (not OK) wants said to `command`. False when the
 * session ends by it.
 */
bool events_refuse(struct session *s, const struct policy_verdict *v,
    struct span command);

#endif
