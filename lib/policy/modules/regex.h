/* SPDX-License-Identifier: Apache-2.0 */
/* What modules with regular expressions share. */
#ifndef LIB_POLICY_MODULES_REGEX_H
#define LIB_POLICY_MODULES_REGEX_H

#include <lua.h>

#include "lib/regex/regex.h"

/* Memory that counts as the script's. */
struct regex_memory script_memory(lua_State *L);
/* Raise what such a result means: REGEX_GAVE_UP or REGEX_NO_MEMORY. */
int regex_raise(lua_State *L, enum regex_result result);

#endif
