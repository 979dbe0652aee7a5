/* SPDX-License-Identifier: Apache-2.0 */
/* The msg object: envelope, metadata, content. Header: message_header.c. */
#include "lib/policy/message.h"

#include <string.h>

#include "lib/base/text.h"
#include "lib/mail/address.h"
#include "lib/mail/domain.h"
#include "lib/mail/envelope.h"
#include "lib/mail/queue_name.h"
#include "lib/policy/address.h"
#include "lib/policy/convert.h"
#include "lib/policy/meta.h"
#include "lib/policy/state.h"

struct policy_message *
message_check(lua_State *L)
{
	return shell_check(L, 1, MESSAGE_TYPE);
}

char *
message_room(lua_State *L, struct policy_message *m, size_t size)
{
	/* Each edit keeps its bytes until the transaction ends. */
	if (size > MESSAGE_BYTES_MAX ||
	    m->arena->total > MESSAGE_BYTES_MAX - size)
		where_error(L, "the edits of this message take more than "
		    "%d bytes", MESSAGE_BYTES_MAX);
	return arena_alloc(m->arena, size);
}

/* ---- envelope ----------------------------------------------------------- */

static int
message_id(lua_State *L)
{
	char hex[UUID_HEX_MAX];

	lua_pushstring(L, uuid_hex(&message_check(L)->id, hex));
	return 1;
}

static int
message_sender(lua_State *L)
{
	address_push(L, message_check(L)->sender);
	return 1;
}

static int
message_recipient_list(lua_State *L)
{
	struct policy_message *m = message_check(L);
	uint32_t i;

	lua_newtable(L);
	for (i = 0; i < m->n_rcpts; i++) {
		address_push(L, m->rcpts[i]);
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
	return 1;
}

static int
message_recipient(lua_State *L)
{
	struct policy_message *m = message_check(L);

	if (m->n_rcpts > 1)
		return message_recipient_list(L);
	if (m->n_rcpts == 1)
		address_push(L, m->rcpts[0]);
	else
		lua_pushnil(L);
	return 1;
}

/* A checked copy of the address at index in the message's arena. */
static struct span
address_keep(lua_State *L, struct policy_message *m, int index, bool null_ok)
{
	struct span text = address_text(L, index);
	struct address a;
	const char *why;
	char *copy;

	if (text.len == 0 && null_ok)
		return span_of("");
	if (address_parse(text, &a, &why) == -1)
		where_error(L, "'%.*s' is no address: %s",
		    (int)(text.len < 200 ? text.len : 200), text.p, why);
	copy = message_room(L, m, text.len + 1);
	memcpy(copy, text.p, text.len);
	return span_make(copy, text.len);
}

static int
message_set_sender(lua_State *L)
{
	struct policy_message *m = message_check(L);

	m->sender = address_keep(L, m, 2, true);
	m->edits |= POLICY_EDIT_SENDER;
	return 0;
}

static int
message_set_recipient(lua_State *L)
{
	struct policy_message *m = message_check(L);
	struct span *rcpts;
	lua_Unsigned i, n = 1;

	if (lua_type(L, 2) == LUA_TTABLE) {
		n = lua_rawlen(L, 2);
		if (n == 0 || n > ENVELOPE_RCPTS_MAX)
			return where_error(L, "set_recipient: wanted 1 to %d "
			    "recipients", ENVELOPE_RCPTS_MAX);
	}
	rcpts = (struct span *)(void *)message_room(L, m, n * sizeof(*rcpts));
	for (i = 0; i < n; i++) {
		if (lua_type(L, 2) == LUA_TTABLE)
			lua_rawgeti(L, 2, (lua_Integer)i + 1);
		else
			lua_pushvalue(L, 2);
		rcpts[i] = address_keep(L, m, lua_gettop(L), false);
		lua_pop(L, 1);
	}
	m->rcpts = rcpts;
	m->n_rcpts = (uint32_t)n;
	m->edits |= POLICY_EDIT_RCPTS;
	return 0;
}

/* ---- metadata ----------------------------------------------------------- */

static int
message_get_meta(lua_State *L)
{
	return meta_get(L, &message_check(L)->meta);
}

static int
message_set_meta(lua_State *L)
{
	struct policy_message *m = message_check(L);

	meta_set(L, &m->meta);
	m->edits |= POLICY_EDIT_META;
	return 0;
}

/* Push the text under a key; the span is valid while it is on the stack. */
static struct span
meta_text(lua_State *L, const struct policy_message *m, const char *key)
{
	struct span json;
	const char *p;
	size_t len;

	if (!pairs_find(m->meta.pairs, span_of(key), &json)) {
		lua_pushnil(L);
		return span_make(NULL, 0);
	}
	convert_push_json(L, json);
	if (lua_type(L, -1) != LUA_TSTRING)
		return span_make(NULL, 0);
	p = lua_tolstring(L, -1, &len);
	return span_make(p, len);
}

/* Push the lower-case domain of the first recipient. */
static struct span
first_domain(lua_State *L, const struct policy_message *m)
{
	struct address a;
	const char *why;
	luaL_Buffer b;
	size_t i;

	if (m->n_rcpts == 0 || address_parse(m->rcpts[0], &a, &why) == -1)
		where_error(L, "the message has no recipient with a domain");
	luaL_buffinitsize(L, &b, a.domain.len);
	for (i = 0; i < a.domain.len; i++)
		luaL_addchar(&b, ascii_lower(a.domain.p[i]));
	luaL_pushresult(&b);
	return span_make(lua_tostring(L, -1), a.domain.len);
}

static int
message_queue_name(lua_State *L)
{
	struct policy_message *m = message_check(L);
	struct policy *p = policy_of(L);
	struct queue_name q;

	if (meta_text(L, m, "queue").p != NULL)
		return 1;
	q.campaign = meta_text(L, m, "campaign");
	q.tenant = meta_text(L, m, "tenant");
	q.routing_domain = meta_text(L, m, "routing_domain");
	q.domain = first_domain(L, m);
	buf_clear(&p->scratch, 65536);
	queue_name_put(&p->scratch, &q);
	lua_pushlstring(L, (const char *)buf_data(&p->scratch),
	    buf_len(&p->scratch));
	return 1;
}

static int
message_num_attempts(lua_State *L)
{
	/* At reception none was made. */
	message_check(L);
	lua_pushinteger(L, 0);
	return 1;
}

/* ---- content ------------------------------------------------------------ */

static int
message_get_data(lua_State *L)
{
	struct policy_message *m = message_check(L);
	luaL_Buffer b;

	luaL_buffinitsize(L, &b, m->prefix.len + m->body.len);
	if (m->prefix.len != 0)
		luaL_addlstring(&b, m->prefix.p, m->prefix.len);
	if (m->body.len != 0)
		luaL_addlstring(&b, m->body.p, m->body.len);
	luaL_pushresult(&b);
	return 1;
}

static int
message_set_data(lua_State *L)
{
	struct policy_message *m = message_check(L);
	size_t len;
	const char *p = luaL_checklstring(L, 2, &len);
	char *copy = message_room(L, m, len + 1);

	memcpy(copy, p, len);
	m->body = span_make(copy, len);
	m->prefix = span_make("", 0);
	m->edits |= POLICY_EDIT_BODY | POLICY_EDIT_PREFIX;
	return 0;
}

/* The store keeps what there is at the end of the event anyway. */
static int
message_save(lua_State *L)
{
	message_check(L);
	return 0;
}

/* ---- the type ----------------------------------------------------------- */

static int
call_absent(lua_State *L)
{
	return where_error(L, "msg:%s is not part of this version of Ekiden",
	    lua_tostring(L, lua_upvalueindex(1)));
}

static const char *const absent[] = {
	"add_authentication_results", "append_text_html", "append_text_plain",
	"arc_seal", "arc_verify", "check_fix_conformance", "dkim_sign",
	"dkim_verify", "from_header", "get_address_header",
	"import_scheduling_header", "increment_num_attempts", "parse_mime",
	"parse_rfc3464", "parse_rfc5965", "set_due", "set_force_sync",
	"set_scheduling", "to_header",
};

void
message_register(lua_State *L)
{
	static const luaL_Reg methods[] = {
		{ "id", message_id },
		{ "sender", message_sender },
		{ "recipient", message_recipient },
		{ "recipient_list", message_recipient_list },
		{ "set_sender", message_set_sender },
		{ "set_recipient", message_set_recipient },
		{ "get_meta", message_get_meta },
		{ "set_meta", message_set_meta },
		{ "queue_name", message_queue_name },
		{ "num_attempts", message_num_attempts },
		{ "get_data", message_get_data },
		{ "set_data", message_set_data },
		{ "save", message_save },
		{ "shrink", message_save },
		{ "shrink_data", message_save },
		{ NULL, NULL },
	};
	size_t i;

	luaL_newmetatable(L, MESSAGE_TYPE);
	luaL_newlib(L, methods);
	message_headers(L);
	for (i = 0; i < sizeof(absent) / sizeof(*absent); i++) {
		lua_pushstring(L, absent[i]);
		lua_pushcclosure(L, call_absent, 1);
		lua_setfield(L, -2, absent[i]);
	}
	lua_setfield(L, -2, "__index");
	lua_pushboolean(L, false);
	lua_setfield(L, -2, "__metatable");
	lua_pop(L, 1);
}
