/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SMTP replies, both ways: a server's written into a buffer, a stranger's read
 * from one as it arrives, within limits.
 */
#ifndef LIB_MAIL_REPLY_H
#define LIB_MAIL_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/span.h"
#include "lib/mail/parse.h"
#include "lib/mail/refusal.h"

enum {
	REPLY_LINES_MAX = 100,
	REPLY_BYTES_MAX = 64 * 1024,
	REPLY_LINE_MAX = 2048, /* with CRLF */
};

/*
 * A whole reply. "\n" in the text parts lines; lines too long for RFC 5321
 * section 4.5.3.1.5 are broken; controls become spaces. The enhanced code
 * ("5.7.1", or NULL) stands in each line; with NULL, one that begins the text
 * is taken from there. 200 <= code <= 599.
 */
void reply_put(struct buf *b, unsigned code, const char *enhanced,
    struct span text);
void reply_put_refusal(struct buf *b, const struct refusal *r);

/*
 * A reply being read; the text memory is kept from one to the next.
 * Zero-initialised is ready. Spans hold until the next reply_parse().
 */
struct reply {
	uint16_t code;
	bool has_enhanced;
	uint8_t class;
	uint16_t subject, detail;
	struct span content; /* lines joined by a space; the enhanced code that
			      * begins the first line is in none of them */
	/* the rest is for reply.c */
	bool done;
	unsigned nlines;
	size_t bytes;
	struct buf text;
	uint32_t line_at[REPLY_LINES_MAX + 1];
};

/*
 * Takes complete lines from `in` up to the end of one reply; a new one begins
 * after PARSE_DONE. PARSE_BAD: the session cannot go on; *why_out says why.
 */
enum parse reply_parse(struct reply *r, struct buf *in, const char **why_out);
unsigned reply_lines(const struct reply *r);
/* Line i < reply_lines(), without codes. */
struct span reply_line(const struct reply *r, unsigned i);
/* "5.7.1 " at the front of s: its length with the space, else 0. */
size_t reply_enhanced(struct span s, uint8_t *class_out, uint16_t *subject_out,
    uint16_t *detail_out);
void reply_free(struct reply *r);

#endif
