/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A log segment: one file of zstd frames, each a run of lines. It is writable
 * while it grows and loses its write bits when finished: this is how readers
 * know. Named by the UTC time of its opening, so that names sort in time.
 *
 * A frame ends at every safe point (segment_secure), so that cutting the file
 * back to the length it had there leaves a valid stream.
 */
#ifndef SPOOLD_LOGGER_SEGMENT_H
#define SPOOLD_LOGGER_SEGMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/span.h"

struct segment;

enum { SEGMENT_NAME_MAX = 128 };

/*
 * A new one in the folder `dir_fd`; wall_us names it. NULL with errno when the
 * file cannot be made.
 */
struct segment *segment_create(int dir_fd, const char *suffix,
    int64_t wall_us, int level);
/*
 * Go on with a file of an earlier run, cut back to `length` bytes first, even
 * if it was marked finished since. NULL when it is gone or shorter than that.
 */
struct segment *segment_reopen(int dir_fd, const char *name, uint64_t length,
    uint64_t plain_bytes, int64_t opened_us, int level);
const char *segment_name(const struct segment *s);
int64_t segment_opened_us(const struct segment *s);
/* Bytes of lines so far, before compression. */
uint64_t segment_plain_bytes(const struct segment *s);
/* File length at the last safe point. */
uint64_t segment_secured(const struct segment *s);
/* Each returns 0, or -1 with errno when the file cannot take it. */
int segment_add(struct segment *s, struct span line);
/* Make what was added readable for those who follow the file. */
int segment_flush(struct segment *s);
/* End the frame and sync: a safe point. */
int segment_secure(struct segment *s);
/* Make the file read-only and free the segment; secure it first. */
void segment_finish(struct segment **s);
/* Forget it without touching the file. */
void segment_abandon(struct segment **s);

#endif
