/* SPDX-License-Identifier: Apache-2.0 */
/* The objects of kumo.http; only for lib/policy/modules. */
#ifndef LIB_POLICY_MODULES_HTTP_H
#define LIB_POLICY_MODULES_HTTP_H

#include <lua.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/policy/library.h"

struct url;

extern const struct library_type http_client_type, http_request_type,
    http_response_type, http_headers_type, http_socket_type;

/* What a client was made with. */
struct http_client_object {
	int64_t idle_ms, timeout_ms;
	bool accept_invalid_certs;
	bool verbose;
	bool closed;
};

/*
 * The address at index in its normal form, pushed; url_part says with what.
 * Raises for what is none that begins with one of the two schemes.
 */
void http_push_url(lua_State *L, int index, const char *what, unsigned parts,
    bool socket);
/* Pushes the base64 of user:password of the address at index; false: none. */
bool http_push_user(lua_State *L, int index);
/*
 * Pushes the names and values of the table at index as a form has them, names
 * in order: "a=1&b=2".
 */
void http_push_pairs(lua_State *L, int index, const char *what);

/* Pushes the table of the request at index 1, if it can still be changed. */
void http_request_table(lua_State *L);
/* The value on top becomes the one field of that name in the table at index. */
void http_request_set(lua_State *L, int table, const char *name);
/* request:aws_sign_v4(params), by key_source_call. */
int http_sign_now(lua_State *L);

/* A request object on top; the client is at index 1. */
int http_request_push(lua_State *L, const struct http_client_object *client,
    const char *method);
/* The answer on top, {status, fields, body}, becomes a response. */
int http_response_push(lua_State *L);
void http_response_prepare(void);
int http_connect_websocket(lua_State *L);

#endif
