/* SPDX-License-Identifier: Apache-2.0 */
/* Asking through the door; only for lib/policy. */
#ifndef LIB_POLICY_DOOR_ASK_H
#define LIB_POLICY_DOOR_ASK_H

#include <lua.h>
#include <stdbool.h>

#include "lib/base/span.h"
#include "lib/ipc/lookup.h"

enum { DOOR_WAIT_MS = 60000 };

/*
 * `return door_ask(L, LOOKUP_X, index, finish);` as a C function's last act:
 * sends the value at index, waits (at most DOOR_WAIT_MS and what the field
 * `wait_ms` of the value says), and then runs finish with the function's
 * stack as it was and the result on top of it; what finish returns are the
 * results. finish NULL: the result is the one result. An error of the other
 * side is raised with the script's line.
 */
int door_ask(lua_State *L, enum lookup_op op, int index,
    int (*finish)(lua_State *L));
/* As door_ask, and an error after exactly that time. */
int door_ask_within(lua_State *L, enum lookup_op op, int index,
    int (*finish)(lua_State *L), int64_t wait_ms);
/* May this thread ask now and wait for an answer? */
bool door_can_wait(lua_State *L);
/* Send without waiting: nobody hears what became of it. May raise. */
void door_tell(lua_State *L, enum lookup_op op, int index);
/* As door_tell, where nothing may be raised (a finaliser). */
void door_tell_quietly(lua_State *L, enum lookup_op op, struct span args);

#endif
