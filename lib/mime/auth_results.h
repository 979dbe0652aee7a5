/* SPDX-License-Identifier: Apache-2.0 */
/* Authentication-Results (RFC 8601). Spans lie in an arena when parsed. */
#ifndef LIB_MIME_AUTH_RESULTS_H
#define LIB_MIME_AUTH_RESULTS_H

#include <stdint.h>

#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/base/span.h"

enum { MIME_AUTH_RESULTS_MAX = 500, MIME_AUTH_PROPS_MAX = 200 };

struct mime_auth_prop {
	struct span name; /* "header.d" */
	struct span value;
};

struct mime_auth_result {
	struct span method, result;
	struct span reason;     /* p NULL: none */
	uint64_t version;       /* of the method; 0: not said */
	struct mime_auth_prop *props;
	size_t n_props;
};

struct mime_auth_results {
	struct span serv_id;
	uint64_t version; /* 0: not said */
	struct mime_auth_result *v;
	size_t n;
};

/* 0, or -1 and a reason. */
int mime_auth_results_parse(struct arena *a, struct span text,
    struct mime_auth_results *out, const char **why_out);
/* As the value of a field: one result and one property to a line. */
void mime_auth_results_put(const struct mime_auth_results *r,
    struct buf *out);

#endif
