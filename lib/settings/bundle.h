/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Lua sources of a policy as bytes, so that a daemon in its jail runs what
 * the loader read and opens no file for it. The main chunk is first.
 */
#ifndef LIB_SETTINGS_BUNDLE_H
#define LIB_SETTINGS_BUNDLE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/span.h"
#include "lib/base/wire.h"

enum { BUNDLE_CHUNK_MAX = 16 * 1024 * 1024, BUNDLE_CHUNKS_MAX = 4096 };

struct chunk {
	char *name; /* as Lua messages show it: a path or a module's name */
	uint8_t *p; /* len bytes and a NUL */
	size_t len;
};

/* Zero-initialised is empty. */
struct bundle {
	struct chunk *v;
	size_t n;
};

/* Copies; a chunk of that name is there already: nothing is added. */
void bundle_add(struct bundle *b, const char *name, struct span text);
/* NULL when there is none. */
const struct chunk *bundle_find(const struct bundle *b, const char *name);
void bundle_put(struct buf *out, const struct bundle *b);
void bundle_get(struct reader *r, struct bundle *b);
void bundle_free(struct bundle *b);

#endif
