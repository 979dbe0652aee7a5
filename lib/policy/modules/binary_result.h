/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes that scripts read in the encoding they like. */
#ifndef LIB_POLICY_MODULES_BINARY_RESULT_H
#define LIB_POLICY_MODULES_BINARY_RESULT_H

#include <stdint.h>

#include "lib/base/span.h"
#include "lib/policy/library.h"

extern const struct library_type type_binary_result;

/* A new one on top with room for len bytes, which the caller fills. */
uint8_t *binary_result_push(lua_State *L, size_t len);

#endif
