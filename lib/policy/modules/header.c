/* SPDX-License-Identifier: Apache-2.0 */
/* One header field: a copy, and the views of it. */
#include <string.h>

#include "lib/mail/header.h"
#include "lib/mime/auth_results.h"
#include "lib/mime/ids.h"
#include "lib/mime/word.h"
#include "lib/policy/charset.h"
#include "lib/policy/header_value.h"
#include "lib/policy/mime.h"
#include "lib/policy/state.h"

/* Places in the text of the whole field, which is user value 1. */
struct header {
	size_t name_len, value_at, value_len;
};

void
header_push(lua_State *L, const struct mime_field *f)
{
	struct header *h = library_new(L, &header_type, sizeof(*h));

	h->name_len = f->name.len;
	h->value_at = (size_t)(f->value.p - f->whole.p);
	h->value_len = f->value.len;
	lua_pushlstring(L, f->whole.p, f->whole.len);
	lua_setiuservalue(L, -2, 1);
}

static void
check_header(lua_State *L, struct span *name_out, struct span *value_out)
{
	struct header *h = library_check(L, 1, &header_type);
	const char *whole;

	lua_getiuservalue(L, 1, 1);
	whole = lua_tostring(L, -1);
	/* The object keeps it. */
	lua_pop(L, 1);
	*name_out = span_make(whole, h->name_len);
	*value_out = span_make(whole + h->value_at, h->value_len);
}

/* ---- views -------------------------------------------------------------- */

static void
invalid(lua_State *L, struct span name, const char *why)
{
	where_error(L, "invalid header %.*s: %s",
	    (int)(name.len < 100 ? name.len : 100), name.p, why);
}

void
header_unstructured(lua_State *L, struct span name, struct span value)
{
	struct buf *b = &policy_of(L)->scratch;
	struct buf text = { 0 };

	(void)name;
	buf_clear(b, 65536);
	buf_reserve(b, 1);
	buf_reserve(&text, 1);
	mime_unfold(value, &text);
	header_decode(buf_span(&text), policy_charsets(), b);
	buf_free(&text);
	lua_pushlstring(L, buf_span(b).p, buf_len(b));
}

static void
addresses(lua_State *L, struct span name, struct span value,
    enum mime_address_kind kind)
{
	struct arena *a = scratch_arena(L);
	struct mime_addresses list;
	const char *why;

	if (mime_addresses_parse(a, policy_charsets(), value, kind, &list,
	    &why) != 0)
		invalid(L, name, why);
	if (kind == MIME_ONE_MAILBOX)
		mime_push_mailbox(L, list.first->list);
	else
		mime_push_addresses(L, &list);
	scratch_arena_done(L);
}

void
header_address_list(lua_State *L, struct span name, struct span value)
{
	addresses(L, name, value, MIME_ADDRESS_LIST);
}

void
header_mailbox_list(lua_State *L, struct span name, struct span value)
{
	addresses(L, name, value, MIME_MAILBOX_LIST);
}

void
header_mailbox(lua_State *L, struct span name, struct span value)
{
	addresses(L, name, value, MIME_ONE_MAILBOX);
}

void
header_message_id(lua_State *L, struct span name, struct span value)
{
	struct arena *a = scratch_arena(L);
	struct span id;
	const char *why;

	if (mime_id_parse(a, value, &id, &why) != 0)
		invalid(L, name, why);
	lua_pushlstring(L, id.p, id.len);
	scratch_arena_done(L);
}

void
header_content_id(lua_State *L, struct span name, struct span value)
{
	struct arena *a = scratch_arena(L);
	struct span id;
	const char *why;

	if (mime_content_id_parse(a, value, &id, &why) != 0)
		invalid(L, name, why);
	lua_pushlstring(L, id.p, id.len);
	scratch_arena_done(L);
}

void
header_message_id_list(lua_State *L, struct span name, struct span value)
{
	struct arena *a = scratch_arena(L);
	struct mime_ids ids;
	const char *why;
	size_t i;

	if (mime_ids_parse(a, value, &ids, &why) != 0)
		invalid(L, name, why);
	lua_createtable(L, (int)ids.n, 0);
	for (i = 0; i < ids.n; i++) {
		lua_pushlstring(L, ids.v[i].p, ids.v[i].len);
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
	scratch_arena_done(L);
}

void
header_mime_params(lua_State *L, struct span name, struct span value)
{
	struct arena *a = scratch_arena(L);
	struct mime_params params;
	const char *why;

	if (mime_params_parse(a, policy_charsets(), value, &params,
	    &why) != 0)
		invalid(L, name, why);
	mime_push_params(L, &params);
	scratch_arena_done(L);
}

void
header_authentication_results(lua_State *L, struct span name,
    struct span value)
{
	struct arena *a = scratch_arena(L);
	struct mime_auth_results results;
	const char *why;

	if (mime_auth_results_parse(a, value, &results, &why) != 0)
		invalid(L, name, why);
	mime_push_auth_results(L, &results);
	scratch_arena_done(L);
}

/* ---- the object --------------------------------------------------------- */

static const struct {
	const char *name;
	header_view *view;
} views[] = {
	{ "Authentication-Results", header_authentication_results },
	{ "Bcc", header_address_list },
	{ "Cc", header_address_list },
	{ "Comments", header_unstructured },
	{ "Content-Disposition", header_mime_params },
	{ "Content-Id", header_content_id },
	{ "Content-Transfer-Encoding", header_mime_params },
	{ "Content-Type", header_mime_params },
	{ "From", header_mailbox_list },
	{ "Message-ID", header_message_id },
	{ "Mime-Version", header_unstructured },
	{ "References", header_message_id_list },
	{ "Reply-To", header_address_list },
	{ "Resent-Bcc", header_address_list },
	{ "Resent-Cc", header_address_list },
	{ "Resent-From", header_mailbox_list },
	{ "Resent-Sender", header_mailbox },
	{ "Resent-To", header_address_list },
	{ "Sender", header_mailbox },
	{ "Subject", header_unstructured },
	{ "To", header_address_list },
};

static int
see(lua_State *L, header_view *view)
{
	struct span name, value;

	check_header(L, &name, &value);
	view(L, name, value);
	return 1;
}

static int
get_value(lua_State *L)
{
	header_view *view = header_unstructured;
	struct span name, value;
	size_t i;

	check_header(L, &name, &value);
	for (i = 0; i < sizeof(views) / sizeof(*views); i++) {
		if (span_ieq_str(name, views[i].name))
			view = views[i].view;
	}
	return see(L, view);
}

static int
get_name(lua_State *L)
{
	struct span name, value;

	check_header(L, &name, &value);
	lua_pushlstring(L, name.p, name.len);
	return 1;
}

static int
get_raw_value(lua_State *L)
{
	struct span name, value;

	check_header(L, &name, &value);
	lua_pushlstring(L, value.p, value.len);
	return 1;
}

#define VIEW(view)                                                             \
	static int                                                             \
	get_##view(lua_State *L)                                               \
	{                                                                      \
		return see(L, header_##view);                                  \
	}

VIEW(address_list)
VIEW(authentication_results)
VIEW(mailbox_list)
VIEW(message_id)
VIEW(message_id_list)
VIEW(mime_params)
VIEW(unstructured)

static int
header_tostring(lua_State *L)
{
	library_check(L, 1, &header_type);
	lua_getiuservalue(L, 1, 1);
	return 1;
}

static const struct library_field fields[] = {
	{ "address_list", get_address_list, NULL, "AddressList",
	    "The value as addresses and groups." },
	{ "authentication_results", get_authentication_results, NULL, "table",
	    "The value as of an Authentication-Results field (RFC 8601): a "
	    "table of\n.Va serv_id , version\nif there is one, and\n"
	    ".Va results ,\na list of tables of\n.Va method , result , "
	    "reason , method_version\nand\n.Va props ." },
	{ "mailbox_list", get_mailbox_list, NULL, "MailboxList",
	    "The value as addresses without groups." },
	{ "message_id", get_message_id, NULL, "string",
	    "The value as one id, without its angle brackets." },
	{ "message_id_list", get_message_id_list, NULL, "list",
	    "The value as one or more ids." },
	{ "mime_params", get_mime_params, NULL, "MimeParams",
	    "The value as one with parameters." },
	{ "name", get_name, NULL, "string", "The name, as it is written." },
	{ "raw_value", get_raw_value, NULL, "string",
	    "The value as it is written, folds and all." },
	{ "unstructured", get_unstructured, NULL, "string",
	    "The value as free text: in one line, encoded words decoded." },
	{ "value", get_value, NULL, "string or table",
	    "The value by the field's name: address_list of To, Cc, Bcc, "
	    "Reply-To, Resent-To, Resent-Cc and Resent-Bcc; mailbox_list of "
	    "From and Resent-From; one Mailbox of Sender and Resent-Sender; "
	    "message_id of Message-ID and Content-ID; message_id_list of "
	    "References; mime_params of Content-Type, Content-Disposition "
	    "and Content-Transfer-Encoding; authentication_results of "
	    "Authentication-Results; of all others unstructured." },
	{ NULL, NULL, NULL, NULL, NULL },
};

static const luaL_Reg meta[] = {
	{ "__tostring", header_tostring },
	{ NULL, NULL },
};

const struct library_type header_type = {
	.name = "header",
	.about = "A copy of one header field.\nA value that cannot be what is "
	    "asked for is an error.\nAs text it is the whole field with its "
	    "line end.",
	.fields = fields,
	.meta = meta,
};
