/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/mime/date.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/mail/chars.h"
#include "lib/mime/scan.h"

struct date {
	uint64_t year, month, day, hour, minute, second;
	int64_t offset; /* minutes east of UTC */
};

/* Days since 1970-01-01 of a day of the Gregorian calendar. */
static int64_t
days_from_civil(int64_t y, int64_t m, int64_t d)
{
	int64_t era, yoe, doy;

	y -= m <= 2;
	era = (y >= 0 ? y : y - 399) / 400;
	yoe = y - era * 400;
	doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static unsigned
month_days(uint64_t year, uint64_t month)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30,
		31, 30, 31 };

	if (month == 2 && year % 4 == 0 &&
	    (year % 100 != 0 || year % 400 == 0))
		return 29;
	return days[month - 1];
}

static int
date_seconds(const struct date *d, int64_t *out)
{
	if (d->month < 1 || d->month > 12 || d->day < 1 ||
	    d->day > month_days(d->year, d->month) || d->hour > 23 ||
	    d->minute > 59 || d->second > 60 || d->year > 9999)
		return -1;
	*out = days_from_civil((int64_t)d->year, (int64_t)d->month,
	    (int64_t)d->day) * 86400 + (int64_t)d->hour * 3600 +
	    (int64_t)d->minute * 60 + (int64_t)d->second - d->offset * 60;
	return 0;
}

/* ---- RFC 5322 ----------------------------------------------------------- */

static int
number_read(struct scan *s, uint64_t *out)
{
	scan_skip(s);
	return text_u64(scan_run(s, CHAR_DIGIT), 0, 9999, out);
}

static int
month_read(struct scan *s, uint64_t *out)
{
	static const char *const names[] = { "jan", "feb", "mar", "apr",
		"may", "jun", "jul", "aug", "sep", "oct", "nov", "dec" };
	struct span word;

	scan_skip(s);
	scan_take(s, '-'); /* 1-Jul-2003 */
	word = scan_until(s, "-,(0123456789");
	scan_take(s, '-');
	if (word.len < 3)
		return -1;
	word.len = 3;
	for (*out = 1; *out <= 12; ++*out) {
		if (span_ieq_str(word, names[*out - 1]))
			return 0;
	}
	return -1;
}

/* Two digits mean this century or the last; RFC 5322 section 4.3. */
static int
year_read(struct scan *s, uint64_t *out)
{
	const char *from;

	scan_skip(s);
	from = s->p;
	if (number_read(s, out) != 0)
		return -1;
	if (s->p - from == 2)
		*out += *out < 50 ? 2000 : 1900;
	else if (s->p - from == 3)
		*out += 1900;
	return 0;
}

static int
time_read(struct scan *s, struct date *d)
{
	if (number_read(s, &d->hour) != 0)
		return -1;
	scan_skip(s);
	if (!scan_take(s, ':') || number_read(s, &d->minute) != 0)
		return -1;
	scan_skip(s);
	if (scan_take(s, ':'))
		return number_read(s, &d->second);
	return 0;
}

static const struct {
	const char *name;
	int hours;
} zones[] = {
	{ "EST", -5 }, { "EDT", -4 }, { "CST", -6 }, { "CDT", -5 },
	{ "MST", -7 }, { "MDT", -6 }, { "PST", -8 }, { "PDT", -7 },
};

/* +HHMM, or a name; one that nobody knows says nothing, as "-0000" does. */
static int
zone_read(struct scan *s, struct date *d)
{
	struct span word;
	uint64_t n;
	char sign;
	size_t i;

	scan_skip(s);
	if (!scan_more(s))
		return 0;
	sign = scan_peek(s);
	if (sign == '+' || sign == '-') {
		s->p++;
		word = scan_run(s, CHAR_DIGIT);
		if (word.len != 4 || text_u64(word, 0, 9959, &n) != 0 ||
		    n % 100 > 59)
			return -1;
		d->offset = (int64_t)(n / 100 * 60 + n % 100);
		if (sign == '-')
			d->offset = -d->offset;
		return 0;
	}
	word = scan_until(s, "(");
	for (i = 0; i < sizeof(zones) / sizeof(*zones); i++) {
		if (span_ieq_str(word, zones[i].name))
			d->offset = zones[i].hours * 60;
	}
	return 0;
}

int
mime_date_parse(struct span text, int64_t *seconds_out)
{
	struct scan s = scan_of(text);
	struct date d = { .second = 0 };

	scan_skip(&s);
	if (!ascii_digit(scan_peek(&s))) {
		scan_until(&s, ",("); /* the day of the week */
		scan_skip(&s);
		scan_take(&s, ',');
	}
	if (number_read(&s, &d.day) != 0 || month_read(&s, &d.month) != 0 ||
	    year_read(&s, &d.year) != 0 || time_read(&s, &d) != 0 ||
	    zone_read(&s, &d) != 0)
		return -1;
	scan_skip(&s);
	return scan_more(&s) ? -1 : date_seconds(&d, seconds_out);
}

/* ---- RFC 3339 ----------------------------------------------------------- */

char *
mime_date_rfc3339(int64_t seconds, char out[MIME_DATE_MAX])
{
	int64_t days = seconds / 86400, rest = seconds % 86400, year = 1970;
	uint64_t month = 1;

	if (rest < 0) {
		rest += 86400;
		days--;
	}
	/* Near enough by the mean year, exact by a step or two. */
	year += days * 400 / 146097;
	while (days_from_civil(year + 1, 1, 1) <= days)
		year++;
	while (days_from_civil(year, 1, 1) > days)
		year--;
	days -= days_from_civil(year, 1, 1);
	while (days >= month_days((uint64_t)year, month))
		days -= month_days((uint64_t)year, month++);
	snprintf(out, MIME_DATE_MAX, "%04d-%02u-%02uT%02u:%02u:%02uZ",
	    (int)year, (unsigned)month, (unsigned)days + 1,
	    (unsigned)(rest / 3600), (unsigned)(rest / 60 % 60),
	    (unsigned)(rest % 60));
	return out;
}

/* That many digits, then the byte `end` (NUL: anything). */
static bool
digits_read(struct scan *s, size_t n, char end, uint64_t *out)
{
	struct span digits = scan_run(s, CHAR_DIGIT);

	return digits.len == n && text_u64(digits, 0, 9999, out) == 0 &&
	    (end == '\0' || scan_take(s, end));
}

int
mime_date_from_rfc3339(struct span text, int64_t *seconds_out)
{
	struct scan s = scan_of(text);
	struct date d = { .second = 0 };
	uint64_t hours, minutes;
	char sign;

	if (!digits_read(&s, 4, '-', &d.year) ||
	    !digits_read(&s, 2, '-', &d.month) ||
	    !digits_read(&s, 2, '\0', &d.day) ||
	    (!scan_take(&s, 'T') && !scan_take(&s, 't') &&
	    !scan_take(&s, ' ')) || !digits_read(&s, 2, ':', &d.hour) ||
	    !digits_read(&s, 2, ':', &d.minute) ||
	    !digits_read(&s, 2, '\0', &d.second))
		return -1;
	if (scan_take(&s, '.') && scan_run(&s, CHAR_DIGIT).len == 0)
		return -1;
	sign = scan_peek(&s);
	if (sign == '+' || sign == '-') {
		s.p++;
		if (!digits_read(&s, 2, ':', &hours) ||
		    !digits_read(&s, 2, '\0', &minutes) || hours > 23 ||
		    minutes > 59)
			return -1;
		d.offset = (int64_t)(hours * 60 + minutes);
		if (sign == '-')
			d.offset = -d.offset;
	} else if (!scan_take(&s, 'Z') && !scan_take(&s, 'z')) {
		return -1;
	}
	return scan_more(&s) ? -1 : date_seconds(&d, seconds_out);
}
