/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Throttles that many machines share: by the command CL.THROTTLE where the
 * server has it, else by a script that does the same.
 */
#ifndef LOOKUPD_REDIS_THROTTLE_H
#define LOOKUPD_REDIS_THROTTLE_H

struct ask;
struct lookupd;
struct redis_opts;
struct throttle_spec;

/* From now on; asks the server whether it lives, and logs when it does not. */
void redis_throttles_configure(struct lookupd *l, const struct redis_opts *o);
/* As throttles_ask. A server that cannot be asked is an error. */
void redis_throttle_ask(struct ask *a, const struct throttle_spec *spec);
void redis_throttle_cancel(struct ask *a);

#endif
