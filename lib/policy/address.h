/* SPDX-License-Identifier: Apache-2.0 */
/* EnvelopeAddress objects. Only for lib/policy. */
#ifndef LIB_POLICY_ADDRESS_H
#define LIB_POLICY_ADDRESS_H

#include <lua.h>

#include "lib/base/span.h"

#define ADDRESS_TYPE "ekiden.address"

void address_push(lua_State *L, struct span text);
/* The text of an address object or of a text; raises for anything else. */
struct span address_text(lua_State *L, int index);

#endif
