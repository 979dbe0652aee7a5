/* SPDX-License-Identifier: Apache-2.0 */
/* JSON text (RFC 8259) straight onto the Lua stack. */
#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/policy/convert.h"

enum { NUMBER_MAX = 64 };

struct scanner {
	lua_State *L;
	const char *p, *end;
	unsigned depth;
};

static int push_value(struct scanner *s);

static void
skip_blanks(struct scanner *s)
{
	while (s->p < s->end && memchr(" \t\r\n", *s->p, 4) != NULL)
		s->p++;
}

static bool
take(struct scanner *s, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(s->end - s->p) < len || memcmp(s->p, word, len) != 0)
		return false;
	s->p += len;
	return true;
}

static int
hex4(struct scanner *s, unsigned *out)
{
	unsigned v = 0;
	int i;
	char c;

	if (s->end - s->p < 4)
		return -1;
	for (i = 0; i < 4; i++) {
		c = ascii_lower(*s->p++);
		if (ascii_digit(c))
			v = v << 4 | (unsigned)(c - '0');
		else if (c >= 'a' && c <= 'f')
			v = v << 4 | (unsigned)(c - 'a' + 10);
		else
			return -1;
	}
	*out = v;
	return 0;
}

static void
add_utf8(luaL_Buffer *b, unsigned c)
{
	if (c < 0x80) {
		luaL_addchar(b, (char)c);
	} else if (c < 0x800) {
		luaL_addchar(b, (char)(0xc0 | c >> 6));
		luaL_addchar(b, (char)(0x80 | (c & 0x3f)));
	} else if (c < 0x10000) {
		luaL_addchar(b, (char)(0xe0 | c >> 12));
		luaL_addchar(b, (char)(0x80 | (c >> 6 & 0x3f)));
		luaL_addchar(b, (char)(0x80 | (c & 0x3f)));
	} else {
		luaL_addchar(b, (char)(0xf0 | c >> 18));
		luaL_addchar(b, (char)(0x80 | (c >> 12 & 0x3f)));
		luaL_addchar(b, (char)(0x80 | (c >> 6 & 0x3f)));
		luaL_addchar(b, (char)(0x80 | (c & 0x3f)));
	}
}

static int
unicode_escape(struct scanner *s, luaL_Buffer *b)
{
	unsigned high, low;

	if (hex4(s, &high) == -1)
		return -1;
	if (high >= 0xd800 && high < 0xdc00) {
		if (!take(s, "\\u") || hex4(s, &low) == -1 || low < 0xdc00 ||
		    low > 0xdfff)
			return -1;
		high = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
	} else if (high >= 0xdc00 && high <= 0xdfff) {
		return -1;
	}
	add_utf8(b, high);
	return 0;
}

static int
escape(struct scanner *s, luaL_Buffer *b)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at;

	if (s->p == s->end)
		return -1;
	if (*s->p == 'u') {
		s->p++;
		return unicode_escape(s, b);
	}
	at = *s->p != '\0' ? strchr(from, *s->p) : NULL;
	if (at == NULL)
		return -1;
	s->p++;
	luaL_addchar(b, to[at - from]);
	return 0;
}

/* Behind the opening quote. */
static int
push_text(struct scanner *s)
{
	const char *start = s->p;
	luaL_Buffer b;

	while (s->p < s->end && *s->p != '"' && *s->p != '\\')
		s->p++;
	if (s->p < s->end && *s->p == '"') {
		lua_pushlstring(s->L, start, (size_t)(s->p++ - start));
		return 0;
	}
	luaL_buffinit(s->L, &b);
	luaL_addlstring(&b, start, (size_t)(s->p - start));
	while (s->p < s->end && *s->p != '"') {
		if (*s->p != '\\') {
			luaL_addchar(&b, *s->p++);
			continue;
		}
		s->p++;
		if (escape(s, &b) == -1)
			return -1;
	}
	if (s->p == s->end)
		return -1;
	s->p++;
	luaL_pushresult(&b);
	return 0;
}

static int
push_number(struct scanner *s)
{
	char text[NUMBER_MAX];
	size_t len = 0;

	while (s->p < s->end && len < sizeof(text) - 1 &&
	    (ascii_digit(*s->p) || memchr("+-.eE", *s->p, 5) != NULL))
		text[len++] = *s->p++;
	text[len] = '\0';
	if (len == 0 || lua_stringtonumber(s->L, text) == 0)
		return -1;
	return 0;
}

static int
push_array(struct scanner *s)
{
	lua_Integer n = 0;

	lua_newtable(s->L);
	skip_blanks(s);
	if (take(s, "]"))
		return 0;
	do {
		if (push_value(s) == -1)
			return -1;
		lua_rawseti(s->L, -2, ++n);
		skip_blanks(s);
	} while (take(s, ","));
	return take(s, "]") ? 0 : -1;
}

static int
push_object(struct scanner *s)
{
	lua_newtable(s->L);
	skip_blanks(s);
	if (take(s, "}"))
		return 0;
	do {
		skip_blanks(s);
		if (!take(s, "\"") || push_text(s) == -1)
			return -1;
		skip_blanks(s);
		if (!take(s, ":") || push_value(s) == -1)
			return -1;
		lua_rawset(s->L, -3);
		skip_blanks(s);
	} while (take(s, ","));
	return take(s, "}") ? 0 : -1;
}

static int
push_value(struct scanner *s)
{
	int result = 0;

	luaL_checkstack(s->L, 8, "JSON is too deep");
	if (++s->depth > CONVERT_DEPTH_MAX)
		return -1;
	skip_blanks(s);
	if (take(s, "\""))
		result = push_text(s);
	else if (take(s, "{"))
		result = push_object(s);
	else if (take(s, "["))
		result = push_array(s);
	else if (take(s, "true"))
		lua_pushboolean(s->L, true);
	else if (take(s, "false"))
		lua_pushboolean(s->L, false);
	else if (take(s, "null"))
		lua_pushnil(s->L);
	else
		result = push_number(s);
	s->depth--;
	return result;
}

void
convert_push_json(lua_State *L, struct span json)
{
	struct scanner s = { L, json.p, json.p + json.len, 0 };
	int top = lua_gettop(L);

	if (json.len != 0 && push_value(&s) == 0) {
		skip_blanks(&s);
		if (s.p == s.end)
			return;
	}
	lua_settop(L, top);
	lua_pushnil(L);
}
