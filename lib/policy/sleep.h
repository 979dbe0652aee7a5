/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for time to pass. Only for lib/policy. */
#ifndef LIB_POLICY_SLEEP_H
#define LIB_POLICY_SLEEP_H

#include <lua.h>
#include <stdint.h>

/*
 * `return call_sleep(L, ms, k, context);` as a C function's last act: k goes
 * on with the function's stack, and one value more on it, once ms are over.
 */
int call_sleep(lua_State *L, int64_t ms, lua_KFunction k,
    lua_KContext context);
/* kumo.sleep(seconds) */
int kumo_sleep(lua_State *L);

#endif
