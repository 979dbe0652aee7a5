/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The header section of a message (RFC 5322), read in place. Lines end at
 * CRLF, and also at a CR or LF alone, because these become CRLF when the
 * message is sent on: no field can appear on the way.
 */
#ifndef LIB_MAIL_HEADER_H
#define LIB_MAIL_HEADER_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/buf.h"
#include "lib/base/span.h"
#include "lib/mail/refusal.h"

enum {
	HEADER_BYTES_MAX = 1024 * 1024,
	HEADER_FIELDS_MAX = 1000,
	HEADER_RECEIVED_MAX = 100,
};

struct header_field {
	struct span name;
	struct span value; /* raw: behind the colon, folds kept, without the
			    * last line end */
	struct span whole; /* name to line end */
};

/* Why the scan stopped. */
enum header_end {
	HEADER_OPEN,      /* it has not */
	HEADER_BLANK,     /* an empty line */
	HEADER_EOF,       /* the message ended first */
	HEADER_MALFORMED, /* a line that is no field: the body begins there */
	HEADER_LIMIT,     /* too many octets or fields */
};

struct header_scan {
	struct span message;
	size_t at;       /* next byte; at the end: where the body begins */
	unsigned fields; /* given so far */
	enum header_end end;
	/* the rest is for header.c */
	size_t limit;   /* bytes that may be looked at */
	size_t next_lf; /* kept while it lies ahead */
};

void header_scan_init(struct header_scan *s, struct span message);
/* The next field; false at the end, see s->end. */
bool header_next(struct header_scan *s, struct header_field *out);
/* The next field of that name. */
bool header_next_named(struct header_scan *s, struct span name,
    struct header_field *out);

/* What one pass over the section tells. */
struct header_section {
	size_t fields_len; /* up to the blank line */
	size_t body_at;    /* behind the blank line */
	unsigned fields;
	unsigned received;
	bool has_8bit;
	enum header_end end;
};
/*
 * NULL, or why the message is refused: 554 5.4.6 for a loop, 552 5.3.4 for too
 * large a section.
 */
const struct refusal *header_check(struct span message,
    struct header_section *out);
/* The first field of that name. */
bool header_find(struct span message, struct span name,
    struct header_field *out);
bool header_has_8bit(struct span message);
/* "Subject" or "X-*"; ASCII letters without case. */
bool header_match(struct span pattern, struct span name);

/* One line: line ends removed, blanks around it cut. */
void header_unfold(struct span value, struct buf *out);
struct charsets;
/*
 * Unfolded, encoded words (RFC 2047) as UTF-8; a word that cannot be decoded
 * stays as it is. Charsets as in charset.h.
 */
void header_decode(struct span value, const struct charsets *charsets,
    struct buf *out);

#endif
