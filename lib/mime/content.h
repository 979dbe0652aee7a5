/* SPDX-License-Identifier: Apache-2.0 */
/* What the header of a part says about its body, and the body itself. */
#ifndef LIB_MIME_CONTENT_H
#define LIB_MIME_CONTENT_H

#include <stdbool.h>

#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/base/span.h"
#include "lib/mime/params.h"
#include "lib/mime/part.h"
#include "lib/mime/transfer.h"

struct charsets;

struct mime_content {
	bool has_type;           /* a Content-Type that can be read */
	struct mime_params type; /* else what RFC 2045 section 5.2 assumes */
	struct span charset;     /* p NULL: not said */
	enum mime_encoding encoding;
	bool has_disposition;
	bool attachment;         /* a disposition other than inline */
	struct span file_name;   /* p NULL: none */
	struct span content_id;  /* without brackets; p NULL: none */
};

void mime_content_read(struct arena *a, const struct charsets *charsets,
    const struct mime_part *p, struct mime_content *out);
/* "text/html", without case; "text/" stands for all of these. */
bool mime_content_is(const struct mime_content *c, const char *type);

/* The bytes of the body without their transfer encoding. */
void mime_body_decode(const struct mime_part *p, struct buf *out);
/*
 * The same for scripts: text of a known character set is UTF-8. Of a
 * multipart, its raw bytes.
 */
void mime_body_text(const struct charsets *charsets, const struct mime_part *p,
    struct buf *out);

#endif
