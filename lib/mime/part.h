/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A message as a tree of parts (RFC 2045, RFC 2046). A parsed tree looks at
 * the bytes that it was parsed from, which must stay; what is changed or made
 * lies in the tree's arena. Whatever was not touched is written again byte
 * for byte, odd line ends, preambles and unclosed parts too.
 *
 * Lines end at CRLF, and also at a CR or LF alone, as in lib/mail/header.h.
 */
#ifndef LIB_MIME_PART_H
#define LIB_MIME_PART_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/base/span.h"

enum {
	MIME_DEPTH_MAX = 100,
	MIME_PARTS_MAX = 1000,
	MIME_FIELDS_MAX = 1000,               /* of one part */
	MIME_HEADER_BYTES_MAX = 1024 * 1024,  /* of one part */
	MIME_BOUNDARY_MAX = 250,              /* octets that are looked at */
};

struct mime_field {
	struct span name;
	struct span value; /* behind the colon, folds kept, blanks around it
			    * cut */
	struct span whole; /* name to line end */
	bool no_colon;     /* the line is a name alone */
	bool spaced;       /* blanks between name and colon */
};

struct mime_part {
	struct mime_part *parent, *next, *first, *last;
	struct mime_field *fields;
	size_t n_fields, fields_size;
	struct span separator; /* the blank line behind the fields; "" if the
				* body begins without one */
	struct span body;      /* of a leaf, as it is encoded */
	/* Of a multipart; p NULL for a leaf. */
	struct span boundary;
	struct span preamble, closing;
	/* The delimiter before this part; p NULL: to be made. */
	struct span opening;
	unsigned number; /* among its siblings, when parsed or made */
	bool made;       /* the body is not as it was parsed */
};

struct mime {
	struct arena arena;
	struct mime_part *root;
	unsigned n_parts;
};

/*
 * Parses a message into m, which must be zeroed. 0, or -1 and a reason when it
 * goes beyond the limits; any other text is a message. mime_free in both cases.
 */
int mime_parse(struct mime *m, struct span message, const char **why_out);
void mime_free(struct mime *m);

bool mime_is_multipart(const struct mime_part *p);
/* The next part behind `at` of the tree below `top`, top first (at NULL). */
struct mime_part *mime_next(const struct mime_part *top,
    const struct mime_part *at);
/* Levels above this part. */
unsigned mime_depth(const struct mime_part *p);

/* Appends the part and all below it, as it stands. */
void mime_put(const struct mime_part *p, struct buf *out);
/* The same as a message of its own: a last line that was made ends. */
void mime_message_put(const struct mime_part *p, struct buf *out);
/* Appends its fields alone. */
void mime_fields_put(const struct mime_part *p, struct buf *out);

/* ---- fields: the name is compared without case ------------------------- */

/* The first of that name, or NULL. */
const struct mime_field *mime_field_find(const struct mime_part *p,
    struct span name);
/* Its value, or "" (p NULL) when there is none. */
struct span mime_field_value(const struct mime_part *p, const char *name);
/*
 * A new field with a value as it stands on the wire (word.h and others write
 * such). prepend, append: -1 when the part has too many. set takes the place
 * of the first of that name, others of it are dropped.
 */
int mime_field_prepend(struct mime *m, struct mime_part *p, struct span name,
    struct span value);
int mime_field_append(struct mime *m, struct mime_part *p, struct span name,
    struct span value);
int mime_field_set(struct mime *m, struct mime_part *p, struct span name,
    struct span value);
/* Appends a field of any tree, byte for byte. */
int mime_field_copy(struct mime *m, struct mime_part *p,
    const struct mime_field *f);
void mime_field_remove(struct mime_part *p, struct span name);
/* Is this a name of a field (RFC 5322 section 3.6.8) of sound length? */
bool mime_field_name_valid(struct span name);

/* ---- for those who make parts ------------------------------------------ */

/* A new leaf without parent; NULL when there are too many. */
struct mime_part *mime_part_new(struct mime *m);
/* Hang a part without parent below a multipart, last. */
void mime_part_link(struct mime_part *to, struct mime_part *part);
/* A copy of all below `from`, which may be of another tree; or NULL. */
struct mime_part *mime_part_copy(struct mime *m, const struct mime_part *from);
/* Does a line of the text begin as a delimiter of that boundary? */
bool mime_has_delimiter(struct span text, struct span boundary);

#endif
