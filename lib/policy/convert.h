/* SPDX-License-Identifier: Apache-2.0 */
/* Lua values as trees, JSON text as Lua values. Only for lib/policy. */
#ifndef LIB_POLICY_CONVERT_H
#define LIB_POLICY_CONVERT_H

#include <lua.h>

#include "lib/base/buf.h"
#include "lib/settings/value.h"

struct data_error;

enum { CONVERT_DEPTH_MAX = 64, CONVERT_NODES_MAX = 1000000 };

/*
 * The value at index as a tree whose nodes all carry that line. A table whose
 * keys lie in 1 to n is a list (of which what is missing is null), any other a
 * map; whole numbers as keys of a map become text. NULL with a constant reason
 * for what is no data. Never raises.
 */
struct value *convert_value(lua_State *L, int index, int line,
    const char **why_out);
/* The same, but floats stay floats where they are whole; keys are sorted. */
struct value *convert_data(lua_State *L, int index, const char **why_out);
/* The value at index as JSON text; -1 with a reason. Never raises. */
int convert_to_json(lua_State *L, int index, struct buf *out,
    const char **why_out);
/*
 * Push the tree as Lua has it; null is nil, a list knows that it is one
 * where nobody could tell. May raise for want of memory.
 */
void convert_push_value(lua_State *L, const struct value *v);
/*
 * Push an object that frees the tree put into it, also when an error leaves
 * the function that holds it.
 */
struct value **convert_push_holder(lua_State *L);
/*
 * Push what the JSON text says (flags: lib/data/json_read.h), or -1 with the
 * error and nothing pushed. May raise for want of memory, and holds nothing.
 */
int convert_parse_json(lua_State *L, struct span json, unsigned flags,
    struct data_error *error);
/* The table on top is a list though it is empty or has holes. */
void convert_mark_list(lua_State *L);
/*
 * Push what the JSON text says; nil for text that is no JSON (RFC 8259). May
 * raise for want of memory, and holds nothing then.
 */
void convert_push_json(lua_State *L, struct span json);

#endif
