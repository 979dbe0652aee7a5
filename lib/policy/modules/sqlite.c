/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite: databases in files, carried out by lookupd's second process. */
#include <sys/random.h>

#include "lib/policy/door_ask.h"
#include "lib/policy/modules/modules.h"
#include "lib/policy/state.h"
#include "lib/settings/value.h"
#include "lib/settings/value_wire.h"

enum { BUSY_MS = 500, BUSY_MS_MAX = 60000, PARAMS_MAX = 32766 };

/* Its uservalue is the path. */
struct database_object {
	lua_Integer handle;
	lua_Integer busy_ms;
	bool used;        /* lookupd may have it open */
	bool closed;
	bool transaction; /* one is open */
};

static const struct library_type database_type;

static struct database_object *
check_open(lua_State *L)
{
	struct database_object *o = library_check(L, 1, &database_type);

	if (o->closed)
		where_error(L, "sqlite: the database was closed");
	return o;
}

/* The question on top. */
static void
push_question(lua_State *L, int index, const char *what)
{
	struct database_object *o = lua_touserdata(L, index);

	index = lua_absindex(L, index);
	lua_createtable(L, 0, 10);
	lua_getiuservalue(L, index, 1);
	lua_setfield(L, -2, "path");
	lua_pushstring(L, what);
	lua_setfield(L, -2, "what");
	lua_pushinteger(L, o->handle);
	lua_setfield(L, -2, "handle");
	lua_pushinteger(L, o->busy_ms);
	lua_setfield(L, -2, "busy_ms");
	lua_pushinteger(L, o->busy_ms);
	lua_setfield(L, -2, "wait_ms");
	o->used = true;
}

static int
give_object(lua_State *L)
{
	lua_pushvalue(L, 3);
	return 1;
}

static int
sqlite_open(lua_State *L)
{
	lua_Integer busy_ms = luaL_optinteger(L, 2, BUSY_MS);
	struct database_object *o;
	uint64_t number;

	luaL_checkstring(L, 1);
	if (busy_ms < 0 || busy_ms > BUSY_MS_MAX)
		return where_error(L, "sqlite.open: the wait for locks must "
		    "be 0 to %d milliseconds", BUSY_MS_MAX);
	lua_settop(L, 2);
	o = library_new(L, &database_type, sizeof(*o));
	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return where_error(L, "sqlite.open: no random number");
	o->handle = (lua_Integer)(number >> 1);
	o->busy_ms = busy_ms;
	lua_pushvalue(L, 1);
	lua_setiuservalue(L, 3, 1);
	if (!door_can_wait(L))
		return 1; /* it is opened with the first statement */
	push_question(L, 3, "open");
	return door_ask(L, LOOKUP_SQLITE, -1, give_object);
}

/* ---- execute ------------------------------------------------------------ */

static int
executed(lua_State *L)
{
	struct database_object *o = lua_touserdata(L, 1);

	if (lua_getfield(L, -1, "lost") == LUA_TBOOLEAN) {
		o->transaction = false;
		return where_error(L, "sqlite: the process that had the "
		    "database open ended, and its transaction was rolled "
		    "back");
	}
	lua_pop(L, 1);
	lua_getfield(L, -1, "transaction");
	o->transaction = lua_toboolean(L, -1);
	lua_pop(L, 1);
	lua_getfield(L, -1, "result");
	return 1;
}

static void
put_params(lua_State *L, int top)
{
	int i;

	if (top == 3 && lua_istable(L, 3)) {
		lua_pushvalue(L, 3);
		lua_setfield(L, -2, "named");
		return;
	}
	lua_pushinteger(L, top - 2);
	lua_setfield(L, -2, "n");
	lua_createtable(L, top - 2, 0);
	for (i = 3; i <= top; i++) {
		lua_pushvalue(L, i);
		lua_rawseti(L, -2, i - 2);
	}
	lua_setfield(L, -2, "params");
}

static int
database_execute(lua_State *L)
{
	struct database_object *o = check_open(L);
	int top = lua_gettop(L);

	luaL_checkstring(L, 2);
	if (top - 2 > PARAMS_MAX)
		return where_error(L, "sqlite: at most %d values", PARAMS_MAX);
	push_question(L, 1, "execute");
	lua_pushvalue(L, 2);
	lua_setfield(L, -2, "sql");
	lua_pushboolean(L, o->transaction);
	lua_setfield(L, -2, "transaction");
	put_params(L, top);
	return door_ask(L, LOOKUP_SQLITE, -1, executed);
}

static int
database_close(lua_State *L)
{
	struct database_object *o = library_check(L, 1, &database_type);
	bool used = o->used;

	o->closed = true;
	if (!used)
		return 0;
	push_question(L, 1, "close");
	o->used = false;
	return door_ask(L, LOOKUP_SQLITE, -1, NULL);
}

/* Nothing may be raised here. */
static int
database_gc(lua_State *L)
{
	struct database_object *o = lua_touserdata(L, 1);
	struct buf args = { .base = NULL };
	struct value *v;

	if (!o->used)
		return 0;
	o->used = false;
	v = value_map(0);
	value_map_add(v, 0, SPAN_LIT("what"),
	    value_text(0, SPAN_LIT("close")));
	value_map_add(v, 0, SPAN_LIT("handle"), value_int(0, o->handle));
	value_write(&args, v);
	value_free(&v);
	door_tell_quietly(L, LOOKUP_SQLITE, buf_span(&args));
	buf_free(&args);
	return 0;
}

static const luaL_Reg meta[] = {
	{ "__gc", database_gc },
	{ NULL, NULL },
};

static const struct library_function methods[] = {
	{ "execute", database_execute, "(sql, values...) -> rows or number",
	    "Carries out one statement and waits for its end. Values take the "
	    "places of its parameters in order; a table in place of them has "
	    "them by name, without the colon. nil is NULL, a boolean 1 or 0, "
	    "and a string that is not UTF-8 a BLOB. With one column the "
	    "result is a list of its values, with more a list of tables by "
	    "the columns' names; NULL is nil. Without any row it is the "
	    "number of rows that were changed. SQLite's error is raised with "
	    "the path. A statement that runs longer than 10 seconds is "
	    "interrupted; a result is at most 15 MB or 500000 values." },
	{ "close", database_close, "() -> nil",
	    "Closes it; a transaction that is open is rolled back. Using it "
	    "later is an error. What is collected as garbage is closed as "
	    "well." },
	{ NULL, NULL, NULL, NULL },
};

static const struct library_type database_type = {
	.name = "sqlite database",
	.about = "A connection of its own to a database. Its statements are "
	    "carried out in order, so a transaction may go over several calls "
	    "of execute, provided that no other event uses this object "
	    "meanwhile: open one in the event for it. If the process that "
	    "has it open ends, the next statement opens it anew, except "
	    "inside a transaction, where it is an error.",
	.methods = methods,
	.meta = meta,
};

static const struct library_type *const types[] = { &database_type, NULL };

static const struct library_function functions[] = {
	{ "open", sqlite_open,
	    "(path, busy_timeout_ms=500) -> sqlite database",
	    "Opens the database at that path, which is made when it is not "
	    "there;\n.Ql :memory:\nis one in memory. Outside of an event it "
	    "is opened with its first statement. The account of\n"
	    ".Xr lookupd 8\nmust be able to read and write the file and to "
	    "make files in its folder. A statement that meets a lock is tried "
	    "again for that long; nothing else waits meanwhile." },
	{ NULL, NULL, NULL, NULL },
};

const struct library library_sqlite = {
	.name = "sqlite",
	.title = "databases in files",
	.about = "SQL on SQLite databases. A process of its own carries it "
	    "out, one statement after the other, so keep them short.",
	.functions = functions,
	.types = types,
};
