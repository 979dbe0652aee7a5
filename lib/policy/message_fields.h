/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The header fields of a message, those of its prefix before those of its
 * body. Only for lib/policy/message_*.c.
 */
#ifndef LIB_POLICY_MESSAGE_FIELDS_H
#define LIB_POLICY_MESSAGE_FIELDS_H

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

void visit_init(struct visit *v, struct policy_message *m);
bool visit_next(struct visit *v, struct header_field *out);
/* Push the decoded value of a field. */
void field_push_value(lua_State *L, const struct header_field *f);

/* The text at index. */
struct span check_span(lua_State *L, int index);

/* Which fields a script wants: its names are texts at index 2. */
struct patterns {
	struct span *v;
	size_t n;
};

/* A list of names at index 2, or "X-*". Lives in userdata on the stack. */
void patterns_check(lua_State *L, struct patterns *out);
bool patterns_match(const struct patterns *p, struct span name);

#endif
