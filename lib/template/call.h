/* SPDX-License-Identifier: Apache-2.0 */
/* The arguments of a filter, test, function or method under way. */
#ifndef LIB_TEMPLATE_CALL_H
#define LIB_TEMPLATE_CALL_H

#include "lib/template/render.h"

enum { CALL_KEYS_MAX = 64 };

#define CALL_KEY_ONLY SIZE_MAX /* an argument without place */

struct call {
	const char *name; /* for messages */
	struct tval in;   /* of a filter or test */
	struct tval *v;   /* by place */
	size_t n;
	struct tpair *keys; /* by name; keys are texts */
	size_t n_keys;
	uint64_t used;    /* keys asked for, a bit each */
	size_t asked;     /* places asked for */
};

/*
 * Argument `place` or the one called `key` (NULL: it has no name); undefined
 * when there is none.
 */
struct tval call_arg(struct call *c, size_t place, const char *key);
/* All of them from that place on are the function's. */
void call_takes_all(struct call *c);
/* -1 after render_fail() when one was given that nobody asked for. */
int call_end(struct render *r, struct call *c);

/*
 * The same as what they have to be; what is not given (or undefined, or
 * none) is the default. -1 after render_fail() when they are something else.
 */
int call_text(struct render *r, struct call *c, size_t place,
    const char *key, struct span def, struct span *out);
int call_int(struct render *r, struct call *c, size_t place, const char *key,
    int64_t min, int64_t max, int64_t def, int64_t *out);
int call_bool(struct render *r, struct call *c, size_t place,
    const char *key, bool def, bool *out);
bool call_has(struct call *c, size_t place, const char *key);

#endif
