/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a policy says that a key or password is: a file's name, or a table
 * with key_data (the bytes), with vault_mount and vault_path (a secret of a
 * HashiCorp Vault) or with event_name and event_args (a handler's answer).
 */
#ifndef LIB_POLICY_KEY_SOURCE_H
#define LIB_POLICY_KEY_SOURCE_H

#include <lua.h>

#include "lib/base/span.h"

/*
 * Check the form of the value at index, and push the bytes that it stands for.
 * Raises an error that begins with `what` otherwise: "kumo.x.f: key". A file
 * is of the bundle. Vaults and events can only be asked by functions that are
 * called by key_source_call().
 */
struct span key_source_push(lua_State *L, int index, const char *what);
/*
 * `return key_source_call(L, f);` as a C function's last act: f is called with
 * its arguments and gives the results. When f meets a key that has to be
 * waited for, it is left, and called anew with the same arguments once the key
 * is there. So f may raise, but do nothing for good before it has its keys,
 * and not wait.
 */
int key_source_call(lua_State *L, lua_CFunction f);

#endif
