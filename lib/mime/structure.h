/* SPDX-License-Identifier: Apache-2.0 */
/* The parts that most want of a message, found in whatever tree they are. */
#ifndef LIB_MIME_STRUCTURE_H
#define LIB_MIME_STRUCTURE_H

#include <stddef.h>

#include "lib/mime/part.h"

struct mime_structure {
	struct mime_part *text, *html, *amp; /* the first of each, or NULL */
	struct mime_part *attachments[MIME_PARTS_MAX];
	size_t n; /* attachments */
};

/*
 * Walks the tree in the order of the text. What is marked as an attachment, or
 * as inline with a file name, is one; so is whatever is none of the bodies.
 */
void mime_structure_read(struct mime_part *top, struct mime_structure *out);

#endif
