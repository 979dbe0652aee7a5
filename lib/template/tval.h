/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A value while a template is rendered. Lists and maps of the context stay
 * where they are (TV_FOREIGN); what templates make lies in the rendering's
 * arena. Only for lib/template.
 */
#ifndef LIB_TEMPLATE_TVAL_H
#define LIB_TEMPLATE_TVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/span.h"

struct render;
struct tobject;
struct value;

enum tval_kind {
	TV_UNDEFINED, /* no such variable, attribute or item */
	TV_NONE,
	TV_BOOL,
	TV_INT,
	TV_FLOAT,
	TV_TEXT,
	TV_LIST,
	TV_MAP,
	TV_OBJECT, /* what can be called, or has state */
};

enum tval_flags {
	TV_SAFE = 1,    /* a text that needs no escaping */
	TV_FOREIGN = 2, /* a list or map: u.value */
};

struct tval {
	uint8_t kind;
	uint8_t flags;
	union {
		bool flag;
		int64_t number;
		double real;
		struct span text;
		const struct value *value;
		struct tlist *list;
		struct tmap *map;
		struct tobject *object;
	} u;
};

struct tlist {
	struct tval *v;
	size_t n;
	bool is_group; /* of groupby: (grouper, list) */
};

struct tpair {
	struct tval key, value;
};

struct tmap {
	struct tpair *v;
	size_t n;
};

struct tval tval_undefined(void);
struct tval tval_none(void);
struct tval tval_bool(bool v);
struct tval tval_int(int64_t v);
struct tval tval_float(double v);
struct tval tval_text(struct span s); /* stays where it is */
struct tval tval_safe(struct span s);
struct tval tval_foreign(const struct value *v);
/* Of the arena, empty with room for n. */
struct tval tval_list(struct render *r, size_t n);
struct tval tval_map(struct render *r, size_t n);
void tval_list_add(struct tval *list, struct tval item);
/* Keys must differ, or the first one counts. */
void tval_map_add(struct tval *map, struct tval key, struct tval value);

static inline bool
tval_is_text(const struct tval *v)
{
	return v->kind == TV_TEXT;
}

/* "a string", "undefined" ... for messages */
const char *tval_kind_name(const struct tval *v);
bool tval_true(const struct tval *v);
/* Items, pairs, characters; false for what has no length. */
bool tval_length(const struct tval *v, size_t *n_out);
/* Comparing counts as work: a result after too much of it means nothing. */
bool tval_equal(struct render *r, const struct tval *a, const struct tval *b);
/* Below 0, 0, above 0; kinds that do not compare are ordered by kind. */
int tval_compare(struct render *r, const struct tval *a,
    const struct tval *b);
/* Texts without case, if so asked; others as above. */
int tval_compare_case(struct render *r, const struct tval *a,
    const struct tval *b, bool case_sensitive);
/* As a whole number or a float: false for what is none. true is 1. */
bool tval_as_int(const struct tval *v, int64_t *out);
bool tval_as_float(const struct tval *v, double *out);

/*
 * Look inside. -1 after render_fail(): of undefined there is nothing to ask.
 * What is not there is undefined.
 */
int tval_attr(struct render *r, const struct tval *v, struct span name,
    struct tval *out);
int tval_item(struct render *r, const struct tval *v, const struct tval *key,
    struct tval *out);
/* a.b.0.c */
int tval_path(struct render *r, const struct tval *v, struct span path,
    struct tval *out);
/* The same, but where there is nothing it is the default. */
int tval_path_or(struct render *r, const struct tval *v, struct span path,
    const struct tval *def, struct tval *out);
/* Item i of a list, i < its length. */
struct tval tval_nth(const struct tval *list, size_t i);
bool tval_map_get(struct render *r, const struct tval *map,
    const struct tval *key, struct tval *out);
/* The pairs of a map in the order of their keys. */
int tval_pairs(struct render *r, const struct tval *map,
    struct tpair **pairs_out, size_t *n_out);
/*
 * What a loop would see: items, keys in order, characters; of undefined
 * nothing. -1 for what cannot be walked.
 */
int tval_items(struct render *r, const struct tval *v, struct tval **items_out,
    size_t *n_out);

/* As text, as {{ }} prints it without escaping. */
void tval_print(struct render *r, struct buf *b, const struct tval *v);
/* The text of a value: its own, or what tval_print() makes of it. */
int tval_to_text(struct render *r, const struct tval *v, struct span *out);
/* -1 after render_fail(): nested too deep, or no data. */
int tval_json(struct render *r, struct buf *b, const struct tval *v);

#endif
