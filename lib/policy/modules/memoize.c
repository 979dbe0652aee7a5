/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kumo.memoize: results of a function by its arguments. Each process keeps
 * what it has seen; behind that lookupd keeps one copy for the suite, and
 * sees to it that one caller computes a value while all others wait. Values
 * that are no data (objects of the API) stay in the process.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/clock.h"
#include "lib/base/map.h"
#include "lib/base/text.h"
#include "lib/policy/convert.h"
#include "lib/policy/door_ask.h"
#include "lib/policy/modules/modules.h"
#include "lib/policy/state.h"
#include "lib/settings/value_wire.h"

enum {
	CAPACITY_MAX = 10 * 1000 * 1000,
	ARGUMENTS_MAX = 65536,
	TRIES = 3, /* with retry_on_populate_timeout */
};

struct entry {
	struct entry *older, *newer;
	char *key;
	size_t key_len;
	char *bytes; /* the value; NULL: in the object's table under key */
	size_t len;
	int64_t until_us;
};

/* Its uservalue is a table: parameters, and values that are no data by key. */
struct memo {
	struct map entries;
	struct entry *oldest, *newest;
	size_t capacity;
	int64_t ttl_ms, populate_ms;
	bool retry, stale;
};

#define MEMO_TYPE "ekiden.memo"

/* ---- what this process has seen ----------------------------------------- */

static void
entry_unlink(struct memo *m, struct entry *e)
{
	if (e->older != NULL)
		e->older->newer = e->newer;
	else
		m->oldest = e->newer;
	if (e->newer != NULL)
		e->newer->older = e->older;
	else
		m->newest = e->older;
}

static void
entry_append(struct memo *m, struct entry *e)
{
	e->newer = NULL;
	e->older = m->newest;
	if (m->newest != NULL)
		m->newest->newer = e;
	else
		m->oldest = e;
	m->newest = e;
}

static void
entry_free(struct entry *e)
{
	free(e->key);
	free(e->bytes);
	free(e);
}

static void
memo_drop(struct memo *m, struct entry *e)
{
	map_del(&m->entries, span_make(e->key, e->key_len));
	entry_unlink(m, e);
	entry_free(e);
}

static int
memo_gc(lua_State *L)
{
	struct memo *m = luaL_testudata(L, 1, MEMO_TYPE);

	if (m == NULL)
		return 0;
	while (m->oldest != NULL)
		memo_drop(m, m->oldest);
	map_free(&m->entries, NULL);
	return 0;
}

/* Forget the value of an object, which the table at `objects` holds. */
static void
memo_evict(lua_State *L, struct memo *m, int objects)
{
	struct entry *e = m->oldest;

	if (e->bytes == NULL) {
		lua_pushlstring(L, e->key, e->key_len);
		lua_pushnil(L);
		lua_rawset(L, objects);
	}
	memo_drop(m, e);
}

/* Keep the value on top under the key; bytes NULL: as an object. */
static void
memo_keep(lua_State *L, struct memo *m, int memo_at, struct span key,
    struct span bytes, bool is_data, int64_t ttl_ms)
{
	struct entry *e = map_get(&m->entries, key);
	int objects;

	lua_getiuservalue(L, memo_at, 1);
	objects = lua_gettop(L);
	if (e != NULL)
		memo_drop(m, e);
	while (m->entries.count >= m->capacity)
		memo_evict(L, m, objects);
	lua_pushlstring(L, key.p, key.len);
	if (is_data)
		lua_pushnil(L);
	else
		lua_pushvalue(L, objects - 1);
	lua_rawset(L, objects);
	lua_pop(L, 1);
	e = xcalloc(1, sizeof(*e));
	e->key = xmemdupz(key.p, key.len);
	e->key_len = key.len;
	if (is_data) {
		e->bytes = xmemdupz(bytes.p, bytes.len);
		e->len = bytes.len;
	}
	e->until_us = clock_mono_us() + ttl_ms * 1000;
	map_set(&m->entries, key, e);
	entry_append(m, e);
}

/* An owner that frees the tree whatever Lua does meanwhile. */
static struct value **
value_slot(lua_State *L)
{
	struct value **slot = lua_newuserdatauv(L, sizeof(*slot), 0);

	*slot = NULL;
	luaL_setmetatable(L, "ekiden.value");
	return slot;
}

static int
value_slot_gc(lua_State *L)
{
	value_free(lua_touserdata(L, 1));
	return 0;
}

/* Push a copy of what the bytes say. */
static void
push_bytes(lua_State *L, struct span bytes)
{
	struct value **slot = value_slot(L);
	struct reader r;

	reader_init(&r, bytes);
	*slot = value_read(&r);
	if (*slot == NULL)
		lua_pushnil(L);
	else
		convert_push_value(L, *slot);
	lua_remove(L, -2);
}

/* Push the value of a live entry; false: there is none. */
static bool
memo_push(lua_State *L, struct memo *m, int memo_at, struct span key)
{
	struct entry *e = map_get(&m->entries, key);

	if (e == NULL || e->until_us <= clock_mono_us())
		return false;
	entry_unlink(m, e);
	entry_append(m, e);
	if (e->bytes != NULL) {
		push_bytes(L, span_make(e->bytes, e->len));
		return true;
	}
	lua_getiuservalue(L, memo_at, 1);
	lua_pushlstring(L, key.p, key.len);
	lua_rawget(L, -2);
	lua_remove(L, -2);
	return true;
}

/* ---- one call ----------------------------------------------------------- */

/*
 * The stack of a call: the arguments, then these. Upvalues of the function:
 * memo, fn, name.
 */
enum slot { SLOT_MEMO = 1, SLOT_KEY, SLOT_TRIES, SLOT_LEASE,
    SLOTS = SLOT_LEASE };

static int
slot(lua_State *L, enum slot which)
{
	/* The count of arguments lies below all. */
	return (int)lua_tointeger(L, 1) + 1 + (int)which;
}

static struct memo *
memo_at(lua_State *L)
{
	return lua_touserdata(L, slot(L, SLOT_MEMO));
}

static struct span
key_at(lua_State *L)
{
	size_t len;
	const char *p = lua_tolstring(L, slot(L, SLOT_KEY), &len);

	return span_make(p, len);
}

/* The value on top as bytes in p->scratch; false: it is no data. */
static bool
top_as_bytes(lua_State *L, struct span *out)
{
	struct policy *p = policy_of(L);
	const char *why;
	struct value *v = convert_value(L, -1, 0, &why);

	if (v == NULL)
		return false;
	buf_clear(&p->scratch, 65536);
	value_write(&p->scratch, v);
	value_free(&v);
	*out = buf_span(&p->scratch);
	return out->len <= LOOKUP_VALUE_MAX / 2;
}

static void
push_question(lua_State *L, const char *what)
{
	struct memo *m = memo_at(L);

	lua_createtable(L, 0, 8);
	lua_pushstring(L, what);
	lua_setfield(L, -2, "what");
	lua_pushvalue(L, lua_upvalueindex(3));
	lua_setfield(L, -2, "name");
	lua_pushvalue(L, slot(L, SLOT_KEY));
	lua_setfield(L, -2, "key");
	lua_pushinteger(L, (lua_Integer)m->ttl_ms);
	lua_setfield(L, -2, "ttl");
	lua_pushinteger(L, (lua_Integer)m->capacity);
	lua_setfield(L, -2, "capacity");
	lua_pushinteger(L, (lua_Integer)m->populate_ms);
	lua_setfield(L, -2, "populate");
	lua_pushinteger(L, (lua_Integer)m->populate_ms);
	lua_setfield(L, -2, "wait_ms");
	lua_pushboolean(L, m->stale);
	lua_setfield(L, -2, "stale");
}

/*
 * That lookupd waits for our result. An event that is given up on the way
 * must not leave all others waiting: its lease says so when it is collected.
 */
struct lease {
	char *told; /* the question "failed"; NULL: done */
	size_t len;
};

static int
lease_gc(lua_State *L)
{
	struct lease *l = lua_touserdata(L, 1);

	if (l->told != NULL)
		door_tell_quietly(L, LOOKUP_MEMO, span_make(l->told, l->len));
	free(l->told);
	l->told = NULL;
	return 0;
}

static void
lease_take(lua_State *L)
{
	struct lease *l = lua_newuserdatauv(L, sizeof(*l), 0);
	struct span bytes;

	l->told = NULL;
	luaL_setmetatable(L, "ekiden.lease");
	lua_replace(L, slot(L, SLOT_LEASE));
	push_question(L, "failed");
	if (top_as_bytes(L, &bytes)) {
		l->told = xmemdupz(bytes.p, bytes.len);
		l->len = bytes.len;
	}
	lua_pop(L, 1);
}

static void
lease_end(lua_State *L)
{
	struct lease *l = lua_touserdata(L, slot(L, SLOT_LEASE));

	if (l == NULL)
		return;
	free(l->told);
	l->told = NULL;
}

/* The result of the function is on top: keep it, tell it, give it. */
static int
give_result(lua_State *L, bool shared)
{
	struct memo *m = memo_at(L);
	struct span bytes;
	bool data = top_as_bytes(L, &bytes);

	memo_keep(L, m, slot(L, SLOT_MEMO), key_at(L), bytes, data,
	    m->ttl_ms);
	if (shared) {
		push_question(L, data ? "put" : "local");
		if (data) {
			lua_pushvalue(L, -2);
			lua_setfield(L, -2, "value");
		}
		door_tell(L, LOOKUP_MEMO, -1);
		lua_pop(L, 1);
	}
	return 1;
}

/* Several values come back as one table; how many is known by the stack. */
static void
one_value(lua_State *L, int base)
{
	int i, n = lua_gettop(L) - base;

	if (n == 1)
		return;
	lua_createtable(L, n, 0);
	lua_insert(L, base + 1);
	for (i = n; i >= 1; i--)
		lua_rawseti(L, base + 1, i);
	if (n == 0) {
		lua_pop(L, 1);
		lua_pushnil(L);
	}
}

/* fn has ended; context: was lookupd promised the result? */
static int
computed(lua_State *L, int status, lua_KContext shared)
{
	int base = slot(L, SLOTS);

	if (shared)
		lease_end(L);
	if (status != LUA_OK && status != LUA_YIELD) {
		if (shared) {
			push_question(L, "failed");
			door_tell(L, LOOKUP_MEMO, -1);
			lua_pop(L, 1);
		}
		return lua_error(L);
	}
	one_value(L, base);
	return give_result(L, shared != 0);
}

static int
compute(lua_State *L, bool shared)
{
	int i, n = (int)lua_tointeger(L, 1);

	lua_settop(L, slot(L, SLOTS));
	luaL_checkstack(L, n + 4, "too many arguments");
	lua_pushvalue(L, lua_upvalueindex(2));
	for (i = 1; i <= n; i++)
		lua_pushvalue(L, i + 1);
	return computed(L, lua_pcallk(L, n, LUA_MULTRET, 0, shared, computed),
	    shared);
}

static int ask(lua_State *L);

/* lookupd's word is on top: the value, or that it is ours to compute. */
static int
told(lua_State *L)
{
	struct memo *m = memo_at(L);
	struct span bytes;
	const char *state;
	int64_t left;

	lua_getfield(L, -1, "state");
	state = lua_tostring(L, -1);
	if (state == NULL || strcmp(state, "yours") == 0) {
		lease_take(L);
		return compute(L, true);
	}
	if (strcmp(state, "local") == 0)
		return compute(L, false);
	if (strcmp(state, "late") == 0) {
		int tries = (int)lua_tointeger(L, slot(L, SLOT_TRIES));

		if (!m->retry || tries + 1 >= TRIES)
			return where_error(L, "kumo.memoize '%s': nobody "
			    "could compute the value within %d ms",
			    lua_tostring(L, lua_upvalueindex(3)),
			    (int)m->populate_ms);
		lua_settop(L, slot(L, SLOTS));
		lua_pushinteger(L, tries + 1);
		lua_replace(L, slot(L, SLOT_TRIES));
		return ask(L);
	}
	lua_getfield(L, -2, "left");
	left = lua_tointeger(L, -1);
	lua_pop(L, 2);
	lua_getfield(L, -1, "value");
	if (top_as_bytes(L, &bytes) && left > 0)
		memo_keep(L, m, slot(L, SLOT_MEMO), key_at(L), bytes, true,
		    left);
	return 1;
}

static int
ask(lua_State *L)
{
	push_question(L, "get");
	return door_ask(L, LOOKUP_MEMO, -1, told);
}

/* The arguments, as JSON text, are the key. */
static void
push_key(lua_State *L, int n)
{
	struct policy *p = policy_of(L);
	const char *why;
	int i;

	lua_createtable(L, n, 0);
	for (i = 1; i <= n; i++) {
		/* A hole would end the list. */
		if (lua_isnil(L, i + 1))
			lua_pushliteral(L, "\0nil");
		else
			lua_pushvalue(L, i + 1);
		lua_rawseti(L, -2, i);
	}
	buf_clear(&p->scratch, 65536);
	if (convert_to_json(L, -1, &p->scratch, &why) == -1)
		where_error(L, "kumo.memoize '%s': the arguments must be "
		    "data: %s", lua_tostring(L, lua_upvalueindex(3)), why);
	if (buf_len(&p->scratch) > ARGUMENTS_MAX)
		where_error(L, "kumo.memoize '%s': the arguments are larger "
		    "than 64 KiB", lua_tostring(L, lua_upvalueindex(3)));
	lua_pushlstring(L, (const char *)buf_data(&p->scratch),
	    buf_len(&p->scratch));
	lua_remove(L, -2);
}

static int
memoized(lua_State *L)
{
	int n = lua_gettop(L);
	struct memo *m;

	lua_pushinteger(L, n);
	lua_insert(L, 1);
	lua_pushvalue(L, lua_upvalueindex(1));
	push_key(L, n);
	lua_pushinteger(L, 0); /* tries */
	lua_pushnil(L);        /* lease */
	m = memo_at(L);
	if (memo_push(L, m, slot(L, SLOT_MEMO), key_at(L)))
		return 1;
	return door_can_wait(L) ? ask(L) : compute(L, false);
}

/* ---- making one --------------------------------------------------------- */

/* Wanted at top-level stack index 2. */
static int64_t
duration_field(lua_State *L, const char *name, int64_t otherwise)
{
	int64_t ms;
	size_t len;
	const char *p;

	if (lua_getfield(L, 2, name) == LUA_TNIL && otherwise >= 0) {
		lua_pop(L, 1);
		return otherwise;
	}
	if (lua_type(L, -1) == LUA_TNUMBER)
		ms = (int64_t)(lua_tonumber(L, -1) * 1000);
	else if ((p = lua_tolstring(L, -1, &len)) == NULL ||
	    text_duration_ms(span_make(p, len), &ms) != 0)
		return where_error(L, "kumo.memoize: %s must be a duration "
		    "such as '5 minutes'", name);
	lua_pop(L, 1);
	return ms;
}

static bool
flag_field(lua_State *L, const char *name)
{
	bool flag;

	lua_getfield(L, 2, name);
	if (!lua_isnil(L, -1) && !lua_isboolean(L, -1))
		where_error(L, "kumo.memoize: %s must be true or false",
		    name);
	flag = lua_toboolean(L, -1);
	lua_pop(L, 1);
	return flag;
}

static void
check_fields(lua_State *L)
{
	static const char *const known[] = { "name", "ttl", "capacity",
		"invalidate_with_epoch", "populate_timeout",
		"retry_on_populate_timeout", "allow_stale_reads" };
	const size_t n = sizeof(known) / sizeof(*known);
	const char *key, *near;
	size_t i;

	for (lua_pushnil(L); lua_next(L, 2); lua_pop(L, 1)) {
		key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) :
		    "?";
		for (i = 0; i < n && strcmp(known[i], key) != 0; i++)
			;
		if (i < n)
			continue;
		near = text_nearest(span_of(key), known, n);
		if (near != NULL)
			where_error(L, "kumo.memoize: unknown option '%.60s', "
			    "did you mean '%s'?", key, near);
		where_error(L, "kumo.memoize: unknown option '%.60s'", key);
	}
}

int
kumo_memoize(lua_State *L)
{
	struct memo *m;
	lua_Integer capacity;

	luaL_checktype(L, 1, LUA_TFUNCTION);
	luaL_checktype(L, 2, LUA_TTABLE);
	lua_settop(L, 2);
	check_fields(L);
	if (lua_getfield(L, 2, "name") != LUA_TSTRING)
		return where_error(L, "kumo.memoize: name must be given");
	if (lua_getfield(L, 2, "capacity") != LUA_TNUMBER ||
	    (capacity = lua_tointeger(L, -1)) < 1 || capacity > CAPACITY_MAX)
		return where_error(L, "kumo.memoize: capacity must be 1 to "
		    "%d", CAPACITY_MAX);
	lua_pop(L, 1);
	m = lua_newuserdatauv(L, sizeof(*m), 1);
	memset(m, 0, sizeof(*m));
	if (luaL_newmetatable(L, MEMO_TYPE)) {
		lua_pushcfunction(L, memo_gc);
		lua_setfield(L, -2, "__gc");
	}
	lua_setmetatable(L, -2);
	if (luaL_newmetatable(L, "ekiden.value")) {
		lua_pushcfunction(L, value_slot_gc);
		lua_setfield(L, -2, "__gc");
	}
	lua_pop(L, 1);
	if (luaL_newmetatable(L, "ekiden.lease")) {
		lua_pushcfunction(L, lease_gc);
		lua_setfield(L, -2, "__gc");
	}
	lua_pop(L, 1);
	lua_newtable(L);
	lua_setiuservalue(L, -2, 1);
	m->capacity = (size_t)capacity;
	m->ttl_ms = duration_field(L, "ttl", -1);
	m->populate_ms = duration_field(L, "populate_timeout", 120000);
	m->retry = flag_field(L, "retry_on_populate_timeout");
	m->stale = flag_field(L, "allow_stale_reads");
	/* The cache of a configuration has a name of its own. */
	if (flag_field(L, "invalidate_with_epoch"))
		lua_pushfstring(L, "%s epoch=%d", lua_tostring(L, 3),
		    (int)policy_of(L)->epoch);
	else
		lua_pushvalue(L, 3);
	lua_pushvalue(L, 4);
	lua_pushvalue(L, 1);
	lua_pushvalue(L, 5);
	lua_pushcclosure(L, memoized, 3);
	return 1;
}
