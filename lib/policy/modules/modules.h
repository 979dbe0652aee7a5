/* SPDX-License-Identifier: Apache-2.0 */
/* The libraries there are; only for lib/policy. */
#ifndef LIB_POLICY_MODULES_MODULES_H
#define LIB_POLICY_MODULES_MODULES_H

#include "lib/policy/library.h"

extern const struct library library_counter_series;
extern const struct library library_encode;
extern const struct library library_mpsc;
extern const struct library library_redis;

/* Functions of `kumo` itself. */
int kumo_memoize(lua_State *L);
int make_throttle(lua_State *L);

#endif
