/* SPDX-License-Identifier: Apache-2.0 */
/* What needs the content of a message as a tree of parts. */
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/base/uuid.h"
#include "lib/mail/charset.h"
#include "lib/mime/build.h"
#include "lib/mime/conformance.h"
#include "lib/mime/content.h"
#include "lib/mime/structure.h"
#include "lib/policy/charset.h"
#include "lib/policy/message_fields.h"
#include "lib/policy/mime.h"
#include "lib/policy/state.h"

enum { ENCODINGS_MAX = 100 };

/* The whole as a tree on top. */
static struct mime_tree *
push_tree(lua_State *L)
{
	struct mime_tree *t;

	message_get_data(L);
	t = mime_tree_parse(L, -1);
	lua_remove(L, -2);
	return t;
}

int
message_parse_mime(lua_State *L)
{
	struct mime_tree *t = push_tree(L);

	mime_ref_push(L, &mimepart_type, -1, t->m.root);
	return 1;
}

/* The tree is the content from now on. */
static void
write_tree(lua_State *L, struct policy_message *m, struct mime_tree *t)
{
	struct buf *b = &policy_of(L)->scratch;

	buf_clear(b, 65536);
	mime_message_put(t->m.root, b);
	message_replace(L, m, buf_span(b), true);
}

/* ---- more text ---------------------------------------------------------- */

/* Where the last "</body>" of the text begins, or its end. */
static size_t
body_end(struct span text)
{
	static const char tag[] = "</body>";
	size_t at, len = sizeof(tag) - 1;

	for (at = text.len >= len ? text.len - len + 1 : 0; at > 0; at--) {
		if (span_ieq_str(span_make(text.p + at - 1, len), tag))
			return at - 1;
	}
	return text.len;
}

/* The text of the part into out; raises when it is not text. */
static void
part_text(lua_State *L, const struct mime_part *p, struct buf *out)
{
	buf_clear(out, 65536);
	buf_reserve(out, 1);
	mime_body_text(policy_charsets(), p, out);
	if (!text_is_utf8(buf_span(out)))
		where_error(L, "this part is not text of a known character "
		    "set");
}

static int
append_text(lua_State *L, bool html)
{
	struct policy_message *m = message_check(L);
	struct span more = check_span(L, 2), text;
	struct buf *b = &policy_of(L)->scratch;
	struct mime_structure s;
	struct mime_part *part;
	struct mime_tree *t;
	const char *why;
	size_t at;
	char *fresh;

	lua_settop(L, 2);
	t = push_tree(L);
	mime_structure_read(t->m.root, &s);
	part = html ? s.html : s.text;
	if (part == NULL) {
		mime_tree_drop(L, t);
		lua_pushboolean(L, false);
		return 1;
	}
	part_text(L, part, b);
	text = buf_span(b);
	at = html ? body_end(text) : text.len;
	/* In memory of Lua: setting the body may raise. */
	fresh = lua_newuserdatauv(L, text.len + more.len + 2, 0);
	memcpy(fresh, text.p, at);
	memcpy(fresh + at, "\r\n", 2);
	memcpy(fresh + at + 2, more.p, more.len);
	memcpy(fresh + at + 2 + more.len, text.p + at, text.len - at);
	if (mime_body_set(&t->m, part, span_make(fresh, text.len + more.len +
	    2), span_make(NULL, 0), &why) != 0)
		return where_error(L, "msg:append_text_%s: %s",
		    html ? "html" : "plain", why);
	mime_tree_count(L, t);
	write_tree(L, m, t);
	mime_tree_drop(L, t);
	lua_pushboolean(L, true);
	return 1;
}

int
message_append_text_html(lua_State *L)
{
	return append_text(L, true);
}

int
message_append_text_plain(lua_State *L)
{
	return append_text(L, false);
}

/* ---- conformance -------------------------------------------------------- */

static unsigned
check_issues(lua_State *L, int index)
{
	struct span bad;
	unsigned issues;
	const char *near;
	char name[64];

	if (mime_issues_parse(check_span(L, index), &issues, &bad) == 0)
		return issues;
	text_printable(bad, name, sizeof(name));
	near = text_nearest(bad, mime_issue_names, 8);
	if (near != NULL)
		where_error(L, "check_fix_conformance: no issue is called "
		    "'%s', did you mean '%s'?", name, near);
	where_error(L, "check_fix_conformance: no issue is called '%s'", name);
	return 0;
}

/* A list of names under a key; in userdata that stays on the stack. */
static void
check_encodings(lua_State *L, const char *key, const struct span **out,
    size_t *n_out)
{
	struct span *v;
	size_t i, n;

	if (raw_getfield(L, 4, key) == LUA_TNIL) {
		lua_pop(L, 1);
		return;
	}
	luaL_checktype(L, -1, LUA_TTABLE);
	n = lua_rawlen(L, -1);
	if (n > ENCODINGS_MAX)
		where_error(L, "check_fix_conformance: at most %d of %s",
		    ENCODINGS_MAX, key);
	v = lua_newuserdatauv(L, (n + 1) * sizeof(*v), 0);
	for (i = 0; i < n; i++) {
		if (lua_rawgeti(L, -2, (lua_Integer)i + 1) != LUA_TSTRING)
			where_error(L, "check_fix_conformance: %s must be a "
			    "list of names", key);
		v[i] = check_span(L, -1);
		lua_pop(L, 1);
	}
	*out = v;
	*n_out = n;
}

static void
check_settings(lua_State *L, struct mime_detect *out)
{
	static const char *const keys[] = { "detect_encoding",
		"include_encodings", "exclude_encodings", NULL };

	memset(out, 0, sizeof(*out));
	if (lua_isnil(L, 4))
		return;
	luaL_checktype(L, 4, LUA_TTABLE);
	mime_check_keys(L, 4, "check_fix_conformance", keys);
	raw_getfield(L, 4, "detect_encoding");
	out->on = lua_toboolean(L, -1);
	lua_pop(L, 1);
	check_encodings(L, "include_encodings", &out->include,
	    &out->n_include);
	check_encodings(L, "exclude_encodings", &out->exclude,
	    &out->n_exclude);
}

/* Text that is no text of the set that it claims, and may be of another. */
static bool
has_wrong_charset(const struct mime_tree *t)
{
	struct arena scratch = { 0 };
	struct mime_content c;
	struct buf bytes = { 0 }, utf8 = { 0 };
	const struct mime_part *p;
	bool wrong = false;

	for (p = t->m.root; p != NULL && !wrong; p = mime_next(t->m.root, p)) {
		if (mime_is_multipart(p))
			continue;
		mime_content_read(&scratch, NULL, p, &c);
		if (!mime_content_is(&c, "text/") || c.attachment)
			continue;
		buf_clear(&bytes, 65536);
		buf_clear(&utf8, 65536);
		buf_reserve(&bytes, 1);
		mime_decode(c.encoding, p->body, &bytes);
		wrong = text_has_8bit(buf_span(&bytes)) &&
		    (c.charset.p == NULL || charset_to_utf8(policy_charsets(),
		    c.charset, buf_span(&bytes), &utf8) != 0);
	}
	buf_free(&bytes);
	buf_free(&utf8);
	arena_free(&scratch);
	return wrong;
}

/* The right side of a Message-ID: the sender's domain, or the recipient's. */
static struct span
id_domain(const struct policy_message *m)
{
	struct span address = m->sender.len != 0 ? m->sender :
	    m->n_rcpts != 0 ? m->rcpts[0] : span_of("");
	size_t at;

	for (at = address.len; at > 0 && address.p[at - 1] != '@'; at--)
		;
	address = span_from(address, at);
	return at == 0 || address.len == 0 || text_has_8bit(address) ?
	    SPAN_LIT("localhost") : address;
}

static void
fix(lua_State *L, struct policy_message *m, struct mime_tree *t,
    unsigned issues, bool rebuild, const struct mime_detect *detect)
{
	struct mime_rebuild how = { policy_charsets(), *detect };
	struct uuid id = uuid_random();
	char hex[UUID_HEX_MAX];
	struct mime_identity who = { .wall_us = clock_wall_us(),
		.id = span_of(uuid_hex(&id, hex)), .domain = id_domain(m) };
	struct mime_tree *fresh = t;
	const char *why = "";

	if (rebuild) {
		fresh = mime_tree_push(L);
		if (mime_rebuild(&fresh->m, t->m.root, &how, &why) != 0) {
			mime_tree_drop(L, fresh);
			where_error(L, "check_fix_conformance: %s", why);
		}
		mime_tree_count(L, fresh);
	}
	if (mime_add_missing(&fresh->m, issues, &who, &why) != 0)
		where_error(L, "check_fix_conformance: %s", why);
	mime_tree_count(L, fresh);
	write_tree(L, m, fresh);
	if (fresh != t)
		mime_tree_drop(L, fresh);
}

int
message_check_fix_conformance(lua_State *L)
{
	struct policy_message *m = message_check(L);
	unsigned checks = check_issues(L, 2), fixes = check_issues(L, 3), found;
	struct buf *b = &policy_of(L)->scratch;
	struct mime_detect detect;
	struct mime_tree *t;
	struct span text;
	bool charset = false;

	lua_settop(L, 4);
	check_settings(L, &detect);
	message_get_data(L);
	text = check_span(L, -1);
	t = mime_tree_parse(L, -1);
	found = mime_issues_find(&t->m, text);
	if ((found & checks) != 0) {
		mime_tree_drop(L, t);
		buf_clear(b, 65536);
		buf_add_str(b, "Message has conformance issues: ");
		mime_issues_put(found & checks, b);
		lua_pushlstring(L, buf_span(b).p, buf_len(b));
		return 1;
	}
	/* Encoded text, too, that is not what it says. */
	if (detect.on && (fixes & MIME_NEEDS_TRANSFER_ENCODING) != 0)
		charset = has_wrong_charset(t);
	found &= fixes;
	if (found != 0 || charset)
		fix(L, m, t, found, charset ||
		    (found & ~(unsigned)MIME_MISSING_HEADERS) != 0, &detect);
	mime_tree_drop(L, t);
	lua_pushnil(L);
	return 1;
}

/* ---- reports ------------------------------------------------------------ */

int
message_parse_rfc3464(lua_State *L)
{
	struct mime_tree *t;
	struct arena *a;
	struct dsn report;
	const char *why;
	enum report_kind kind;

	message_check(L);
	t = push_tree(L);
	a = scratch_arena(L);
	kind = dsn_parse(a, policy_charsets(), &t->m, &report, &why);
	if (kind == REPORT_BAD)
		return where_error(L, "parse_rfc3464: %s", why);
	if (kind == REPORT_READ)
		mime_push_dsn(L, &report);
	else
		lua_pushnil(L);
	scratch_arena_done(L);
	mime_tree_drop(L, t);
	return 1;
}

int
message_parse_rfc5965(lua_State *L)
{
	struct mime_tree *t;
	struct arena *a;
	struct feedback report;
	const char *why;
	enum report_kind kind;

	message_check(L);
	t = push_tree(L);
	a = scratch_arena(L);
	kind = feedback_parse(a, policy_charsets(), &t->m, &report, &why);
	if (kind == REPORT_BAD)
		return where_error(L, "parse_rfc5965: %s", why);
	if (kind == REPORT_READ)
		mime_push_feedback(L, &report);
	else
		lua_pushnil(L);
	scratch_arena_done(L);
	mime_tree_drop(L, t);
	return 1;
}

/* ---- results of authentication ------------------------------------------ */

int
message_add_authentication_results(lua_State *L)
{
	struct mime_auth_results r = { .n = 0 };
	struct buf *b = &policy_of(L)->scratch;
	struct arena *a;

	message_check(L);
	r.serv_id = check_span(L, 2);
	if (r.serv_id.len == 0)
		return where_error(L, "add_authentication_results: the server "
		    "needs a name");
	luaL_checkany(L, 3);
	a = scratch_arena(L);
	mime_check_auth_results(L, 3, a, &r);
	buf_clear(b, 65536);
	mime_auth_results_put(&r, b);
	scratch_arena_done(L);
	/* As msg:prepend_header. */
	lua_settop(L, 1);
	lua_pushliteral(L, "Authentication-Results");
	lua_pushlstring(L, buf_span(b).p, buf_len(b));
	return message_prepend(L);
}
