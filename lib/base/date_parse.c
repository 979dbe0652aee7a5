/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "lib/base/date.h"
#include "lib/base/text.h"

/* What is still to be read. */
struct reading {
	struct span left;
	const char *why;
};

static bool
fail(struct reading *r, const char *why)
{
	if (r->why == NULL)
		r->why = why;
	return false;
}

static char
peek(const struct reading *r)
{
	return r->left.len > 0 ? r->left.p[0] : '\0';
}

static bool
take(struct reading *r, const char *any_of)
{
	char c = peek(r);

	if (c == '\0' || strchr(any_of, c) == NULL)
		return false;
	r->left = span_from(r->left, 1);
	return true;
}

/* From min to max digits. */
static bool
number(struct reading *r, size_t min, size_t max, unsigned *out)
{
	uint64_t value;
	size_t n = 0;

	while (n < r->left.len && n < max && ascii_digit(r->left.p[n]))
		n++;
	if (n < min || text_u64(span_make(r->left.p, n), 0, UINT32_MAX,
	    &value) != 0)
		return fail(r, "digits are missing");
	r->left = span_from(r->left, n);
	*out = (unsigned)value;
	return true;
}

/* Digits behind the point; more than nine say nothing to us. */
static void
fraction(struct reading *r, uint32_t *ns_out)
{
	uint32_t scale = 100000000;
	size_t i;

	*ns_out = 0;
	for (i = 0; i < r->left.len && ascii_digit(r->left.p[i]); i++) {
		*ns_out += (uint32_t)(r->left.p[i] - '0') * scale;
		scale /= 10;
	}
	if (i == 0)
		fail(r, "digits are missing behind the point");
	r->left = span_from(r->left, i);
}

/* A leap second is the second after it (RFC 3339 section 5.7). */
static int
finish(struct reading *r, struct date *d, int64_t east_s, uint32_t ns,
    struct moment *out, const char **why_out)
{
	bool leap = d->second == 60;

	if (leap)
		d->second = 59;
	if (r->why == NULL && r->left.len > 0)
		r->why = "something stands behind it";
	if (r->why == NULL && date_to_seconds(d, &out->s) != 0)
		r->why = "there is no such date or time of day";
	if (r->why != NULL) {
		*why_out = r->why;
		return -1;
	}
	out->s += leap - east_s;
	out->ns = ns;
	if (out->s < DATE_MIN || out->s > DATE_MAX) {
		*why_out = "it is not in the years 0000 to 9999";
		return -1;
	}
	return 0;
}

static int64_t
offset(struct reading *r, bool minus, unsigned hours, unsigned minutes)
{
	int64_t s = (int64_t)hours * 3600 + (int64_t)minutes * 60;

	if (hours > 23 || minutes > 59)
		fail(r, "the zone is no offset from UTC");
	return minus ? -s : s;
}

int
date_parse_rfc3339(struct span s, struct moment *out, const char **why_out)
{
	struct reading r = { s, NULL };
	struct date d = { 0 };
	unsigned year = 0, hours, minutes;
	int64_t east = 0;
	uint32_t ns = 0;
	bool minus;

	(void)(number(&r, 4, 4, &year) &&
	    (take(&r, "-") || fail(&r, "a '-' is missing")) &&
	    number(&r, 2, 2, &d.month) &&
	    (take(&r, "-") || fail(&r, "a '-' is missing")) &&
	    number(&r, 2, 2, &d.day) &&
	    (take(&r, "Tt ") || fail(&r, "the 'T' is missing")) &&
	    number(&r, 2, 2, &d.hour) &&
	    (take(&r, ":") || fail(&r, "a ':' is missing")) &&
	    number(&r, 2, 2, &d.minute) &&
	    (take(&r, ":") || fail(&r, "a ':' is missing")) &&
	    number(&r, 2, 2, &d.second));
	if (r.why == NULL && take(&r, "."))
		fraction(&r, &ns);
	if (r.why == NULL && !take(&r, "Zz")) {
		minus = peek(&r) == '-';
		if (!take(&r, "+-"))
			fail(&r, "the zone is missing");
		else if (number(&r, 2, 2, &hours) &&
		    (take(&r, ":") || fail(&r, "a ':' is missing")) &&
		    number(&r, 2, 2, &minutes))
			east = offset(&r, minus, hours, minutes);
	}
	d.year = (int)year;
	return finish(&r, &d, east, ns, out, why_out);
}

/* ---- RFC 5322 ------------------------------------------------------------ */

/* Blanks, line ends and comments: CFWS. */
static void
skip(struct reading *r)
{
	unsigned depth = 0;

	while (r->left.len > 0) {
		if (depth > 0 && peek(r) == '\\')
			r->left = span_from(r->left, 1);
		else if (peek(r) == '(')
			depth++;
		else if (depth > 0 && peek(r) == ')')
			depth--;
		else if (depth == 0 && (peek(r) == '\0' ||
		    strchr(" \t\r\n", peek(r)) == NULL))
			return;
		r->left = span_from(r->left, r->left.len > 0 ? 1 : 0);
	}
	if (depth > 0)
		fail(r, "a comment has no end");
}

static struct span
word(struct reading *r)
{
	size_t n = 0;
	struct span s;

	while (n < r->left.len && ascii_lower(r->left.p[n]) >= 'a' &&
	    ascii_lower(r->left.p[n]) <= 'z')
		n++;
	s = span_make(r->left.p, n);
	r->left = span_from(r->left, n);
	return s;
}

static int
name_index(struct span s, const char *const *names, int n)
{
	int i;

	for (i = 0; i < n; i++) {
		if (span_ieq_str(s, names[i]))
			return i;
	}
	return -1;
}

/* A name of section 4.3; those of one letter, and unknown ones, say nothing. */
static int64_t
named_zone(struct reading *r)
{
	static const struct {
		const char *name;
		int hours;
	} zones[] = { { "EDT", -4 }, { "EST", -5 }, { "CDT", -5 },
		{ "CST", -6 }, { "MDT", -6 }, { "MST", -7 }, { "PDT", -7 },
		{ "PST", -8 } };
	struct span name = word(r);
	size_t i;

	if (name.len == 0)
		fail(r, "the zone is missing");
	for (i = 0; i < sizeof(zones) / sizeof(*zones); i++) {
		if (span_ieq_str(name, zones[i].name))
			return zones[i].hours * 3600;
	}
	return 0;
}

static int64_t
zone(struct reading *r)
{
	bool minus = peek(r) == '-';
	unsigned value;

	if (!take(r, "+-"))
		return named_zone(r);
	if (!number(r, 4, 4, &value))
		return 0;
	return offset(r, minus, value / 100, value % 100);
}

/* Years of two digits are of 1950 to 2049, of three from 1900 on. */
static void
year_of(struct reading *r, struct date *d)
{
	size_t len = r->left.len;
	unsigned year;

	if (!number(r, 2, 4, &year))
		return;
	len -= r->left.len;
	if (len == 2)
		year += year < 50 ? 2000 : 1900;
	else if (len == 3)
		year += 1900;
	d->year = (int)year;
}

static void
day_month_year(struct reading *r, struct date *d)
{
	int month;

	if (!number(r, 1, 2, &d->day))
		return;
	skip(r);
	month = name_index(word(r), date_months, 12);
	if (month == -1)
		fail(r, "the month is none");
	d->month = (unsigned)(month + 1);
	skip(r);
	if (r->why == NULL)
		year_of(r, d);
	skip(r);
}

static void
time_of_day(struct reading *r, struct date *d)
{
	if (!number(r, 2, 2, &d->hour))
		return;
	skip(r);
	if (!take(r, ":")) {
		fail(r, "a ':' is missing");
		return;
	}
	skip(r);
	if (!number(r, 2, 2, &d->minute))
		return;
	skip(r);
	if (take(r, ":")) {
		skip(r);
		number(r, 2, 2, &d->second);
		skip(r);
	}
}

int
date_parse_rfc5322(struct span s, struct moment *out, const char **why_out)
{
	struct reading r = { s, NULL };
	struct date d = { 0 }, check;
	int weekday = -1;
	int64_t east = 0, day_s;
	struct span name;

	skip(&r);
	name = word(&r);
	if (name.len > 0) {
		weekday = name_index(name, date_weekdays, 7);
		skip(&r);
		if (weekday == -1 || !take(&r, ","))
			fail(&r, "the weekday is none");
		skip(&r);
	}
	if (r.why == NULL)
		day_month_year(&r, &d);
	if (r.why == NULL)
		time_of_day(&r, &d);
	if (r.why == NULL)
		east = zone(&r);
	skip(&r);
	if (r.why == NULL && weekday != -1) {
		check = d;
		check.hour = check.minute = check.second = 0;
		if (date_to_seconds(&check, &day_s) == 0) {
			date_from_seconds(day_s, &check);
			if ((int)check.weekday != weekday)
				r.why = "it is another day of the week";
		}
	}
	return finish(&r, &d, east, 0, out, why_out);
}
