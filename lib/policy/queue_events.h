/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events that say how mail is queued and sent: for the process that answers the
 * queue manager. Spans only need to live until the call returns, but for calls
 * that wait: keep them until the callback came.
 */
#ifndef LIB_POLICY_QUEUE_EVENTS_H
#define LIB_POLICY_QUEUE_EVENTS_H

#include <stdint.h>

#include "lib/base/span.h"
#include "lib/policy/policy.h"

/*
 * error NULL: settings are a struct queue_config, egress_pool, egress_source
 * or egress_path, valid for the callback's time, or NULL when there is no
 * handler or it gave none.
 */
typedef void policy_settings_fn(void *arg, const struct policy_error *error,
    const void *settings);

/* Empty tenant, campaign and routing_domain are nil to the handler. */
uint64_t policy_queue_config(struct policy *p, struct span domain,
    struct span tenant, struct span campaign, struct span routing_domain,
    policy_settings_fn *done, void *arg);
uint64_t policy_egress_pool(struct policy *p, struct span name,
    policy_settings_fn *done, void *arg);
uint64_t policy_egress_source(struct policy *p, struct span name,
    policy_settings_fn *done, void *arg);
uint64_t policy_egress_path(struct policy *p, struct span routing_domain,
    struct span source, struct span site, policy_settings_fn *done,
    void *arg);

#endif
