/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"

void
ascii_lower_all(char *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		p[i] = ascii_lower(p[i]);
}

int
text_u64(struct span s, uint64_t min, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;
	unsigned digit;
	size_t i;

	if (s.len == 0)
		return -1;
	for (i = 0; i < s.len; i++) {
		if (!ascii_digit(s.p[i]))
			return -1;
		digit = (unsigned)(s.p[i] - '0');
		if (value > (UINT64_MAX - digit) / 10)
			return -1;
		value = value * 10 + digit;
	}
	if (value < min || value > max)
		return -1;
	*out = value;
	return 0;
}

static const struct {
	const char *name;
	int64_t ms;
} duration_units[] = {
	{ "ms", 1 }, { "msec", 1 }, { "millis", 1 }, { "millisecond", 1 },
	{ "milliseconds", 1 },
	{ "s", 1000 }, { "sec", 1000 }, { "secs", 1000 }, { "second", 1000 },
	{ "seconds", 1000 },
	{ "m", 60000 }, { "min", 60000 }, { "mins", 60000 },
	{ "minute", 60000 }, { "minutes", 60000 },
	{ "h", 3600000 }, { "hr", 3600000 }, { "hrs", 3600000 },
	{ "hour", 3600000 }, { "hours", 3600000 },
	{ "d", 86400000 }, { "day", 86400000 }, { "days", 86400000 },
	{ "w", 604800000 }, { "week", 604800000 }, { "weeks", 604800000 },
};

static int
duration_unit(struct span s, int64_t *ms_out)
{
	size_t i;

	for (i = 0; i < sizeof(duration_units) / sizeof(*duration_units); i++) {
		if (span_ieq_str(s, duration_units[i].name)) {
			*ms_out = duration_units[i].ms;
			return 0;
		}
	}
	return -1;
}

static size_t
run_of(struct span s, bool (*is)(char))
{
	size_t n = 0;

	while (n < s.len && is(s.p[n]))
		n++;
	return n;
}

static bool
is_letter(char c)
{
	c = ascii_lower(c);
	return c >= 'a' && c <= 'z';
}

/* The whole and thousandths of one number; moves s behind it. */
static int
duration_number(struct span *s, uint64_t *whole, uint64_t *thousandths)
{
	size_t n = run_of(*s, ascii_digit), i;
	uint64_t scale = 100;

	if (text_u64(span_make(s->p, n), 0, INT64_MAX / 1000000000, whole) != 0)
		return -1;
	*s = span_from(*s, n);
	*thousandths = 0;
	if (s->len == 0 || s->p[0] != '.')
		return 0;
	*s = span_from(*s, 1);
	n = run_of(*s, ascii_digit);
	if (n == 0)
		return -1;
	for (i = 0; i < n; i++, scale /= 10)
		*thousandths += (uint64_t)(s->p[i] - '0') * scale;
	*s = span_from(*s, n);
	return 0;
}

int
text_duration_ms(struct span s, int64_t *ms_out)
{
	uint64_t whole, thousandths;
	int64_t unit, total = 0, part;
	size_t n;
	bool any = false;

	for (s = span_trim(s); s.len > 0; s = span_trim(s)) {
		if (duration_number(&s, &whole, &thousandths) != 0)
			return -1;
		s = span_trim(s);
		n = run_of(s, is_letter);
		if (n == 0 && (any || s.len != 0))
			return -1;
		unit = 1000;
		if (n != 0 && duration_unit(span_make(s.p, n), &unit) != 0)
			return -1;
		s = span_from(s, n);
		if (__builtin_mul_overflow((int64_t)whole, unit, &part) ||
		    __builtin_add_overflow(total, part, &total) ||
		    __builtin_add_overflow(total,
			(int64_t)thousandths * unit / 1000, &total))
			return -1;
		any = true;
	}
	if (!any)
		return -1;
	*ms_out = total;
	return 0;
}

char *
text_duration_format(int64_t ms)
{
	static const struct {
		const char *name;
		int64_t ms;
	} units[] = { { "d", 86400000 }, { "h", 3600000 }, { "m", 60000 },
		{ "s", 1000 }, { "ms", 1 } };
	char out[96];
	size_t used = 0, i;

	if (ms <= 0)
		return xstrdup("0s");
	for (i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (ms < units[i].ms)
			continue;
		used += (size_t)snprintf(out + used, sizeof(out) - used,
		    "%lld%s", (long long)(ms / units[i].ms), units[i].name);
		ms %= units[i].ms;
	}
	return xmemdupz(out, used);
}

/* Length of the UTF-8 character at p, 0 when it is none (RFC 3629). */
static size_t
utf8_len(const unsigned char *p, size_t len)
{
	unsigned char c = p[0];
	size_t n, i;

	if (c < 0x80)
		return 1;
	if (c < 0xc2 || c > 0xf4)
		return 0;
	n = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	if (len < n)
		return 0;
	for (i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	if ((c == 0xe0 && p[1] < 0xa0) || (c == 0xed && p[1] > 0x9f) ||
	    (c == 0xf0 && p[1] < 0x90) || (c == 0xf4 && p[1] > 0x8f))
		return 0;
	return n;
}

char *
text_printable(struct span s, char *out, size_t max)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *p = (const unsigned char *)s.p;
	size_t used = 0, cut = 0, i = 0, n, need;

	if (max == 0)
		return out;
	while (i < s.len) {
		n = utf8_len(p + i, s.len - i);
		if ((n == 1 && (p[i] < ' ' || p[i] == 0x7f)) ||
		    (n == 2 && p[i] == 0xc2 && p[i + 1] < 0xa0))
			n = 0;
		need = n == 0 ? 4 : n == 1 && p[i] == '\\' ? 2 : n;
		/* `cut` is the last end behind which the dots have room. */
		if (used + 4 <= max)
			cut = used;
		if (used + need + 1 > max) {
			used = cut;
			for (n = 0; n < 3 && used + 1 < max; n++)
				out[used++] = '.';
			break;
		}
		if (n == 0) {
			out[used++] = '\\';
			out[used++] = 'x';
			out[used++] = hex[p[i] >> 4];
			out[used++] = hex[p[i] & 15];
			i++;
			continue;
		}
		if (need == 2 && n == 1)
			out[used++] = '\\';
		memcpy(out + used, p + i, n);
		used += n;
		i += n;
	}
	out[used] = '\0';
	return out;
}

bool
text_has_8bit(struct span s)
{
	uint64_t word;
	size_t i = 0;

	for (; i + sizeof(word) <= s.len; i += sizeof(word)) {
		memcpy(&word, s.p + i, sizeof(word));
		if (word & 0x8080808080808080ULL)
			return true;
	}
	for (; i < s.len; i++) {
		if (s.p[i] & 0x80)
			return true;
	}
	return false;
}

bool
text_is_utf8(struct span s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t i = 0, n;

	if (!text_has_8bit(s))
		return true;
	while (i < s.len) {
		n = utf8_len(p + i, s.len - i);
		if (n == 0)
			return false;
		i += n;
	}
	return true;
}

size_t
text_utf8_len(struct span s)
{
	return s.len == 0 ? 0 : utf8_len((const unsigned char *)s.p, s.len);
}

/* Of the characters with White_Space (Unicode 15, PropList.txt). */
static bool
is_blank(const unsigned char *p, size_t len)
{
	unsigned code;

	if (len == 1)
		return (p[0] >= '\t' && p[0] <= '\r') || p[0] == ' ';
	if (len == 2)
		return p[0] == 0xc2 && (p[1] == 0x85 || p[1] == 0xa0);
	if (len != 3)
		return false;
	code = (p[0] & 15U) << 12 | (p[1] & 63U) << 6 | (p[2] & 63U);
	return code == 0x1680 || (code >= 0x2000 && code <= 0x200a) ||
	    code == 0x2028 || code == 0x2029 || code == 0x202f ||
	    code == 0x205f || code == 0x3000;
}

size_t
text_blank_front(struct span s)
{
	size_t len = text_utf8_len(s);

	return is_blank((const unsigned char *)s.p, len) ? len : 0;
}

size_t
text_blank_end(struct span s)
{
	size_t len;

	for (len = 1; len <= 3 && len <= s.len; len++) {
		struct span last = span_from(s, s.len - len);

		if (text_utf8_len(last) == len)
			return text_blank_front(last);
	}
	return 0;
}

enum { DISTANCE_MAX = 64 };

unsigned
text_distance(struct span a, struct span b)
{
	unsigned row[DISTANCE_MAX + 1], diagonal, above, best;
	size_t i, j;

	if (a.len > DISTANCE_MAX || b.len > DISTANCE_MAX)
		return DISTANCE_MAX;
	for (j = 0; j <= b.len; j++)
		row[j] = (unsigned)j;
	for (i = 1; i <= a.len; i++) {
		diagonal = row[0];
		row[0] = (unsigned)i;
		for (j = 1; j <= b.len; j++) {
			above = row[j];
			best = diagonal + (ascii_lower(a.p[i - 1]) !=
			    ascii_lower(b.p[j - 1]));
			if (above + 1 < best)
				best = above + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
			diagonal = above;
		}
	}
	return row[b.len];
}

const char *
text_nearest(struct span word, const char *const *names, size_t n)
{
	const char *found = NULL;
	unsigned best = (unsigned)(word.len / 3 + 1), distance;
	size_t i;

	for (i = 0; i < n; i++) {
		distance = text_distance(word, span_of(names[i]));
		if (distance <= best) {
			if (found != NULL && distance == best)
				continue;
			best = distance;
			found = names[i];
		}
	}
	return found;
}

/* ---- floats ------------------------------------------------------------- */

/* Digits without the point, and the power of ten of the first one. */
static int
double_digits(double v, char digits[20], size_t *n_out)
{
	char text[40];
	int precision;
	size_t n = 0;
	char *p;

	for (precision = 0; precision < 17; precision++) {
		snprintf(text, sizeof(text), "%.*e", precision, v);
		if (strtod(text, NULL) == v)
			break;
	}
	for (p = text; *p != 'e'; p++) {
		if (ascii_digit(*p) && n < 19)
			digits[n++] = *p;
	}
	*n_out = n;
	return atoi(p + 1);
}

char *
text_double(double v, char out[TEXT_DOUBLE_MAX])
{
	char digits[20], *p = out;
	size_t n, i;
	int power, at;

	if (!isfinite(v)) {
		strcpy(out, isnan(v) ? "nan" : v < 0 ? "-inf" : "inf");
		return out;
	}
	power = double_digits(fabs(v), digits, &n);
	if (signbit(v))
		*p++ = '-';
	if (power < -5 || power > 15) {
		*p++ = digits[0];
		if (n > 1)
			*p++ = '.';
		memcpy(p, digits + 1, n - 1);
		sprintf(p + n - 1, "e%d", power);
		return out;
	}
	if (power < 0) {
		*p++ = '0';
		*p++ = '.';
		for (at = -1; at > power; at--)
			*p++ = '0';
		memcpy(p, digits, n);
		p[n] = '\0';
		return out;
	}
	for (i = 0; (int)i <= power + 1 || i < n; i++) {
		if ((int)i == power + 1)
			*p++ = '.';
		*p++ = i < n ? digits[i] : '0';
	}
	*p = '\0';
	return out;
}
