/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making parts and changing their bodies. What is made goes through networks
 * of seven bits: no line is longer than MIME_LINE_MAX, none can be taken for
 * a delimiter. Functions that give NULL or -1 give a reason.
 */
#ifndef LIB_MIME_BUILD_H
#define LIB_MIME_BUILD_H

#include <stdbool.h>

#include "lib/base/span.h"
#include "lib/mime/part.h"

struct charsets;

/*
 * type may have parameters. A text's charset parameter is set as the text, in
 * UTF-8, needs it.
 */
struct mime_part *mime_text_new(struct mime *m, struct span type,
    struct span text, const char **why_out);

struct mime_attachment {
	bool given;            /* else there is no Content-Disposition */
	bool is_inline;
	struct span file_name; /* p NULL: none */
	struct span content_id;
};

struct mime_part *mime_binary_new(struct mime *m, struct span type,
    struct span bytes, const struct mime_attachment *as, const char **why_out);
/* boundary "": the one of the type's parameter, or a random one. */
struct mime_part *mime_multipart_new(struct mime *m, struct span type,
    struct span boundary, const char **why_out);
/* bcharsnospace and blanks inside, at most 70 (RFC 2046 section 5.1.1)? */
bool mime_boundary_valid(struct span boundary);
struct span mime_boundary_random(struct arena *a);
/* Put a copy of `part` (of any tree) last below a multipart of m. */
int mime_append(struct mime *m, struct mime_part *to,
    const struct mime_part *part, const char **why_out);

/*
 * New content for a part. type p NULL keeps the type; there the charset
 * parameter of a text follows when it must. A multipart loses its parts, which
 * needs a type.
 */
int mime_body_set(struct mime *m, struct mime_part *p, struct span content,
    struct span type, const char **why_out);

/* ---- messages ----------------------------------------------------------- */

struct mime_builder {
	struct mime m;
	struct mime_part *text, *html, *amp;
	struct mime_part *attachments[MIME_PARTS_MAX];
	size_t n;
	bool stable; /* the same bytes each time, for tests */
};

int mime_builder_attach(struct mime_builder *b, struct mime_part *part,
    const char **why_out);
/* The whole, as the root of b->m. */
struct mime_part *mime_builder_build(struct mime_builder *b,
    const char **why_out);

/* Of a message with stable content. */
#define MIME_STABLE_DATE "Tue, 1 Jul 2003 10:52:37 +0200"

#endif
