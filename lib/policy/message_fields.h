/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The header fields of a message, those of its prefix before those of its
 * body. Only for lib/policy/message_*.c.
 */
#ifndef LIB_POLICY_MESSAGE_FIELDS_H
#define LIB_POLICY_MESSAGE_FIELDS_H

#include <lauxlib.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/mail/header.h"
#include "lib/policy/message.h"

enum { PATTERNS_MAX = 1000 };

struct visit {
	struct policy_message *m;
	struct header_scan scan;
	bool in_body;
};

static inline void
visit_init(struct visit *v, struct policy_message *m)
{
	v->m = m;
	v->in_body = m->prefix.len == 0;
	header_scan_init(&v->scan, v->in_body ? m->body : m->prefix);
}

static inline bool
visit_next(struct visit *v, struct header_field *out)
{
	while (!header_next(&v->scan, out)) {
		if (v->in_body)
			return false;
		v->in_body = true;
		header_scan_init(&v->scan, v->m->body);
	}
	return true;
}

/* Push the decoded value of a field. */
void field_push_value(lua_State *L, const struct header_field *f);

/* The text at index. */
static inline struct span
check_span(lua_State *L, int index)
{
	size_t len;
	const char *p = luaL_checklstring(L, index, &len);

	return span_make(p, len);
}

/* Which fields a script wants: its names are texts at index 2. */
struct patterns {
	struct span *v;
	size_t n;
};

/* A list of names at index 2, or "X-*". Lives in userdata on the stack. */
void patterns_check(lua_State *L, struct patterns *out);
static inline bool
patterns_match(const struct patterns *p, struct span name)
{
	size_t i;

	for (i = 0; i < p->n; i++) {
		if (header_match(p->v[i], name))
			return true;
	}
	return false;
}

#endif
