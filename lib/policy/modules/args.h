/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments of modules' functions, or an error that names what is wrong. */
#ifndef LIB_POLICY_MODULES_ARGS_H
#define LIB_POLICY_MODULES_ARGS_H

#include <lua.h>
#include <stddef.h>

#include "lib/base/span.h"

/* A string, or a number as text; points into the Lua value. */
struct span arg_span(lua_State *L, int index);
/* As arg_span, and UTF-8. */
struct span arg_utf8(lua_State *L, int index);
/* A whole number from 0 on. */
size_t arg_count(lua_State *L, int index);
/* Push the bytes; more than a state can hold raises. */
void push_span(lua_State *L, struct span s);

#endif
