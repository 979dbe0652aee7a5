/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Throttles that are one for the suite, by name and spec. Those that have
 * let nothing through for their whole period are forgotten.
 */
#ifndef LOOKUPD_THROTTLES_H
#define LOOKUPD_THROTTLES_H

struct ask;
struct loop;
struct throttles;

struct throttles *throttles_new(struct loop *loop);
void throttles_free(struct throttles **t);
/*
 * LOOKUP_THROTTLE: {name, spec} takes one when there is one. Gives {throttled,
 * limit, remaining, reset_after, retry_after}: seconds, retry_after only when
 * throttled. With a Redis for throttles it is asked, unless the spec says
 * local.
 */
void throttles_ask(struct ask *a);
void throttles_cancel(struct ask *a);

#endif
