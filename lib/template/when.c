/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/template/when.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/text.h"

/* ---- in ------------------------------------------------------------------ */

static int
in_range(const struct when *w)
{
	/* A day to each side for the offset. */
	return w->at.s < DATE_MIN + 86400 || w->at.s > DATE_MAX - 86400 ?
	    -1 : 0;
}

int
when_from_seconds(double seconds, struct when *out)
{
	*out = (struct when){ .has_time = true };
	if (!(seconds > -1e12 && seconds < 1e12) ||
	    moment_from_double(seconds, &out->at) == -1)
		return -1;
	return in_range(out);
}

/* Seconds since 1970, or -1 in *out's place. */
static int
from_date(const struct date *d, struct when *out)
{
	*out = (struct when){ .has_time = true };
	return date_to_seconds(d, &out->at.s);
}

int
when_from_fields(int64_t year, int64_t day_of_year, int64_t hour,
    int64_t minute, int64_t second, struct when *out)
{
	struct date d = { .month = 1, .day = 1 }, check;

	if (year < 0 || year > 9999 || day_of_year < 1 ||
	    day_of_year > 366 || hour < 0 || hour > 23 || minute < 0 ||
	    minute > 59 || second < 0 || second > 59)
		return -1;
	d.year = (int)year;
	d.hour = (unsigned)hour;
	d.minute = (unsigned)minute;
	d.second = (unsigned)second;
	if (from_date(&d, out) == -1)
		return -1;
	out->at.s += (day_of_year - 1) * 86400;
	date_from_seconds(out->at.s, &check);
	return check.year != d.year ? -1 : in_range(out);
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
take_fraction(struct span *s, uint32_t *ns)
{
	uint32_t unit = 100000000;

	if (!take(s, '.') && !take(s, ','))
		return;
	while (s->len > 0 && ascii_digit(s->p[0])) {
		*ns += (uint32_t)(s->p[0] - '0') * unit;
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

/* [T ]hh[:]mm[[:]ss[.fraction]][offset] */
static int
take_time(struct span *s, struct date *d, struct when *out)
{
	int hour, minute, second = 0;

	if (take_digits(s, 2, &hour) == -1)
		return -1;
	take(s, ':');
	if (take_digits(s, 2, &minute) == -1)
		return -1;
	if (take(s, ':') || (s->len > 0 && ascii_digit(s->p[0]))) {
		if (take_digits(s, 2, &second) == -1)
			return -1;
		take_fraction(s, &out->at.ns);
	}
	d->hour = (unsigned)hour;
	d->minute = (unsigned)minute;
	d->second = (unsigned)second;
	*s = span_trim(*s);
	return take_offset(s, &out->offset);
}

int
when_parse(struct span s, struct when *out)
{
	struct when w = { .has_time = false };
	struct date d = { .year = 0 };
	int year, month, day;
	bool dashes;

	s = span_trim(s);
	if (take_digits(&s, 4, &year) == -1)
		return -1;
	dashes = take(&s, '-');
	if (take_digits(&s, 2, &month) == -1 || (dashes && !take(&s, '-')) ||
	    take_digits(&s, 2, &day) == -1)
		return -1;
	d.year = year;
	d.month = (unsigned)month;
	d.day = (unsigned)day;
	w.has_time = take(&s, 'T') || take(&s, 't') || take(&s, ' ');
	if ((w.has_time && take_time(&s, &d, &w) == -1) || s.len > 0 ||
	    from_date(&d, out) == -1)
		return -1;
	w.at.s = out->at.s - w.offset;
	*out = w;
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
put_year(struct buf *out, const struct component *c, const struct when *w,
    const struct date *t)
{
	(void)w;
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
put_month(struct buf *out, const struct component *c, const struct when *w,
    const struct date *t)
{
	(void)w;
	if (modifier_is(c, "repr", "numerical", "numerical"))
		put_padded(out, c, t->month, 2);
	else
		put_name(out, c, months[t->month - 1]);
}

static void
put_day(struct buf *out, const struct component *c, const struct when *w,
    const struct date *t)
{
	(void)w;
	put_padded(out, c, t->day, 2);
}

static void
put_ordinal(struct buf *out, const struct component *c,
    const struct when *w, const struct date *t)
{
	(void)w;
	put_padded(out, c, ((int)t->year_day + 1), 3);
}

static void
put_weekday(struct buf *out, const struct component *c,
    const struct when *w, const struct date *t)
{
	int first = modifier_is(c, "one_indexed", "false", "true") ? 0 : 1;

	(void)w;
	if (modifier_is(c, "repr", "sunday", "long"))
		buf_addf(out, "%d", (int)t->weekday + first);
	else if (modifier_is(c, "repr", "monday", "long"))
		buf_addf(out, "%d", ((int)t->weekday + 6) % 7 + first);
	else
		put_name(out, c, weekdays[t->weekday]);
}

/* The weekday of 1 January, Monday 0; does the year have a week 53? */
static bool
has_week_53(int year)
{
	struct date d = { .year = year, .month = 1, .day = 1 };
	int64_t s;
	int first;
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	if (date_to_seconds(&d, &s) == -1)
		return false;
	date_from_seconds(s, &d);
	first = ((int)d.weekday + 6) % 7;
	return first == 3 || (first == 2 && leap);
}

/* ISO 8601: the week that holds the year's first Thursday is the first. */
static int
iso_week(const struct date *t)
{
	int monday = ((int)t->weekday + 6) % 7;
	int week = ((int)t->year_day - monday + 10) / 7;

	if (week == 0)
		return has_week_53(t->year - 1) ? 53 : 52;
	return week == 53 && !has_week_53(t->year) ? 1 : week;
}

static void
put_week(struct buf *out, const struct component *c, const struct when *w,
    const struct date *t)
{
	int week = iso_week(t);

	(void)w;
	if (modifier_is(c, "repr", "sunday", "iso"))
		week = ((int)t->year_day + 7 - (int)t->weekday) / 7;
	else if (modifier_is(c, "repr", "monday", "iso"))
		week = ((int)t->year_day + 7 - ((int)t->weekday + 6) % 7) / 7;
	put_padded(out, c, week, 2);
}

static void
put_hour(struct buf *out, const struct component *c, const struct when *w,
    const struct date *t)
{
	(void)w;
	if (modifier_is(c, "repr", "12", "24"))
		put_padded(out, c, (t->hour + 11) % 12 + 1, 2);
	else
		put_padded(out, c, t->hour, 2);
}

static void
put_minute(struct buf *out, const struct component *c,
    const struct when *w, const struct date *t)
{
	(void)w;
	put_padded(out, c, t->minute, 2);
}

static void
put_second(struct buf *out, const struct component *c,
    const struct when *w, const struct date *t)
{
	(void)w;
	put_padded(out, c, t->second, 2);
}

static void
put_subsecond(struct buf *out, const struct component *c,
    const struct when *w, const struct date *t)
{
	struct span digits = modifier(c, "digits", "1+");
	char text[16];
	int n = 9;

	(void)t;
	snprintf(text, sizeof(text), "%09u", w->at.ns);
	if (digits.len == 1 && digits.p[0] >= '1' && digits.p[0] <= '9')
		n = digits.p[0] - '0';
	else
		while (n > 1 && text[n - 1] == '0')
			n--;
	buf_add(out, text, (size_t)n);
}

static void
put_period(struct buf *out, const struct component *c,
    const struct when *w, const struct date *t)
{
	(void)w;
	if (modifier_is(c, "case", "lower", "upper"))
		buf_add_str(out, t->hour < 12 ? "am" : "pm");
	else
		buf_add_str(out, t->hour < 12 ? "AM" : "PM");
}

static void
put_offset_hour(struct buf *out, const struct component *c,
    const struct when *w, const struct date *t)
{
	(void)t;
	if (w->offset < 0)
		buf_add_byte(out, '-');
	else if (modifier_is(c, "sign", "mandatory", "automatic"))
		buf_add_byte(out, '+');
	put_padded(out, c, (w->offset < 0 ? -w->offset : w->offset) / 3600,
	    2);
}

static void
put_offset_minute(struct buf *out, const struct component *c,
    const struct when *w, const struct date *t)
{
	(void)t;
	put_padded(out, c, (w->offset < 0 ? -w->offset : w->offset) / 60 % 60,
	    2);
}

static void
put_offset_second(struct buf *out, const struct component *c,
    const struct when *w, const struct date *t)
{
	(void)t;
	put_padded(out, c, (w->offset < 0 ? -w->offset : w->offset) % 60, 2);
}

static void
put_unix(struct buf *out, const struct component *c, const struct when *w,
    const struct date *t)
{
	long long s = w->at.s;

	(void)t;
	if (modifier_is(c, "sign", "mandatory", "automatic") && s >= 0)
		buf_add_byte(out, '+');
	if (modifier_is(c, "precision", "millisecond", "second"))
		buf_addf(out, "%lld", s * 1000 + w->at.ns / 1000000);
	else if (modifier_is(c, "precision", "microsecond", "second"))
		buf_addf(out, "%lld", s * 1000000 + w->at.ns / 1000);
	else if (modifier_is(c, "precision", "nanosecond", "second"))
		buf_addf(out, "%lld%09u", s, w->at.ns);
	else
		buf_addf(out, "%lld", s);
}

static const struct {
	const char *name;
	void (*put)(struct buf *out, const struct component *c,
	    const struct when *w, const struct date *t);
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
put_component(struct buf *out, const struct when *w, const struct date *t,
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
			components[i].put(out, &c, w, t);
			return 0;
		}
	}
	*why = "there is no date component of this name";
	return -1;
}

int
when_format(struct buf *out, const struct when *w, struct span format,
    const char **why_out)
{
	struct date t;
	ptrdiff_t end;

	date_from_seconds(w->at.s + w->offset, &t);
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
		if (put_component(out, w, &t, span_make(format.p + 1,
		    (size_t)end - 1), why_out) == -1)
			return -1;
		format = span_from(format, (size_t)end + 1);
	}
	return 0;
}
