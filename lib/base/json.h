/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON output (RFC 8259): write-only, into a buffer, commas kept by the writer.
 * Text that is not UTF-8 has each bad byte written as U+FFFD.
 */
#ifndef LIB_BASE_JSON_H
#define LIB_BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/span.h"

enum { JSON_DEPTH_MAX = 64 };

struct json {
	struct buf *out;
	bool comma; /* the next value or key needs one before it */
};

void json_init(struct json *j, struct buf *out);
void json_object(struct json *j);
void json_object_end(struct json *j);
void json_array(struct json *j);
void json_array_end(struct json *j);
void json_key(struct json *j, struct span key);
void json_text(struct json *j, struct span s);
void json_int(struct json *j, int64_t v);
void json_uint(struct json *j, uint64_t v);
void json_bool(struct json *j, bool v);
void json_null(struct json *j);
/*
 * Is this one JSON value of at most JSON_DEPTH_MAX levels, without line ends?
 * To be asked of text from elsewhere before json_raw().
 */
bool json_is_value(struct span s);
/* A value that is JSON text already. */
void json_raw(struct json *j, struct span s);
/* Key and value in one call. */
void json_key_text(struct json *j, const char *key, struct span s);
void json_key_uint(struct json *j, const char *key, uint64_t v);
void json_key_null(struct json *j, const char *key);

#endif
