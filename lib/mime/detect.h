/* SPDX-License-Identifier: Apache-2.0 */
/* Guessing in which character set bytes are that do not say. */
#ifndef LIB_MIME_DETECT_H
#define LIB_MIME_DETECT_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/buf.h"
#include "lib/base/span.h"

struct charsets;

/* Names are compared without case. */
struct mime_detect {
	bool on;
	const struct span *include; /* none: any */
	size_t n_include;
	const struct span *exclude;
	size_t n_exclude;
};

/*
 * Appends the bytes as UTF-8 if a set is found that they are text of: UTF-8
 * itself, the likely one, or the first of those to include that fits.
 */
bool mime_detect_utf8(const struct mime_detect *d,
    const struct charsets *charsets, struct span bytes, struct buf *out);

#endif
