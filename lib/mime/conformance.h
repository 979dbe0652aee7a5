/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is wrong with a message, and its repair. The names are those that
 * policies use.
 */
#ifndef LIB_MIME_CONFORMANCE_H
#define LIB_MIME_CONFORMANCE_H

#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/span.h"
#include "lib/mime/detect.h"
#include "lib/mime/part.h"

struct charsets;

enum mime_issue {
	MIME_MISSING_COLON_VALUE = 1,
	MIME_NON_CANONICAL_LINE_ENDINGS = 2,
	MIME_NAME_ENDS_WITH_SPACE = 4,
	MIME_LINE_TOO_LONG = 8, /* of a body, beyond MIME_LINE_MAX */
	MIME_NEEDS_TRANSFER_ENCODING = 16,
	MIME_MISSING_DATE_HEADER = 32,
	/* Or one that cannot be read. */
	MIME_MISSING_MESSAGE_ID_HEADER = 64,
	MIME_MISSING_MIME_VERSION = 128,
};

enum {
	MIME_MISSING_HEADERS = MIME_MISSING_DATE_HEADER |
	    MIME_MISSING_MESSAGE_ID_HEADER | MIME_MISSING_MIME_VERSION,
};

/* "A|B" as a set; -1 with the first name that is none of ours. */
int mime_issues_parse(struct span text, unsigned *out, struct span *bad_out);
/* Appends "A|B", in the order of the alphabet. */
void mime_issues_put(unsigned issues, struct buf *out);
/* All names, sorted, to a NULL. */
extern const char *const mime_issue_names[];

/* message is what m was parsed from. */
unsigned mime_issues_find(const struct mime *m, struct span message);

struct mime_rebuild {
	const struct charsets *charsets;
	/*
	 * Text that is not of the set it claims, or claims none, becomes
	 * UTF-8 where its set can be guessed.
	 */
	struct mime_detect detect;
};

/*
 * Makes `to`, which must be zeroed, a copy of the tree below `from` without
 * the issues, missing fields apart. What had none keeps its bytes; text stays
 * in its character set unless a better one was detected; bytes are never
 * dropped, so that of an unknown set is called unknown-8bit. Preambles and
 * epilogues go. -1 and a reason when a limit is passed.
 */
int mime_rebuild(struct mime *to, const struct mime_part *from,
    const struct mime_rebuild *how, const char **why_out);

/* For the fields that are missing: Date, Message-ID, Mime-Version. */
struct mime_identity {
	int64_t wall_us;
	struct span id, domain; /* of a Message-ID */
};

int mime_add_missing(struct mime *m, unsigned issues,
    const struct mime_identity *who, const char **why_out);

#endif
