/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kumo.fs: files. In an event lookupd's process of files is asked; the loader
 * does it itself, and what the main chunk asked of paths goes with the scripts
 * to the daemons, which run the same chunk and open nothing.
 */
#include <string.h>
#include <sys/random.h>

#include "lib/base/alloc.h"
#include "lib/files/files.h"
#include "lib/policy/convert.h"
#include "lib/policy/door_ask.h"
#include "lib/policy/modules/args.h"
#include "lib/policy/modules/modules.h"
#include "lib/policy/modules/time.h"
#include "lib/policy/state.h"
#include "lib/settings/value_wire.h"

enum { TTL_SECONDS = 60 };

/* Its uservalue is the path. */
struct file_object {
	lua_Integer handle;
	bool open;
};

static const struct library_type file_type;

/* ---- asking ------------------------------------------------------------- */

/* What the bundle calls the answer to the question at index; on top. */
static const char *
push_record_name(lua_State *L, int index)
{
	lua_getfield(L, index, "what");
	lua_getfield(L, index, "path");
	if (lua_getfield(L, index, "relative_to") != LUA_TSTRING) {
		lua_pop(L, 1);
		lua_pushliteral(L, "");
	}
	lua_getfield(L, index, "follow");
	lua_pushfstring(L, "file://kumo.fs/%s/%s/%s:%s",
	    lua_tostring(L, -4), lua_toboolean(L, -1) ? "follow" : "",
	    lua_tostring(L, -2), lua_tostring(L, -3));
	lua_replace(L, -5);
	lua_pop(L, 3);
	return lua_tostring(L, -1);
}

static int
raise(lua_State *L, struct buf *why)
{
	lua_pushlstring(L, (const char *)buf_data(why), buf_len(why));
	return where_error(L, "kumo.fs: %s", lua_tostring(L, -1));
}

/* The question is on top; its answer takes its place. */
static int
ask_here(lua_State *L, bool record, int (*finish)(lua_State *L))
{
	struct policy *p = policy_of(L);
	const char *name = NULL, *why;
	int question = lua_gettop(L);
	struct value *q, *v;

	if (record)
		name = push_record_name(L, question);
	if (p->files == NULL)
		p->files = files_new("the account of the loader");
	q = convert_value(L, question, 0, &why);
	if (q == NULL)
		return where_error(L, "kumo.fs: %s", why);
	buf_clear(&p->scratch, 65536);
	v = files_do(p->files, NULL, q, &p->scratch);
	value_free(&q);
	if (v == NULL)
		return raise(L, &p->scratch);
	if (name != NULL) {
		buf_clear(&p->scratch, 65536);
		value_write(&p->scratch, v);
		bundle_add(&p->bundle, name, buf_span(&p->scratch));
	}
	convert_push_value(L, v);
	value_free(&v);
	return finish == NULL ? 1 : finish(L);
}

/* The main chunk in a daemon: what the loader was told. */
static int
ask_bundle(lua_State *L, int (*finish)(lua_State *L))
{
	const char *name = push_record_name(L, lua_gettop(L));
	const struct chunk *c = bundle_find(&policy_of(L)->bundle, name);
	struct reader r;
	struct value *v;

	if (c == NULL)
		return where_error(L, "kumo.fs: the loader did not ask this "
		    "while it loaded the policy, so this process cannot "
		    "either: do it in an event");
	reader_init(&r, span_make(c->p, c->len));
	v = value_read(&r);
	if (v == NULL)
		return where_error(L, "kumo.fs: the loader's answer cannot be "
		    "read");
	convert_push_value(L, v);
	value_free(&v);
	return finish == NULL ? 1 : finish(L);
}

/* Of what is remembered by its path only. */
static int
ask_path(lua_State *L, int (*finish)(lua_State *L))
{
	const struct policy *p = policy_of(L);

	if (p->mode == MODE_LOADER)
		return ask_here(L, p->phase == PHASE_LOAD, finish);
	if (p->phase == PHASE_LOAD)
		return ask_bundle(L, finish);
	return door_ask(L, LOOKUP_FILE, -1, finish);
}

static int
ask_file(lua_State *L, int (*finish)(lua_State *L))
{
	if (policy_of(L)->mode == MODE_LOADER)
		return ask_here(L, false, finish);
	return door_ask(L, LOOKUP_FILE, -1, finish);
}

static void
push_question(lua_State *L, const char *what)
{
	arg_span(L, 1);
	lua_createtable(L, 0, 6);
	lua_pushstring(L, what);
	lua_setfield(L, -2, "what");
	lua_pushvalue(L, 1);
	lua_setfield(L, -2, "path");
}

/* ---- paths -------------------------------------------------------------- */

static int
glob(lua_State *L, lua_Number ttl)
{
	if (!(ttl >= 0 && ttl <= 86400))
		return where_error(L, "kumo.fs.glob: ttl_seconds must be 0 to "
		    "86400");
	lua_settop(L, 2);
	push_question(L, "glob");
	if (!lua_isnoneornil(L, 2)) {
		arg_span(L, 2);
		lua_pushvalue(L, 2);
		lua_setfield(L, -2, "relative_to");
	}
	lua_pushinteger(L, (lua_Integer)(ttl * 1000));
	lua_setfield(L, -2, "ttl");
	return ask_path(L, NULL);
}

int
fs_glob(lua_State *L)
{
	return glob(L, luaL_optnumber(L, 3, TTL_SECONDS));
}

int
fs_uncached_glob(lua_State *L)
{
	return glob(L, 0);
}

int
fs_read_dir(lua_State *L)
{
	push_question(L, "read_dir");
	return ask_path(L, NULL);
}

/* {s, ns} of the table on top becomes a Time. */
static void
make_time(lua_State *L, const char *name)
{
	struct moment m;

	lua_getfield(L, -1, name);
	lua_rawgeti(L, -1, 1);
	lua_rawgeti(L, -2, 2);
	m.s = lua_tointeger(L, -2);
	m.ns = (uint32_t)lua_tointeger(L, -1);
	lua_pop(L, 3);
	time_push(L, &m);
	lua_setfield(L, -2, name);
}

static int
give_metadata(lua_State *L)
{
	make_time(L, "mtime");
	make_time(L, "atime");
	make_time(L, "ctime");
	return 1;
}

static int
metadata(lua_State *L, bool follow)
{
	push_question(L, "metadata");
	lua_pushboolean(L, follow);
	lua_setfield(L, -2, "follow");
	return ask_path(L, give_metadata);
}

static int
fs_metadata(lua_State *L)
{
	return metadata(L, true);
}

static int
fs_symlink_metadata(lua_State *L)
{
	return metadata(L, false);
}

/* ---- files -------------------------------------------------------------- */

/* "rb", "r+b", "rb+" are as without the b. On top. */
static void
push_mode(lua_State *L, int index)
{
	const char *mode = luaL_optstring(L, index, "r");
	char plain[4];
	size_t i, n = 0;
	bool binary = false;

	for (i = 0; mode[i] != '\0' && n < 3; i++) {
		if (mode[i] == 'b' && i > 0 && !binary)
			binary = true;
		else
			plain[n++] = mode[i];
	}
	plain[n] = '\0';
	if (mode[i] != '\0' || n > 2 || strchr("rwa", plain[0]) == NULL ||
	    n == 0 || (n == 2 && plain[1] != '+'))
		where_error(L, "kumo.fs.open: '%.20s' is no mode: wanted r, w "
		    "or a, with + to read and write", mode);
	/* Its filter of system calls lets it read, and ends it otherwise. */
	if (policy_of(L)->mode == MODE_LOADER && strcmp(plain, "r") != 0)
		where_error(L, "kumo.fs.open: files can only be read while "
		    "the policy is loaded: write in an event");
	lua_pushstring(L, plain);
}

static int
give_file(lua_State *L)
{
	struct file_object *o = lua_touserdata(L, 3);

	o->open = true;
	lua_pushvalue(L, 3);
	return 1;
}

static int
fs_open(lua_State *L)
{
	struct file_object *o;
	uint64_t number;

	arg_span(L, 1);
	lua_settop(L, 2);
	o = library_new(L, &file_type, sizeof(*o));
	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return where_error(L, "kumo.fs.open: no random number");
	o->handle = (lua_Integer)(number >> 1);
	lua_pushvalue(L, 1);
	lua_setiuservalue(L, 3, 1);
	push_question(L, "open");
	push_mode(L, 2);
	lua_setfield(L, -2, "mode");
	lua_pushinteger(L, o->handle);
	lua_setfield(L, -2, "handle");
	return ask_file(L, give_file);
}

/* The question on top. */
static void
push_file_question(lua_State *L, const char *what)
{
	struct file_object *o = library_check(L, 1, &file_type);

	if (!o->open)
		where_error(L, "kumo.fs: the file was closed");
	lua_createtable(L, 0, 6);
	lua_pushstring(L, what);
	lua_setfield(L, -2, "what");
	lua_getiuservalue(L, 1, 1);
	lua_setfield(L, -2, "path");
	lua_pushinteger(L, o->handle);
	lua_setfield(L, -2, "handle");
}

static int
file_close(lua_State *L)
{
	struct file_object *o = library_check(L, 1, &file_type);

	if (!o->open)
		return 0;
	push_file_question(L, "close");
	o->open = false;
	o->handle = 0;
	return ask_file(L, NULL);
}

static int
file_flush(lua_State *L)
{
	push_file_question(L, "flush");
	return ask_file(L, NULL);
}

static int
file_read(lua_State *L)
{
	lua_Integer size = luaL_optinteger(L, 2, 0);

	if (size < 0)
		return where_error(L, "kumo.fs: the size is negative");
	lua_settop(L, 2);
	push_file_question(L, "read");
	if (!lua_isnoneornil(L, 2)) {
		lua_pushinteger(L, size);
		lua_setfield(L, -2, "size");
	}
	return ask_file(L, NULL);
}

static int
file_write(lua_State *L)
{
	arg_span(L, 2);
	push_file_question(L, "write");
	lua_pushvalue(L, 2);
	lua_tostring(L, -1);
	lua_setfield(L, -2, "data");
	return ask_file(L, NULL);
}

static int
file_seek(lua_State *L)
{
	static const char *const names[] = { "cur", "set", "end", NULL };
	int whence = luaL_checkoption(L, 2, "cur", names);
	lua_Integer offset = luaL_optinteger(L, 3, 0);

	push_file_question(L, "seek");
	lua_pushstring(L, names[whence]);
	lua_setfield(L, -2, "whence");
	lua_pushinteger(L, offset);
	lua_setfield(L, -2, "offset");
	return ask_file(L, NULL);
}

/* Nothing may be raised here. The loader's files go with the loader. */
static int
file_gc(lua_State *L)
{
	struct file_object *o = lua_touserdata(L, 1);
	struct buf args = { .base = NULL };
	struct value *v;

	/* Also when the answer to its opening never came. */
	if (policy_of(L)->mode == MODE_LOADER || o->handle == 0)
		return 0;
	v = value_map(0);
	value_map_add(v, 0, SPAN_LIT("what"),
	    value_text(0, SPAN_LIT("close")));
	value_map_add(v, 0, SPAN_LIT("path"), value_text(0, SPAN_LIT(".")));
	value_map_add(v, 0, SPAN_LIT("handle"), value_int(0, o->handle));
	o->handle = 0;
	value_write(&args, v);
	value_free(&v);
	door_tell_quietly(L, LOOKUP_FILE, buf_span(&args));
	buf_free(&args);
	return 0;
}

static const luaL_Reg meta[] = {
	{ "__gc", file_gc },
	{ NULL, NULL },
};

static const struct library_function methods[] = {
	{ "close", file_close, "() -> nil",
	    "Closes it. A file that is collected as garbage is closed too." },
	{ "flush", file_flush, "() -> nil",
	    "Writes are never held back, so there is nothing to do; an error "
	    "when the file is closed." },
	{ "read", file_read, "(size?) -> bytes",
	    "Up to size bytes from the position on, fewer at the end of the "
	    "file or above 15 MB; without a size all that is left, an error "
	    "when that is more than 15 MB. The empty string at the end." },
	{ "seek", file_seek, "(whence='cur', offset=0) -> number",
	    "Moves the position from itself (cur), the start (set) or the end "
	    "(end), and gives it." },
	{ "write", file_write, "(bytes) -> nil",
	    "Writes all of it, at most 15 MB at once, or raises an error." },
	{ NULL, NULL, NULL, NULL },
};

static const struct library_type file_type = {
	.name = "kumo.fs file",
	.about = "An open file. All its methods wait. When the process that "
	    "has it open ends they are errors: open it again.",
	.methods = methods,
	.meta = meta,
};

static const struct library_type *const types[] = { &file_type, NULL };

static const struct library_function functions[] = {
	{ "glob", fs_glob,
	    "(pattern, relative_to='.', ttl_seconds=60) -> paths",
	    "The files and folders whose paths match, in order: ? and * "
	    "within a name (not the dot in front of a hidden one), [abc], "
	    "{a,b}, and ** for any folders in between. A relative pattern "
	    "begins at relative_to, and paths below that come without it. "
	    "What is not there or cannot be read is passed over. The answer "
	    "is remembered for ttl_seconds, the last 32 of them. An error "
	    "for a name that is not UTF-8 and for more than 50000." },
	{ "metadata_for_path", fs_metadata, "(path) -> table",
	    "path, is_file, is_dir, is_symlink, len, readonly (no bit allows "
	    "writing), dev, ino, mode, nlink, uid, gid, rdev, size, blksize, "
	    "blocks, and as Time objects mtime, atime and ctime, when it was "
	    "made, or changed where the file system does not know. Links are "
	    "followed. An error when nothing is there." },
	{ "open", fs_open, "(path, mode='r') -> kumo.fs file",
	    "Opens a regular file: r reads, w empties or makes it and writes, "
	    "a makes it and writes at its end; r+, w+ and a+ read and write "
	    "and make it. A b changes nothing. 1000 may be open. While the "
	    "policy is loaded and in init files can only be read, and the "
	    "main chunk of the daemons cannot even do that: there io.open "
	    "gives what the loader read." },
	{ "read_dir", fs_read_dir, "(path) -> paths",
	    "The paths of all that is in a folder, in order, . and .. aside. "
	    "An error when it cannot be read, for a name that is not UTF-8 "
	    "and for more than 50000." },
	{ "symlink_metadata_for_path", fs_symlink_metadata,
	    "(path) -> table",
	    "As metadata_for_path, of the link itself." },
	{ "uncached_glob", fs_uncached_glob,
	    "(pattern, relative_to='.') -> paths",
	    "As glob, of what is there now." },
	{ NULL, NULL, NULL, NULL },
};

const struct library library_fs = {
	.name = "kumo.fs",
	.title = "files",
	.about = "Files and folders, without holding up anything else. In an "
	    "event\n.Xr lookupd 8\ncarries it out with the rights of its own "
	    "account. What the main chunk asks of paths the loader finds out, "
	    "and all processes get the same answer until the next reload. "
	    "The older names kumo.glob, kumo.uncached_glob and kumo.read_dir "
	    "are the same functions.",
	.functions = functions,
	.types = types,
};
