/* SPDX-License-Identifier: Apache-2.0 */
/* The libraries there are; only for lib/policy. */
#ifndef LIB_POLICY_MODULES_MODULES_H
#define LIB_POLICY_MODULES_MODULES_H

#include "lib/policy/library.h"

extern const struct library library_encode;

/* Functions of `kumo` itself. */
int make_throttle(lua_State *L);

#endif
