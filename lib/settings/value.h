/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small tree of values: what a YAML document or a Lua table is turned into
 * before the option tables read it. Each node knows its line (0 = unknown).
 * Texts may hold NULs; keys never do. Makers bound the depth (64), since what
 * walks a tree recurses. The tree is on the heap and owned from
 * its root.
 *
 * An empty Lua table cannot say whether it is a list or a map: makers may give
 * either, the option readers take an empty one for both.
 */
#ifndef LIB_SETTINGS_VALUE_H
#define LIB_SETTINGS_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/jout.h"
#include "lib/base/map.h"
#include "lib/base/span.h"

enum value_kind {
	VALUE_NULL,
	VALUE_BOOL,
	VALUE_INT,
	VALUE_FLOAT,
	VALUE_TEXT,
	VALUE_LIST,
	VALUE_MAP,
};

struct value;

struct value_pair {
	char *key;
	int line;
	struct value *value;
};

struct value {
	enum value_kind kind;
	int line;
	union {
		bool flag;
		int64_t number;
		double real;
		struct {
			char *p; /* len bytes and a NUL */
			size_t len;
		} text;
		struct {
			struct value **v;
			size_t n;
		} list;
		struct {
			struct value_pair *v; /* in the order they came */
			size_t n;
			struct map index; /* key -> position + 1 */
		} map;
	} u;
};

struct value *value_null(int line);
struct value *value_bool(int line, bool v);
struct value *value_int(int line, int64_t v);
struct value *value_float(int line, double v);
struct value *value_text(int line, struct span s);
struct value *value_list(int line);
struct value *value_map(int line);
/* The list and the map own what is added, also when -1 is returned. */
void value_list_add(struct value *list, struct value *item);
/* -1 when the key is there already or holds a NUL. */
int value_map_add(struct value *map, int line, struct span key,
    struct value *item);
/* The same, but a key that is there already gets the item in its place. */
int value_map_set(struct value *map, int line, struct span key,
    struct value *item);
/* How many values the tree holds, itself included. */
size_t value_count(const struct value *v);
/* Order the keys of all maps of the tree by their bytes. */
void value_sort(struct value *v);
/* The value under key, or NULL; also NULL when v is no map. */
const struct value *value_get(const struct value *v, const char *key);
/*
 * A plain scalar typed by the YAML 1.2 core schema: null, true, false, whole
 * numbers (decimal, 0x, 0o), floats; everything else is text.
 */
struct value *value_from_plain(int line, struct span s);
/* "text", "a whole number", ... for messages. */
const char *value_kind_name(enum value_kind kind);
/* Floats keep their point; one that is no number is written as null. */
void value_to_json(struct jout *j, const struct value *v);
/* The whole tree anew; about how much memory one takes. */
struct value *value_copy(const struct value *v);
size_t value_bytes(const struct value *v);
void value_free(struct value **v);

#endif
