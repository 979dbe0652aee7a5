/* SPDX-License-Identifier: Apache-2.0 */
/* The msg object. Only for lib/policy. */
#ifndef LIB_POLICY_MESSAGE_H
#define LIB_POLICY_MESSAGE_H

#include <lua.h>

#include "lib/policy/smtp_events.h"

#define MESSAGE_TYPE "ekiden.message"

enum { MESSAGE_BYTES_MAX = 256 * 1024 * 1024 };

/* The message at index 1, or an error. */
struct policy_message *message_check(lua_State *L);
/* Room of that size in the message's arena, or an error. */
char *message_room(lua_State *L, struct policy_message *m, size_t size);

#endif
