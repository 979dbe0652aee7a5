/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/clock.h"

#include <stdio.h>
#include <time.h>

#include "lib/base/date.h"

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

char *
clock_rfc3339_us(int64_t wall_us, char out[CLOCK_RFC3339_MAX])
{
	struct date d;

	if (wall_us < 0)
		wall_us = 0;
	date_from_seconds(wall_us / 1000000, &d);
	snprintf(out, CLOCK_RFC3339_MAX, "%04d-%02u-%02uT%02u:%02u:%02u.%06uZ",
	    d.year, d.month, d.day, d.hour, d.minute, d.second,
	    (unsigned)(wall_us % 1000000));
	return out;
}

char *
clock_rfc5322(int64_t wall_us, char out[CLOCK_RFC5322_MAX])
{
	struct date d;

	date_from_seconds(wall_us > 0 ? wall_us / 1000000 : 0, &d);
	snprintf(out, CLOCK_RFC5322_MAX,
	    "%s, %02u %s %04d %02u:%02u:%02u +0000", date_weekdays[d.weekday],
	    d.day, date_months[d.month - 1], d.year, d.hour, d.minute,
	    d.second);
	return out;
}
