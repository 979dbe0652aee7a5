/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MIME trees as scripts see them. The tree is a userdata of its own, which
 * the handles of its parts and headers keep alive; a part that left the tree
 * stays whole for those who hold it. Only for lib/policy.
 */
#ifndef LIB_POLICY_MIME_H
#define LIB_POLICY_MIME_H

#include <lua.h>

#include "lib/mime/auth_results.h"
#include "lib/mime/mailbox.h"
#include "lib/mime/params.h"
#include "lib/mime/part.h"
#include "lib/mime/report.h"
#include "lib/policy/library.h"

struct mime_tree {
	struct mime m;
	size_t counted; /* bytes of its arena */
};

/* A handle; the tree is its user value. headermap and mimepart alike. */
struct mime_ref {
	struct mime_tree *tree;
	struct mime_part *part;
};

extern const struct library_type mimepart_type;
extern const struct library_type mimebuilder_type;
extern const struct library_type headermap_type;
extern const struct library_type header_type;

/* ---- trees -------------------------------------------------------------- */

/* An empty tree on top. */
struct mime_tree *mime_tree_push(lua_State *L);
/* The text at index, which it keeps, as a tree on top; raises on limits. */
struct mime_tree *mime_tree_parse(lua_State *L, int index);
/* Count what the tree took; raises when that is too much. */
void mime_tree_count(lua_State *L, struct mime_tree *t);
/* Give back all of it now: nobody may hold a handle. */
void mime_tree_drop(lua_State *L, struct mime_tree *t);
/* A handle of that type on top, to a part of the tree at index. */
void mime_ref_push(lua_State *L, const struct library_type *type,
    int tree_index, struct mime_part *part);
/* The same for the tree of the handle at index. */
void mime_ref_push_like(lua_State *L, const struct library_type *type,
    int index, struct mime_part *part);
struct mime_ref *mime_ref_check(lua_State *L, int index,
    const struct library_type *type);

/* ---- values: on top, as tables ------------------------------------------ */

void mime_push_span(lua_State *L, struct span s); /* p NULL: nil */
void mime_push_addresses(lua_State *L, const struct mime_addresses *list);
void mime_push_mailbox(lua_State *L, const struct mime_mailbox *m);
void mime_push_params(lua_State *L, const struct mime_params *p);
void mime_push_auth_results(lua_State *L, const struct mime_auth_results *r);
void mime_push_dsn(lua_State *L, const struct dsn *d);
void mime_push_feedback(lua_State *L, const struct feedback *f);

/* ---- values: from the table at index, in the arena; raise --------------- */

void mime_check_addresses(lua_State *L, int index, struct arena *a,
    enum mime_address_kind kind, struct mime_addresses *out);
void mime_check_params(lua_State *L, int index, struct arena *a,
    struct mime_params *out);
/* A list of results; spans look at texts that the table keeps. */
void mime_check_auth_results(lua_State *L, int index, struct arena *a,
    struct mime_auth_results *out);
/* Raises unless the keys of the table at index are among these (to NULL). */
void mime_check_keys(lua_State *L, int index, const char *what,
    const char *const *keys);

#endif
