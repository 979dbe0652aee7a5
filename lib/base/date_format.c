/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "lib/base/date.h"
#include "lib/base/text.h"

static const char *const weekday_names[7] = { "Sunday", "Monday", "Tuesday",
	"Wednesday", "Thursday", "Friday", "Saturday" };
static const char *const month_names[12] = { "January", "February", "March",
	"April", "May", "June", "July", "August", "September", "October",
	"November", "December" };

/* ".123", with as many digits as say something: none, 3, 6 or 9. */
static const char *
sub_seconds(uint32_t ns, char out[16])
{
	if (ns == 0)
		out[0] = '\0';
	else if (ns % 1000000 == 0)
		snprintf(out, 16, ".%03u", (unsigned)(ns / 1000000));
	else if (ns % 1000 == 0)
		snprintf(out, 16, ".%06u", (unsigned)(ns / 1000));
	else
		snprintf(out, 16, ".%09u", (unsigned)ns);
	return out;
}

static char *
print(const struct moment *m, char between, const char *zone, char *out)
{
	struct date d;
	char sub[16];

	date_from_seconds(m->s, &d);
	snprintf(out, DATE_TEXT_MAX, "%04d-%02u-%02u%c%02u:%02u:%02u%s%s",
	    d.year, d.month, d.day, between, d.hour, d.minute, d.second,
	    sub_seconds(m->ns, sub), zone);
	return out;
}

char *
date_rfc3339(const struct moment *m, char out[DATE_TEXT_MAX])
{
	return print(m, 'T', "+00:00", out);
}

char *
date_text(const struct moment *m, char out[DATE_TEXT_MAX])
{
	return print(m, ' ', " UTC", out);
}

char *
date_rfc5322(const struct moment *m, char out[DATE_TEXT_MAX])
{
	struct date d;

	date_from_seconds(m->s, &d);
	snprintf(out, DATE_TEXT_MAX, "%s, %u %s %04d %02u:%02u:%02u +0000",
	    date_weekdays[d.weekday], d.day, date_months[d.month - 1], d.year,
	    d.hour, d.minute, d.second);
	return out;
}

/* ---- strftime ------------------------------------------------------------ */

/* Weeks of ISO 8601 belong to the year of their Thursday. */
static unsigned
iso_week(const struct date *d, int *year_out)
{
	struct moment first = { 0 };
	struct date thursday, january = { .month = 1, .day = 1 };
	int64_t s;

	january.year = d->year;
	date_to_seconds(&january, &s);
	first.s = s + ((int64_t)d->year_day + 3 - (d->weekday + 6) % 7) * 86400;
	date_from_seconds(first.s, &thursday);
	*year_out = thursday.year;
	return thursday.year_day / 7 + 1;
}

/* Codes that stand for others. */
static const char *
composite(char code)
{
	switch (code) {
	case 'D':
	case 'x':
		return "%m/%d/%y";
	case 'F':
		return "%Y-%m-%d";
	case 'v':
		return "%e-%b-%Y";
	case 'R':
		return "%H:%M";
	case 'T':
	case 'X':
		return "%H:%M:%S";
	case 'r':
		return "%I:%M:%S %p";
	case 'c':
		return "%a %b %e %H:%M:%S %Y";
	case '+':
		return "%Y-%m-%dT%H:%M:%S%.f%:z";
	}
	return NULL;
}

/* Numbers: value, width, and what fills it up; false: the code is none. */
static bool
numeric(const struct date *d, const struct moment *m, char code,
    int64_t *value, int *width, char *fill)
{
	int year;

	*width = 2;
	*fill = '0';
	switch (code) {
	case 'Y': *value = d->year; *width = 4; break;
	case 'C': *value = d->year / 100; break;
	case 'y': *value = d->year % 100; break;
	case 'q': *value = (d->month + 2) / 3; *width = 1; break;
	case 'm': *value = d->month; break;
	case 'd': *value = d->day; break;
	case 'e': *value = d->day; *fill = ' '; break;
	case 'w': *value = d->weekday; *width = 1; break;
	case 'u': *value = (d->weekday + 6) % 7 + 1; *width = 1; break;
	case 'U': *value = (d->year_day + 7 - d->weekday) / 7; break;
	case 'W':
		*value = (d->year_day + 7 - (d->weekday + 6) % 7) / 7;
		break;
	case 'V': *value = iso_week(d, &year); break;
	case 'G': iso_week(d, &year); *value = year; *width = 4; break;
	case 'g':
		iso_week(d, &year);
		*value = (year % 100 + 100) % 100;
		break;
	case 'j': *value = d->year_day + 1; *width = 3; break;
	case 'H': *value = d->hour; break;
	case 'k': *value = d->hour; *fill = ' '; break;
	case 'I': *value = (d->hour + 11) % 12 + 1; break;
	case 'l': *value = (d->hour + 11) % 12 + 1; *fill = ' '; break;
	case 'M': *value = d->minute; break;
	case 'S': *value = d->second; break;
	case 's': *value = m->s; *width = 1; break;
	case 'f': *value = m->ns; *width = 9; break;
	default: return false;
	}
	return true;
}

static const char *
wordy(const struct date *d, char code)
{
	switch (code) {
	case 'a': return date_weekdays[d->weekday];
	case 'A': return weekday_names[d->weekday];
	case 'b':
	case 'h': return date_months[d->month - 1];
	case 'B': return month_names[d->month - 1];
	case 'p': return d->hour < 12 ? "AM" : "PM";
	case 'P': return d->hour < 12 ? "am" : "pm";
	case 'Z': return "UTC";
	case 'z': return "+0000";
	case 't': return "\t";
	case 'n': return "\n";
	case '%': return "%";
	}
	return NULL;
}

/* Codes of several characters behind the '%'. */
static const struct {
	const char *code;
	const char *text; /* NULL: digits of the second */
	uint32_t unit;
	int width;
	bool point;
} longer[] = {
	{ ".f", NULL, 0, 0, true },
	{ ".3f", NULL, 1000000, 3, true },
	{ ".6f", NULL, 1000, 6, true },
	{ ".9f", NULL, 1, 9, true },
	{ "3f", NULL, 1000000, 3, false },
	{ "6f", NULL, 1000, 6, false },
	{ "9f", NULL, 1, 9, false },
	{ ":z", "+00:00", 0, 0, false },
	{ "::z", "+00:00:00", 0, 0, false },
	{ ":::z", "+00", 0, 0, false },
	{ "#z", "+00", 0, 0, false },
};

static size_t
format_longer(const struct moment *m, struct span s, struct buf *out)
{
	char sub[16];
	size_t i;

	for (i = 0; i < sizeof(longer) / sizeof(*longer); i++) {
		if (!span_starts(s, longer[i].code))
			continue;
		if (longer[i].text != NULL)
			buf_add_str(out, longer[i].text);
		else if (longer[i].unit == 0)
			buf_add_str(out, sub_seconds(m->ns, sub));
		else
			buf_addf(out, "%s%0*u", longer[i].point ? "." : "",
			    longer[i].width,
			    (unsigned)(m->ns / longer[i].unit));
		return strlen(longer[i].code);
	}
	return 0;
}

/* The code behind a '%'; the length used, 0 when it is none. */
static size_t
format_code(const struct moment *m, const struct date *d, struct span s,
    struct buf *out)
{
	char pad = s.len > 0 && strchr("-_0", s.p[0]) != NULL ? s.p[0] : '\0';
	struct span rest = span_from(s, pad != '\0');
	size_t used = format_longer(m, s, out);
	int64_t value;
	int width;
	char fill;

	if (used > 0 || rest.len == 0)
		return used;
	if (numeric(d, m, rest.p[0], &value, &width, &fill)) {
		if (pad == '-')
			width = 1;
		else if (pad != '\0')
			fill = pad == '_' ? ' ' : '0';
		buf_addf(out, fill == '0' ? "%0*lld" : "%*lld", width,
		    (long long)value);
		return 1 + (pad != '\0');
	}
	if (pad != '\0')
		return 0;
	if (wordy(d, rest.p[0]) != NULL)
		buf_add_str(out, wordy(d, rest.p[0]));
	else if (composite(rest.p[0]) != NULL)
		date_format(m, span_of(composite(rest.p[0])), out);
	else
		return 0;
	return 1;
}

void
date_format(const struct moment *m, struct span format, struct buf *out)
{
	struct date d;
	size_t i, used;

	date_from_seconds(m->s, &d);
	for (i = 0; i < format.len; i++) {
		used = format.p[i] == '%' ?
		    format_code(m, &d, span_from(format, i + 1), out) : 0;
		if (used == 0)
			buf_add_byte(out, (uint8_t)format.p[i]);
		i += used;
	}
}
