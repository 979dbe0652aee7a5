/* SPDX-License-Identifier: Apache-2.0 */
/* kumo.uuid: ids made and read. */
#include "lib/policy/modules/modules.h"

#include <string.h>

#include "lib/base/text.h"
#include "lib/base/uuid.h"
#include "lib/policy/modules/args.h"
#include "lib/policy/state.h"

static const struct library_type type_uuid;

/* Of the process: the network card's address, found before the jail. */
static uint8_t node[UUID_NODE_LEN];

/* Of a Lua state, in its registry. */
struct makers {
	struct uuid_maker v7;
	struct uuid_clock clock;
};

static struct makers *
makers_of(lua_State *L)
{
	struct makers *m;

	if (lua_rawgetp(L, LUA_REGISTRYINDEX, &type_uuid) != LUA_TNIL) {
		m = lua_touserdata(L, -1);
		lua_pop(L, 1);
		return m;
	}
	lua_pop(L, 1);
	m = lua_newuserdatauv(L, sizeof(*m), 0);
	memset(m, 0, sizeof(*m));
	memcpy(m->clock.node, node, sizeof(node));
	lua_rawsetp(L, LUA_REGISTRYINDEX, &type_uuid);
	return m;
}

static int
push(lua_State *L, struct uuid id)
{
	struct uuid *u = library_new(L, &type_uuid, sizeof(*u));

	*u = id;
	return 1;
}

static int
new_v1(lua_State *L)
{
	return push(L, uuid_v1(&makers_of(L)->clock));
}

static int
new_v4(lua_State *L)
{
	return push(L, uuid_random());
}

static int
new_v6(lua_State *L)
{
	return push(L, uuid_v6(&makers_of(L)->clock));
}

static int
new_v7(lua_State *L)
{
	return push(L, uuid_next(&makers_of(L)->v7));
}

static int
parse(lua_State *L)
{
	struct span text = arg_span(L, 1);
	char printable[80];
	struct uuid id;

	if (uuid_parse_any(text, &id) == -1)
		return where_error(L, "kumo.uuid.parse: '%s' is no UUID",
		    text_printable(text, printable, sizeof(printable)));
	return push(L, id);
}

/* ---- the object ---------------------------------------------------------- */

static const struct uuid *
check(lua_State *L)
{
	return library_check(L, 1, &type_uuid);
}

static int
get_bytes(lua_State *L)
{
	const struct uuid *u = check(L);

	lua_pushlstring(L, (const char *)u->b, UUID_LEN);
	return 1;
}

static int
get_hyphenated(lua_State *L)
{
	char text[UUID_TEXT_MAX];

	lua_pushstring(L, uuid_text(check(L), text));
	return 1;
}

static int
get_simple(lua_State *L)
{
	char text[UUID_HEX_MAX];

	lua_pushstring(L, uuid_hex(check(L), text));
	return 1;
}

static int
get_braced(lua_State *L)
{
	char text[UUID_TEXT_MAX];

	lua_pushfstring(L, "{%s}", uuid_text(check(L), text));
	return 1;
}

static int
get_urn(lua_State *L)
{
	char text[UUID_TEXT_MAX];

	lua_pushfstring(L, "urn:uuid:%s", uuid_text(check(L), text));
	return 1;
}

static const struct library_field fields[] = {
	{ "bytes", get_bytes, NULL, "string", "Its 16 bytes." },
	{ "hyphenated", get_hyphenated, NULL, "string",
	    "Lower-case hexadecimal digits in five groups." },
	{ "simple", get_simple, NULL, "string",
	    "32 lower-case hexadecimal digits." },
	{ "braced", get_braced, NULL, "string",
	    "The five groups between braces." },
	{ "urn", get_urn, NULL, "string",
	    "The five groups behind\n.Ql urn:uuid: ." },
	{ NULL, NULL, NULL, NULL, NULL },
};

static const luaL_Reg meta[] = {
	{ "__tostring", get_hyphenated },
	{ NULL, NULL },
};

static const struct library_type type_uuid = {
	.name = "Uuid",
	.about = "A UUID.\n.Fn tostring\ngives the same as the field\n"
	    ".Va hyphenated .",
	.fields = fields,
	.meta = meta,
};

/* ---- the module ---------------------------------------------------------- */

static const struct library_function functions[] = {
	{ "new_v1", new_v1, "() -> Uuid",
	    "One of the time and the machine (version 1): the address of the "
	    "first network card that is no loopback, else what\n"
	    ".Xr gethostid 3\ngives." },
	{ "new_v4", new_v4, "() -> Uuid", "A random one (version 4)." },
	{ "new_v6", new_v6, "() -> Uuid",
	    "As\n.Fn new_v1 ,\nwith the time first, so that they sort by it "
	    "(version 6)." },
	{ "new_v7", new_v7, "() -> Uuid",
	    "One of the time and chance, which sorts by the time "
	    "(version 7)." },
	{ "parse", parse, "(string) -> Uuid",
	    "The UUID that the text says: 32 hexadecimal digits, five groups "
	    "of them, these between braces, or behind\n.Ql urn:uuid: .\n"
	    "Raises an error for other text." },
	{ NULL, NULL, NULL, NULL },
};

static const struct library_type *const types[] = { &type_uuid, NULL };

static void
prepare(void)
{
	uuid_node_find(node);
}

const struct library library_uuid = {
	.name = "kumo.uuid",
	.title = "ids made and read",
	.about = "Universally unique identifiers (RFC 9562).",
	.functions = functions,
	.types = types,
	.prepare = prepare,
};
