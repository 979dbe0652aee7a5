/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures for other modules. Only for lib/policy/modules. */
#ifndef LIB_POLICY_MODULES_CRYPTO_H
#define LIB_POLICY_MODULES_CRYPTO_H

#include <lua.h>

/*
 * kumo.crypto.aws_sign_v4 for who calls it by key_source_call, with the table
 * as its one argument.
 */
int crypto_aws_sign_v4(lua_State *L);

#endif
