/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/wire.h"

#include <endian.h>

#include "lib/base/alloc.h"

void
reader_fail(struct reader *r)
{
	r->bad = true;
	r->p = r->end;
}

bool
reader_ok(const struct reader *r)
{
	return !r->bad;
}

bool
reader_end(const struct reader *r)
{
	return !r->bad && r->p == r->end;
}

void
reader_bytes(struct reader *r, void *out, size_t len)
{
	if (r->bad || len > reader_left(r)) {
		reader_fail(r);
		memset(out, 0, len);
		return;
	}
	memcpy(out, r->p, len);
	r->p += len;
}

uint8_t
reader_u8(struct reader *r)
{
	uint8_t v;

	reader_bytes(r, &v, sizeof(v));
	return v;
}

uint16_t
reader_u16(struct reader *r)
{
	uint16_t v;

	reader_bytes(r, &v, sizeof(v));
	return le16toh(v);
}

uint32_t
reader_u32(struct reader *r)
{
	uint32_t v;

	reader_bytes(r, &v, sizeof(v));
	return le32toh(v);
}

uint64_t
reader_u64(struct reader *r)
{
	uint64_t v;

	reader_bytes(r, &v, sizeof(v));
	return le64toh(v);
}

int64_t
reader_i64(struct reader *r)
{
	return (int64_t)reader_u64(r);
}

uint64_t
reader_u64_max(struct reader *r, uint64_t max)
{
	uint64_t v = reader_u64(r);

	if (v > max) {
		reader_fail(r);
		return 0;
	}
	return v;
}

uint32_t
reader_u32_max(struct reader *r, uint32_t max)
{
	uint32_t v = reader_u32(r);

	if (v > max) {
		reader_fail(r);
		return 0;
	}
	return v;
}

bool
reader_bool(struct reader *r)
{
	uint8_t v = reader_u8(r);

	if (v > 1) {
		reader_fail(r);
		return false;
	}
	return v == 1;
}

struct span
reader_take(struct reader *r, size_t len)
{
	struct span s;

	if (r->bad || len > reader_left(r)) {
		reader_fail(r);
		return span_of("");
	}
	s = span_make(r->p, len);
	r->p += len;
	return s;
}

struct span
reader_span(struct reader *r, size_t max)
{
	uint32_t len = reader_u32(r);

	if (len > max) {
		reader_fail(r);
		return span_of("");
	}
	return reader_take(r, len);
}

char *
reader_str(struct reader *r, size_t max)
{
	struct span s = reader_span(r, max);

	if (s.len != 0 && memchr(s.p, '\0', s.len) != NULL) {
		reader_fail(r);
		s.len = 0;
	}
	return span_dup(s);
}

uint32_t
reader_count(struct reader *r, size_t each)
{
	uint32_t n = reader_u32(r);

	if (each == 0)
		each = 1;
	if (n > reader_left(r) / each) {
		reader_fail(r);
		return 0;
	}
	return n;
}

void
put_u8(struct buf *b, uint8_t v)
{
	buf_add_byte(b, v);
}

void
put_u16(struct buf *b, uint16_t v)
{
	v = htole16(v);
	buf_add(b, &v, sizeof(v));
}

void
put_u32(struct buf *b, uint32_t v)
{
	v = htole32(v);
	buf_add(b, &v, sizeof(v));
}

void
put_u64(struct buf *b, uint64_t v)
{
	v = htole64(v);
	buf_add(b, &v, sizeof(v));
}

void
put_i64(struct buf *b, int64_t v)
{
	put_u64(b, (uint64_t)v);
}

void
put_bool(struct buf *b, bool v)
{
	buf_add_byte(b, v ? 1 : 0);
}

void
put_bytes(struct buf *b, const void *p, size_t len)
{
	buf_add(b, p, len);
}

void
put_span(struct buf *b, struct span s)
{
	put_u32(b, (uint32_t)s.len);
	buf_add(b, s.p, s.len);
}

void
put_str(struct buf *b, const char *s)
{
	put_span(b, span_of(s));
}

void
put_u32_at(struct buf *b, size_t at, uint32_t v)
{
	v = htole32(v);
	memcpy(b->base + b->start + at, &v, sizeof(v));
}
