/* SPDX-License-Identifier: Apache-2.0 */
/* A form with files as a body (multipart/form-data, RFC 7578). */
#ifndef LIB_WEB_MULTIPART_H
#define LIB_WEB_MULTIPART_H

#include "lib/base/buf.h"
#include "lib/base/span.h"

enum { MULTIPART_BOUNDARY = 32 };

/* Random, so that no content can hold it. NUL-ended. */
void multipart_boundary(char out[MULTIPART_BOUNDARY + 1]);
/* One part; file is empty for a plain field. What is no UTF-8 is marked. */
void multipart_put(struct buf *out, const char *boundary, struct span name,
    struct span file, struct span content);
void multipart_end(struct buf *out, const char *boundary);

#endif
