/* SPDX-License-Identifier: Apache-2.0 */
/* Message ids (RFC 5322 section 3.6.4), without their angle brackets. */
#ifndef LIB_MIME_IDS_H
#define LIB_MIME_IDS_H

#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/base/span.h"

enum { MIME_IDS_MAX = 10000 };

struct mime_ids {
	struct span *v;
	size_t n;
};

/* One or more ids in angle brackets; 0, or -1 and a reason. */
int mime_ids_parse(struct arena *a, struct span text, struct mime_ids *out,
    const char **why_out);
/* Exactly one. */
int mime_id_parse(struct arena *a, struct span text, struct span *out,
    const char **why_out);
/*
 * The id of a part, which many write without brackets: then it is all the
 * text, if that is one word.
 */
int mime_content_id_parse(struct arena *a, struct span text, struct span *out,
    const char **why_out);
/* Appends "<a>", each further one on a line of its own. */
void mime_ids_put(const struct mime_ids *ids, struct buf *out);

#endif
