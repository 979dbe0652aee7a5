/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What policies may call, as tables: from one and the same table a module is
 * opened in a Lua state and its man page is made, so neither can have a
 * function that the other lacks. One file in lib/policy/modules/ per module.
 *
 * The functions of a library hold nothing on the heap while they may raise;
 * state.h says how. They run in jailed processes: none opens a file, a
 * socket or a process. What they need of the file system for good (charset
 * tables, the list of public suffixes) is loaded by library_prepare() before
 * the jail closes.
 */
#ifndef LIB_POLICY_LIBRARY_H
#define LIB_POLICY_LIBRARY_H

#include <lauxlib.h>
#include <lua.h>
#include <stdint.h>

/*
 * A function or method. args is the signature that the page shows and that
 * is compared with the list of what policies may expect: "(text, pad?) ->
 * bytes". text is the description in mdoc(7), without the first .It line. A
 * row whose args is NULL is no part of the page: it only refuses.
 */
struct library_function {
	const char *name;
	lua_CFunction call;
	const char *args;
	const char *text;
};

/* A field of an object, read by its name: value is what the page says. */
struct library_field {
	const char *name;
	lua_CFunction get; /* the object is argument 1 */
	lua_CFunction set; /* value at 2; NULL: cannot be set */
	const char *type;  /* "string", "number or nil" */
	const char *text;
};

/*
 * A kind of userdata. name is its metatable's in the registry and what error
 * messages call it. Methods and fields are found by name; anything else asked
 * of the object is an error that names the nearest there is. Methods check
 * their object themselves, so a type may be that of shells (state.h), too.
 * One that has methods alone is indexed by Lua without a call of ours.
 */
struct library_type {
	const char *name;
	const char *about; /* mdoc */
	const struct library_function *methods; /* to the row without a name */
	const struct library_field *fields;     /* likewise; NULL: none */
	const luaL_Reg *meta; /* __gc, __tostring, __eq ...; NULL: none */
	/* Names that are neither: (object, name) -> value; NULL: an error. */
	lua_CFunction index;
	lua_CFunction newindex;
};

/*
 * The functions of the library that is called "kumo" are that module's own. A
 * library without functions is there for its types, and cannot be required.
 */
struct library {
	const char *name;  /* as in require: "kumo.encode", "redis" */
	const char *title; /* one line for the page's .Nd */
	const char *about; /* mdoc; the page's DESCRIPTION */
	const struct library_function *functions; /* to the row without name */
	const struct library_type *const *types;  /* to NULL; NULL: none */
	/* Adds to the module's table on top what is no function; NULL: none. */
	void (*open)(lua_State *L);
	/* Once per process, before the jail closes; NULL: nothing. */
	void (*prepare)(void);
};

/* All of them, in the order of their pages; ends with NULL. */
extern const struct library *const libraries[];

/* Each can be required under its own name, which opens `kumo` as a whole. */
void libraries_preload(lua_State *L);
/* The table on top is the module `kumo`: hang "kumo.x" below it as x. */
void libraries_open(lua_State *L);
void libraries_prepare(void);

/* Make the type known to this state before the first object of it. */
void library_register(lua_State *L, const struct library_type *type);
/* A new userdata of the type on top, its bytes zero. */
void *library_new(lua_State *L, const struct library_type *type, size_t size);
/* The userdata at index, or an error that says what was wanted. */
void *library_check(lua_State *L, int index, const struct library_type *type);
/*
 * The duration at index in ms: text such as "1 minute", or a number of
 * seconds. Anything else, less than min_ms and more than a day is an error
 * that begins with `what`.
 */
int64_t library_duration(lua_State *L, int index, const char *what,
    int64_t min_ms);
/* The userdata at index, or NULL. */
void *library_test(lua_State *L, int index, const struct library_type *type);

#endif
