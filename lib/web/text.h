/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of a response as UTF-8: by its byte order mark, or by the charset
 * it names, else as UTF-8; what is malformed becomes U+FFFD.
 */
#ifndef LIB_WEB_TEXT_H
#define LIB_WEB_TEXT_H

#include "lib/base/buf.h"
#include "lib/base/span.h"

struct charsets;

/* charsets may be NULL; an unknown charset counts as UTF-8. */
void web_text_decode(const struct charsets *charsets, struct span charset,
    struct span bytes, struct buf *out);

#endif
