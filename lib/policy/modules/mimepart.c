/* SPDX-License-Identifier: Apache-2.0 */
/* kumo.mimepart: parts of MIME, parsed or made. */
#include <string.h>

#include "lib/base/text.h"
#include "lib/mime/build.h"
#include "lib/mime/conformance.h"
#include "lib/mime/content.h"
#include "lib/mime/structure.h"
#include "lib/policy/charset.h"
#include "lib/policy/mime.h"
#include "lib/policy/modules/modules.h"
#include "lib/policy/state.h"

static struct span
check_bytes(lua_State *L, int index)
{
	size_t len;
	const char *p = luaL_checklstring(L, index, &len);

	return span_make(p, len);
}

static struct mime_ref *
check_part(lua_State *L, int index)
{
	return mime_ref_check(L, index, &mimepart_type);
}

/* ---- attachments -------------------------------------------------------- */

static struct span
option_text(lua_State *L, int index, const char *key)
{
	struct span out = { NULL, 0 };

	if (raw_getfield(L, index, key) == LUA_TSTRING)
		out.p = lua_tolstring(L, -1, &out.len);
	else if (!lua_isnil(L, -1))
		where_error(L, "attachment: %s must be a text", key);
	/* The table keeps it. */
	lua_pop(L, 1);
	return out;
}

static void
check_content_id(lua_State *L, struct span *id)
{
	size_t i;

	if (id->len > 1 && id->p[0] == '<' && id->p[id->len - 1] == '>')
		*id = span_make(id->p + 1, id->len - 2);
	for (i = 0; i < id->len; i++) {
		if (id->p[i] <= ' ' || id->p[i] > '~' || id->p[i] == '<' ||
		    id->p[i] == '>')
			where_error(L, "attachment: this is no content_id");
	}
	if (id->p != NULL && id->len == 0)
		where_error(L, "attachment: this is no content_id");
}

static void
check_attachment(lua_State *L, int index, struct mime_attachment *out)
{
	static const char *const keys[] = { "file_name", "inline",
		"content_id", NULL };

	memset(out, 0, sizeof(*out));
	if (lua_isnoneornil(L, index))
		return;
	luaL_checktype(L, index, LUA_TTABLE);
	mime_check_keys(L, index, "attachment", keys);
	out->given = true;
	out->file_name = option_text(L, index, "file_name");
	out->content_id = option_text(L, index, "content_id");
	check_content_id(L, &out->content_id);
	raw_getfield(L, index, "inline");
	out->is_inline = lua_toboolean(L, -1);
	lua_pop(L, 1);
}

/* ---- parts -------------------------------------------------------------- */

/* The part as the root of the tree on top, as a handle in its place. */
static int
root_push(lua_State *L, struct mime_tree *t, struct mime_part *part,
    const char *why)
{
	if (part == NULL) {
		mime_tree_drop(L, t);
		return where_error(L, "kumo.mimepart: %s", why);
	}
	t->m.root = part;
	mime_tree_count(L, t);
	mime_ref_push(L, &mimepart_type, -1, part);
	return 1;
}

static int
new_text_of(lua_State *L, struct span type, struct span text)
{
	struct mime_tree *t = mime_tree_push(L);
	const char *why = "";
	struct mime_part *part = mime_text_new(&t->m, type, text, &why);

	return root_push(L, t, part, why);
}

static int
new_text(lua_State *L)
{
	return new_text_of(L, check_bytes(L, 1), check_bytes(L, 2));
}

static int
new_text_plain(lua_State *L)
{
	return new_text_of(L, SPAN_LIT("text/plain"), check_bytes(L, 1));
}

static int
new_html(lua_State *L)
{
	return new_text_of(L, SPAN_LIT("text/html"), check_bytes(L, 1));
}

static int
new_binary(lua_State *L)
{
	struct span type = check_bytes(L, 1), bytes = check_bytes(L, 2);
	struct mime_attachment as;
	struct mime_part *part;
	struct mime_tree *t;
	const char *why = "";

	check_attachment(L, 3, &as);
	t = mime_tree_push(L);
	part = mime_binary_new(&t->m, type, bytes, &as, &why);
	return root_push(L, t, part, why);
}

static int
new_multipart(lua_State *L)
{
	struct span type = check_bytes(L, 1), boundary = { "", 0 };
	struct mime_part *part;
	struct mime_tree *t;
	const char *why = "";
	lua_Integer i, n;

	luaL_checktype(L, 2, LUA_TTABLE);
	if (!lua_isnoneornil(L, 3))
		boundary = check_bytes(L, 3);
	lua_settop(L, 3);
	n = (lua_Integer)lua_rawlen(L, 2);
	if (n > MIME_PARTS_MAX)
		return where_error(L, "kumo.mimepart: at most %d parts",
		    MIME_PARTS_MAX);
	t = mime_tree_push(L);
	part = mime_multipart_new(&t->m, type, boundary, &why);
	for (i = 1; i <= n && part != NULL; i++) {
		lua_rawgeti(L, 2, i);
		if (mime_append(&t->m, part, check_part(L, -1)->part,
		    &why) != 0)
			part = NULL;
		lua_pop(L, 1);
		mime_tree_count(L, t);
	}
	return root_push(L, t, part, why);
}

static int
parse(lua_State *L)
{
	struct mime_tree *t = mime_tree_parse(L, 1);

	mime_ref_push(L, &mimepart_type, -1, t->m.root);
	return 1;
}

/* ---- methods ------------------------------------------------------------ */

static int
part_append(lua_State *L)
{
	struct mime_ref *to = check_part(L, 1), *from = check_part(L, 2);
	const char *why;
	int rc = mime_append(&to->tree->m, to->part, from->part, &why);

	mime_tree_count(L, to->tree);
	if (rc != 0)
		return where_error(L, "append_part: %s", why);
	return 0;
}

static int
body_replace(lua_State *L, int content, int type)
{
	struct mime_ref *ref = check_part(L, 1);
	struct span text = check_bytes(L, content), as = { NULL, 0 };
	const char *why;
	int rc;

	if (type != 0 && !lua_isnoneornil(L, type))
		as = check_bytes(L, type);
	rc = mime_body_set(&ref->tree->m, ref->part, text, as, &why);
	mime_tree_count(L, ref->tree);
	if (rc != 0)
		return where_error(L, "body: %s", why);
	return 0;
}

static int
part_replace_body(lua_State *L)
{
	return body_replace(L, 2, 3);
}

static int
part_set_body(lua_State *L)
{
	return body_replace(L, 2, 0);
}

static int
push_scratch(lua_State *L)
{
	struct buf *b = &policy_of(L)->scratch;

	lua_pushlstring(L, buf_span(b).p, buf_len(b));
	return 1;
}

static struct buf *
scratch_of(lua_State *L)
{
	struct buf *b = &policy_of(L)->scratch;

	buf_clear(b, 65536);
	return b;
}

static int
part_body(lua_State *L)
{
	mime_body_text(policy_charsets(), check_part(L, 1)->part,
	    scratch_of(L));
	return push_scratch(L);
}

static int
part_tostring(lua_State *L)
{
	mime_message_put(check_part(L, 1)->part, scratch_of(L));
	return push_scratch(L);
}

static int
part_headers(lua_State *L)
{
	struct mime_ref *ref = check_part(L, 1);

	mime_ref_push_like(L, &headermap_type, 1, ref->part);
	return 1;
}

/* "1.0": the second part's first. */
static int
part_id(lua_State *L)
{
	const struct mime_part *p = check_part(L, 1)->part;
	unsigned path[MIME_DEPTH_MAX + 1];
	struct buf *b = scratch_of(L);
	size_t n = 0;

	for (; p->parent != NULL && n < MIME_DEPTH_MAX; p = p->parent)
		path[n++] = p->number;
	while (n > 0) {
		n--;
		buf_addf(b, "%u%s", path[n], n != 0 ? "." : "");
	}
	return push_scratch(L);
}

static int
part_rebuild(lua_State *L)
{
	struct mime_ref *ref = check_part(L, 1);
	struct mime_rebuild how = { .charsets = policy_charsets() };
	struct mime_tree *t = mime_tree_push(L);
	const char *why;

	if (mime_rebuild(&t->m, ref->part, &how, &why) != 0) {
		mime_tree_drop(L, t);
		return where_error(L, "rebuild: %s", why);
	}
	return root_push(L, t, t->m.root, "");
}

/* ---- structure ---------------------------------------------------------- */

static void
set_part(lua_State *L, const char *key, struct mime_part *part)
{
	if (part == NULL)
		return;
	mime_ref_push_like(L, &mimepart_type, 1, part);
	lua_setfield(L, -2, key);
}

static void
set_text(lua_State *L, const char *key, struct span s)
{
	mime_push_span(L, s);
	lua_setfield(L, -2, key);
}

static void
push_attachment(lua_State *L, struct mime_part *part)
{
	struct arena *a = scratch_arena(L);
	struct mime_content c;

	mime_content_read(a, policy_charsets(), part, &c);
	lua_createtable(L, 0, 5);
	set_text(L, "file_name", c.file_name);
	lua_pushboolean(L, c.has_disposition && !c.attachment);
	lua_setfield(L, -2, "inline");
	set_text(L, "content_id", c.content_id);
	set_text(L, "content_type", c.type.value);
	set_part(L, "part", part);
	scratch_arena_done(L);
}

static int
part_structure(lua_State *L)
{
	struct mime_ref *ref = check_part(L, 1);
	struct mime_structure s;
	size_t i;

	lua_settop(L, 1);
	mime_structure_read(ref->part, &s);
	lua_createtable(L, 0, 5);
	set_part(L, "text_part", s.text);
	set_part(L, "html_part", s.html);
	set_part(L, "amp_html_part", s.amp);
	set_part(L, "header_part", ref->part);
	lua_createtable(L, (int)s.n, 0);
	for (i = 0; i < s.n; i++) {
		push_attachment(L, s.attachments[i]);
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
	lua_setfield(L, -2, "attachments");
	return 1;
}

/* ---- builders ----------------------------------------------------------- */

struct builder {
	struct mime_builder b;
	size_t counted;
	bool spent;
};

static int
builder_gc(lua_State *L)
{
	struct builder *b = lua_touserdata(L, 1);

	arena_uncount(L, &b->b.m.arena, &b->counted);
	mime_free(&b->b.m);
	return 0;
}

static struct builder *
check_builder(lua_State *L)
{
	struct builder *b = library_check(L, 1, &mimebuilder_type);

	if (b->spent)
		where_error(L, "this builder has built its message");
	return b;
}

static int
builder_new(lua_State *L)
{
	library_new(L, &mimebuilder_type, sizeof(struct builder));
	return 1;
}

static struct mime_part *
builder_made(lua_State *L, struct builder *b, struct mime_part *part,
    const char *why)
{
	arena_count(L, &b->b.m.arena, &b->counted);
	if (part == NULL)
		where_error(L, "builder: %s", why);
	return part;
}

static struct mime_part *
builder_text(lua_State *L, struct builder *b, struct span type)
{
	const char *why = "";
	struct mime_part *part = mime_text_new(&b->b.m, type,
	    check_bytes(L, 2), &why);

	return builder_made(L, b, part, why);
}

static int
builder_text_plain(lua_State *L)
{
	struct builder *b = check_builder(L);

	b->b.text = builder_text(L, b, SPAN_LIT("text/plain"));
	return 0;
}

static int
builder_text_html(lua_State *L)
{
	struct builder *b = check_builder(L);

	b->b.html = builder_text(L, b, SPAN_LIT("text/html"));
	return 0;
}

static int
builder_text_amp_html(lua_State *L)
{
	struct builder *b = check_builder(L);

	b->b.amp = builder_text(L, b, SPAN_LIT("text/x-amp-html"));
	return 0;
}

static int
builder_take(lua_State *L, struct builder *b, struct mime_part *part,
    const char *why)
{
	builder_made(L, b, part, why);
	if (mime_builder_attach(&b->b, part, &why) != 0)
		where_error(L, "builder: %s", why);
	return 0;
}

static int
builder_attach(lua_State *L)
{
	struct builder *b = check_builder(L);
	struct span type = check_bytes(L, 2), bytes = check_bytes(L, 3);
	struct mime_attachment as;
	struct mime_part *part;
	const char *why = "";

	check_attachment(L, 4, &as);
	part = mime_binary_new(&b->b.m, type, bytes, &as, &why);
	return builder_take(L, b, part, why);
}

static int
builder_attach_part(lua_State *L)
{
	struct builder *b = check_builder(L);
	struct mime_part *part = mime_part_copy(&b->b.m,
	    check_part(L, 2)->part);

	if (part != NULL)
		part->opening = span_make(NULL, 0);
	return builder_take(L, b, part, "there are too many parts");
}

static int
builder_set_stable_content(lua_State *L)
{
	struct builder *b = check_builder(L);

	luaL_checktype(L, 2, LUA_TBOOLEAN);
	b->b.stable = lua_toboolean(L, 2);
	return 0;
}

static int
builder_build(lua_State *L)
{
	struct builder *b = check_builder(L);
	struct mime_tree *t = mime_tree_push(L);
	const char *why = "";
	struct mime_part *root = mime_builder_build(&b->b, &why);

	builder_made(L, b, root, why);
	b->spent = true;
	t->m = b->b.m;
	t->counted = b->counted;
	b->b.m = (struct mime){ .root = NULL };
	b->counted = 0;
	return root_push(L, t, root, "");
}

/* ---- the module --------------------------------------------------------- */

static const struct library_function part_methods[] = {
	{ "append_part", part_append, "(part)",
	    "Puts a copy of another part behind the parts that this one, "
	    "which must be a multipart, has." },
	{ "get_simple_structure", part_structure, "() -> table",
	    "The parts that most want, wherever they are below this one:\n"
	    ".Va text_part , html_part\nand\n.Va amp_html_part ,\n"
	    "the first of each type if there is one,\n.Va header_part ,\n"
	    "which is this part, and\n.Va attachments ,\n"
	    "a list of all others with\n.Va file_name , inline , content_id , "
	    "content_type\nand\n.Va part .\n"
	    "A part that is marked as an attachment, or as inline with a "
	    "file name, is one whatever its type is." },
	{ "rebuild", part_rebuild, "() -> mimepart",
	    "A copy of the part without what is wrong in it, as "
	    "check_fix_conformance of messages makes it.\nWhat has no fault "
	    "keeps its bytes; preambles and epilogues of multiparts go." },
	{ "replace_body", part_replace_body, "(bytes, content_type?)",
	    "Gives the part another content, in the transfer encoding that "
	    "fits it, and another type if one is said.\nWithout, the type "
	    "stays, and is text/plain or application/octet-stream when the "
	    "part has none.\nA multipart loses its parts, and needs a type." },
	{ NULL, NULL, NULL, NULL },
};

static const struct library_field part_fields[] = {
	{ "body", part_body, part_set_body, "string",
	    "The content without its transfer encoding; text whose character "
	    "set is known is UTF-8.\nOf a multipart, its bytes as they are.\n"
	    "When it is set, the content is encoded anew, and the charset "
	    "parameter of a text follows if it must." },
	{ "headers", part_headers, NULL, "headermap",
	    "The header of the part, which can be changed through it." },
	{ "id", part_id, NULL, "string",
	    "The place of the part in the tree that it was parsed in: the "
	    "numbers of the parts on the way, from 0, joined by dots; empty "
	    "for the whole message." },
	{ NULL, NULL, NULL, NULL, NULL },
};

static const luaL_Reg part_meta[] = {
	{ "__tostring", part_tostring },
	{ NULL, NULL },
};

const struct library_type mimepart_type = {
	.name = "mimepart",
	.about = "A part of a message, or a whole one.\nIt is a handle: two "
	    "that stand for one part show each other's changes.\nAs text it "
	    "is the part in the form of RFC 5322, in which whatever was not "
	    "changed has the bytes that it was parsed from.",
	.methods = part_methods,
	.fields = part_fields,
	.meta = part_meta,
};

static const struct library_function builder_methods[] = {
	{ "text_plain", builder_text_plain, "(text)",
	    "Sets the plain text, in UTF-8." },
	{ "text_html", builder_text_html, "(text)",
	    "Sets the HTML text, in UTF-8." },
	{ "text_amp_html", builder_text_amp_html, "(text)",
	    "Sets the text of type text/x-amp-html, in UTF-8." },
	{ "attach", builder_attach, "(content_type, bytes, options?)",
	    "Adds an attachment, as new_binary makes it." },
	{ "attach_part", builder_attach_part, "(part)",
	    "Adds a copy of a part as an attachment." },
	{ "set_stable_content", builder_set_stable_content, "(bool)",
	    "When true, boundaries and the date are the same each time.\nFor "
	    "tests." },
	{ "build", builder_build, "() -> mimepart",
	    "The message.\nAfter this the builder is spent: each of its "
	    "methods raises an error." },
	{ NULL, NULL, NULL, NULL },
};

static const luaL_Reg builder_meta[] = {
	{ "__gc", builder_gc },
	{ NULL, NULL },
};

const struct library_type mimebuilder_type = {
	.name = "builder",
	.about = "Makes a message of the usual form: several texts become a "
	    "multipart/alternative, what is attached inline to HTML goes "
	    "with it into a multipart/related, and other attachments make "
	    "the whole a multipart/mixed.",
	.methods = builder_methods,
	.meta = builder_meta,
};

static const struct library_function functions[] = {
	{ "builder", builder_new, "() -> builder",
	    "A builder without content." },
	{ "new_binary", new_binary, "(content_type, bytes, options?) -> "
	    "mimepart",
	    "A part in base64.\nThe table of options may have\n"
	    ".Va file_name ,\n.Va inline\n(default false) and\n"
	    ".Va content_id ;\nif there is one, the part has a "
	    "Content-Disposition." },
	{ "new_html", new_html, "(text) -> mimepart",
	    "A part of type text/html.\nThe text must be UTF-8." },
	{ "new_multipart", new_multipart, "(content_type, parts, boundary?) "
	    "-> mimepart",
	    "A part that holds copies of the listed ones.\nThe boundary is "
	    "random unless it is given; a part with a line that begins as "
	    "the boundary does is refused." },
	{ "new_text", new_text, "(content_type, text) -> mimepart",
	    "A text part of any type.\nThe text must be UTF-8; the charset "
	    "parameter says so, or us-ascii." },
	{ "new_text_plain", new_text_plain, "(text) -> mimepart",
	    "A part of type text/plain.\nThe text must be UTF-8." },
	{ "parse", parse, "(message) -> mimepart",
	    "Parses a message.\nAny text is one, but more than 1000 parts, "
	    "parts in more than 100 levels, or headers of more than 1000 "
	    "fields or 1 MiB are errors." },
	{ NULL, NULL, NULL, NULL },
};

static const struct library_type *const types[] = {
	&mimepart_type, &headermap_type, &header_type, &mimebuilder_type, NULL,
};

const struct library library_mimepart = {
	.name = "kumo.mimepart",
	.title = "parts of messages",
	.about = "Messages in MIME as trees of parts, to look into, to change "
	    "and to make.\nA change reaches the message that the tree was "
	    "parsed from only by\n.Ql msg:set_data(tostring(part)) .",
	.functions = functions,
	.types = types,
	.prepare = policy_charsets_open,
};
