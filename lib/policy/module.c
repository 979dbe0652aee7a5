/* SPDX-License-Identifier: Apache-2.0 */
/*
 * require, dofile and io: in a loader from files, which are recorded in the
 * bundle; in a daemon from the bundle alone. Chunks are kept under their
 * path; "require:NAME" says which path a module was found at, "file:PATH" is
 * data that a script read.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/policy/state.h"

#define DEFAULT_PATH "/etc/ekiden/?.lua;/etc/ekiden/?/init.lua;" \
    "/usr/share/ekiden/?.lua;/usr/share/ekiden/?/init.lua"

/* ---- files, in a loader ------------------------------------------------- */

/* Whole into the bundle under `key`; -1 with errno. */
static int
file_take(struct policy *p, const char *path, const char *key)
{
	struct buf text = { .base = NULL };
	struct stat st;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC), saved;

	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		close(fd);
		errno = EISDIR;
		return -1;
	}
	while ((n = read(fd, buf_reserve(&text, 65536), 65536)) > 0 &&
	    buf_len(&text) <= BUNDLE_CHUNK_MAX)
		buf_commit(&text, (size_t)n);
	saved = errno;
	close(fd);
	if (n == 0 && p->bundle.n < BUNDLE_CHUNKS_MAX)
		bundle_add(&p->bundle, key, buf_span(&text));
	buf_free(&text);
	errno = n == -1 ? saved : EFBIG;
	return bundle_find(&p->bundle, key) != NULL ? 0 : -1;
}

/* The chunk under a key, which a loader may have to read first. */
static const struct chunk *
chunk_get(struct policy *p, const char *path, const char *key)
{
	const struct chunk *c = bundle_find(&p->bundle, key);

	if (c != NULL || p->mode == MODE_DAEMON)
		return c;
	return file_take(p, path, key) == 0 ? bundle_find(&p->bundle, key) :
	    NULL;
}

const struct chunk *
module_file(struct policy *p, const char *path)
{
	char *key = xasprintf("file:%s", path);
	const struct chunk *c;
	int saved;

	errno = 0;
	c = chunk_get(p, path, key);
	saved = errno;
	free(key);
	errno = saved;
	return c;
}

/* ---- require ------------------------------------------------------------ */

/* Push the path of a module from package.path, or nothing. */
static bool
search_path(lua_State *L, const char *name)
{
	const char *file, *path, *end;

	lua_getglobal(L, "package");
	lua_getfield(L, -1, "path");
	lua_remove(L, -2);
	path = lua_tostring(L, -1);
	if (path == NULL)
		where_error(L, "package.path must be a text");
	file = luaL_gsub(L, name, ".", "/");
	for (; *path != '\0'; path = *end == ';' ? end + 1 : end) {
		end = strchr(path, ';');
		if (end == NULL)
			end = path + strlen(path);
		lua_pushlstring(L, path, (size_t)(end - path));
		luaL_gsub(L, lua_tostring(L, -1), "?", file);
		if (access(lua_tostring(L, -1), R_OK) == 0)
			return true;
		lua_pop(L, 2);
	}
	return false;
}

static const char *
module_place(lua_State *L, struct policy *p, const char *name)
{
	const char *key = lua_pushfstring(L, "require:%s", name);
	const struct chunk *c = bundle_find(&p->bundle, key);
	const char *path;

	if (c != NULL)
		return (const char *)c->p;
	if (p->mode == MODE_DAEMON || !search_path(L, name))
		return NULL;
	path = lua_tostring(L, -1);
	bundle_add(&p->bundle, key, span_of(path));
	return path;
}

static int
load_chunk(lua_State *L, const char *path, struct span text)
{
	const char *name = lua_pushfstring(L, "@%s", path);

	if (luaL_loadbufferx(L, text.p, text.len, name, "t") == LUA_OK)
		return 0;
	return lua_error(L);
}

static int
search_module(lua_State *L)
{
	const char *name = luaL_checkstring(L, 1);
	struct policy *p = policy_of(L);
	const struct chunk *c;
	const char *path;

	path = module_place(L, p, name);
	if (path == NULL) {
		lua_pushfstring(L, p->mode == MODE_LOADER ?
		    "no file '%s' in package.path" :
		    "module '%s' was not read when the configuration was "
		    "loaded: require it at the top of the policy", name);
		return 1;
	}
	c = chunk_get(p, path, path);
	if (c == NULL)
		return where_error(L, "%s: %s", path, strerror(errno));
	load_chunk(L, path, span_make(c->p, c->len));
	lua_pushstring(L, path);
	return 2;
}

static int
safe_dofile(lua_State *L)
{
	const char *path = luaL_checkstring(L, 1);
	const struct chunk *c = chunk_get(policy_of(L), path, path);

	if (c == NULL)
		return where_error(L, "dofile: %s: %s", path,
		    policy_of(L)->mode == MODE_LOADER ? strerror(errno) :
		    "not read when the configuration was loaded");
	lua_settop(L, 0);
	load_chunk(L, path, span_make(c->p, c->len));
	lua_call(L, 0, LUA_MULTRET);
	return lua_gettop(L);
}

/* ---- modules that handlers will require --------------------------------- */

/* Runs in protected mode: upvalues are not needed, the name is argument 1. */
static int
follow_one(lua_State *L)
{
	struct policy *p = policy_of(L);
	const char *path = module_place(L, p, luaL_checkstring(L, 1));

	if (path != NULL)
		chunk_get(p, path, path);
	return 0;
}

/* The quoted name behind `require` at text[at], with or without bracket. */
static struct span
required_name(struct span text, size_t at)
{
	size_t start;
	char quote;

	while (at < text.len && (text.p[at] == ' ' || text.p[at] == '('))
		at++;
	if (at >= text.len || (text.p[at] != '\'' && text.p[at] != '"'))
		return span_of(NULL);
	quote = text.p[at++];
	start = at;
	while (at < text.len && text.p[at] != quote && text.p[at] > ' ')
		at++;
	if (at >= text.len || text.p[at] != quote)
		return span_of(NULL);
	return span_make(text.p + start, at - start);
}

static void
follow_text(struct policy *p, struct span text)
{
	static const char word[] = "require";
	struct span name;
	const char *at;
	size_t from = 0;

	while ((at = memmem(text.p + from, text.len - from, word,
	    sizeof(word) - 1)) != NULL) {
		from = (size_t)(at - text.p) + sizeof(word) - 1;
		name = required_name(text, from);
		if (name.len == 0 || !lua_checkstack(p->L, 4))
			continue;
		lua_pushcfunction(p->L, follow_one);
		lua_pushlstring(p->L, name.p, name.len);
		if (lua_pcall(p->L, 1, 0, 0) != LUA_OK)
			lua_pop(p->L, 1);
	}
}

void
modules_follow(struct policy *p)
{
	size_t i;

	/* The bundle grows meanwhile: what was found is followed too. */
	for (i = 0; i < p->bundle.n; i++) {
		if (strncmp(p->bundle.v[i].name, "file:", 5) == 0 ||
		    strncmp(p->bundle.v[i].name, "require:", 8) == 0)
			continue;
		follow_text(p, span_make(p->bundle.v[i].p,
		    p->bundle.v[i].len));
	}
}

/* ---- io: files as text -------------------------------------------------- */

/* read_text(path): the whole file, or nil and why. */
static int
read_text(lua_State *L)
{
	const char *path = luaL_checkstring(L, 1);
	struct policy *p = policy_of(L);
	const struct chunk *c = module_file(p, path);

	if (c != NULL) {
		lua_pushlstring(L, (const char *)c->p, c->len);
		return 1;
	}
	lua_pushnil(L);
	lua_pushfstring(L, "%s: %s", path, p->mode == MODE_LOADER ?
	    strerror(errno) : "not read when the configuration was loaded");
	return 2;
}

/* Files are texts read whole, so that a daemon opens none. */
static const char io_source[] =
"local read_text = ...\n"
"local file = {}\n"
"file.__index = file\n"
"file.__name = 'file'\n"
"local function alive(f)\n"
"  if not f.text then error('the file is closed', 3) end\n"
"end\n"
"local function line(f, keep)\n"
"  if f.at > #f.text then return nil end\n"
"  local e = f.text:find('\\n', f.at, true)\n"
"  local s = f.text:sub(f.at, e and (keep and e or e - 1) or #f.text)\n"
"  f.at = (e or #f.text) + 1\n"
"  return s\n"
"end\n"
"local function one(f, how)\n"
"  if type(how) == 'number' then\n"
"    if f.at > #f.text then return how == 0 and '' or nil end\n"
"    local s = f.text:sub(f.at, f.at + how - 1)\n"
"    f.at = f.at + #s\n"
"    return s\n"
"  end\n"
"  how = tostring(how):gsub('^%*', '')\n"
"  if how == 'a' then\n"
"    local s = f.text:sub(f.at)\n"
"    f.at = #f.text + 1\n"
"    return s\n"
"  elseif how == 'l' or how == 'L' then\n"
"    return line(f, how == 'L')\n"
"  elseif how == 'n' then\n"
"    local s, e = f.text:match('^%s*([%+%-]?[%w%.]+)()', f.at)\n"
"    if not s or not tonumber(s) then return nil end\n"
"    f.at = e\n"
"    return tonumber(s)\n"
"  end\n"
"  error('this form of read is not known: ' .. how, 3)\n"
"end\n"
"function file:read(...)\n"
"  alive(self)\n"
"  if select('#', ...) == 0 then return line(self, false) end\n"
"  local out, n = {}, select('#', ...)\n"
"  for i = 1, n do\n"
"    out[i] = one(self, (select(i, ...)))\n"
"    if out[i] == nil then break end\n"
"  end\n"
"  return table.unpack(out, 1, n)\n"
"end\n"
"function file:lines(how)\n"
"  alive(self)\n"
"  return function() return one(self, how or 'l') end\n"
"end\n"
"function file:close() alive(self) self.text = nil return true end\n"
"file.__close = function(f) f.text = nil end\n"
"io = {}\n"
"function io.open(path, mode)\n"
"  if not (mode or 'r'):match('^rb?$') then\n"
"    return nil, path .. ': a policy can only read files'\n"
"  end\n"
"  local text, why = read_text(path)\n"
"  if not text then return nil, why, 2 end\n"
"  return setmetatable({ text = text, at = 1 }, file)\n"
"end\n"
"function io.lines(path, how)\n"
"  return assert(io.open(path)):lines(how)\n"
"end\n"
"function io.type(f)\n"
"  if getmetatable(f) ~= file then return nil end\n"
"  return f.text and 'file' or 'closed file'\n"
"end\n"
"function io.write(...)\n"
"  local out = {}\n"
"  for i = 1, select('#', ...) do\n"
"    out[i] = tostring((select(i, ...)))\n"
"  end\n"
"  print((table.concat(out):gsub('\\n$', '')))\n"
"end\n"
"package.loaded.io = io\n";

static void
package_open(lua_State *L)
{
	lua_createtable(L, 0, 4);
	lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
	lua_setfield(L, -2, "loaded");
	luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
	lua_setfield(L, -2, "preload");
	lua_pushliteral(L, DEFAULT_PATH);
	lua_setfield(L, -2, "path");
	lua_pushliteral(L, "");
	lua_setfield(L, -2, "cpath");
	lua_pushliteral(L, "/\n;\n?\n!\n-\n");
	lua_setfield(L, -2, "config");
	lua_setglobal(L, "package");
}

/* require(name): loaded, preload, then our own search. */
static int
safe_require(lua_State *L)
{
	const char *name = luaL_checkstring(L, 1);
	int results;

	lua_settop(L, 1);
	lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
	if (lua_getfield(L, 2, name) != LUA_TNIL)
		return 1;
	lua_pop(L, 1);
	luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
	if (lua_getfield(L, -1, name) == LUA_TFUNCTION) {
		lua_pushliteral(L, ":preload:");
	} else {
		lua_pushcfunction(L, search_module);
		lua_pushvalue(L, 1);
		lua_call(L, 1, LUA_MULTRET);
		results = lua_gettop(L) - 4;
		if (results != 2)
			return where_error(L, "module '%s' is not there: %s",
			    name, lua_tostring(L, -1));
	}
	lua_pushvalue(L, 1);
	lua_insert(L, -2);
	/* loader, name, place */
	lua_call(L, 2, 1);
	if (lua_isnil(L, -1)) {
		lua_pop(L, 1);
		lua_pushboolean(L, true);
	}
	lua_pushvalue(L, -1);
	lua_setfield(L, 2, name);
	return 1;
}

void
modules_open(struct policy *p)
{
	lua_State *L = p->L;

	package_open(L);
	lua_pushcfunction(L, safe_require);
	lua_setglobal(L, "require");
	lua_pushcfunction(L, safe_dofile);
	lua_setglobal(L, "dofile");
	if (luaL_loadbufferx(L, io_source, sizeof(io_source) - 1, "=io",
	    "t") != LUA_OK)
		lua_error(L);
	lua_pushcfunction(L, read_text);
	lua_call(L, 1, 0);
}
