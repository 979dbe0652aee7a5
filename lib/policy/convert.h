/* SPDX-License-Identifier: Apache-2.0 */
/* Lua values as trees, JSON text as Lua values. Only for lib/policy. */
#ifndef LIB_POLICY_CONVERT_H
#define LIB_POLICY_CONVERT_H

#include <lua.h>

#include "lib/base/buf.h"
#include "lib/settings/value.h"

enum { CONVERT_DEPTH_MAX = 64, CONVERT_NODES_MAX = 1000000 };

/*
 * The value at index as a tree whose nodes all carry that line. A table with
 * the keys 1 to n is a list, any other a map; whole numbers as keys of a map
 * become text. NULL with a constant reason for what is no data. Never raises.
 */
struct value *convert_value(lua_State *L, int index, int line,
    const char **why_out);
/* The value at index as JSON text; -1 with a reason. Never raises. */
int convert_to_json(lua_State *L, int index, struct buf *out,
    const char **why_out);
/* Push the tree as Lua has it; null is nil. May raise for want of memory. */
void convert_push_value(lua_State *L, const struct value *v);
/*
 * Push what the JSON text says; nil for text that is no JSON (RFC 8259). May
 * raise for want of memory, and holds nothing then.
 */
void convert_push_json(lua_State *L, struct span json);

#endif
