/* SPDX-License-Identifier: Apache-2.0 */
/* The header of a part: its fields by what they mean, read and set. */
#include <string.h>

#include "lib/mail/fold.h"
#include "lib/mime/content.h"
#include "lib/mime/ids.h"
#include "lib/mime/word.h"
#include "lib/policy/charset.h"
#include "lib/policy/header_value.h"
#include "lib/policy/mime.h"
#include "lib/policy/state.h"

static struct mime_ref *
check_map(lua_State *L)
{
	return mime_ref_check(L, 1, &headermap_type);
}

static struct span
check_bytes(lua_State *L, int index)
{
	size_t len;
	const char *p = luaL_checklstring(L, index, &len);

	return span_make(p, len);
}

static struct buf *
scratch_of(lua_State *L)
{
	struct buf *b = &policy_of(L)->scratch;

	buf_clear(b, 65536);
	buf_reserve(b, 1);
	return b;
}

/* ---- any field ---------------------------------------------------------- */

static struct span
check_name(lua_State *L, int index)
{
	struct span name = check_bytes(L, index);

	if (!mime_field_name_valid(name))
		where_error(L, "'%.60s' is no header name", name.p);
	return name;
}

static void
changed(lua_State *L, struct mime_ref *ref, int rc)
{
	mime_tree_count(L, ref->tree);
	if (rc != 0)
		where_error(L, "the header has too many fields");
}

static struct span
encoded(lua_State *L, struct span text)
{
	struct buf *b = scratch_of(L);

	mime_words_put(text, b);
	return buf_span(b);
}

static int
map_prepend(lua_State *L)
{
	struct mime_ref *ref = check_map(L);
	struct span name = check_name(L, 2), value = check_bytes(L, 3);

	changed(L, ref, mime_field_prepend(&ref->tree->m, ref->part, name,
	    encoded(L, value)));
	return 0;
}

static int
map_append(lua_State *L)
{
	struct mime_ref *ref = check_map(L);
	struct span name = check_name(L, 2), value = check_bytes(L, 3);

	changed(L, ref, mime_field_append(&ref->tree->m, ref->part, name,
	    encoded(L, value)));
	return 0;
}

static int
map_remove_all_named(lua_State *L)
{
	struct mime_ref *ref = check_map(L);

	mime_field_remove(ref->part, check_bytes(L, 2));
	return 0;
}

static int
map_get_first_named(lua_State *L)
{
	struct mime_ref *ref = check_map(L);
	const struct mime_field *f = mime_field_find(ref->part,
	    check_bytes(L, 2));

	if (f != NULL)
		header_push(L, f);
	else
		lua_pushnil(L);
	return 1;
}

/* Upvalues: the map, how many fields were seen, the name or nil. */
static int
fields_next(lua_State *L)
{
	struct mime_ref *ref = mime_ref_check(L, lua_upvalueindex(1),
	    &headermap_type);
	lua_Integer at = lua_tointeger(L, lua_upvalueindex(2));
	bool named = !lua_isnil(L, lua_upvalueindex(3));
	struct span name = named ? check_bytes(L, lua_upvalueindex(3)) :
	    span_of("");
	const struct mime_field *f = NULL;

	while (f == NULL && (size_t)at < ref->part->n_fields) {
		f = &ref->part->fields[at++];
		if (named && !span_ieq(f->name, name))
			f = NULL;
	}
	lua_pushinteger(L, at);
	lua_replace(L, lua_upvalueindex(2));
	if (f != NULL)
		header_push(L, f);
	else
		lua_pushnil(L);
	return 1;
}

static int
map_iter(lua_State *L)
{
	check_map(L);
	if (!lua_isnoneornil(L, 2))
		check_bytes(L, 2);
	lua_settop(L, 2);
	lua_pushinteger(L, 0);
	lua_insert(L, 2);
	lua_pushcclosure(L, fields_next, 3);
	return 1;
}

static int
map_tostring(lua_State *L)
{
	struct buf *b = scratch_of(L);

	mime_fields_put(check_map(L)->part, b);
	lua_pushlstring(L, buf_span(b).p, buf_len(b));
	return 1;
}

/* ---- by meaning --------------------------------------------------------- */

/* nil when there is no such field. */
static int
get(lua_State *L, const char *name, header_view *view)
{
	struct mime_ref *ref = check_map(L);
	const struct mime_field *f = mime_field_find(ref->part,
	    span_of(name));

	if (f != NULL)
		view(L, f->name, f->value);
	else
		lua_pushnil(L);
	return 1;
}

static int
invalid(lua_State *L, const char *name, const char *why)
{
	return where_error(L, "invalid header %s: %s", name, why);
}

static void
set(lua_State *L, const char *name, struct span value)
{
	struct mime_ref *ref = check_map(L);

	changed(L, ref, mime_field_set(&ref->tree->m, ref->part,
	    span_of(name), value));
}

static bool
is_ascii(struct span s)
{
	size_t i;

	for (i = 0; i < s.len; i++) {
		if (s.p[i] < ' ' || s.p[i] > '~')
			return false;
	}
	return true;
}

static int
set_addresses(lua_State *L, const char *name, enum mime_address_kind kind)
{
	struct mime_addresses list;
	struct span text = { NULL, 0 };
	struct buf *b;
	struct arena *a;
	const char *why;

	check_map(L);
	luaL_checkany(L, 2);
	a = scratch_arena(L);
	if (lua_type(L, 2) == LUA_TSTRING) {
		text = check_bytes(L, 2);
		if (mime_addresses_parse(a, policy_charsets(), text, kind,
		    &list, &why) != 0)
			return invalid(L, name, why);
	} else {
		mime_check_addresses(L, 2, a, kind, &list);
	}
	b = scratch_of(L);
	/* Comments and all, where it fits one line. */
	if (text.p != NULL && is_ascii(text) && text.len <= FOLD_SOFT)
		buf_add_span(b, text);
	else
		mime_addresses_put(&list, b);
	set(L, name, buf_span(b));
	scratch_arena_done(L);
	return 0;
}

static void
boundary_keep(const struct mime_part *p, const char *name, struct arena *a,
    struct mime_params *params)
{
	if (strcmp(name, "Content-Type") == 0 && mime_is_multipart(p) &&
	    mime_params_get(params, "boundary") == NULL)
		mime_params_set(a, params, "boundary", p->boundary);
}

static int
set_params(lua_State *L, const char *name)
{
	struct mime_ref *ref = check_map(L);
	struct mime_params params;
	struct arena *a;
	struct buf *b;
	const char *why;

	luaL_checkany(L, 2);
	a = scratch_arena(L);
	if (lua_type(L, 2) == LUA_TSTRING) {
		if (mime_params_parse(a, policy_charsets(),
		    check_bytes(L, 2), &params, &why) != 0)
			return invalid(L, name, why);
		if (!mime_type_valid(params.value) &&
		    !mime_token_valid(params.value))
			return invalid(L, name, "this is no value");
	} else {
		mime_check_params(L, 2, a, &params);
	}
	boundary_keep(ref->part, name, a, &params);
	b = scratch_of(L);
	mime_params_put(&params, b);
	set(L, name, buf_span(b));
	scratch_arena_done(L);
	return 0;
}

static int
set_text(lua_State *L, const char *name)
{
	struct span value;

	check_map(L);
	value = check_bytes(L, 2);
	set(L, name, encoded(L, value));
	return 0;
}

static int
set_id(lua_State *L, const char *name)
{
	struct mime_ids ids = { NULL, 1 };
	struct span id;
	struct arena *a;
	struct buf *b;
	const char *why;

	check_map(L);
	check_bytes(L, 2);
	a = scratch_arena(L);
	if (mime_id_parse(a, check_bytes(L, 2), &id, &why) != 0)
		return invalid(L, name, why);
	if (!is_ascii(id))
		return invalid(L, name, "an id is ASCII");
	ids.v = &id;
	b = scratch_of(L);
	mime_ids_put(&ids, b);
	set(L, name, buf_span(b));
	scratch_arena_done(L);
	return 0;
}

/* Each of the list is an id without brackets. */
static void
check_ids(lua_State *L, const char *name, struct arena *a,
    struct mime_ids *out)
{
	lua_Integer i, n;
	size_t k, total = 0;

	luaL_checktype(L, 2, LUA_TTABLE);
	n = (lua_Integer)lua_rawlen(L, 2);
	if (n == 0 || n > MIME_IDS_MAX)
		invalid(L, name, "wanted a list of ids");
	out->v = arena_alloc(a, (size_t)n * sizeof(*out->v));
	for (i = 1; i <= n; i++) {
		struct span *id = &out->v[out->n++];

		if (lua_rawgeti(L, 2, i) != LUA_TSTRING)
			invalid(L, name, "an id is a text");
		/* The list keeps its texts. */
		*id = check_bytes(L, -1);
		total += id->len;
		if (total > MIME_HEADER_BYTES_MAX)
			invalid(L, name, "the list is too large");
		for (k = 0; k < id->len; k++) {
			if (id->p[k] <= ' ' || id->p[k] > '~' ||
			    id->p[k] == '<' || id->p[k] == '>')
				invalid(L, name, "this is no id");
		}
		if (id->len == 0)
			invalid(L, name, "an id is empty");
		lua_pop(L, 1);
	}
}

static int
set_references(lua_State *L)
{
	struct mime_ids ids = { NULL, 0 };
	struct arena *a;
	struct buf *b;
	const char *why, *name = "References";

	check_map(L);
	luaL_checkany(L, 2);
	a = scratch_arena(L);
	if (lua_type(L, 2) != LUA_TSTRING)
		check_ids(L, name, a, &ids);
	else if (mime_ids_parse(a, check_bytes(L, 2), &ids, &why) != 0)
		return invalid(L, name, why);
	else if (!is_ascii(check_bytes(L, 2)))
		return invalid(L, name, "an id is ASCII");
	b = scratch_of(L);
	mime_ids_put(&ids, b);
	set(L, name, buf_span(b));
	scratch_arena_done(L);
	return 0;
}

/* A reader and a writer for each field. */
#define ADDRESSES(tag, name, kind, view)                                       \
	static int                                                             \
	get_##tag(lua_State *L)                                                \
	{                                                                      \
		return get(L, name, view);                                     \
	}                                                                      \
	static int                                                             \
	set_##tag(lua_State *L)                                                \
	{                                                                      \
		return set_addresses(L, name, kind);                           \
	}
#define OTHERS(tag, name, view, setter)                                        \
	static int                                                             \
	get_##tag(lua_State *L)                                                \
	{                                                                      \
		return get(L, name, view);                                     \
	}                                                                      \
	static int                                                             \
	set_##tag(lua_State *L)                                                \
	{                                                                      \
		return setter(L, name);                                        \
	}

ADDRESSES(from, "From", MIME_MAILBOX_LIST, header_mailbox_list)
ADDRESSES(resent_from, "Resent-From", MIME_MAILBOX_LIST, header_mailbox_list)
ADDRESSES(sender, "Sender", MIME_ONE_MAILBOX, header_mailbox)
ADDRESSES(resent_sender, "Resent-Sender", MIME_ONE_MAILBOX, header_mailbox)
ADDRESSES(to, "To", MIME_ADDRESS_LIST, header_address_list)
ADDRESSES(cc, "Cc", MIME_ADDRESS_LIST, header_address_list)
ADDRESSES(bcc, "Bcc", MIME_ADDRESS_LIST, header_address_list)
ADDRESSES(reply_to, "Reply-To", MIME_ADDRESS_LIST, header_address_list)
ADDRESSES(resent_to, "Resent-To", MIME_ADDRESS_LIST, header_address_list)
ADDRESSES(resent_cc, "Resent-Cc", MIME_ADDRESS_LIST, header_address_list)
ADDRESSES(resent_bcc, "Resent-Bcc", MIME_ADDRESS_LIST, header_address_list)
OTHERS(subject, "Subject", header_unstructured, set_text)
OTHERS(comments, "Comments", header_unstructured, set_text)
OTHERS(mime_version, "Mime-Version", header_unstructured, set_text)
OTHERS(message_id, "Message-Id", header_message_id, set_id)
OTHERS(content_id, "Content-Id", header_content_id, set_id)
OTHERS(content_type, "Content-Type", header_mime_params, set_params)
OTHERS(content_disposition, "Content-Disposition", header_mime_params,
    set_params)
OTHERS(content_transfer_encoding, "Content-Transfer-Encoding",
    header_mime_params, set_params)

static int
get_references(lua_State *L)
{
	return get(L, "References", header_message_id_list);
}

/* ---- the type ----------------------------------------------------------- */

#define READS(tag, name, type)                                                 \
	{                                                                      \
		#tag, get_##tag, "() -> " type " or nil",                      \
		    "Reads the field " name ".\nA value that it cannot have "  \
		    "is an error."                                             \
	}
#define WRITES(tag, name, type)                                                \
	{                                                                      \
		"set_" #tag, set_##tag, "(" type ")",                          \
		    "Sets the field " name ", in the place of the first that " \
		    "there is.\nA text must be a value of the field."          \
	}
#define ROWS(tag, name, type)                                                  \
	READS(tag, name, type), WRITES(tag, name, "string or " type)
#define TEXT_ROWS(tag, name)                                                   \
	{ #tag, get_##tag, "() -> string or nil",                              \
	    "Reads the field " name ", encoded words decoded." },              \
	{ "set_" #tag, set_##tag, "(string)",                                  \
	    "Sets the field " name ", folded, or in encoded words if it is "   \
	    "more than ASCII." }
#define ID_ROWS(tag, name)                                                     \
	{ #tag, get_##tag, "() -> string or nil",                              \
	    "Reads the id in the field " name ", without its angle "           \
	    "brackets." },                                                     \
	{ "set_" #tag, set_##tag, "(string)",                                  \
	    "Sets the field " name " to an id, with its angle brackets." }

static const struct library_function methods[] = {
	{ "append", map_append, "(name, value)",
	    "Adds a field behind the others.\nThe value is folded, or put "
	    "into encoded words if it is more than ASCII." },
	{ "prepend", map_prepend, "(name, value)",
	    "Adds a field in front, as append does behind." },
	{ "get_first_named", map_get_first_named, "(name) -> header or nil",
	    "The first field of that name." },
	{ "iter", map_iter, "(name?) -> iterator",
	    "For loops over all fields, or those of one name:\n"
	    ".Ql for h in headers:iter 'Received' do ... end ." },
	{ "remove_all_named", map_remove_all_named, "(name)",
	    "Removes the fields of that name." },
	ROWS(bcc, "Bcc", "AddressList"),
	ROWS(cc, "Cc", "AddressList"),
	TEXT_ROWS(comments, "Comments"),
	ROWS(content_disposition, "Content-Disposition", "MimeParams"),
	ID_ROWS(content_id, "Content-ID"),
	READS(content_transfer_encoding, "Content-Transfer-Encoding",
	    "MimeParams"),
	{ "set_content_transfer_encoding", set_content_transfer_encoding,
	    "(string or MimeParams)",
	    "Sets the field Content-Transfer-Encoding and leaves the body, "
	    "which is then read otherwise.\nSetting the body sets the field, "
	    "too." },
	READS(content_type, "Content-Type", "MimeParams"),
	{ "set_content_type", set_content_type, "(string or MimeParams)",
	    "Sets the field Content-Type.\nA multipart keeps its boundary "
	    "unless another is given." },
	ROWS(from, "From", "MailboxList"),
	ID_ROWS(message_id, "Message-ID"),
	TEXT_ROWS(mime_version, "Mime-Version"),
	{ "references", get_references, "() -> list or nil",
	    "Reads the ids in the field References, without their angle "
	    "brackets." },
	{ "set_references", set_references, "(string or list)",
	    "Sets the field References: a text with the angle brackets, or "
	    "a list of ids without." },
	ROWS(reply_to, "Reply-To", "AddressList"),
	ROWS(resent_bcc, "Resent-Bcc", "AddressList"),
	ROWS(resent_cc, "Resent-Cc", "AddressList"),
	ROWS(resent_from, "Resent-From", "MailboxList"),
	ROWS(resent_sender, "Resent-Sender", "Mailbox"),
	ROWS(resent_to, "Resent-To", "AddressList"),
	ROWS(sender, "Sender", "Mailbox"),
	TEXT_ROWS(subject, "Subject"),
	ROWS(to, "To", "AddressList"),
	{ NULL, NULL, NULL, NULL },
};

static const luaL_Reg meta[] = {
	{ "__tostring", map_tostring },
	{ NULL, NULL },
};

const struct library_type headermap_type = {
	.name = "headermap",
	.about = "The header of a part.\nAs text it is the fields as they "
	    "are written.\n"
	    ".Pp\n"
	    "A Mailbox is a table of\n.Va name\n(optional) and\n"
	    ".Va address ,\nwhich is a table of\n.Va local_part\nand\n"
	    ".Va domain .\n"
	    "A MailboxList is a list of these.\nAn AddressList may hold "
	    "groups, too, which are tables of\n.Va name\nand\n"
	    ".Va entries ,\na MailboxList.\n"
	    "A MimeParams is a table of\n.Va value\nand\n.Va parameters ,\n"
	    "which is a table from names in lower case to texts.",
	.methods = methods,
	.meta = meta,
};
