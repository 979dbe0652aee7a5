/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/clock.h"

#include <stdio.h>
#include <time.h>

static int64_t
now_us(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t
clock_mono_us(void)
{
	return now_us(CLOCK_MONOTONIC);
}

int64_t
clock_mono_ms(void)
{
	return now_us(CLOCK_MONOTONIC) / 1000;
}

int64_t
clock_wall_us(void)
{
	return now_us(CLOCK_REALTIME);
}

int64_t
clock_wall_ms(void)
{
	return now_us(CLOCK_REALTIME) / 1000;
}

/* Civil date from days since 1970-01-01 (proleptic Gregorian). */
static void
civil_from_days(int64_t days, int *year, unsigned *month, unsigned *day)
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

struct civil {
	int year;
	unsigned month, day, hour, minute, second, micro, weekday;
};

static struct civil
civil_of(int64_t wall_us)
{
	int64_t seconds = wall_us / 1000000, days;
	struct civil c;

	c.micro = (unsigned)(wall_us % 1000000);
	days = seconds / 86400;
	c.second = (unsigned)(seconds % 60);
	c.minute = (unsigned)(seconds / 60 % 60);
	c.hour = (unsigned)(seconds / 3600 % 24);
	c.weekday = (unsigned)((days + 4) % 7);
	civil_from_days(days, &c.year, &c.month, &c.day);
	return c;
}

char *
clock_rfc3339_us(int64_t wall_us, char out[CLOCK_RFC3339_MAX])
{
	struct civil c = civil_of(wall_us > 0 ? wall_us : 0);

	snprintf(out, CLOCK_RFC3339_MAX, "%04d-%02u-%02uT%02u:%02u:%02u.%06uZ",
	    c.year, c.month, c.day, c.hour, c.minute, c.second, c.micro);
	return out;
}

char *
clock_rfc5322(int64_t wall_us, char out[CLOCK_RFC5322_MAX])
{
	static const char days[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu",
		"Fri", "Sat" };
	static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May",
		"Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	struct civil c = civil_of(wall_us > 0 ? wall_us : 0);

	snprintf(out, CLOCK_RFC5322_MAX,
	    "%s, %02u %s %04d %02u:%02u:%02u +0000",
	    days[c.weekday], c.day, months[c.month - 1], c.year, c.hour,
	    c.minute, c.second);
	return out;
}
