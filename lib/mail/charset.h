/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text in other character sets as UTF-8. The C library's converters are files
 * that are read when opened, so a process opens them before its jail; without
 * them UTF-8, US-ASCII, ISO-8859-1 and Windows-1252 are known.
 */
#ifndef LIB_MAIL_CHARSET_H
#define LIB_MAIL_CHARSET_H

#include <stdbool.h>

#include "lib/base/buf.h"
#include "lib/base/span.h"

struct charsets;

/* The sets that mail uses, opened once. */
struct charsets *charsets_open(void);
/* And the other way, for charset_from_utf8(). */
void charsets_open_encoders(struct charsets *cs);
void charsets_free(struct charsets **cs);
/*
 * Appends `text` as valid UTF-8; charsets may be NULL. -1 (and nothing
 * appended) for an unknown set or bytes that are not of it.
 */
int charset_to_utf8(const struct charsets *cs, struct span name,
    struct span text, struct buf *out);

bool charset_is_known(const struct charsets *cs, struct span name);
/*
 * Appends the UTF-8 text in that set; what is not in the set is left out when
 * `lossy`. -1 (and nothing appended) for an unknown set, for text that is not
 * UTF-8, and else for text that is not in the set.
 */
int charset_from_utf8(const struct charsets *cs, struct span name,
    struct span text, bool lossy, struct buf *out);

#endif
