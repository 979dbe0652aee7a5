/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/settings/bundle.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"

const struct chunk *
bundle_find(const struct bundle *b, const char *name)
{
	size_t i;

	for (i = 0; i < b->n; i++) {
		if (strcmp(b->v[i].name, name) == 0)
			return &b->v[i];
	}
	return NULL;
}

static void
bundle_append(struct bundle *b, char *name, struct span text)
{
	b->v = xreallocarray(b->v, b->n + 1, sizeof(*b->v));
	b->v[b->n++] = (struct chunk){ .name = name,
		.p = (uint8_t *)xmemdupz(text.p, text.len), .len = text.len };
}

void
bundle_add(struct bundle *b, const char *name, struct span text)
{
	if (bundle_find(b, name) == NULL)
		bundle_append(b, xstrdup(name), text);
}

void
bundle_put(struct buf *out, const struct bundle *b)
{
	size_t i;

	put_u32(out, (uint32_t)b->n);
	for (i = 0; i < b->n; i++) {
		put_str(out, b->v[i].name);
		put_span(out, span_make(b->v[i].p, b->v[i].len));
	}
}

void
bundle_get(struct reader *r, struct bundle *b)
{
	uint32_t n = reader_count(r, 8);
	struct span text;
	char *name;

	*b = (struct bundle){ 0 };
	if (n > BUNDLE_CHUNKS_MAX)
		reader_fail(r);
	for (; n > 0 && reader_ok(r); n--) {
		name = reader_str(r, 4096);
		text = reader_span(r, BUNDLE_CHUNK_MAX);
		if (!reader_ok(r)) {
			free(name);
			return;
		}
		bundle_append(b, name, text);
	}
}

void
bundle_free(struct bundle *b)
{
	size_t i;

	for (i = 0; i < b->n; i++) {
		free(b->v[i].name);
		free(b->v[i].p);
	}
	free(b->v);
	*b = (struct bundle){ 0 };
}
