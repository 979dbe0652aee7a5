/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/policy/addressheader.h"

#include <string.h>

#include "lib/base/jout.h"
#include "lib/policy/charset.h"
#include "lib/policy/message_fields.h"
#include "lib/policy/mime.h"
#include "lib/policy/state.h"

/*
 * The list lies in an arena of its own. Entries are handles on the list's
 * mailboxes, and keep it by their user value.
 */
struct addressheader {
	struct arena arena;
	size_t counted;
	struct mime_addresses list;
};

struct entry {
	const struct mime_mailbox *mailbox;
};

static int
list_gc(lua_State *L)
{
	struct addressheader *h = lua_touserdata(L, 1);

	arena_uncount(L, &h->arena, &h->counted);
	return 0;
}

/* ---- methods of messages ------------------------------------------------ */

static int
push_header(lua_State *L, struct span name)
{
	struct policy_message *m = message_check(L);
	struct addressheader *h;
	struct header_field f;
	const char *why;
	struct visit v;

	visit_init(&v, m);
	while (visit_next(&v, &f)) {
		if (!span_ieq(f.name, name))
			continue;
		h = library_new(L, &addressheader_type, sizeof(*h));
		if (mime_addresses_parse(&h->arena, policy_charsets(),
		    f.value, MIME_ADDRESS_LIST, &h->list, &why) != 0) {
			arena_uncount(L, &h->arena, &h->counted);
			return where_error(L, "invalid header %.*s: %s",
			    (int)(f.name.len < 100 ? f.name.len : 100),
			    f.name.p, why);
		}
		arena_count(L, &h->arena, &h->counted);
		return 1;
	}
	lua_pushnil(L);
	return 1;
}

int
message_from_header(lua_State *L)
{
	return push_header(L, SPAN_LIT("From"));
}

int
message_to_header(lua_State *L)
{
	return push_header(L, SPAN_LIT("To"));
}

int
message_get_address_header(lua_State *L)
{
	message_check(L);
	return push_header(L, check_span(L, 2));
}

/* ---- one address -------------------------------------------------------- */

static void
put_email(const struct mime_mailbox *m, struct buf *out)
{
	mime_addr_spec_put(m, out);
}

static void
push_email(lua_State *L, const struct mime_mailbox *m)
{
	struct buf *b = &policy_of(L)->scratch;

	buf_clear(b, 65536);
	put_email(m, b);
	lua_pushlstring(L, buf_span(b).p, buf_len(b));
}

static void
put_json(const struct mime_mailbox *m, struct jout *j)
{
	struct buf email = { 0 };

	put_email(m, &email);
	jout_object(j);
	if (m->name.p != NULL)
		jout_key_text(j, "name", m->name);
	else
		jout_key_null(j, "name");
	jout_key_text(j, "address", buf_span(&email));
	jout_object_end(j);
	buf_free(&email);
}

/* The mailbox at argument 1: of an entry, or the only one of a header. */
static const struct mime_mailbox *
entry_check(lua_State *L)
{
	struct entry *e = library_check(L, 1, &headeraddress_type);

	return e->mailbox;
}

static const struct mime_mailbox *
single_check(lua_State *L)
{
	struct addressheader *h = library_check(L, 1, &addressheader_type);

	if (h->list.n != 1 || h->list.first->is_group)
		where_error(L, "this header has not exactly one simple "
		    "address: use its list");
	return h->list.first->list;
}

#define FIELDS(of, check)                                                      \
	static int                                                             \
	of##_domain(lua_State *L)                                              \
	{                                                                      \
		mime_push_span(L, check(L)->domain);                           \
		return 1;                                                      \
	}                                                                      \
	static int                                                             \
	of##_user(lua_State *L)                                                \
	{                                                                      \
		mime_push_span(L, check(L)->local);                            \
		return 1;                                                      \
	}                                                                      \
	static int                                                             \
	of##_name(lua_State *L)                                                \
	{                                                                      \
		mime_push_span(L, check(L)->name);                             \
		return 1;                                                      \
	}                                                                      \
	static int                                                             \
	of##_email(lua_State *L)                                               \
	{                                                                      \
		push_email(L, check(L));                                       \
		return 1;                                                      \
	}

FIELDS(entry, entry_check)
FIELDS(single, single_check)

static int
entry_tostring(lua_State *L)
{
	const struct mime_mailbox *m = entry_check(L);
	struct buf *b = &policy_of(L)->scratch;
	struct jout j;

	buf_clear(b, 65536);
	jout_init(&j, b);
	put_json(m, &j);
	lua_pushlstring(L, buf_span(b).p, buf_len(b));
	return 1;
}

/* ---- the list ----------------------------------------------------------- */

static int
header_list(lua_State *L)
{
	struct addressheader *h = library_check(L, 1, &addressheader_type);
	const struct mime_address *at;
	const struct mime_mailbox *m;
	struct entry *e;
	lua_Integer n = 0;

	lua_newtable(L);
	for (at = h->list.first; at != NULL; at = at->next) {
		for (m = at->list; m != NULL; m = m->next) {
			e = library_new(L, &headeraddress_type, sizeof(*e));
			e->mailbox = m;
			lua_pushvalue(L, 1);
			lua_setiuservalue(L, -2, 1);
			lua_rawseti(L, -2, ++n);
		}
	}
	return 1;
}

static void
put_address_json(const struct mime_address *at, struct jout *j)
{
	const struct mime_mailbox *m;

	jout_object(j);
	if (!at->is_group) {
		jout_key(j, SPAN_LIT("Address"));
		put_json(at->list, j);
		jout_object_end(j);
		return;
	}
	jout_key(j, SPAN_LIT("Group"));
	jout_object(j);
	if (at->name.p != NULL)
		jout_key_text(j, "name", at->name);
	else
		jout_key_null(j, "name");
	jout_key(j, SPAN_LIT("addresses"));
	jout_array(j);
	for (m = at->list; m != NULL; m = m->next)
		put_json(m, j);
	jout_array_end(j);
	jout_object_end(j);
	jout_object_end(j);
}

static int
header_tostring(lua_State *L)
{
	struct addressheader *h = library_check(L, 1, &addressheader_type);
	struct buf *b = &policy_of(L)->scratch;
	const struct mime_address *at;
	struct jout j;

	buf_clear(b, 65536);
	jout_init(&j, b);
	jout_array(&j);
	for (at = h->list.first; at != NULL; at = at->next)
		put_address_json(at, &j);
	jout_array_end(&j);
	lua_pushlstring(L, buf_span(b).p, buf_len(b));
	return 1;
}

/* ---- the types ---------------------------------------------------------- */

#define ONLY "It is an error unless the header is exactly one address, and "   \
    "that in no group."

static const struct library_field header_fields[] = {
	{ "domain", single_domain, NULL, "string",
	    "The domain of the only address.\n" ONLY },
	{ "email", single_email, NULL, "string",
	    "The only address, without its name.\n" ONLY },
	{ "list", header_list, NULL, "list",
	    "All addresses, those of groups among them, in their order." },
	{ "name", single_name, NULL, "string or nil",
	    "The name before the only address.\n" ONLY },
	{ "user", single_user, NULL, "string",
	    "The local part of the only address, without quotes and "
	    "backslashes.\n" ONLY },
	{ NULL, NULL, NULL, NULL, NULL },
};

static const luaL_Reg header_meta[] = {
	{ "__tostring", header_tostring },
	{ "__gc", list_gc },
	{ NULL, NULL },
};

const struct library_type addressheader_type = {
	.name = "addressheader",
	.about = "The addresses of a header field.\nAs text it is JSON.",
	.fields = header_fields,
	.meta = header_meta,
};

static const struct library_field entry_fields[] = {
	{ "domain", entry_domain, NULL, "string", "Its domain." },
	{ "email", entry_email, NULL, "string",
	    "The address without its name." },
	{ "name", entry_name, NULL, "string or nil",
	    "The name before the address." },
	{ "user", entry_user, NULL, "string",
	    "Its local part, without quotes and backslashes." },
	{ NULL, NULL, NULL, NULL, NULL },
};

static const luaL_Reg entry_meta[] = {
	{ "__tostring", entry_tostring },
	{ NULL, NULL },
};

const struct library_type headeraddress_type = {
	.name = "headeraddress",
	.about = "One address of an addressheader's list.\nAs text it is "
	    "JSON.",
	.fields = entry_fields,
	.meta = entry_meta,
};
