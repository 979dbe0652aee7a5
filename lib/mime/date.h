/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dates in the fields of strangers' reports. Weekdays are not looked at, and a
 * zone that nobody knows is UTC: date_parse_rfc5322() is the strict reader.
 */
#ifndef LIB_MIME_DATE_H
#define LIB_MIME_DATE_H

#include <stdint.h>

#include "lib/base/span.h"

enum { MIME_DATE_MAX = 32 };

/* Seconds since 1970 UTC; 0, or -1 when this is no date. */
int mime_date_parse(struct span text, int64_t *seconds_out);
/* "1994-07-07T21:15:49Z" (RFC 3339). Returns out. */
char *mime_date_rfc3339(int64_t seconds, char out[MIME_DATE_MAX]);

#endif
