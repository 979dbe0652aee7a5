/* SPDX-License-Identifier: Apache-2.0 */
/* Header fields of a message into its metadata. */
#include <string.h>

#include "lib/base/text.h"
#include "lib/policy/convert.h"
#include "lib/policy/message_fields.h"
#include "lib/policy/state.h"

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
	message_meta_changed(L, m);
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

int
message_import_x(lua_State *L)
{
	struct policy_message *m = message_check(L);
	bool first = lua_toboolean(L, 3);
	struct patterns names;
	struct header_field f;
	struct visit v;
	int seen;

	patterns_check(L, &names);
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
		field_push_value(L, &f);
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
	s->name = check_span(L, -1);
	lua_pop(L, 1);
	star = span_find(s->name, '*');
	if (s->name.len == 0 || star == 0 ||
	    (star != -1 && (size_t)star + 1 != s->name.len))
		where_error(L, "import_headers: a name is whole or ends in *");
	s->match = check_choice(L, "match", matches, MATCH_LAST);
	s->transform = (enum transform)check_choice(L, "transform",
	    transforms, SNAKE);
	if (lua_getfield(L, -1, "target") == LUA_TSTRING) {
		s->target = check_span(L, -1);
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

int
message_import_headers(lua_State *L)
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
		field_push_value(L, &f);
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
