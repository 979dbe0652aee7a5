/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/ipc/lists.h"

void
u32s_put(struct buf *b, const uint32_t *v, uint32_t n)
{
	uint32_t i;

	put_u32(b, n);
	for (i = 0; i < n; i++)
		put_u32(b, v[i]);
}

uint32_t *
u32s_get(struct reader *r, uint32_t *n_out, struct arena *a)
{
	uint32_t *v, i;

	*n_out = reader_count(r, sizeof(*v));
	v = arena_alloc(a, *n_out * sizeof(*v));
	for (i = 0; i < *n_out; i++)
		v[i] = reader_u32(r);
	return v;
}

void
spans_put(struct buf *b, const struct span *v, uint32_t n)
{
	uint32_t i;

	put_u32(b, n);
	for (i = 0; i < n; i++)
		put_span(b, v[i]);
}

struct span *
spans_get(struct reader *r, uint32_t *n_out, size_t max, struct arena *a)
{
	struct span *v;
	uint32_t i;

	*n_out = reader_count(r, 4);
	v = arena_alloc(a, *n_out * sizeof(*v));
	for (i = 0; i < *n_out; i++)
		v[i] = reader_span(r, max);
	return v;
}

void
uuids_put(struct buf *b, const struct uuid *v, uint32_t n)
{
	put_u32(b, n);
	put_bytes(b, v, n * sizeof(*v));
}

struct uuid *
uuids_get(struct reader *r, uint32_t *n_out, struct arena *a)
{
	struct uuid *v;

	*n_out = reader_count(r, sizeof(*v));
	v = arena_alloc(a, *n_out * sizeof(*v));
	reader_bytes(r, v, *n_out * sizeof(*v));
	return v;
}
