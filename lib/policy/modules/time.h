/* SPDX-License-Identifier: Apache-2.0 */
/* Times as scripts have them. */
#ifndef LIB_POLICY_MODULES_TIME_H
#define LIB_POLICY_MODULES_TIME_H

#include <lua.h>
#include <stdbool.h>

#include "lib/base/date.h"
#include "lib/policy/library.h"

extern const struct library_type type_time, type_time_delta, type_timer;

/* A new one on top; an error when it is not of the years 0000 to 9999. */
void time_push(lua_State *L, const struct moment *m);
void time_delta_push(lua_State *L, const struct moment *m);
/* Is the value at index a Time? */
bool time_test(lua_State *L, int index, struct moment *out);
/* kumo.time.start_timer */
int timer_start(lua_State *L);

#endif
