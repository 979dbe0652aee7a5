/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Content transfer encodings (RFC 2045 section 6). Readers take what writers
 * send in practice and never fail; what is written here is strict, has lines
 * of at most 76 octets and none that could be taken for a delimiter.
 */
#ifndef LIB_MIME_TRANSFER_H
#define LIB_MIME_TRANSFER_H

#include <stdbool.h>

#include "lib/base/buf.h"
#include "lib/base/span.h"

enum {
	MIME_LINE_MAX = 78, /* octets of a line of text, its end not counted */
};

enum mime_encoding {
	MIME_7BIT,
	MIME_8BIT,
	MIME_BINARY,
	MIME_QUOTED_PRINTABLE,
	MIME_BASE64,
	MIME_UNKNOWN_ENCODING, /* nobody here can decode it */
};

/* Of the value of Content-Transfer-Encoding; "" is 7bit. */
enum mime_encoding mime_encoding_of(struct span name);
const char *mime_encoding_name(enum mime_encoding encoding);
/* Is the body as it stands the content itself? */
bool mime_encoding_is_identity(enum mime_encoding encoding);

/* Appends the content; of an unknown encoding, the body as it stands. */
void mime_decode(enum mime_encoding encoding, struct span body,
    struct buf *out);
/* Appends the content in base64. No line end behind the last line. */
void mime_base64_put(struct span content, struct buf *out);
/*
 * Appends a text in quoted-printable. Its line ends, CRLF or LF, become CRLF;
 * a CR alone stays one.
 */
void mime_qp_put(struct span text, struct buf *out);
/*
 * Appends a text in the lightest encoding that carries it, which is 7bit,
 * quoted-printable or base64, and says which. Line ends become CRLF.
 */
enum mime_encoding mime_text_put(struct span text, struct buf *out);

/* What the lines of a body are like. */
struct mime_lines {
	bool has_8bit, has_nul;
	bool bare;      /* a CR or LF alone */
	bool control;   /* other than tab, CR, LF and NUL */
	bool delimiter; /* a line that may look like a delimiter */
	size_t longest; /* octets of a line, its end not counted */
};

void mime_lines_read(struct span body, struct mime_lines *out);
/* Appends the text with each CR, LF or CRLF as CRLF. */
void mime_crlf_put(struct span text, struct buf *out);

#endif
