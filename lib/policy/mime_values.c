/* SPDX-License-Identifier: Apache-2.0 */
/* What header fields say, as tables of Lua and back. */
#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/mail/chars.h"
#include "lib/policy/mime.h"
#include "lib/policy/state.h"

enum { LIST_MAX = 10000, VALUE_BYTES_MAX = 4 * 1024 * 1024 };

/* ---- to Lua ------------------------------------------------------------- */

void
mime_push_span(lua_State *L, struct span s)
{
	if (s.p == NULL)
		lua_pushnil(L);
	else
		lua_pushlstring(L, s.p, s.len);
}

static void
set_span(lua_State *L, const char *key, struct span s)
{
	if (s.p == NULL)
		return;
	lua_pushlstring(L, s.p, s.len);
	lua_setfield(L, -2, key);
}

void
mime_push_mailbox(lua_State *L, const struct mime_mailbox *m)
{
	lua_createtable(L, 0, 2);
	set_span(L, "name", m->name);
	lua_createtable(L, 0, 2);
	set_span(L, "local_part", m->local);
	set_span(L, "domain", m->domain);
	lua_setfield(L, -2, "address");
}

void
mime_push_addresses(lua_State *L, const struct mime_addresses *list)
{
	const struct mime_address *at;
	const struct mime_mailbox *m;
	lua_Integer n = 0, k;

	lua_newtable(L);
	for (at = list->first; at != NULL; at = at->next) {
		if (!at->is_group) {
			mime_push_mailbox(L, at->list);
			lua_rawseti(L, -2, ++n);
			continue;
		}
		lua_createtable(L, 0, 2);
		set_span(L, "name", at->name.p != NULL ? at->name :
		    span_of(""));
		lua_newtable(L);
		for (m = at->list, k = 0; m != NULL; m = m->next) {
			mime_push_mailbox(L, m);
			lua_rawseti(L, -2, ++k);
		}
		lua_setfield(L, -2, "entries");
		lua_rawseti(L, -2, ++n);
	}
}

void
mime_push_params(lua_State *L, const struct mime_params *p)
{
	size_t i;

	lua_createtable(L, 0, 2);
	set_span(L, "value", p->value);
	lua_createtable(L, 0, (int)p->n);
	for (i = 0; i < p->n; i++) {
		lua_pushlstring(L, p->v[i].name.p, p->v[i].name.len);
		lua_pushlstring(L, p->v[i].value.p, p->v[i].value.len);
		lua_rawset(L, -3);
	}
	lua_setfield(L, -2, "parameters");
}

static void
push_auth_result(lua_State *L, const struct mime_auth_result *r)
{
	size_t i;

	lua_createtable(L, 0, 5);
	set_span(L, "method", r->method);
	set_span(L, "result", r->result);
	set_span(L, "reason", r->reason);
	if (r->version != 0) {
		lua_pushinteger(L, (lua_Integer)r->version);
		lua_setfield(L, -2, "method_version");
	}
	lua_createtable(L, 0, (int)r->n_props);
	for (i = 0; i < r->n_props; i++) {
		lua_pushlstring(L, r->props[i].name.p, r->props[i].name.len);
		lua_pushlstring(L, r->props[i].value.p,
		    r->props[i].value.len);
		lua_rawset(L, -3);
	}
	lua_setfield(L, -2, "props");
}

void
mime_push_auth_results(lua_State *L, const struct mime_auth_results *r)
{
	size_t i;

	lua_createtable(L, 0, 3);
	set_span(L, "serv_id", r->serv_id);
	if (r->version != 0) {
		lua_pushinteger(L, (lua_Integer)r->version);
		lua_setfield(L, -2, "version");
	}
	lua_createtable(L, (int)r->n, 0);
	for (i = 0; i < r->n; i++) {
		push_auth_result(L, &r->v[i]);
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
	lua_setfield(L, -2, "results");
}

/* ---- from Lua ----------------------------------------------------------- */

void
mime_check_keys(lua_State *L, int index, const char *what,
    const char *const *keys)
{
	const char *key, *near;
	size_t i, n;

	for (n = 0; keys[n] != NULL; n++)
		;
	index = lua_absindex(L, index);
	for (lua_pushnil(L); lua_next(L, index) != 0; lua_pop(L, 1)) {
		key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) :
		    "(a number)";
		for (i = 0; i < n && strcmp(key, keys[i]) != 0; i++)
			;
		if (i < n)
			continue;
		near = text_nearest(span_of(key), keys, n);
		if (near != NULL)
			where_error(L, "%s: there is no field '%.60s', did "
			    "you mean '%s'?", what, key, near);
		where_error(L, "%s: there is no field '%.60s'", what, key);
	}
}

/*
 * A copy in the arena. The tables of a script may hold one text often, so
 * what they come to is limited here.
 */
static struct span
keep(lua_State *L, struct arena *a, struct span s)
{
	if (s.len > VALUE_BYTES_MAX || a->total > VALUE_BYTES_MAX - s.len)
		where_error(L, "these values take more than %d bytes",
		    VALUE_BYTES_MAX);
	return arena_span(a, s);
}

/* A text of the table at index; nil gives p NULL. It stays in the arena. */
static struct span
check_text(lua_State *L, int index, const char *what, const char *key,
    struct arena *a)
{
	struct span out = { NULL, 0 };

	if (raw_getfield(L, index, key) == LUA_TSTRING) {
		out.p = lua_tolstring(L, -1, &out.len);
		out = keep(L, a, out);
	} else if (!lua_isnil(L, -1)) {
		where_error(L, "%s: %s must be a text", what, key);
	}
	lua_pop(L, 1);
	return out;
}

static bool
is_clean(struct span s)
{
	size_t i;

	for (i = 0; i < s.len; i++) {
		if (char_is(s.p[i], CHAR_CONTROL))
			return false;
	}
	return true;
}

/* What goes between "@" and ">" as it stands. */
static bool
is_domain(struct span s)
{
	size_t i;

	if (s.len > 2 && s.p[0] == '[' && s.p[s.len - 1] == ']')
		return is_clean(s) && memchr(s.p, '>', s.len) == NULL &&
		    memchr(s.p, ' ', s.len) == NULL;
	for (i = 0; i < s.len; i++) {
		if (!char_is(s.p[i], CHAR_ATEXT | CHAR_8BIT) && s.p[i] != '.')
			return false;
	}
	return s.len > 0;
}

static struct mime_mailbox *
check_mailbox(lua_State *L, int index, struct arena *a)
{
	static const char *const keys[] = { "name", "address", NULL };
	static const char *const parts[] = { "local_part", "domain", NULL };
	struct mime_mailbox *m;

	keep(L, a, span_of(""));
	m = arena_alloc(a, sizeof(*m));
	if (lua_type(L, index) != LUA_TTABLE)
		where_error(L, "a mailbox is a table of name and address, "
		    "not a %s", luaL_typename(L, index));
	mime_check_keys(L, index, "mailbox", keys);
	m->name = check_text(L, index, "mailbox", "name", a);
	if (raw_getfield(L, index, "address") != LUA_TTABLE)
		where_error(L, "a mailbox needs an address, which is a table "
		    "of local_part and domain");
	mime_check_keys(L, -1, "address", parts);
	m->local = check_text(L, lua_gettop(L), "address", "local_part", a);
	m->domain = check_text(L, lua_gettop(L), "address", "domain", a);
	lua_pop(L, 1);
	if (m->local.len == 0 || !is_clean(m->local))
		where_error(L, "address: this is no local_part");
	if (!is_domain(m->domain))
		where_error(L, "address: this is no domain");
	return m;
}

static lua_Integer
check_list(lua_State *L, int index, const char *what)
{
	lua_Integer n;

	if (lua_type(L, index) != LUA_TTABLE)
		where_error(L, "wanted a list of %s, not a %s", what,
		    luaL_typename(L, index));
	n = (lua_Integer)lua_rawlen(L, index);
	if (n > LIST_MAX)
		where_error(L, "at most %d of %s", LIST_MAX, what);
	return n;
}

static struct mime_address *
check_group(lua_State *L, int index, struct arena *a)
{
	static const char *const keys[] = { "name", "entries", NULL };
	struct mime_address *group = arena_alloc(a, sizeof(*group));
	struct mime_mailbox **tail = &group->list;
	lua_Integer i, n;

	mime_check_keys(L, index, "group", keys);
	group->is_group = true;
	group->name = check_text(L, index, "group", "name", a);
	if (group->name.len == 0)
		where_error(L, "a group needs a name");
	raw_getfield(L, index, "entries");
	n = check_list(L, lua_gettop(L), "mailboxes");
	for (i = 1; i <= n; i++) {
		lua_rawgeti(L, -1, i);
		*tail = check_mailbox(L, lua_gettop(L), a);
		tail = &(*tail)->next;
		lua_pop(L, 1);
	}
	lua_pop(L, 1);
	return group;
}

static struct mime_address *
check_address(lua_State *L, int index, struct arena *a, bool groups)
{
	struct mime_address *address;
	bool is_group = false;

	if (groups && lua_type(L, index) == LUA_TTABLE) {
		is_group = raw_getfield(L, index, "entries") != LUA_TNIL;
		lua_pop(L, 1);
	}
	if (is_group)
		return check_group(L, index, a);
	address = arena_alloc(a, sizeof(*address));
	address->list = check_mailbox(L, index, a);
	return address;
}

void
mime_check_addresses(lua_State *L, int index, struct arena *a,
    enum mime_address_kind kind, struct mime_addresses *out)
{
	struct mime_address **tail = &out->first;
	lua_Integer i, n;

	index = lua_absindex(L, index);
	*out = (struct mime_addresses){ NULL, 0 };
	if (kind == MIME_ONE_MAILBOX) {
		out->first = check_address(L, index, a, false);
		out->n = 1;
		return;
	}
	n = check_list(L, index, kind == MIME_MAILBOX_LIST ? "mailboxes" :
	    "mailboxes and groups");
	for (i = 1; i <= n; i++) {
		lua_rawgeti(L, index, i);
		*tail = check_address(L, lua_gettop(L), a,
		    kind == MIME_ADDRESS_LIST);
		tail = &(*tail)->next;
		out->n++;
		lua_pop(L, 1);
	}
}

static int
by_name(const void *a, const void *b)
{
	const struct mime_param *x = a, *y = b;

	return strcmp(x->name.p, y->name.p);
}

void
mime_check_params(lua_State *L, int index, struct arena *a,
    struct mime_params *out)
{
	static const char *const keys[] = { "value", "parameters", NULL };
	struct span name, value;

	index = lua_absindex(L, index);
	memset(out, 0, sizeof(*out));
	if (lua_type(L, index) != LUA_TTABLE)
		where_error(L, "wanted a text or a table of value and "
		    "parameters, not a %s", luaL_typename(L, index));
	mime_check_keys(L, index, "parameters", keys);
	out->value = check_text(L, index, "parameters", "value", a);
	if (!mime_type_valid(out->value) && !mime_token_valid(out->value))
		where_error(L, "parameters: this is no value");
	if (raw_getfield(L, index, "parameters") != LUA_TTABLE) {
		if (!lua_isnil(L, -1))
			where_error(L, "parameters must be a table");
		lua_pop(L, 1);
		return;
	}
	out->v = arena_alloc(a, MIME_PARAMS_MAX * sizeof(*out->v));
	for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1)) {
		if (lua_type(L, -2) != LUA_TSTRING ||
		    lua_type(L, -1) != LUA_TSTRING)
			where_error(L, "parameters: names and values must be "
			    "texts");
		name.p = lua_tolstring(L, -2, &name.len);
		value.p = lua_tolstring(L, -1, &value.len);
		if (!mime_token_valid(name) || span_find(name, '*') >= 0)
			where_error(L, "parameters: this is no name");
		if (out->n == MIME_PARAMS_MAX)
			where_error(L, "at most %d parameters",
			    MIME_PARAMS_MAX);
		out->v[out->n].name = keep(L, a, name);
		out->v[out->n++].value = keep(L, a, value);
	}
	lua_pop(L, 1);
	/* Lua has no order; the same table gives the same field. */
	qsort(out->v, out->n, sizeof(*out->v), by_name);
}

/* ---- results of authentication ------------------------------------------ */

static int
by_prop(const void *a, const void *b)
{
	const struct mime_auth_prop *x = a, *y = b;

	return strcmp(x->name.p, y->name.p);
}

static bool
is_keyword(struct span s)
{
	return mime_token_valid(s);
}

static void
check_props(lua_State *L, int index, struct arena *a,
    struct mime_auth_result *out)
{
	struct span name, value;

	if (raw_getfield(L, index, "props") != LUA_TTABLE) {
		if (!lua_isnil(L, -1))
			where_error(L, "props must be a table");
		lua_pop(L, 1);
		return;
	}
	keep(L, a, span_of(""));
	out->props = arena_alloc(a,
	    MIME_AUTH_PROPS_MAX * sizeof(*out->props));
	for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1)) {
		if (lua_type(L, -2) != LUA_TSTRING ||
		    lua_type(L, -1) != LUA_TSTRING)
			where_error(L, "props: names and values must be "
			    "texts");
		name.p = lua_tolstring(L, -2, &name.len);
		value.p = lua_tolstring(L, -1, &value.len);
		if (!is_keyword(name) || span_find(name, '.') <= 0)
			where_error(L, "props: '%.60s' is not of the form "
			    "type.property", name.p);
		if (out->n_props == MIME_AUTH_PROPS_MAX)
			where_error(L, "at most %d props",
			    MIME_AUTH_PROPS_MAX);
		out->props[out->n_props].name = keep(L, a, name);
		out->props[out->n_props++].value = keep(L, a, value);
	}
	lua_pop(L, 1);
	qsort(out->props, out->n_props, sizeof(*out->props), by_prop);
}

static void
check_auth_result(lua_State *L, int index, struct arena *a,
    struct mime_auth_result *out)
{
	static const char *const keys[] = { "method", "method_version",
		"result", "reason", "props", NULL };

	if (lua_type(L, index) != LUA_TTABLE)
		where_error(L, "a result is a table, not a %s",
		    luaL_typename(L, index));
	mime_check_keys(L, index, "result", keys);
	out->method = check_text(L, index, "result", "method", a);
	out->result = check_text(L, index, "result", "result", a);
	out->reason = check_text(L, index, "result", "reason", a);
	if (!is_keyword(out->method) || !is_keyword(out->result))
		where_error(L, "a result needs a method and a result, each a "
		    "single word");
	if (raw_getfield(L, index, "method_version") == LUA_TNUMBER) {
		lua_Integer v = luaL_checkinteger(L, -1);

		if (v < 1 || v > UINT32_MAX)
			where_error(L, "result: this is no method_version");
		out->version = (uint64_t)v;
	} else if (!lua_isnil(L, -1)) {
		where_error(L, "result: method_version must be a number");
	}
	lua_pop(L, 1);
	check_props(L, index, a, out);
}

void
mime_check_auth_results(lua_State *L, int index, struct arena *a,
    struct mime_auth_results *out)
{
	lua_Integer i, n;

	index = lua_absindex(L, index);
	n = check_list(L, index, "results");
	if (n > MIME_AUTH_RESULTS_MAX)
		where_error(L, "at most %d results", MIME_AUTH_RESULTS_MAX);
	out->v = arena_alloc(a, ((size_t)n + 1) * sizeof(*out->v));
	for (i = 1; i <= n; i++) {
		lua_rawgeti(L, index, i);
		check_auth_result(L, lua_gettop(L), a, &out->v[out->n++]);
		lua_pop(L, 1);
	}
}
