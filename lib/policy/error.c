/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a script raises, as a struct policy_error. kumo.reject raises a userdata
 * of its own, so that no text can look like one.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/policy/state.h"

#define REFUSAL "ekiden.refusal"

struct refusal_value {
	enum policy_error_kind kind;
	uint16_t code;
	enum policy_close close;
};

static int
refusal_text(lua_State *L)
{
	struct refusal_value *r = luaL_checkudata(L, 1, REFUSAL);

	lua_getiuservalue(L, 1, 1);
	lua_pushfstring(L, "%s(%d, %s)", r->kind == POLICY_REJECTED ?
	    "kumo.reject" : "kumo.disconnect", (int)r->code,
	    lua_tostring(L, -1));
	return 1;
}

void
error_register(lua_State *L)
{
	luaL_newmetatable(L, REFUSAL);
	lua_pushcfunction(L, refusal_text);
	lua_setfield(L, -2, "__tostring");
	lua_pop(L, 1);
}

static int
refuse(lua_State *L, enum policy_error_kind kind, enum policy_close close)
{
	lua_Integer code = luaL_checkinteger(L, 1);
	struct refusal_value *r;

	luaL_checkstring(L, 2);
	if (code < 200 || code > 599)
		return where_error(L, "%d is no SMTP reply code", (int)code);
	r = lua_newuserdatauv(L, sizeof(*r), 1);
	*r = (struct refusal_value){ kind, (uint16_t)code, close };
	luaL_setmetatable(L, REFUSAL);
	lua_pushvalue(L, 2);
	lua_setiuservalue(L, -2, 1);
	return lua_error(L);
}

int
kumo_reject(lua_State *L)
{
	return refuse(L, POLICY_REJECTED, POLICY_CLOSE_IF_421);
}

int
kumo_disconnect(lua_State *L)
{
	static const char *const modes[] = { "If421", "FollowWith421",
		"ForceDisconnect", NULL };
	const char *mode = luaL_optstring(L, 3, "ForceDisconnect");
	int i;

	for (i = 0; modes[i] != NULL; i++) {
		if (strcmp(mode, modes[i]) == 0)
			return refuse(L, POLICY_DISCONNECTED,
			    (enum policy_close)i);
	}
	return where_error(L, "kumo.disconnect: '%s' is not one of If421, "
	    "FollowWith421, ForceDisconnect", mode);
}

char *
error_line(struct span text)
{
	char *out = xmemdupz(text.p, text.len);
	size_t i;

	for (i = 0; i < text.len; i++) {
		if ((unsigned char)out[i] < ' ' || out[i] == 0x7f)
			out[i] = ' ';
	}
	return out;
}

/* The text of a raised value of any kind, without running a script. */
static struct span
raised_text(lua_State *co)
{
	size_t len;
	const char *p;

	/* A number would be turned into text, and that may raise. */
	if (lua_type(co, -1) != LUA_TSTRING)
		return span_of("the script raised a value that is no text");
	p = lua_tolstring(co, -1, &len);
	return span_make(p, len);
}

struct traceback {
	lua_State *co;
};

static int
make_traceback(lua_State *L)
{
	struct traceback *t = lua_touserdata(L, 1);

	luaL_traceback(L, t->co, NULL, 0);
	return 1;
}

static char *
traceback_take(struct policy *p, lua_State *co)
{
	struct traceback t = { co };
	size_t len;
	const char *text;
	char *out = NULL;

	lua_pushcfunction(p->L, make_traceback);
	lua_pushlightuserdata(p->L, &t);
	if (lua_pcall(p->L, 1, 1, 0) == LUA_OK) {
		text = lua_tolstring(p->L, -1, &len);
		out = xmemdupz(text, len);
	}
	lua_pop(p->L, 1);
	return out;
}

static bool
refusal_take(struct policy *p, lua_State *co, struct policy_error *out)
{
	struct refusal_value *r;
	bool is_one = false;
	size_t len;
	const char *text;

	if (lua_type(co, -1) != LUA_TUSERDATA || !lua_getmetatable(co, -1))
		return false;
	lua_pushnil(co);
	lua_pop(co, 1);
	if (lua_getfield(p->L, LUA_REGISTRYINDEX, REFUSAL) == LUA_TTABLE)
		is_one = lua_topointer(p->L, -1) == lua_topointer(co, -1);
	lua_pop(p->L, 1);
	lua_pop(co, 1);
	if (!is_one)
		return false;
	r = lua_touserdata(co, -1);
	lua_getiuservalue(co, -1, 1);
	text = lua_tolstring(co, -1, &len);
	out->kind = r->kind;
	out->code = r->code;
	out->close = r->close;
	out->text = error_line(span_make(text, len));
	lua_pop(co, 1);
	return true;
}

/* Does it begin with "FILE:LINE: "? */
static bool
has_place(struct span text)
{
	ptrdiff_t colon = span_find(text, ':');
	size_t at;

	if (colon <= 0)
		return false;
	for (at = (size_t)colon + 1; at < text.len &&
	    ascii_digit(text.p[at]); at++)
		;
	return at > (size_t)colon + 1 && at < text.len && text.p[at] == ':';
}

/* Faults found in C carry no place: it is the line that called there. */
static void
put_located(lua_State *co, struct span text, struct buf *out)
{
	const char *file;
	int line;

	if (!has_place(text) && where_script(co, &file, &line))
		buf_addf(out, "%s:%d: ", file, line);
	where_expand(co, text, out);
}

void
error_take(struct policy *p, lua_State *co, int status,
    struct policy_error *out)
{
	struct buf text = { .base = NULL };

	memset(out, 0, sizeof(*out));
	/* The text of a refusal and our own needs a few slots. */
	if (!lua_checkstack(co, 4) || !lua_checkstack(p->L, 8))
		status = LUA_ERRMEM;
	if (p->too_long) {
		out->kind = POLICY_TOO_LONG;
	} else if (status == LUA_ERRMEM || (p->out_of_memory &&
	    lua_type(co, -1) == LUA_TSTRING &&
	    strstr(lua_tostring(co, -1), "not enough memory") != NULL)) {
		out->kind = POLICY_TOO_BIG;
		out->text = xstrdup("the script used up its memory");
		return;
	} else if (refusal_take(p, co, out)) {
		return;
	} else {
		out->kind = POLICY_FAILED;
	}
	put_located(co, raised_text(co), &text);
	buf_add_byte(&text, '\0');
	out->text = xstrdup((const char *)buf_data(&text));
	out->traceback = traceback_take(p, co);
	buf_free(&text);
}

void
policy_error_free(struct policy_error *e)
{
	free(e->text);
	free(e->traceback);
	memset(e, 0, sizeof(*e));
}
