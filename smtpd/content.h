/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The content of one message while it comes in: in memory up to what fits in
 * a frame, in a sealed memory file above that. It never grows past what the
 * listener allows, whatever the client sends.
 */
#ifndef SMTPD_CONTENT_H
#define SMTPD_CONTENT_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/span.h"
#include "lib/mail/data.h"

struct content {
	struct data_in in;
	struct buf bytes;   /* all of it, or what is not yet in the file */
	int fd;             /* memory file, or -1 */
	uint64_t in_file;   /* bytes in it */
	bool failed;        /* no memory file could be made or written */
	void *map;
	size_t map_len;
	uint64_t *held;     /* bytes that the process holds, kept up here */
	uint64_t counted;   /* of these, ours */
};

/* `bytes` of an earlier message may be given on; held is the process's sum. */
void content_begin(struct content *c, enum line_endings mode, size_t line_max,
    uint64_t size_max, uint64_t *held);
enum parse content_line(struct content *c, struct span in, size_t *used_out);
enum parse content_chunk(struct content *c, struct span in);
/* No more comes: NULL, or why the content is refused. Seals the file. */
const struct refusal *content_end(struct content *c, bool chunked);
/* Content that is at hand as a whole: NULL, or why there is no room for it. */
const struct refusal *content_put(struct content *c, struct span whole,
    uint64_t *held);
/* All of it, after content_end(); valid until content_drop(). */
struct span content_span(struct content *c);
void content_drop(struct content *c);

#endif
