/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The msg object: envelope, metadata, content. Header fields are in
 * message_header.c and message_import.c, MIME in message_mime.c.
 */
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

/* ---- messages of their own ---------------------------------------------- */

/*
 * What kumo.make_message makes. The msg object is a shell like those of
 * events, but larger, and this its user value.
 */
struct own_message {
	struct policy_message m;
	struct arena arena;
	size_t counted;   /* bytes of the arena */
	size_t meta_size; /* bytes of metadata, counted, too */
};

struct own_shell {
	struct shell shell; /* first */
	struct own_message *own;
};

#define OWN_TYPE "ekiden.own_message"

static int
own_gc(lua_State *L)
{
	struct own_message *own = lua_touserdata(L, 1);

	arena_uncount(L, &own->arena, &own->counted);
	memory_give(L, own->meta_size);
	own->meta_size = 0;
	policy_meta_free(&own->m.meta);
	return 0;
}

/* Of the message at index 1; NULL for one of an event. */
static struct own_message *
own_of(lua_State *L)
{
	struct own_shell *s;

	if (lua_rawlen(L, 1) != sizeof(*s))
		return NULL;
	s = lua_touserdata(L, 1);
	return s->own;
}

struct policy_message *
message_push_own(lua_State *L, struct span sender, struct span recipient,
    struct span body)
{
	struct own_shell *s = lua_newuserdatauv(L, sizeof(*s), 1);
	struct own_message *own;

	memset(s, 0, sizeof(*s));
	luaL_setmetatable(L, MESSAGE_TYPE);
	own = lua_newuserdatauv(L, sizeof(*own), 0);
	memset(own, 0, sizeof(*own));
	if (luaL_newmetatable(L, OWN_TYPE)) {
		lua_pushcfunction(L, own_gc);
		lua_setfield(L, -2, "__gc");
	}
	lua_setmetatable(L, -2);
	lua_setiuservalue(L, -2, 1);
	/* Of strangers' size: counted before it is there. */
	memory_take(L, body.len);
	own->counted = body.len;
	own->m.arena = &own->arena;
	own->m.id = uuid_next(&policy_of(L)->uuids);
	own->m.sender = arena_span(&own->arena, sender);
	own->m.rcpts = arena_alloc(&own->arena, sizeof(*own->m.rcpts));
	own->m.rcpts[0] = arena_span(&own->arena, recipient);
	own->m.n_rcpts = 1;
	own->m.prefix = span_of("");
	own->m.body = arena_span(&own->arena, body);
	arena_count(L, &own->arena, &own->counted);
	s->own = own;
	s->shell.thing = &own->m;
	return &own->m;
}

char *
message_room(lua_State *L, struct policy_message *m, size_t size)
{
	struct own_message *own = own_of(L);
	char *room;

	/* Each edit keeps its bytes until the transaction ends. */
	if (size > MESSAGE_BYTES_MAX ||
	    m->arena->total > MESSAGE_BYTES_MAX - size)
		where_error(L, "the edits of this message take more than "
		    "%d bytes", MESSAGE_BYTES_MAX);
	if (own == NULL)
		return arena_alloc(m->arena, size);
	memory_take(L, size);
	own->counted += size;
	room = arena_alloc(m->arena, size);
	arena_count(L, &own->arena, &own->counted);
	return room;
}

void
message_meta_changed(lua_State *L, struct policy_message *m)
{
	struct own_message *own = own_of(L);

	m->edits |= POLICY_EDIT_META;
	if (own != NULL && m->meta.own.size > own->meta_size) {
		memory_take(L, m->meta.own.size - own->meta_size);
		own->meta_size = m->meta.own.size;
	}
}

/* ---- envelope ----------------------------------------------------------- */

int
message_id(lua_State *L)
{
	char hex[UUID_HEX_MAX];

	lua_pushstring(L, uuid_hex(&message_check(L)->id, hex));
	return 1;
}

int
message_sender(lua_State *L)
{
	address_push(L, message_check(L)->sender);
	return 1;
}

int
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

int
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

int
message_set_sender(lua_State *L)
{
	struct policy_message *m = message_check(L);

	m->sender = address_keep(L, m, 2, true);
	m->edits |= POLICY_EDIT_SENDER;
	return 0;
}

int
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

int
message_get_meta(lua_State *L)
{
	return meta_get(L, &message_check(L)->meta);
}

int
message_set_meta(lua_State *L)
{
	struct policy_message *m = message_check(L);

	meta_set(L, &m->meta);
	message_meta_changed(L, m);
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

int
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

int
message_num_attempts(lua_State *L)
{
	lua_pushinteger(L, message_check(L)->attempts);
	return 1;
}

/* In memory alone: whoever stores the message counts by itself. */
int
message_increment_num_attempts(lua_State *L)
{
	struct policy_message *m = message_check(L);

	if (m->attempts < UINT16_MAX)
		m->attempts++;
	return 0;
}

/* ---- content ------------------------------------------------------------ */

int
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

int
message_set_data(lua_State *L)
{
	struct policy_message *m = message_check(L);
	size_t len;
	const char *p = luaL_checklstring(L, 2, &len);

	message_replace(L, m, span_make(p, len), false);
	return 0;
}

void
message_replace(lua_State *L, struct policy_message *m, struct span content,
    bool keep_prefix)
{
	char *copy;

	/* Fields in front that are the same stay there. */
	keep_prefix = keep_prefix && m->prefix.len <= content.len &&
	    (m->prefix.len == 0 ||
	    memcmp(content.p, m->prefix.p, m->prefix.len) == 0);
	if (keep_prefix)
		content = span_from(content, m->prefix.len);
	copy = message_room(L, m, content.len + 1);
	memcpy(copy, content.p, content.len);
	m->body = span_make(copy, content.len);
	m->edits |= POLICY_EDIT_BODY;
	if (!keep_prefix) {
		m->prefix = span_make("", 0);
		m->edits |= POLICY_EDIT_PREFIX;
	}
}

/* The store keeps what there is at the end of the event anyway. */
int
message_save(lua_State *L)
{
	message_check(L);
	return 0;
}

/* Nothing here is kept but on stable storage. */
int
message_set_force_sync(lua_State *L)
{
	message_check(L);
	if (!lua_isnoneornil(L, 2))
		luaL_checktype(L, 2, LUA_TBOOLEAN);
	return 0;
}
