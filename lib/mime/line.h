/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of a message that end at CRLF, CR or LF. Only for lib/mime. */
#ifndef LIB_MIME_LINE_H
#define LIB_MIME_LINE_H

#include <stddef.h>

#include "lib/base/span.h"

/* Zeroed but for the text is ready. */
struct lines {
	struct span text;
	size_t next_lf; /* of the last search, while it lies ahead */
};

/* The line at `at`: where its text stops, and where the next one begins. */
void line_at(struct lines *l, size_t at, size_t *stop_out, size_t *next_out);

#endif
