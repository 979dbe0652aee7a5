/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON output (RFC 8259): write-only, into a buffer, commas kept by the writer.
 * Text that is not UTF-8 has each bad byte written as U+FFFD. The names keep
 * clear of libjansson's, so that a program may have both.
 */
#ifndef LIB_BASE_JOUT_H
#define LIB_BASE_JOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/span.h"

struct jout {
	struct buf *out;
	bool comma; /* the next value or key needs one before it */
};

void jout_init(struct jout *j, struct buf *out);
void jout_object(struct jout *j);
void jout_object_end(struct jout *j);
void jout_array(struct jout *j);
void jout_array_end(struct jout *j);
void jout_key(struct jout *j, struct span key);
void jout_text(struct jout *j, struct span s);
void jout_int(struct jout *j, int64_t v);
void jout_uint(struct jout *j, uint64_t v);
void jout_bool(struct jout *j, bool v);
void jout_null(struct jout *j);
/* A value that is JSON text already: see json_is_value(). */
void jout_raw(struct jout *j, struct span s);
/* Key and value in one call. */
void jout_key_text(struct jout *j, const char *key, struct span s);
void jout_key_uint(struct jout *j, const char *key, uint64_t v);
void jout_key_null(struct jout *j, const char *key);

#endif
