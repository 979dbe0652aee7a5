/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Header fields of a message: those of the prefix, then those of the body. A
 * field put in front goes to the prefix, so that the body stays shared; what
 * must change inside the body makes it this message's own.
 */
#include <string.h>

#include "lib/base/text.h"
#include "lib/mime/word.h"
#include "lib/policy/charset.h"
#include "lib/policy/message_fields.h"
#include "lib/policy/state.h"

enum { NAME_MAX_LEN = 200 };

/* ---- reading ------------------------------------------------------------ */

void
field_push_value(lua_State *L, const struct header_field *f)
{
	struct policy *p = policy_of(L);

	buf_clear(&p->scratch, 65536);
	header_decode(f->value, policy_charsets(), &p->scratch);
	lua_pushlstring(L, (const char *)buf_data(&p->scratch),
	    buf_len(&p->scratch));
}

int
message_get_first(lua_State *L)
{
	struct policy_message *m = message_check(L);
	struct span name = check_span(L, 2);
	struct header_field f;
	struct visit v;

	visit_init(&v, m);
	while (visit_next(&v, &f)) {
		if (span_ieq(f.name, name)) {
			field_push_value(L, &f);
			return 1;
		}
	}
	lua_pushnil(L);
	return 1;
}

int
message_get_all_named(lua_State *L)
{
	struct policy_message *m = message_check(L);
	struct span name = check_span(L, 2);
	struct header_field f;
	lua_Integer n = 0;
	struct visit v;

	lua_newtable(L);
	visit_init(&v, m);
	while (visit_next(&v, &f)) {
		if (!span_ieq(f.name, name))
			continue;
		field_push_value(L, &f);
		lua_rawseti(L, -2, ++n);
	}
	return 1;
}

int
message_get_all(lua_State *L)
{
	struct policy_message *m = message_check(L);
	struct header_field f;
	lua_Integer n = 0;
	struct visit v;

	lua_newtable(L);
	visit_init(&v, m);
	while (visit_next(&v, &f)) {
		lua_createtable(L, 2, 0);
		lua_pushlstring(L, f.name.p, f.name.len);
		lua_rawseti(L, -2, 1);
		field_push_value(L, &f);
		lua_rawseti(L, -2, 2);
		lua_rawseti(L, -2, ++n);
	}
	return 1;
}

/* ---- adding ------------------------------------------------------------- */

static void
check_field(lua_State *L, struct span name, struct span value)
{
	size_t i;

	if (name.len == 0 || name.len > NAME_MAX_LEN)
		where_error(L, "a header name has 1 to %d bytes",
		    NAME_MAX_LEN);
	for (i = 0; i < name.len; i++) {
		if (name.p[i] <= ' ' || name.p[i] >= 0x7f ||
		    name.p[i] == ':')
			where_error(L, "this is no header name");
	}
	for (i = 0; i < value.len; i++) {
		if (value.p[i] == '\0')
			where_error(L, "a header value holds a NUL");
		/* A line end must fold: else it begins another field. */
		if ((value.p[i] == '\n' || value.p[i] == '\r') &&
		    (i + 1 == value.len ||
		    memchr(" \t\n", value.p[i + 1], 3) == NULL))
			where_error(L, "a header value holds a line end that "
			    "is no fold");
	}
}

/* Line ends of folds as CRLF. */
static void
put_as_is(struct buf *out, struct span value)
{
	size_t i;

	for (i = 0; i < value.len; i++) {
		if (value.p[i] == '\r' && i + 1 < value.len &&
		    value.p[i + 1] == '\n')
			continue;
		if (value.p[i] == '\n' || value.p[i] == '\r')
			buf_add_str(out, "\r\n");
		else
			buf_add_byte(out, (uint8_t)value.p[i]);
	}
}

/* The whole field of arguments 2 to 4 in scratch. */
static struct span
make_field(lua_State *L)
{
	struct buf *out = &policy_of(L)->scratch;
	struct span name = check_span(L, 2), value = check_span(L, 3);

	check_field(L, name, value);
	buf_clear(out, 65536);
	buf_add_span(out, name);
	buf_add_str(out, ": ");
	if (!lua_toboolean(L, 4))
		put_as_is(out, value);
	else
		mime_words_put(value, out);
	buf_add_str(out, "\r\n");
	return buf_span(out);
}

/* left, middle and right as new bytes in the arena. */
static struct span
join(lua_State *L, struct policy_message *m, struct span left,
    struct span middle, struct span right)
{
	size_t len = left.len + middle.len + right.len;
	char *p = message_room(L, m, len + 1);

	if (left.len != 0)
		memcpy(p, left.p, left.len);
	if (middle.len != 0)
		memcpy(p + left.len, middle.p, middle.len);
	if (right.len != 0)
		memcpy(p + left.len + middle.len, right.p, right.len);
	return span_make(p, len);
}

int
message_prepend(lua_State *L)
{
	struct policy_message *m = message_check(L);
	struct span field = make_field(L);

	m->prefix = join(L, m, field, m->prefix, span_of(NULL));
	m->edits |= POLICY_EDIT_PREFIX;
	return 0;
}

int
message_append(lua_State *L)
{
	struct policy_message *m = message_check(L);
	struct span field = make_field(L);
	struct header_section section;
	size_t at;

	/* A header that is too large was refused before this event. */
	header_check(m->body, &section);
	at = section.fields_len;
	m->body = join(L, m, span_make(m->body.p, at), field,
	    span_from(m->body, at));
	m->edits |= POLICY_EDIT_BODY;
	return 0;
}

/* ---- removing ----------------------------------------------------------- */

/* Without the fields that match; the same span when none does. */
static struct span
strip(lua_State *L, struct policy_message *m, struct span text,
    const struct patterns *drop)
{
	struct header_scan scan;
	struct header_field f;
	size_t len = 0, kept = 0;
	char *out = NULL;

	header_scan_init(&scan, text);
	while (header_next(&scan, &f)) {
		if (!patterns_match(drop, f.name))
			continue;
		if (out == NULL)
			out = message_room(L, m, text.len + 1);
		memcpy(out + len, text.p + kept,
		    (size_t)(f.whole.p - text.p) - kept);
		len += (size_t)(f.whole.p - text.p) - kept;
		kept = (size_t)(f.whole.p - text.p) + f.whole.len;
	}
	if (out == NULL)
		return text;
	memcpy(out + len, text.p + kept, text.len - kept);
	return span_make(out, len + text.len - kept);
}

static void
remove_matching(lua_State *L, struct policy_message *m,
    const struct patterns *drop)
{
	struct span prefix = strip(L, m, m->prefix, drop);
	struct span body = strip(L, m, m->body, drop);

	if (prefix.p != m->prefix.p)
		m->edits |= POLICY_EDIT_PREFIX;
	if (body.p != m->body.p)
		m->edits |= POLICY_EDIT_BODY;
	m->prefix = prefix;
	m->body = body;
}

int
message_remove_named(lua_State *L)
{
	struct policy_message *m = message_check(L);
	struct span name = check_span(L, 2);
	struct patterns drop = { &name, 1 };

	remove_matching(L, m, &drop);
	return 0;
}

void
patterns_check(lua_State *L, struct patterns *out)
{
	lua_Unsigned i, n = 1;

	/* What is pushed must not stand where an argument is missing. */
	lua_settop(L, 3);
	if (!lua_isnil(L, 2)) {
		luaL_checktype(L, 2, LUA_TTABLE);
		n = lua_rawlen(L, 2);
		if (n > PATTERNS_MAX)
			where_error(L, "at most %d names", PATTERNS_MAX);
	}
	out->v = lua_newuserdatauv(L, (n + 1) * sizeof(*out->v), 0);
	out->n = n;
	out->v[0] = SPAN_LIT("X-*");
	for (i = 0; i < n && !lua_isnil(L, 2); i++) {
		/* The table keeps its texts alive. */
		lua_rawgeti(L, 2, (lua_Integer)i + 1);
		if (lua_type(L, -1) != LUA_TSTRING)
			where_error(L, "wanted a list of header names");
		out->v[i] = check_span(L, -1);
		lua_pop(L, 1);
	}
}

int
message_remove_x(lua_State *L)
{
	struct policy_message *m = message_check(L);
	struct patterns drop;

	patterns_check(L, &drop);
	remove_matching(L, m, &drop);
	return 0;
}
