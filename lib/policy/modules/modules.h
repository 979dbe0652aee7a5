/* SPDX-License-Identifier: Apache-2.0 */
/* The libraries there are; only for lib/policy. */
#ifndef LIB_POLICY_MODULES_MODULES_H
#define LIB_POLICY_MODULES_MODULES_H

#include "lib/policy/library.h"

extern const struct library library_encode;
extern const struct library library_serde;

/* The table on top is the module `kumo`: old names of kumo.serde's. */
void serde_alias(lua_State *L);

#endif
