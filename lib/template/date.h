/* SPDX-License-Identifier: Apache-2.0 */
/* Moments as dates: ISO 8601 in, format descriptions out. */
#ifndef LIB_TEMPLATE_DATE_H
#define LIB_TEMPLATE_DATE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/span.h"

struct moment {
	int64_t utc_s;
	int32_t ns;
	int32_t offset; /* seconds east, of the place it is shown for */
	bool has_time;
};

/* "2023-06-24T16:37:22.5+02:00", "2023-06-24"; -1: it is none */
int date_parse(struct span s, struct moment *out);
/* -1 when no year 0 to 9999 has it. */
int date_from_seconds(double seconds, struct moment *out);
int date_from_fields(int64_t year, int64_t day_of_year, int64_t hour,
    int64_t minute, int64_t second, struct moment *out);
/*
 * A description such as "[year]-[month repr:short]" as the time crate's second
 * version has them; -1 with a constant reason.
 */
int date_format(struct buf *out, const struct moment *m, struct span format,
    const char **why_out);

#endif
