/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Templates: text with places for values. Jinja is the dialect of MiniJinja,
 * Handlebars that of its Rust form, Static is text as it is; which filters,
 * tests, functions and helpers there are stands in ekiden-template(7).
 *
 * A template is parsed once into a tree, which is walked for each rendering;
 * both in C. Lua would be no shorter a way: values come from C (log records,
 * injected JSON) as often as from a script, the logger has no Lua, and what
 * bounds a rendering (steps, memory, output, nesting) has to be counted here
 * anyway.
 *
 * Templates come from whoever may inject mail, values from anybody: nothing
 * of either reaches a file, a process or a pointer, and each rendering ends
 * within its limits.
 */
#ifndef LIB_TEMPLATE_TEMPLATE_H
#define LIB_TEMPLATE_TEMPLATE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/span.h"

struct template;
struct templates;
struct value;

enum template_dialect {
	TEMPLATE_JINJA,
	TEMPLATE_STATIC,
	TEMPLATE_HANDLEBARS,
};

/* "Jinja", "Static", "Handlebars", NULL. */
extern const char *const template_dialects[];

enum {
	TEMPLATE_SOURCE_MAX = 16 * 1024 * 1024,
	TEMPLATE_ERROR_MAX = 512,
};

struct template_error {
	int line; /* 0: unknown */
	char text[TEMPLATE_ERROR_MAX]; /* names template and line; printable */
};

struct template_limits {
	uint64_t steps;  /* nodes visited, items handled */
	size_t output;   /* bytes */
	size_t memory;   /* bytes of values made on the way */
	unsigned depth;  /* of calls, includes, nested nodes */
};

extern const struct template_limits template_limits_default;

struct template_input {
	/* Maps of variables; what a later one has hides what earlier have. */
	const struct value *const *maps;
	size_t n_maps;
	const struct templates *others; /* to include; NULL: none */
	const struct template_limits *limits; /* NULL: the default */
	int64_t now_us; /* what now() says; 0: the clock */
};

/*
 * Before the jail closes: time zones and the case of letters come from files.
 * Without it zones other than UTC are unknown and only ASCII has two cases.
 */
void template_prepare(void);

/*
 * The name is a file's in form only: its end decides what is escaped. .html,
 * .htm and .xml escape for HTML; .json, .json5, .js, .yaml and .yml write
 * values as JSON (Jinja only); before that an ending .j2 is taken off.
 * Handlebars escapes for .html alone. NULL with the error.
 */
struct template *template_compile(enum template_dialect dialect,
    const char *name, struct span source, struct template_error *error);
void template_free(struct template **t);
const char *template_name(const struct template *t);
/* Append to out; on an error -1, and out is as it was. */
int template_render(const struct template *t, const struct template_input *in,
    struct buf *out, struct template_error *error);

/* Templates of one dialect that can name each other. */
struct templates *templates_new(enum template_dialect dialect);
void templates_free(struct templates **set);
/* Takes the place of one with that name; -1 with the error. */
int templates_add(struct templates *set, const char *name, struct span source,
    struct template_error *error);
const struct template *templates_find(const struct templates *set,
    struct span name);

/*
 * Compiled templates by what they were compiled from, the least lately used
 * going when there are more than `count` or their sources take more than
 * `bytes`.
 */
struct template_cache;

struct template_cache *template_cache_new(size_t count, size_t bytes);
void template_cache_free(struct template_cache **cache);
/* Stays valid until the next call; NULL with the error. */
const struct template *template_cached(struct template_cache *cache,
    enum template_dialect dialect, const char *name, struct span source,
    struct template_error *error);

/*
 * For the page: the rows of `what` ("filters", "tests", "functions",
 * "methods", "helpers") as an mdoc list. -1: there is nothing of that name.
 */
int template_mdoc(struct buf *out, const char *what);

#endif
