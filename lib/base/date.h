/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dates and times of day in UTC (proleptic Gregorian calendar, no leap
 * seconds), their text forms, and spans of time with theirs.
 */
#ifndef LIB_BASE_DATE_H
#define LIB_BASE_DATE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/span.h"

/* A time since 1970, or a span: seconds rounded down, and what is above. */
struct moment {
	int64_t s;
	uint32_t ns; /* below 1000000000 */
};

/* The years 0000 to 9999. */
#define DATE_MIN INT64_C(-62167219200)
#define DATE_MAX INT64_C(253402300799)

struct date {
	int year;
	unsigned month, day;      /* from 1 */
	unsigned hour, minute, second;
	unsigned weekday;         /* 0: Sunday */
	unsigned year_day;        /* 0: 1 January */
};

/* Days since 1970 as a date. */
void date_from_days(int64_t days, int *year, unsigned *month, unsigned *day);
void date_from_seconds(int64_t s, struct date *out);
/* From year to second, weekday and year_day aside; -1: there is none such. */
int date_to_seconds(const struct date *date, int64_t *s_out);
/* Three letters. */
extern const char *const date_weekdays[7];
extern const char *const date_months[12];

/* ---- date_parse.c: 0, or -1 with a constant reason ----------------------- */

/* "2000-01-02T03:04:05.678+01:00" (RFC 3339 section 5.6). */
int date_parse_rfc3339(struct span s, struct moment *out,
    const char **why_out);
/*
 * "Sun, 2 Jan 2000 03:04:05 +0000" (RFC 5322 section 3.3, and 4.3: comments,
 * years of two digits, names of zones). The weekday must be the date's.
 */
int date_parse_rfc5322(struct span s, struct moment *out,
    const char **why_out);

/* ---- date_format.c ------------------------------------------------------- */

enum { DATE_TEXT_MAX = 64 };

/* "2000-01-02T03:04:05+00:00", sub-seconds as they need; returns out. */
char *date_rfc3339(const struct moment *m, char out[DATE_TEXT_MAX]);
/* "Sun, 2 Jan 2000 03:04:05 +0000"; returns out. */
char *date_rfc5322(const struct moment *m, char out[DATE_TEXT_MAX]);
/* "2000-01-02 03:04:05 UTC", sub-seconds as they need; returns out. */
char *date_text(const struct moment *m, char out[DATE_TEXT_MAX]);
/*
 * strftime's codes and those of Rust's chrono (%f, %.3f, %:z, %+, %s, %-d ...),
 * in English and UTC. A code that is none stays as it is.
 */
void date_format(const struct moment *m, struct span format, struct buf *out);

/* ---- duration.c ---------------------------------------------------------- */

enum { DURATION_TEXT_MAX = 128 };

/*
 * "1h 30m", "250ms", "1.5 days": numbers with units from ns to years (a month
 * is 30.44 days, M; a year 365.25 days). -1 for anything else, or more than
 * moments hold.
 */
int duration_parse(struct span s, struct moment *out);
/* "1h 30m", "2days 5ms", "-5m", "0s"; returns out. */
char *duration_format(const struct moment *m, char out[DURATION_TEXT_MAX]);
/* Sums; -1 beyond what moments hold. */
int moment_add(const struct moment *a, const struct moment *b,
    struct moment *out);
int moment_subtract(const struct moment *a, const struct moment *b,
    struct moment *out);
/* Rounded to microseconds, which is what a double holds of our times. */
int moment_from_double(double seconds, struct moment *out);
double moment_to_double(const struct moment *m);
/*
 * In units of `per_second` (up to 1000000000) rounded towards zero; -1 when
 * that is more than 64 bits.
 */
int moment_in(const struct moment *m, int64_t per_second, int64_t *out);

#endif
