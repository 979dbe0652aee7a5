/* SPDX-License-Identifier: Apache-2.0 */
/* What kumo.make_* gives: a checked options struct. Only for lib/policy. */
#ifndef LIB_POLICY_OBJECT_H
#define LIB_POLICY_OBJECT_H

#include <lua.h>

#include "lib/settings/option.h"

struct object_kind {
	const char *type;  /* in the registry and for messages */
	const char *maker; /* "kumo.make_egress_path" */
	const struct option_table *table;
	/* As egress_path_read and egress_path_free. */
	int (*read)(void *obj, const struct value *map, struct problems *p);
	void (*free)(void *obj);
};

extern const struct object_kind object_queue_config;
extern const struct object_kind object_egress_pool;
extern const struct object_kind object_egress_source;
extern const struct object_kind object_egress_path;
extern const struct object_kind object_listener_domain;

/* The struct inside, or NULL for anything else; never raises. */
const void *object_test(lua_State *L, int index,
    const struct object_kind *kind);
/*
 * Read the options table at index 1 with `read` into obj (size bytes), or
 * raise. Notices go to the loader's list.
 */
void object_read(lua_State *L, const char *maker, void *obj,
    int (*read)(void *obj, const struct value *map, struct problems *p));

#endif
