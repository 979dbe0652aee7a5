/* SPDX-License-Identifier: Apache-2.0 */
/* kumo.regex: regular expressions. */
#include "lib/policy/modules/regex.h"

#include <string.h>

#include "lib/base/text.h"
#include "lib/policy/modules/args.h"
#include "lib/policy/modules/modules.h"
#include "lib/policy/state.h"

static const struct library_type type_regex;

/* ---- shared -------------------------------------------------------------- */

static void *
take(size_t size, void *arg)
{
	return state_take(arg, size);
}

static void
give(void *p, void *arg)
{
	state_give(arg, p);
}

struct regex_memory
script_memory(lua_State *L)
{
	return (struct regex_memory){ take, give, policy_of(L) };
}

int
regex_raise(lua_State *L, enum regex_result result)
{
	if (result == REGEX_GAVE_UP)
		return where_error(L, "the regular expression needs too many "
		    "steps for this text");
	policy_of(L)->out_of_memory = true;
	return where_error(L, "not enough memory");
}

/* ---- making one ---------------------------------------------------------- */

static int
compile(lua_State *L)
{
	struct span pattern = arg_span(L, 1);
	struct regex_memory memory = script_memory(L);
	struct regex **box = library_new(L, &type_regex, sizeof(*box));
	char why[REGEX_WHY_MAX], printable[128];

	*box = regex_new(pattern, &memory, why);
	if (*box == NULL && why[0] == '\0') {
		/* Patterns that nobody has any more may be what fills it. */
		lua_gc(L, LUA_GCCOLLECT);
		*box = regex_new(pattern, &memory, why);
	}
	if (*box != NULL)
		return 1;
	if (why[0] == '\0')
		return regex_raise(L, REGEX_NO_MEMORY);
	return where_error(L, "kumo.regex.compile: '%s': %s",
	    text_printable(pattern, printable, sizeof(printable)), why);
}

static int
escape(lua_State *L)
{
	struct span s = arg_span(L, 1);
	luaL_Buffer b;
	size_t i;

	luaL_buffinit(L, &b);
	for (i = 0; i < s.len; i++) {
		if (s.p[i] != '\0' && strchr("\\.+*?()|[]{}^$#&-~", s.p[i]) !=
		    NULL)
			luaL_addchar(&b, '\\');
		luaL_addchar(&b, s.p[i]);
	}
	luaL_pushresult(&b);
	return 1;
}

/* ---- methods: (regex, text, ...) ----------------------------------------- */

static struct regex *
check(lua_State *L)
{
	struct regex **box = library_check(L, 1, &type_regex);

	if (*box == NULL)
		where_error(L, "the regular expression is gone");
	return *box;
}

static int
gc(lua_State *L)
{
	regex_free(lua_touserdata(L, 1));
	return 0;
}

/* true with the first match; false: there is none. */
static bool
find_first(lua_State *L, struct regex *r)
{
	enum regex_result result = regex_find(r, arg_utf8(L, 2), 0,
	    budget_until(policy_of(L)));

	budget_check(L);
	if (result != REGEX_FOUND && result != REGEX_NONE)
		regex_raise(L, result);
	return result == REGEX_FOUND;
}

static bool
walk(lua_State *L, struct regex_walk *w, struct span *found)
{
	enum regex_result result = regex_walk_next(w,
	    budget_until(policy_of(L)), found);

	budget_check(L);
	if (result != REGEX_FOUND && result != REGEX_NONE)
		regex_raise(L, result);
	return result == REGEX_FOUND;
}

static int
captures(lua_State *L)
{
	struct regex *r = check(L);
	struct span part, name;
	unsigned i, group;

	if (!find_first(L, r))
		return 0;
	lua_newtable(L);
	for (i = 0; i < regex_groups(r); i++) {
		part = regex_group(r, i);
		if (part.p == NULL)
			continue;
		push_span(L, part);
		lua_rawseti(L, -2, i);
	}
	for (i = 0; regex_name(r, i, &name, &group); i++) {
		part = regex_group(r, group);
		if (part.p == NULL)
			continue;
		push_span(L, name);
		push_span(L, part);
		lua_rawset(L, -3);
	}
	return 1;
}

static int
is_match(lua_State *L)
{
	lua_pushboolean(L, find_first(L, check(L)));
	return 1;
}

static int
find(lua_State *L)
{
	struct regex *r = check(L);

	if (!find_first(L, r))
		return 0;
	push_span(L, regex_group(r, 0));
	return 1;
}

static int
find_all(lua_State *L)
{
	struct regex_walk w;
	struct span found;
	lua_Integer n = 0;

	regex_walk_begin(&w, check(L), arg_utf8(L, 2));
	lua_newtable(L);
	while (walk(L, &w, &found)) {
		push_span(L, found);
		lua_rawseti(L, -2, ++n);
	}
	return 1;
}

static int
split(lua_State *L)
{
	struct span text = arg_utf8(L, 2), found;
	struct regex_walk w;
	size_t start = 0, at;
	lua_Integer n = 0;

	regex_walk_begin(&w, check(L), text);
	lua_newtable(L);
	while (walk(L, &w, &found)) {
		at = (size_t)(found.p - text.p);
		push_span(L, span_make(text.p + start,
		    at > start ? at - start : 0));
		lua_rawseti(L, -2, ++n);
		start = at + found.len;
	}
	push_span(L, span_from(text, start));
	lua_rawseti(L, -2, ++n);
	return 1;
}

static void
add_replacement(luaL_Buffer *b, struct regex *r, struct span with)
{
	struct span piece;
	bool group;

	while (regex_piece_next(&with, &piece, &group)) {
		if (group)
			piece = regex_group_named(r, piece);
		if (piece.len > 0)
			luaL_addlstring(b, piece.p, piece.len);
	}
}

/* The first `limit` matches, 0: all. */
static int
replace_some(lua_State *L, lua_Integer limit, struct span with)
{
	struct span text = arg_utf8(L, 2), found;
	struct regex *r = check(L);
	struct regex_walk w;
	lua_Integer n = 0;
	size_t start = 0, at;
	luaL_Buffer b;

	regex_walk_begin(&w, r, text);
	luaL_buffinit(L, &b);
	while ((limit == 0 || n++ < limit) && walk(L, &w, &found)) {
		at = (size_t)(found.p - text.p);
		if (at > start)
			luaL_addlstring(&b, text.p + start, at - start);
		add_replacement(&b, r, with);
		start = at + found.len;
	}
	luaL_addlstring(&b, text.p + start, text.len - start);
	luaL_pushresult(&b);
	return 1;
}

static int
replace(lua_State *L)
{
	return replace_some(L, 1, arg_span(L, 3));
}

static int
replace_all(lua_State *L)
{
	return replace_some(L, 0, arg_span(L, 3));
}

static int
replacen(lua_State *L)
{
	return replace_some(L, (lua_Integer)arg_count(L, 3), arg_span(L, 4));
}

static const struct library_function methods[] = {
	{ "captures", captures, "(text) -> table or nil",
	    "The groups of the first match: its whole at index 0, each group "
	    "by its number, and those with names by their names, too.  A group "
	    "that has no part in the match is not there." },
	{ "is_match", is_match, "(text) -> boolean",
	    "Is there a match anywhere in the text?" },
	{ "find", find, "(text) -> string or nil", "The first match." },
	{ "find_all", find_all, "(text) -> string[]",
	    "All matches, one behind the other." },
	{ "replace", replace, "(text, replacement) -> string",
	    "The text with its first match replaced.  In the replacement\n"
	    ".Ql $1 , $name\nand\n.Ql ${name}\nstand for what a group "
	    "matched, nothing when there is no such group;\n.Ql $0\n"
	    "is the whole and\n.Ql $$\na dollar sign.  The longest name "
	    "counts:\n.Ql $1a\nis the group\n.Ql 1a ." },
	{ "replace_all", replace_all, "(text, replacement) -> string",
	    "As\n.Fn replace ,\nall matches." },
	{ "replacen", replacen, "(text, limit, replacement) -> string",
	    "As\n.Fn replace ,\nthe first\n.Fa limit\nmatches; 0 means "
	    "all." },
	{ "split", split, "(text) -> string[]",
	    "The pieces of text between matches." },
	{ NULL, NULL, NULL, NULL },
};

static const luaL_Reg meta[] = {
	{ "__gc", gc },
	{ NULL, NULL },
};

static const struct library_type type_regex = {
	.name = "Regex",
	.about = "A regular expression.  The text that it is asked for must be "
	    "UTF-8; one for which it needs too many steps raises an error.",
	.methods = methods,
	.meta = meta,
};

/* ---- the module ---------------------------------------------------------- */

static const struct library_function functions[] = {
	{ "compile", compile, "(pattern) -> Regex",
	    "A regular expression.  Raises an error that says what is wrong "
	    "with the pattern." },
	{ "escape", escape, "(text) -> string",
	    "A pattern that matches that text and nothing else." },
	{ NULL, NULL, NULL, NULL },
};

static const struct library_type *const types[] = { &type_regex, NULL };

const struct library library_regex = {
	.name = "kumo.regex",
	.title = "regular expressions",
	.about = "Regular expressions in the syntax of Rust's crates regex and "
	    "fancy-regex, which is near that of Perl: look-around, atomic "
	    "groups, back-references, and set operations in classes such as\n"
	    ".Ql [a-z&&[^aeiou]]\nare known.  Classes are Unicode's,\n"
	    ".Ql $\nis the end of the text alone, and\n.Ql \\eh\n"
	    "a hexadecimal digit.",
	.functions = functions,
	.types = types,
};
