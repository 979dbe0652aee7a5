/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/date.h"
#include "lib/base/text.h"

#define SECOND INT64_C(1000000000)

enum { DAY_S = 86400, MONTH_S = 2630016, YEAR_S = 31557600 };

/* A unit is of seconds or of nanoseconds. */
static const struct {
	const char *name;
	int64_t s, ns;
} units[] = {
	{ "nsec", 0, 1 }, { "ns", 0, 1 },
	{ "nanos", 0, 1 }, { "nanosecond", 0, 1 }, { "nanoseconds", 0, 1 },
	{ "usec", 0, 1000 }, { "us", 0, 1000 }, { "\xc2\xb5s", 0, 1000 },
	{ "micros", 0, 1000 }, { "microsecond", 0, 1000 },
	{ "microseconds", 0, 1000 },
	{ "msec", 0, 1000000 }, { "ms", 0, 1000000 },
	{ "millis", 0, 1000000 }, { "millisecond", 0, 1000000 },
	{ "milliseconds", 0, 1000000 },
	{ "s", 1, 0 }, { "sec", 1, 0 }, { "secs", 1, 0 }, { "second", 1, 0 },
	{ "seconds", 1, 0 },
	{ "m", 60, 0 }, { "min", 60, 0 }, { "mins", 60, 0 },
	{ "minute", 60, 0 }, { "minutes", 60, 0 },
	{ "h", 3600, 0 }, { "hr", 3600, 0 }, { "hrs", 3600, 0 },
	{ "hour", 3600, 0 }, { "hours", 3600, 0 },
	{ "d", DAY_S, 0 }, { "day", DAY_S, 0 }, { "days", DAY_S, 0 },
	{ "w", 7 * DAY_S, 0 }, { "wk", 7 * DAY_S, 0 }, { "wks", 7 * DAY_S, 0 },
	{ "week", 7 * DAY_S, 0 }, { "weeks", 7 * DAY_S, 0 },
	{ "M", MONTH_S, 0 }, { "month", MONTH_S, 0 }, { "months", MONTH_S, 0 },
	{ "y", YEAR_S, 0 }, { "yr", YEAR_S, 0 }, { "yrs", YEAR_S, 0 },
	{ "year", YEAR_S, 0 }, { "years", YEAR_S, 0 },
};

static size_t
run(struct span s, bool digits)
{
	size_t n = 0;

	while (n < s.len && ascii_digit(s.p[n]) == digits &&
	    strchr(" \t\r\n.", s.p[n]) == NULL)
		n++;
	return n;
}

static bool
blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct span
trim(struct span s)
{
	while (s.len > 0 && blank(s.p[0]))
		s = span_from(s, 1);
	return s;
}

/* The unit at the front of s, which moves behind it. */
static int
unit_of(struct span *s, int64_t *seconds, int64_t *nanos)
{
	size_t n = run(*s, false), i;

	for (i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (!span_eq_str(span_make(s->p, n), units[i].name))
			continue;
		*seconds = units[i].s;
		*nanos = units[i].ns;
		*s = span_from(*s, n);
		return 0;
	}
	return -1;
}

/* Billionths of a unit. */
static int64_t
fraction(struct span digits)
{
	int64_t value = 0, scale = SECOND / 10;
	size_t i;

	for (i = 0; i < digits.len; i++, scale /= 10)
		value += (digits.p[i] - '0') * scale;
	return value;
}

/* whole and billionths of a unit of s seconds or ns nanoseconds. */
static int
part_of(uint64_t whole, int64_t billionths, int64_t s, int64_t ns,
    struct moment *out)
{
	int64_t nanos, more;

	if (whole > INT64_MAX / 2)
		return -1;
	if (ns > 0) {
		out->s = (int64_t)(whole / (uint64_t)(SECOND / ns));
		nanos = (int64_t)(whole % (uint64_t)(SECOND / ns)) * ns +
		    billionths * ns / SECOND;
	} else {
		if (__builtin_mul_overflow((int64_t)whole, s, &out->s))
			return -1;
		nanos = billionths * s;
	}
	more = nanos / SECOND;
	out->ns = (uint32_t)(nanos % SECOND);
	return __builtin_add_overflow(out->s, more, &out->s) ? -1 : 0;
}

/* One number with its unit, at the front of s, which moves behind it. */
static int
item(struct span *s, struct moment *out)
{
	size_t n = run(*s, true);
	int64_t billionths = 0, seconds, nanos;
	uint64_t whole;

	if (text_u64(span_make(s->p, n), 0, UINT64_MAX, &whole) != 0)
		return -1;
	*s = span_from(*s, n);
	if (s->len > 0 && s->p[0] == '.') {
		*s = span_from(*s, 1);
		n = run(*s, true);
		if (n == 0)
			return -1;
		billionths = fraction(span_make(s->p, n));
		*s = span_from(*s, n);
	}
	*s = trim(*s);
	if (unit_of(s, &seconds, &nanos) != 0)
		return -1;
	return part_of(whole, billionths, seconds, nanos, out);
}

int
duration_parse(struct span s, struct moment *out)
{
	struct moment total = { 0, 0 }, part;
	bool any = false;

	for (s = trim(s); s.len > 0; s = trim(s)) {
		if (item(&s, &part) != 0 || moment_add(&total, &part,
		    &total) != 0)
			return -1;
		any = true;
	}
	if (!any)
		return -1;
	*out = total;
	return 0;
}

struct writing {
	char *out;
	size_t used;
};

static void
write_part(struct writing *w, uint64_t n, const char *unit, bool plural)
{
	if (n == 0)
		return;
	w->used += (size_t)snprintf(w->out + w->used,
	    DURATION_TEXT_MAX - w->used, "%s%llu%s%s",
	    w->used > 0 && w->out[w->used - 1] != '-' ? " " : "",
	    (unsigned long long)n, unit, plural && n > 1 ? "s" : "");
}

char *
duration_format(const struct moment *m, char out[DURATION_TEXT_MAX])
{
	struct writing w = { out, 0 };
	bool minus = m->s < 0;
	/* What is above the seconds rounded down counts the other way. */
	uint64_t s = !minus ? (uint64_t)m->s :
	    -(uint64_t)m->s - (m->ns != 0);
	uint32_t ns = minus && m->ns != 0 ? (uint32_t)SECOND - m->ns : m->ns;

	if (s == 0 && ns == 0)
		return strcpy(out, "0s");
	if (minus)
		out[w.used++] = '-';
	write_part(&w, s / YEAR_S, "year", true);
	write_part(&w, s % YEAR_S / MONTH_S, "month", true);
	write_part(&w, s % YEAR_S % MONTH_S / DAY_S, "day", true);
	s = s % YEAR_S % MONTH_S % DAY_S;
	write_part(&w, s / 3600, "h", false);
	write_part(&w, s / 60 % 60, "m", false);
	write_part(&w, s % 60, "s", false);
	write_part(&w, ns / 1000000, "ms", false);
	write_part(&w, ns / 1000 % 1000, "us", false);
	write_part(&w, ns % 1000, "ns", false);
	return out;
}

/* ---- sums ---------------------------------------------------------------- */

int
moment_add(const struct moment *a, const struct moment *b, struct moment *out)
{
	uint32_t ns = a->ns + b->ns;
	int64_t s;

	if (__builtin_add_overflow(a->s, b->s, &s) ||
	    __builtin_add_overflow(s, ns >= SECOND, &s))
		return -1;
	out->s = s;
	out->ns = ns >= SECOND ? ns - (uint32_t)SECOND : ns;
	return 0;
}

int
moment_subtract(const struct moment *a, const struct moment *b,
    struct moment *out)
{
	bool borrow = a->ns < b->ns;
	int64_t s;

	if (__builtin_sub_overflow(a->s, b->s, &s) ||
	    __builtin_sub_overflow(s, borrow, &s))
		return -1;
	out->s = s;
	out->ns = a->ns + (borrow ? (uint32_t)SECOND : 0) - b->ns;
	return 0;
}

int
moment_from_double(double seconds, struct moment *out)
{
	double whole = floor(seconds), us;

	if (!(seconds > -9.0e15 && seconds < 9.0e15))
		return -1;
	us = round((seconds - whole) * 1e6);
	if (us >= 1e6) {
		us = 0;
		whole += 1;
	}
	out->s = (int64_t)whole;
	out->ns = (uint32_t)us * 1000;
	return 0;
}

double
moment_to_double(const struct moment *m)
{
	return (double)m->s + (double)m->ns / 1e9;
}

int
moment_in(const struct moment *m, int64_t per_second, int64_t *out)
{
	int64_t s = m->s, sub = m->ns, value;

	/* Both parts of one sign, so that rounding goes towards zero. */
	if (s < 0 && sub > 0) {
		s++;
		sub -= SECOND;
	}
	if (__builtin_mul_overflow(s, per_second, &value) ||
	    __builtin_add_overflow(value, sub / (SECOND / per_second), &value))
		return -1;
	*out = value;
	return 0;
}
