/* SPDX-License-Identifier: Apache-2.0 */
/* Moments as dates: ISO 8601 in, format descriptions out. */
#ifndef LIB_TEMPLATE_WHEN_H
#define LIB_TEMPLATE_WHEN_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/date.h"
#include "lib/base/span.h"

struct when {
	struct moment at;
	int32_t offset; /* seconds east, of the place it is shown for */
	bool has_time;
};

/* "2023-06-24T16:37:22.5+02:00", "2023-06-24"; -1: it is none */
int when_parse(struct span s, struct when *out);
/* -1 when it is not in the years 0 to 9999. */
int when_from_seconds(double seconds, struct when *out);
/* The day of the year counts from 1. */
int when_from_fields(int64_t year, int64_t day_of_year, int64_t hour,
    int64_t minute, int64_t second, struct when *out);
/*
 * A description such as "[year]-[month repr:short]" as the time crate's second
 * version has them; -1 with a constant reason.
 */
int when_format(struct buf *out, const struct when *w, struct span format,
    const char **why_out);

#endif
