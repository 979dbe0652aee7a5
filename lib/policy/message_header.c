/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Header fields of a message: those of the prefix, then those of the body. A
 * field put in front goes to the prefix, so that the body stays shared; what
 * must change inside the body makes it this message's own.
 */
#include <string.h>

#include "lib/base/base64.h"
#include "lib/base/text.h"
#include "lib/mail/header.h"
#include "lib/policy/convert.h"
#include "lib/policy/message.h"
#include "lib/policy/state.h"

enum {
	WRAP_SOFT = 75, WRAP_HARD = 900, NAME_MAX_LEN = 200,
	PATTERNS_MAX = 1000,
};

/* ---- visiting ----------------------------------------------------------- */

struct visit {
	struct policy_message *m;
	struct header_scan scan;
	bool in_body;
};

static void
visit_init(struct visit *v, struct policy_message *m)
{
	v->m = m;
	v->in_body = m->prefix.len == 0;
	header_scan_init(&v->scan, v->in_body ? m->body : m->prefix);
}

static bool
visit_next(struct visit *v, struct header_field *out)
{
	while (!header_next(&v->scan, out)) {
		if (v->in_body)
			return false;
		v->in_body = true;
		header_scan_init(&v->scan, v->m->body);
	}
	return true;
}

/* Push the decoded value of a field. */
static void
push_value(lua_State *L, const struct header_field *f)
{
	struct policy *p = policy_of(L);

	buf_clear(&p->scratch, 65536);
	header_decode(f->value, NULL, &p->scratch);
	lua_pushlstring(L, (const char *)buf_data(&p->scratch),
	    buf_len(&p->scratch));
}

static struct span
check_name(lua_State *L, int index)
{
	size_t len;
	const char *p = luaL_checklstring(L, index, &len);

	return span_make(p, len);
}

static int
get_first(lua_State *L)
{
	struct policy_message *m = message_check(L);
	struct span name = check_name(L, 2);
	struct header_field f;
	struct visit v;

	visit_init(&v, m);
	while (visit_next(&v, &f)) {
		if (span_ieq(f.name, name)) {
			push_value(L, &f);
			return 1;
		}
	}
	lua_pushnil(L);
	return 1;
}

static int
get_all_named(lua_State *L)
{
	struct policy_message *m = message_check(L);
	struct span name = check_name(L, 2);
	struct header_field f;
	lua_Integer n = 0;
	struct visit v;

	lua_newtable(L);
	visit_init(&v, m);
	while (visit_next(&v, &f)) {
		if (!span_ieq(f.name, name))
			continue;
		push_value(L, &f);
		lua_rawseti(L, -2, ++n);
	}
	return 1;
}

static int
get_all(lua_State *L)
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
		push_value(L, &f);
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

/* Folded at blanks before 75 columns, anywhere before 900. */
static void
put_wrapped(struct buf *out, struct span value, size_t column)
{
	size_t at = 0, word, len;

	while (at < value.len) {
		word = at;
		while (word < value.len && value.p[word] == ' ')
			word++;
		while (word < value.len && value.p[word] != ' ')
			word++;
		len = word - at;
		if (column + len > WRAP_SOFT && value.p[at] == ' ' &&
		    column > 1) {
			buf_add_str(out, "\r\n");
			column = 0;
		}
		while (column + len > WRAP_HARD) {
			size_t part = WRAP_HARD - column;

			buf_add(out, value.p + at, part);
			buf_add_str(out, "\r\n\t");
			at += part;
			len -= part;
			column = 1;
		}
		buf_add(out, value.p + at, len);
		column += len;
		at = word;
	}
}

/* Encoded words (RFC 2047), none cutting a character in two. */
static void
put_encoded(struct buf *out, struct span value)
{
	enum { WORD_BYTES = 42 }; /* 56 in base64, below 75 with its frame */
	size_t at = 0, end;

	while (at < value.len) {
		end = value.len - at > WORD_BYTES ? at + WORD_BYTES :
		    value.len;
		while (end < value.len && end > at + 1 &&
		    ((uint8_t)value.p[end] & 0xc0) == 0x80)
			end--;
		if (at != 0)
			buf_add_str(out, "\r\n ");
		buf_add_str(out, "=?UTF-8?B?");
		base64_encode(span_make(value.p + at, end - at), out);
		buf_add_str(out, "?=");
		at = end;
	}
}

/* The whole field of arguments 2 to 4 in scratch. */
static struct span
make_field(lua_State *L)
{
	struct buf *out = &policy_of(L)->scratch;
	struct span name = check_name(L, 2), value = check_name(L, 3);

	check_field(L, name, value);
	buf_clear(out, 65536);
	buf_add_span(out, name);
	buf_add_str(out, ": ");
	if (!lua_toboolean(L, 4))
		put_as_is(out, value);
	else if (text_has_8bit(value))
		put_encoded(out, value);
	else
		put_wrapped(out, value, name.len + 2);
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

static int
prepend(lua_State *L)
{
	struct policy_message *m = message_check(L);
	struct span field = make_field(L);

	m->prefix = join(L, m, field, m->prefix, span_of(NULL));
	m->edits |= POLICY_EDIT_PREFIX;
	return 0;
}

static int
append(lua_State *L)
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

/* Does the script want this field? Its patterns are texts at index 2. */
struct patterns {
	struct span *v;
	size_t n;
};

static bool
patterns_match(const struct patterns *p, struct span name)
{
	size_t i;

	for (i = 0; i < p->n; i++) {
		if (header_match(p->v[i], name))
			return true;
	}
	return false;
}

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

static int
remove_named(lua_State *L)
{
	struct policy_message *m = message_check(L);
	struct span name = check_name(L, 2);
	struct patterns drop = { &name, 1 };

	remove_matching(L, m, &drop);
	return 0;
}

/* A list of names at index 2, or "X-*". Lives in userdata on the stack. */
static void
check_patterns(lua_State *L, struct patterns *out)
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
		out->v[i] = check_name(L, -1);
		lua_pop(L, 1);
	}
}

static int
remove_x(lua_State *L)
{
	struct policy_message *m = message_check(L);
	struct patterns drop;

	check_patterns(L, &drop);
	remove_matching(L, m, &drop);
	return 0;
}

/* ---- importing ---------------------------------------------------------- */

enum transform { SNAKE, KEBAB, CAMEL, PASCAL };

/* Push the metadata key for a header's name. */
static void
push_key(lua_State *L, struct span name, enum transform how)
{
	bool upper = how == PASCAL;
	luaL_Buffer b;
	size_t i;
	char c;

	luaL_buffinitsize(L, &b, name.len);
	for (i = 0; i < name.len; i++) {
		c = ascii_lower(name.p[i]);
		if (c == '-' || c == '_') {
			if (how == SNAKE || how == KEBAB)
				luaL_addchar(&b, how == SNAKE ? '_' : '-');
			else
				upper = true;
			continue;
		}
		if (upper && c >= 'a' && c <= 'z')
			c = (char)(c - 'a' + 'A');
		upper = false;
		luaL_addchar(&b, c);
	}
	luaL_pushresult(&b);
}

/* Set meta[key at -2] to the text or list at -1; both are popped. */
static void
import_pair(lua_State *L, struct policy_message *m)
{
	struct policy *p = policy_of(L);
	const char *why;
	size_t len;
	const char *key = lua_tolstring(L, -2, &len);

	buf_clear(&p->scratch, 65536);
	if (convert_to_json(L, lua_gettop(L), &p->scratch, &why) == -1)
		where_error(L, "import_headers: %s", why);
	policy_meta_set(&m->meta, span_make(key, len), buf_span(&p->scratch));
	m->edits |= POLICY_EDIT_META;
	lua_pop(L, 2);
}

static bool
meta_holds(lua_State *L, int seen)
{
	bool found;

	lua_pushvalue(L, -1);
	found = lua_rawget(L, seen) != LUA_TNIL;
	lua_pop(L, 1);
	return found;
}

static int
import_x(lua_State *L)
{
	struct policy_message *m = message_check(L);
	bool first = lua_toboolean(L, 3);
	struct patterns names;
	struct header_field f;
	struct visit v;
	int seen;

	check_patterns(L, &names);
	lua_newtable(L);
	seen = lua_gettop(L);
	visit_init(&v, m);
	while (visit_next(&v, &f)) {
		if (!patterns_match(&names, f.name))
			continue;
		push_key(L, f.name, SNAKE);
		if (first && meta_holds(L, seen)) {
			lua_pop(L, 1);
			continue;
		}
		lua_pushvalue(L, -1);
		lua_pushboolean(L, true);
		lua_rawset(L, seen);
		push_value(L, &f);
		import_pair(L, m);
	}
	return 0;
}

struct spec {
	struct span name, target;
	enum { MATCH_FIRST, MATCH_LAST, MATCH_ALL } match;
	enum transform transform;
	bool remove;
};

static int
check_choice(lua_State *L, const char *key, const char *const *names, int none)
{
	int i;

	if (lua_getfield(L, -1, key) == LUA_TNIL) {
		lua_pop(L, 1);
		return none;
	}
	for (i = 0; names[i] != NULL; i++) {
		if (lua_type(L, -1) == LUA_TSTRING &&
		    strcmp(lua_tostring(L, -1), names[i]) == 0) {
			lua_pop(L, 1);
			return i;
		}
	}
	return where_error(L, "import_headers: this %s is not known", key);
}

static void
check_spec_keys(lua_State *L)
{
	static const char *const keys[] = { "name", "match", "transform",
		"target", "remove" };
	const char *near, *key;
	size_t i;

	for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
		key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) :
		    "(a number)";
		for (i = 0; i < 5 && strcmp(key, keys[i]) != 0; i++)
			;
		if (i < 5)
			continue;
		near = text_nearest(span_of(key), keys, 5);
		where_error(L, "import_headers: unknown field '%.60s'%s%s%s",
		    key, near != NULL ? ", did you mean '" : "",
		    near != NULL ? near : "", near != NULL ? "'?" : "");
	}
}

/* The spec table on top. Its texts live as long as it does. */
static void
check_spec(lua_State *L, struct spec *s)
{
	static const char *const matches[] = { "first", "last", "all", NULL };
	static const char *const transforms[] = { "snake_case", "kebab_case",
		"camel_case", "pascal_case", NULL };
	ptrdiff_t star;

	memset(s, 0, sizeof(*s));
	luaL_checktype(L, -1, LUA_TTABLE);
	check_spec_keys(L);
	if (lua_getfield(L, -1, "name") != LUA_TSTRING)
		where_error(L, "import_headers: each rule needs a name");
	s->name = check_name(L, -1);
	lua_pop(L, 1);
	star = span_find(s->name, '*');
	if (s->name.len == 0 || star == 0 ||
	    (star != -1 && (size_t)star + 1 != s->name.len))
		where_error(L, "import_headers: a name is whole or ends in *");
	s->match = check_choice(L, "match", matches, MATCH_LAST);
	s->transform = (enum transform)check_choice(L, "transform",
	    transforms, SNAKE);
	if (lua_getfield(L, -1, "target") == LUA_TSTRING) {
		s->target = check_name(L, -1);
		if (star != -1)
			where_error(L, "import_headers: target needs a whole "
			    "name, without *");
	}
	lua_pop(L, 1);
	lua_getfield(L, -1, "remove");
	s->remove = lua_toboolean(L, -1);
	lua_pop(L, 1);
}

/* Put the value on top into found[key below it], as the rule says. */
static void
collect(lua_State *L, int found, const struct spec *s)
{
	int value = lua_gettop(L), key = value - 1;

	lua_pushvalue(L, key);
	lua_rawget(L, found);
	if (s->match == MATCH_ALL) {
		if (lua_isnil(L, -1)) {
			lua_pop(L, 1);
			lua_newtable(L);
			lua_pushvalue(L, key);
			lua_pushvalue(L, -2);
			lua_rawset(L, found);
		}
		lua_pushvalue(L, value);
		lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
	} else if (s->match == MATCH_LAST || lua_isnil(L, -1)) {
		lua_pushvalue(L, key);
		lua_pushvalue(L, value);
		lua_rawset(L, found);
	}
	lua_settop(L, key - 1);
}

static const struct spec *
spec_for(const struct spec *v, size_t n, struct span name)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (header_match(v[i].name, name))
			return &v[i];
	}
	return NULL;
}

/*
 * Fields that a removing rule matched go, but not those an earlier rule took:
 * so by position.
 */
static struct span
strip_specs(lua_State *L, struct policy_message *m, struct span text,
    const struct spec *v, size_t n)
{
	const struct spec *s;
	struct header_scan scan;
	struct header_field f;
	size_t len = 0, kept = 0, at;
	char *out = NULL;

	header_scan_init(&scan, text);
	while (header_next(&scan, &f)) {
		s = spec_for(v, n, f.name);
		if (s == NULL || !s->remove)
			continue;
		if (out == NULL)
			out = message_room(L, m, text.len + 1);
		at = (size_t)(f.whole.p - text.p);
		memcpy(out + len, text.p + kept, at - kept);
		len += at - kept;
		kept = at + f.whole.len;
	}
	if (out == NULL)
		return text;
	memcpy(out + len, text.p + kept, text.len - kept);
	return span_make(out, len + text.len - kept);
}

static int
import_headers(lua_State *L)
{
	struct policy_message *m = message_check(L);
	struct header_field f;
	const struct spec *s;
	struct span text;
	lua_Unsigned i, n;
	struct spec *v;
	struct visit at;
	int found;

	luaL_checktype(L, 2, LUA_TTABLE);
	n = lua_rawlen(L, 2);
	if (n > PATTERNS_MAX)
		return where_error(L, "at most %d rules", PATTERNS_MAX);
	v = lua_newuserdatauv(L, (n + 1) * sizeof(*v), 0);
	for (i = 0; i < n; i++) {
		lua_rawgeti(L, 2, (lua_Integer)i + 1);
		check_spec(L, &v[i]);
		lua_pop(L, 1);
	}
	lua_newtable(L);
	found = lua_gettop(L);
	visit_init(&at, m);
	while (visit_next(&at, &f)) {
		if ((s = spec_for(v, n, f.name)) == NULL)
			continue;
		if (s->target.len != 0)
			lua_pushlstring(L, s->target.p, s->target.len);
		else
			push_key(L, f.name, s->transform);
		push_value(L, &f);
		collect(L, found, s);
	}
	for (lua_pushnil(L); lua_next(L, found);) {
		lua_pushvalue(L, -2);
		lua_insert(L, -2);
		import_pair(L, m);
	}
	text = strip_specs(L, m, m->prefix, v, n);
	if (text.p != m->prefix.p)
		m->edits |= POLICY_EDIT_PREFIX;
	m->prefix = text;
	text = strip_specs(L, m, m->body, v, n);
	if (text.p != m->body.p)
		m->edits |= POLICY_EDIT_BODY;
	m->body = text;
	return 0;
}

void
message_headers(lua_State *L)
{
	static const luaL_Reg methods[] = {
		{ "get_first_named_header_value", get_first },
		{ "get_all_named_header_values", get_all_named },
		{ "get_all_headers", get_all },
		{ "prepend_header", prepend },
		{ "append_header", append },
		{ "remove_all_named_headers", remove_named },
		{ "remove_x_headers", remove_x },
		{ "import_x_headers", import_x },
		{ "import_headers", import_headers },
		{ NULL, NULL },
	};

	luaL_setfuncs(L, methods, 0);
}
