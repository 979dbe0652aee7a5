/* SPDX-License-Identifier: Apache-2.0 */
/* WebSockets of kumo.http. */
#include "lib/policy/modules/http.h"

#include "lib/policy/state.h"

int
http_connect_websocket(lua_State *L)
{
	return where_error(L, "soon");
}

const struct library_type http_socket_type = {
	.name = "websocket",
};
