/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/mime/date.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/date.h"
#include "lib/base/text.h"
#include "lib/mail/chars.h"
#include "lib/mime/scan.h"

struct parsed {
	struct date date;
	int64_t offset; /* minutes east of UTC */
};

static int
number_read(struct scan *s, unsigned *out)
{
	uint64_t n;

	scan_skip(s);
	if (text_u64(scan_run(s, CHAR_DIGIT), 0, 9999, &n) != 0)
		return -1;
	*out = (unsigned)n;
	return 0;
}

static int
month_read(struct scan *s, unsigned *out)
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
year_read(struct scan *s, int *out)
{
	const char *from;
	unsigned year;

	scan_skip(s);
	from = s->p;
	if (number_read(s, &year) != 0)
		return -1;
	if (s->p - from == 2)
		year += year < 50 ? 2000 : 1900;
	else if (s->p - from == 3)
		year += 1900;
	*out = (int)year;
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
zone_read(struct scan *s, struct parsed *d)
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
	struct parsed d = { .offset = 0 };
	unsigned leap = 0;

	scan_skip(&s);
	if (!ascii_digit(scan_peek(&s))) {
		scan_until(&s, ",("); /* the day of the week */
		scan_skip(&s);
		scan_take(&s, ',');
	}
	if (number_read(&s, &d.date.day) != 0 ||
	    month_read(&s, &d.date.month) != 0 ||
	    year_read(&s, &d.date.year) != 0 ||
	    time_read(&s, &d.date) != 0 || zone_read(&s, &d) != 0)
		return -1;
	scan_skip(&s);
	if (d.date.second == 60) {
		d.date.second = 59;
		leap = 1;
	}
	if (scan_more(&s) || date_to_seconds(&d.date, seconds_out) != 0)
		return -1;
	*seconds_out += leap - d.offset * 60;
	return 0;
}

char *
mime_date_rfc3339(int64_t seconds, char out[MIME_DATE_MAX])
{
	struct date d;

	date_from_seconds(seconds, &d);
	snprintf(out, MIME_DATE_MAX, "%04d-%02u-%02uT%02u:%02u:%02uZ", d.year,
	    d.month, d.day, d.hour, d.minute, d.second);
	return out;
}
