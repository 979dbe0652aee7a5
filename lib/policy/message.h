/* SPDX-License-Identifier: Apache-2.0 */
/* The msg object. Only for lib/policy. */
#ifndef LIB_POLICY_MESSAGE_H
#define LIB_POLICY_MESSAGE_H

#include <lua.h>

#include "lib/policy/smtp_events.h"

/* The name of its metatable. */
#define MESSAGE_TYPE "message"

enum { MESSAGE_BYTES_MAX = 256 * 1024 * 1024 };

/* The message at index 1, or an error. */
struct policy_message *message_check(lua_State *L);
/* Room of that size in the arena of the message at index 1, or an error. */
char *message_room(lua_State *L, struct policy_message *m, size_t size);
/* After its metadata changed: it counts. */
void message_meta_changed(lua_State *L, struct policy_message *m);
/*
 * New content. With keep_prefix fields in front stay apart from the body if
 * the content begins with them.
 */
void message_replace(lua_State *L, struct policy_message *m,
    struct span content, bool keep_prefix);
/* A new message of no event on top; the texts are copied. */
struct policy_message *message_push_own(lua_State *L, struct span sender,
    struct span recipient, struct span body);

/* ---- methods ------------------------------------------------------------ */

/* message.c */
int message_id(lua_State *L);
int message_sender(lua_State *L);
int message_recipient(lua_State *L);
int message_recipient_list(lua_State *L);
int message_set_sender(lua_State *L);
int message_set_recipient(lua_State *L);
int message_get_meta(lua_State *L);
int message_set_meta(lua_State *L);
int message_queue_name(lua_State *L);
int message_num_attempts(lua_State *L);
int message_increment_num_attempts(lua_State *L);
int message_get_data(lua_State *L);
int message_set_data(lua_State *L);
int message_save(lua_State *L);
int message_set_force_sync(lua_State *L);

/* message_header.c */
int message_get_first(lua_State *L);
int message_get_all_named(lua_State *L);
int message_get_all(lua_State *L);
int message_prepend(lua_State *L);
int message_append(lua_State *L);
int message_remove_named(lua_State *L);
int message_remove_x(lua_State *L);

/* message_import.c */
int message_import_x(lua_State *L);
int message_import_headers(lua_State *L);

/* message_mime.c */
int message_parse_mime(lua_State *L);
int message_append_text_html(lua_State *L);
int message_append_text_plain(lua_State *L);
int message_check_fix_conformance(lua_State *L);
int message_parse_rfc3464(lua_State *L);
int message_parse_rfc5965(lua_State *L);
int message_add_authentication_results(lua_State *L);

/* addressheader.c */
int message_from_header(lua_State *L);
int message_to_header(lua_State *L);
int message_get_address_header(lua_State *L);

#endif
