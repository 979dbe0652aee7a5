/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A value with parameters, as Content-Type has it (RFC 2045 section 5.1), with
 * the continuations and character sets of RFC 2231. Values are text in UTF-8
 * where their character set is known, else bytes as they came.
 */
#ifndef LIB_MIME_PARAMS_H
#define LIB_MIME_PARAMS_H

#include <stdbool.h>

#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/base/span.h"

struct charsets;

enum { MIME_PARAMS_MAX = 200 };

struct mime_param {
	struct span name; /* in lower case, without "*" */
	struct span value;
};

struct mime_params {
	struct span value; /* "text/plain", in the writer's case */
	struct mime_param *v;
	size_t n;
};

/*
 * The result lies in the arena. charsets may be NULL. A parameter without a
 * value is passed over; -1 with a reason when there is no value at all, or
 * text behind it that is no parameter.
 */
int mime_params_parse(struct arena *a, const struct charsets *charsets,
    struct span text, struct mime_params *out, const char **why_out);
/* The value of a parameter, or NULL. */
const struct span *mime_params_get(const struct mime_params *p,
    const char *name);
/* Replaces or appends one. The spans are kept, not what they look at. */
void mime_params_set(struct arena *a, struct mime_params *p, const char *name,
    struct span value);
/* Is this "type/subtype", both tokens? */
bool mime_type_valid(struct span type);
/* Is this a token (RFC 2045 section 5.1)? */
bool mime_token_valid(struct span text);

/* Appends it as the value of a field, one parameter to a line. */
void mime_params_put(const struct mime_params *p, struct buf *out);

#endif
