/* SPDX-License-Identifier: Apache-2.0 */
/* get_meta and set_meta for any object. Only for lib/policy. */
#ifndef LIB_POLICY_META_H
#define LIB_POLICY_META_H

#include <lua.h>

#include "lib/policy/smtp_events.h"

enum { META_KEY_MAX = 1024, META_BYTES_MAX = 512 * 1024 };

#define CONN_META_TYPE "ekiden.conn_meta"

/* As methods: the key is argument 2, the value argument 3. */
int meta_get(lua_State *L, const struct policy_meta *m);
void meta_set(lua_State *L, struct policy_meta *m);

#endif
