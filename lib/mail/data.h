/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Message content on the wire. Coming in, CRLF.CRLF alone ends it, whatever
 * else the bytes hold and however they are cut. Going out, every line ends in
 * CRLF and a dot that begins one is doubled, so no content ends itself.
 */
#ifndef LIB_MAIL_DATA_H
#define LIB_MAIL_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "lib/base/buf.h"
#include "lib/base/span.h"
#include "lib/mail/parse.h"
#include "lib/mail/refusal.h"

/* What is done about a CR or LF that stands alone. */
enum line_endings {
	LINE_ENDINGS_DENY,  /* the message is refused */
	LINE_ENDINGS_ALLOW, /* kept as it is */
	LINE_ENDINGS_FIX,   /* becomes CRLF */
};

/* One message being received. Zeroed by data_in_init(); plain memory. */
struct data_in {
	enum line_endings mode;
	size_t line_max;   /* octets without CRLF; 0: no limit */
	uint64_t size_max; /* octets of content; 0: no limit */
	/* results; they grow as bytes are seen */
	uint64_t size; /* octets of content, also those not kept */
	bool has_8bit;
	bool has_nul;
	bool has_bare; /* a CR or LF alone */
	bool line_long;
	bool too_big; /* nothing past size_max is in the output */
	/* the rest is for data.c */
	uint8_t state;
	size_t line_len;
};

void data_in_init(struct data_in *d, enum line_endings mode, size_t line_max,
    uint64_t size_max);
/*
 * Takes bytes of DATA and appends the content to out. *used_out counts the
 * bytes taken: all of them for PARSE_MORE; for PARSE_DONE up to and with the
 * final CRLF.CRLF, what follows is the next command. PARSE_BAD: the excess has
 * passed size_max once more; answer and close.
 */
enum parse data_in_feed(struct data_in *d, struct span in, struct buf *out,
    size_t *used_out);
/* Bytes of BDAT chunks: the same checks, dots mean nothing, all is taken. */
enum parse data_in_chunk(struct data_in *d, struct span in, struct buf *out);
/* After the last chunk: a CR that waits for its LF is alone now. */
void data_in_chunk_last(struct data_in *d, struct buf *out);
/* After the end: why the message is refused, or NULL. */
const struct refusal *data_in_refusal(const struct data_in *d);

/*
 * Content going out as DATA, piece by piece, into a buffer or into a list of
 * pieces that points at the content itself and copies nothing.
 */
struct data_out {
	struct buf *buf;   /* or NULL: */
	struct iovec *iov; /* filled up to max */
	size_t max;
	size_t n;       /* pieces in use */
	uint64_t bytes; /* wire octets so far */
	bool full;      /* the list was too short: what is in it is void */
	uint8_t state;
};

void data_out_to_buf(struct data_out *o, struct buf *out);
void data_out_to_iov(struct data_out *o, struct iovec *v, size_t max);
/* The pieces must stay where they are until an iovec list is sent. */
void data_out_add(struct data_out *o, struct span content);
/* Ends an open line, then the dot. 0, or -1 when the list was too short. */
int data_out_end(struct data_out *o);

#endif
