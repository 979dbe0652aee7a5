/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/date.h"

const char *const date_weekdays[7] = { "Sun", "Mon", "Tue", "Wed", "Thu",
	"Fri", "Sat" };
const char *const date_months[12] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
	"Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

/* Days since 0000-03-01 count from the year's end: leap days come last. */
static int64_t
days_from_date(int year, unsigned month, unsigned day)
{
	int64_t y = year - (month <= 2), era = (y >= 0 ? y : y - 399) / 400;
	unsigned yoe = (unsigned)(y - era * 400);
	unsigned doy = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 +
	    day - 1;

	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

void
date_from_days(int64_t days, int *year, unsigned *month, unsigned *day)
{
	int64_t era, y;
	unsigned doe, yoe, doy, mp;

	days += 719468;
	era = (days >= 0 ? days : days - 146096) / 146097;
	doe = (unsigned)(days - era * 146097);
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	y = (int64_t)yoe + era * 400;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (5 * doy + 2) / 153;
	*day = doy - (153 * mp + 2) / 5 + 1;
	*month = mp < 10 ? mp + 3 : mp - 9;
	*year = (int)(y + (*month <= 2));
}

void
date_from_seconds(int64_t s, struct date *out)
{
	int64_t days = s / 86400, left = s % 86400;

	if (left < 0) {
		left += 86400;
		days--;
	}
	date_from_days(days, &out->year, &out->month, &out->day);
	out->hour = (unsigned)(left / 3600);
	out->minute = (unsigned)(left / 60 % 60);
	out->second = (unsigned)(left % 60);
	out->weekday = (unsigned)(((days + 4) % 7 + 7) % 7);
	out->year_day = (unsigned)(days - days_from_date(out->year, 1, 1));
}

int
date_to_seconds(const struct date *d, int64_t *s_out)
{
	int64_t days;
	unsigned month, day;
	int year;

	if (d->year < 0 || d->year > 9999 || d->month < 1 || d->month > 12 ||
	    d->day < 1 || d->day > 31 || d->hour > 23 || d->minute > 59 ||
	    d->second > 59)
		return -1;
	days = days_from_date(d->year, d->month, d->day);
	/* 30 February would be 1 or 2 March. */
	date_from_days(days, &year, &month, &day);
	if (day != d->day)
		return -1;
	*s_out = days * 86400 + d->hour * 3600 + d->minute * 60 + d->second;
	return 0;
}
