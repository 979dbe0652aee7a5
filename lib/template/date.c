/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/template/date.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/text.h"

#define YEAR_0 (-62167219200)     /* 0000-01-01 */
#define YEAR_10000 253402300800

/* ---- the calendar -------------------------------------------------------- */

struct civil {
	int64_t year;
	int month, day;    /* from 1 */
	int day_of_year;   /* from 1 */
	int weekday;       /* 0: Sunday */
	int hour, minute, second;
};

static bool
is_leap(int64_t y)
{
	return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
}

/* Days since 1970 of the year's first day; the year is 0 or later. */
static int64_t
year_start(int64_t y)
{
	int64_t p = y - 1;

	return y == 0 ? -719528 :
	    p * 365 + p / 4 - p / 100 + p / 400 - 719162;
}

static const int month_starts[] = {
	0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365,
};

static int
month_start(int month, bool leap)
{
	return month_starts[month - 1] + (leap && month > 2 ? 1 : 0);
}

static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0 ? 1 : 0);
}

static void
civil_of(const struct moment *m, struct civil *out)
{
	int64_t local = m->utc_s + m->offset, days = floor_div(local, 86400);
	int64_t rest = local - days * 86400;
	bool leap;

	out->year = 1970 + floor_div(days, 365);
	while (out->year > 0 && year_start(out->year) > days)
		out->year--;
	while (year_start(out->year + 1) <= days)
		out->year++;
	leap = is_leap(out->year);
	out->day_of_year = (int)(days - year_start(out->year)) + 1;
	out->month = 12;
	while (month_start(out->month, leap) >= out->day_of_year)
		out->month--;
	out->day = out->day_of_year - month_start(out->month, leap);
	out->weekday = (int)((days % 7 + 7 + 4) % 7);
	out->hour = (int)(rest / 3600);
	out->minute = (int)(rest / 60 % 60);
	out->second = (int)(rest % 60);
}

/* ---- in ------------------------------------------------------------------ */

static int
in_range(struct moment *m)
{
	/* A day to each side for the offset. */
	return m->utc_s < YEAR_0 + 86400 || m->utc_s >= YEAR_10000 - 86400 ?
	    -1 : 0;
}

int
date_from_seconds(double seconds, struct moment *out)
{
	double whole = floor(seconds);

	*out = (struct moment){ .has_time = true };
	if (!(whole > -1e12 && whole < 1e12))
		return -1;
	out->utc_s = (int64_t)whole;
	/* A double of our days has microseconds, no more. */
	out->ns = (int32_t)(round((seconds - whole) * 1e6) * 1000);
	if (out->ns >= 1000000000) {
		out->ns -= 1000000000;
		out->utc_s++;
	}
	return in_range(out);
}

int
date_from_fields(int64_t year, int64_t day_of_year, int64_t hour,
    int64_t minute, int64_t second, struct moment *out)
{
	*out = (struct moment){ .has_time = true };
	if (year < 0 || year > 9999 || day_of_year < 1 ||
	    day_of_year > (is_leap(year) ? 366 : 365) || hour < 0 ||
	    hour > 23 || minute < 0 || minute > 59 || second < 0 ||
	    second > 59)
		return -1;
	out->utc_s = (year_start(year) + day_of_year - 1) * 86400 +
	    hour * 3600 + minute * 60 + second;
	return in_range(out);
}

static int
take_digits(struct span *s, size_t n, int *out)
{
	uint64_t v;

	if (s->len < n || text_u64(span_make(s->p, n), 0, 9999, &v) == -1)
		return -1;
	*out = (int)v;
	*s = span_from(*s, n);
	return 0;
}

static bool
take(struct span *s, char c)
{
	if (s->len == 0 || s->p[0] != c)
		return false;
	*s = span_from(*s, 1);
	return true;
}

/* [.,]digits */
static void
take_fraction(struct span *s, int32_t *ns)
{
	int32_t unit = 100000000;

	if (!take(s, '.') && !take(s, ','))
		return;
	while (s->len > 0 && ascii_digit(s->p[0])) {
		*ns += (s->p[0] - '0') * unit;
		unit /= 10;
		*s = span_from(*s, 1);
	}
}

/* Z, +02:00, -0430, +02, or nothing */
static int
take_offset(struct span *s, int32_t *offset)
{
	bool minus = s->len > 0 && s->p[0] == '-';
	int h, m = 0;

	*offset = 0;
	if (s->len == 0 || take(s, 'Z') || take(s, 'z'))
		return 0;
	if (!take(s, '+') && !take(s, '-'))
		return -1;
	if (take_digits(s, 2, &h) == -1 || h > 25)
		return -1;
	take(s, ':');
	if (s->len > 0 && (take_digits(s, 2, &m) == -1 || m > 59))
		return -1;
	*offset = (h * 3600 + m * 60) * (minus ? -1 : 1);
	return 0;
}

int
date_parse(struct span s, struct moment *out)
{
	int year, month, day, hour = 0, minute = 0, second = 0;
	int32_t ns = 0, offset = 0;
	bool dashes, time;

	s = span_trim(s);
	if (take_digits(&s, 4, &year) == -1)
		return -1;
	dashes = take(&s, '-');
	if (take_digits(&s, 2, &month) == -1 || (dashes && !take(&s, '-')) ||
	    take_digits(&s, 2, &day) == -1 || month < 1 || month > 12 ||
	    day < 1 || day > month_starts[month] - month_starts[month - 1] +
	    (month == 2 && is_leap(year) ? 1 : 0))
		return -1;
	time = take(&s, 'T') || take(&s, 't') || take(&s, ' ');
	if (time) {
		if (take_digits(&s, 2, &hour) == -1)
			return -1;
		take(&s, ':');
		if (take_digits(&s, 2, &minute) == -1)
			return -1;
		if (take(&s, ':') || (s.len > 0 && ascii_digit(s.p[0]))) {
			if (take_digits(&s, 2, &second) == -1)
				return -1;
			take_fraction(&s, &ns);
		}
		s = span_trim(s);
		if (take_offset(&s, &offset) == -1)
			return -1;
	}
	if (s.len > 0 || date_from_fields(year, month_start(month,
	    is_leap(year)) + day, hour, minute, second, out) == -1)
		return -1;
	out->utc_s -= offset;
	out->ns = ns;
	out->offset = offset;
	out->has_time = time;
	return in_range(out);
}

/* ---- out ----------------------------------------------------------------- */

enum { WORDS_MAX = 8 };

/* [name key:value ...] */
struct component {
	struct span name;
	struct {
		struct span key, value;
	} words[WORDS_MAX];
	size_t n;
	bool bad;
};

static const char *const months[] = {
	"January", "February", "March", "April", "May", "June", "July",
	"August", "September", "October", "November", "December",
};

static const char *const weekdays[] = {
	"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday",
	"Saturday",
};

static struct span
modifier(const struct component *c, const char *key, const char *def)
{
	size_t i;

	for (i = 0; i < c->n; i++) {
		if (span_eq_str(c->words[i].key, key))
			return c->words[i].value;
	}
	return span_of(def);
}

static bool
modifier_is(const struct component *c, const char *key, const char *value,
    const char *def)
{
	return span_eq_str(modifier(c, key, def), value);
}

/* At least `width` characters, as the padding says. */
static void
put_padded(struct buf *out, const struct component *c, int64_t v, int width)
{
	if (modifier_is(c, "padding", "none", "zero"))
		width = 0;
	buf_addf(out, modifier_is(c, "padding", "space", "zero") ?
	    "%*lld" : "%0*lld", width, (long long)v);
}

static void
put_year(struct buf *out, const struct component *c, const struct moment *m,
    const struct civil *t)
{
	(void)m;
	if (modifier_is(c, "sign", "mandatory", "automatic"))
		buf_add_byte(out, '+');
	if (modifier_is(c, "repr", "last_two", "full"))
		put_padded(out, c, t->year % 100, 2);
	else if (modifier_is(c, "repr", "century", "full"))
		put_padded(out, c, t->year / 100, 2);
	else
		put_padded(out, c, t->year, 4);
}

static void
put_name(struct buf *out, const struct component *c, const char *name)
{
	if (modifier_is(c, "repr", "short", "long"))
		buf_add(out, name, 3);
	else
		buf_add_str(out, name);
}

static void
put_month(struct buf *out, const struct component *c, const struct moment *m,
    const struct civil *t)
{
	(void)m;
	if (modifier_is(c, "repr", "numerical", "numerical"))
		put_padded(out, c, t->month, 2);
	else
		put_name(out, c, months[t->month - 1]);
}

static void
put_day(struct buf *out, const struct component *c, const struct moment *m,
    const struct civil *t)
{
	(void)m;
	put_padded(out, c, t->day, 2);
}

static void
put_ordinal(struct buf *out, const struct component *c,
    const struct moment *m, const struct civil *t)
{
	(void)m;
	put_padded(out, c, t->day_of_year, 3);
}

static void
put_weekday(struct buf *out, const struct component *c,
    const struct moment *m, const struct civil *t)
{
	int first = modifier_is(c, "one_indexed", "false", "true") ? 0 : 1;

	(void)m;
	if (modifier_is(c, "repr", "sunday", "long"))
		buf_addf(out, "%d", t->weekday + first);
	else if (modifier_is(c, "repr", "monday", "long"))
		buf_addf(out, "%d", (t->weekday + 6) % 7 + first);
	else
		put_name(out, c, weekdays[t->weekday]);
}

/* ISO 8601: the week that holds the year's first Thursday is the first. */
static int
iso_week(const struct civil *t)
{
	int monday = (t->weekday + 6) % 7;
	int week = (t->day_of_year - 1 - monday + 10) / 7;
	int64_t year = t->year;
	int first; /* weekday of the first of January, Monday 0 */

	if (week == 0) {
		year--;
		first = (int)(((year_start(year < 0 ? 0 : year) + 3) % 7 +
		    7) % 7);
		return first == 3 || (first == 2 && is_leap(year)) ? 53 : 52;
	}
	if (week == 53) {
		first = (int)(((year_start(year) + 3) % 7 + 7) % 7);
		if (!(first == 3 || (first == 2 && is_leap(year))))
			return 1;
	}
	return week;
}

static void
put_week(struct buf *out, const struct component *c, const struct moment *m,
    const struct civil *t)
{
	int week = iso_week(t);

	(void)m;
	if (modifier_is(c, "repr", "sunday", "iso"))
		week = (t->day_of_year + 6 - t->weekday) / 7;
	else if (modifier_is(c, "repr", "monday", "iso"))
		week = (t->day_of_year + 6 - (t->weekday + 6) % 7) / 7;
	put_padded(out, c, week, 2);
}

static void
put_hour(struct buf *out, const struct component *c, const struct moment *m,
    const struct civil *t)
{
	(void)m;
	if (modifier_is(c, "repr", "12", "24"))
		put_padded(out, c, (t->hour + 11) % 12 + 1, 2);
	else
		put_padded(out, c, t->hour, 2);
}

static void
put_minute(struct buf *out, const struct component *c,
    const struct moment *m, const struct civil *t)
{
	(void)m;
	put_padded(out, c, t->minute, 2);
}

static void
put_second(struct buf *out, const struct component *c,
    const struct moment *m, const struct civil *t)
{
	(void)m;
	put_padded(out, c, t->second, 2);
}

static void
put_subsecond(struct buf *out, const struct component *c,
    const struct moment *m, const struct civil *t)
{
	struct span digits = modifier(c, "digits", "1+");
	char text[16];
	int n = 9;

	(void)t;
	snprintf(text, sizeof(text), "%09d", m->ns);
	if (digits.len == 1 && digits.p[0] >= '1' && digits.p[0] <= '9')
		n = digits.p[0] - '0';
	else
		while (n > 1 && text[n - 1] == '0')
			n--;
	buf_add(out, text, (size_t)n);
}

static void
put_period(struct buf *out, const struct component *c,
    const struct moment *m, const struct civil *t)
{
	(void)m;
	if (modifier_is(c, "case", "lower", "upper"))
		buf_add_str(out, t->hour < 12 ? "am" : "pm");
	else
		buf_add_str(out, t->hour < 12 ? "AM" : "PM");
}

static void
put_offset_hour(struct buf *out, const struct component *c,
    const struct moment *m, const struct civil *t)
{
	(void)t;
	if (m->offset < 0)
		buf_add_byte(out, '-');
	else if (modifier_is(c, "sign", "mandatory", "automatic"))
		buf_add_byte(out, '+');
	put_padded(out, c, (m->offset < 0 ? -m->offset : m->offset) / 3600,
	    2);
}

static void
put_offset_minute(struct buf *out, const struct component *c,
    const struct moment *m, const struct civil *t)
{
	(void)t;
	put_padded(out, c, (m->offset < 0 ? -m->offset : m->offset) / 60 % 60,
	    2);
}

static void
put_offset_second(struct buf *out, const struct component *c,
    const struct moment *m, const struct civil *t)
{
	(void)t;
	put_padded(out, c, (m->offset < 0 ? -m->offset : m->offset) % 60, 2);
}

static void
put_unix(struct buf *out, const struct component *c, const struct moment *m,
    const struct civil *t)
{
	long long s = m->utc_s;

	(void)t;
	if (modifier_is(c, "sign", "mandatory", "automatic") && s >= 0)
		buf_add_byte(out, '+');
	if (modifier_is(c, "precision", "millisecond", "second"))
		buf_addf(out, "%lld", s * 1000 + m->ns / 1000000);
	else if (modifier_is(c, "precision", "microsecond", "second"))
		buf_addf(out, "%lld", s * 1000000 + m->ns / 1000);
	else if (modifier_is(c, "precision", "nanosecond", "second"))
		buf_addf(out, "%lld%09d", s, m->ns);
	else
		buf_addf(out, "%lld", s);
}

static const struct {
	const char *name;
	void (*put)(struct buf *out, const struct component *c,
	    const struct moment *m, const struct civil *t);
} components[] = {
	{ "year", put_year },
	{ "month", put_month },
	{ "day", put_day },
	{ "ordinal", put_ordinal },
	{ "weekday", put_weekday },
	{ "week_number", put_week },
	{ "hour", put_hour },
	{ "minute", put_minute },
	{ "second", put_second },
	{ "subsecond", put_subsecond },
	{ "period", put_period },
	{ "offset_hour", put_offset_hour },
	{ "offset_minute", put_offset_minute },
	{ "offset_second", put_offset_second },
	{ "unix_timestamp", put_unix },
};

static struct span
next_word(struct span *s)
{
	struct span word;
	size_t n = 0;

	while (s->len > 0 && (s->p[0] == ' ' || s->p[0] == '\n'))
		*s = span_from(*s, 1);
	while (n < s->len && s->p[n] != ' ' && s->p[n] != '\n')
		n++;
	word = span_make(s->p, n);
	*s = span_from(*s, n);
	return word;
}

/* Between the brackets. */
static int
put_component(struct buf *out, const struct moment *m, const struct civil *t,
    struct span inside, const char **why)
{
	struct component c = { .name = next_word(&inside) };
	struct span word;
	ptrdiff_t colon;
	size_t i;

	while ((word = next_word(&inside)).len > 0) {
		colon = span_find(word, ':');
		if (colon == -1 || c.n == WORDS_MAX) {
			*why = "a date component has a wrong modifier";
			return -1;
		}
		c.words[c.n].key = span_make(word.p, (size_t)colon);
		c.words[c.n++].value = span_from(word, (size_t)colon + 1);
	}
	for (i = 0; i < sizeof(components) / sizeof(*components); i++) {
		if (span_eq_str(c.name, components[i].name)) {
			components[i].put(out, &c, m, t);
			return 0;
		}
	}
	*why = "there is no date component of this name";
	return -1;
}

int
date_format(struct buf *out, const struct moment *m, struct span format,
    const char **why_out)
{
	struct civil t;
	ptrdiff_t end;

	civil_of(m, &t);
	while (format.len > 0) {
		if (format.p[0] == '\\' && format.len > 1) {
			buf_add_byte(out, (uint8_t)format.p[1]);
			format = span_from(format, 2);
			continue;
		}
		if (format.p[0] != '[') {
			buf_add_byte(out, (uint8_t)format.p[0]);
			format = span_from(format, 1);
			continue;
		}
		end = span_find(format, ']');
		if (end == -1) {
			*why_out = "a date component has no ']'";
			return -1;
		}
		if (put_component(out, m, &t, span_make(format.p + 1,
		    (size_t)end - 1), why_out) == -1)
			return -1;
		format = span_from(format, (size_t)end + 1);
	}
	return 0;
}
