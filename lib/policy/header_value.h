/* SPDX-License-Identifier: Apache-2.0 */
/* Header fields by what they mean. Only for lib/policy. */
#ifndef LIB_POLICY_HEADER_VALUE_H
#define LIB_POLICY_HEADER_VALUE_H

#include <lua.h>

#include "lib/base/span.h"

struct mime_field;

/* Push the value as that view sees it; raises when it cannot be seen so. */
typedef void header_view(lua_State *L, struct span name, struct span value);

header_view header_unstructured;
header_view header_address_list;
header_view header_mailbox_list;
header_view header_mailbox;
header_view header_message_id;
header_view header_message_id_list;
header_view header_content_id;
header_view header_mime_params;
header_view header_authentication_results;

/* A copy of the field as a header object. */
void header_push(lua_State *L, const struct mime_field *f);

#endif
