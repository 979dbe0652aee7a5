/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fields as bytes, for frames between processes and records on disk: numbers
 * little-endian and of fixed width, text as length and bytes. No raw structs.
 *
 * The reader remembers its first error and gives zeros and empty spans after
 * it, so a body's reader is a list of fields; reader_end() then asks "all
 * read, nothing left, no error?". Spans point into the bytes being read.
 * A count is checked against the bytes that remain before it is believed.
 */
#ifndef LIB_BASE_WIRE_H
#define LIB_BASE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/span.h"

struct reader {
	const uint8_t *p;
	const uint8_t *end;
	bool bad;
};

static inline void
reader_init(struct reader *r, struct span s)
{
	r->p = (const uint8_t *)(s.len != 0 ? s.p : "");
	r->end = r->p + s.len;
	r->bad = false;
}

static inline size_t
reader_left(const struct reader *r)
{
	return (size_t)(r->end - r->p);
}

uint8_t reader_u8(struct reader *r);
uint16_t reader_u16(struct reader *r);
uint32_t reader_u32(struct reader *r);
uint64_t reader_u64(struct reader *r);
int64_t reader_i64(struct reader *r);
/* Above max is an error. */
uint64_t reader_u64_max(struct reader *r, uint64_t max);
uint32_t reader_u32_max(struct reader *r, uint32_t max);
/* 0 or 1; anything else is an error. */
bool reader_bool(struct reader *r);
/* Exactly len bytes into out. */
void reader_bytes(struct reader *r, void *out, size_t len);
/* The next len bytes, in place. */
struct span reader_take(struct reader *r, size_t len);
/* u32 length and bytes, at most max. */
struct span reader_span(struct reader *r, size_t max);
/* As reader_span, as a heap copy with a NUL; a NUL inside is an error. */
char *reader_str(struct reader *r, size_t max);
/* A u32 count of things of at least `each` bytes that still fit. */
uint32_t reader_count(struct reader *r, size_t each);
void reader_fail(struct reader *r);
bool reader_ok(const struct reader *r);
/* True when every byte was read and nothing was wrong. */
bool reader_end(const struct reader *r);

void put_u8(struct buf *b, uint8_t v);
void put_u16(struct buf *b, uint16_t v);
void put_u32(struct buf *b, uint32_t v);
void put_u64(struct buf *b, uint64_t v);
void put_i64(struct buf *b, int64_t v);
void put_bool(struct buf *b, bool v);
void put_bytes(struct buf *b, const void *p, size_t len);
void put_span(struct buf *b, struct span s);
/* NULL is written as the empty text. */
void put_str(struct buf *b, const char *s);
/* Overwrite four bytes at offset `at` (from buf_data) once a count is known. */
void put_u32_at(struct buf *b, size_t at, uint32_t v);

#endif
