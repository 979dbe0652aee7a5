/* SPDX-License-Identifier: Apache-2.0 */
/* The fields that reports are made of. Only for lib/mime. */
#ifndef LIB_MIME_REPORT_FIELDS_H
#define LIB_MIME_REPORT_FIELDS_H

#include "lib/mime/report.h"

struct report_reader {
	struct arena *a;
	const struct charsets *charsets;
	const char *why;
};

/*
 * The next group of fields at the front of *text, which blank lines end; moves
 * *text behind it. 0, or -1 with a reason; *out has no fields at the end.
 */
int report_group(struct report_reader *r, struct span *text,
    struct report_fields *out);

/* Each takes the only field of that name; -1 when it is bad or not alone. */
int report_text(struct report_reader *r, struct report_fields *f,
    const char *name, struct span *out);
int report_typed(struct report_reader *r, struct report_fields *f,
    const char *name, struct report_typed *out);
int report_date(struct report_reader *r, struct report_fields *f,
    const char *name, struct report_date *out);
/* All of that name. */
void report_texts(struct report_reader *r, struct report_fields *f,
    const char *name, struct report_texts *out);
/* -1 and the reason, which names the field. */
int report_fault(struct report_reader *r, const char *name, const char *why);

/* Is the message a multipart/report of that type? */
bool report_is(const struct mime *m, const char *report_type,
    bool type_may_lack);
/* The first part of that type, or NULL. */
const struct mime_part *report_part(const struct mime *m, const char *type);
/* What came back, with LF as line ends; p NULL when nothing did. */
struct span report_original(struct arena *a, const struct mime *m);

#endif
