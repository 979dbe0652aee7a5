/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of structured fields (RFC 5322 section 3.2): blanks, folds and
 * comments are passed over, nested ones without recursion. Only for lib/mime.
 */
#ifndef LIB_MIME_SCAN_H
#define LIB_MIME_SCAN_H

#include <stdbool.h>

#include "lib/base/buf.h"
#include "lib/base/span.h"

struct scan {
	const char *p, *end;
	const char *why; /* set by the first fault */
};

struct scan scan_of(struct span s);
bool scan_more(const struct scan *s);
/* The next byte, or NUL at the end. */
char scan_peek(const struct scan *s);
/* Over blanks, line ends and comments. */
void scan_skip(struct scan *s);
/* Take this byte if it comes next. */
bool scan_take(struct scan *s, char c);
/* As far as bytes of these classes (lib/mail/chars.h) go. */
struct span scan_run(struct scan *s, unsigned classes);
/* As far as none of these bytes and no blank or line end comes. */
struct span scan_until(struct scan *s, const char *stops);
/* At a quotation mark: appends what is quoted. -1 when it does not end. */
int scan_quoted(struct scan *s, struct buf *out);
/* Sets the reason unless there is one; returns -1. */
int scan_fault(struct scan *s, const char *why);

#endif
