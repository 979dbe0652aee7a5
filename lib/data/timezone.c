/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/data/timezone.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/base/date.h"
#include "lib/base/map.h"
#include "lib/base/text.h"

#define ZONEINFO "/usr/share/zoneinfo"

enum {
	FILE_MAX = 65536,
	HEADER = 44,
	NAME_MAX_BYTES = 256,
	DEPTH_MAX = 4,
	TYPES_MAX = 256,
};

/* A day of the year on which the clocks change, as POSIX TZ says it. */
struct change {
	enum { CHANGE_MONTH, CHANGE_JULIAN, CHANGE_DAY } kind;
	int month, week, day;
	int32_t seconds; /* of that day's local time */
};

struct timezone_rules {
	int64_t *at;      /* transitions, ascending */
	uint8_t *type;    /* offset from then on */
	size_t n;
	int32_t *offsets; /* by type; the first holds before all */
	bool has_tail;    /* rules for what comes after the last */
	bool has_summer;
	int32_t standard, summer;
	struct change to_summer, to_standard;
};

/* Filled once, by timezones_load(). */
static struct map zones;

/* ---- TZif ---------------------------------------------------------------- */

static uint64_t
be(const char *p, size_t n)
{
	uint64_t v = 0;

	while (n-- > 0)
		v = v << 8 | (unsigned char)*p++;
	return v;
}

struct tzif_header {
	uint32_t isut, isstd, leap, time, type, chars;
	char version;
};

static int
header_read(struct span s, struct tzif_header *h)
{
	if (s.len < HEADER || memcmp(s.p, "TZif", 4) != 0)
		return -1;
	h->version = s.p[4];
	h->isut = (uint32_t)be(s.p + 20, 4);
	h->isstd = (uint32_t)be(s.p + 24, 4);
	h->leap = (uint32_t)be(s.p + 28, 4);
	h->time = (uint32_t)be(s.p + 32, 4);
	h->type = (uint32_t)be(s.p + 36, 4);
	h->chars = (uint32_t)be(s.p + 40, 4);
	return h->time > 4096 || h->type == 0 || h->type > TYPES_MAX ||
	    h->leap > 4096 || h->chars > 4096 || h->isut > TYPES_MAX ||
	    h->isstd > TYPES_MAX ? -1 : 0;
}

static size_t
body_size(const struct tzif_header *h, size_t width)
{
	return h->time * (width + 1) + h->type * 6 + h->chars +
	    h->leap * (width + 4) + h->isstd + h->isut;
}

/* The second block: transitions of 64 bits. */
static int
body_read(struct timezone_rules *z, struct span s,
    const struct tzif_header *h)
{
	const char *types = s.p + h->time * 8, *rows = types + h->time;
	size_t i;

	z->n = h->time;
	z->at = xcalloc(z->n + 1, sizeof(*z->at));
	z->type = xcalloc(z->n + 1, 1);
	z->offsets = xcalloc(h->type, sizeof(*z->offsets));
	for (i = 0; i < h->type; i++) {
		z->offsets[i] = (int32_t)be(rows + i * 6, 4);
		if (z->offsets[i] < -93600 || z->offsets[i] > 93600)
			return -1;
	}
	for (i = 0; i < z->n; i++) {
		z->at[i] = (int64_t)be(s.p + i * 8, 8);
		z->type[i] = (uint8_t)types[i];
		if (z->type[i] >= h->type ||
		    (i > 0 && z->at[i] <= z->at[i - 1]))
			return -1;
	}
	return 0;
}

/* ---- the rules behind the last transition -------------------------------- */

static bool
take(struct span *s, char c)
{
	if (s->len == 0 || s->p[0] != c)
		return false;
	*s = span_from(*s, 1);
	return true;
}

static int
take_number(struct span *s, int max)
{
	int v = -1;

	while (s->len > 0 && ascii_digit(s->p[0])) {
		v = (v == -1 ? 0 : v) * 10 + (s->p[0] - '0');
		if (v > max)
			return -1;
		*s = span_from(*s, 1);
	}
	return v;
}

/* [+-]hh[:mm[:ss]] */
static int
take_time(struct span *s, int32_t *out)
{
	bool minus = take(s, '-');
	int h, m = 0, sec = 0;

	if (!minus)
		take(s, '+');
	h = take_number(s, 167);
	if (h >= 0 && take(s, ':')) {
		m = take_number(s, 59);
		if (m >= 0 && take(s, ':'))
			sec = take_number(s, 59);
	}
	if (h < 0 || m < 0 || sec < 0)
		return -1;
	*out = (h * 3600 + m * 60 + sec) * (minus ? -1 : 1);
	return 0;
}

/* "CET" or "<+03>" */
static bool
take_name(struct span *s)
{
	size_t n = 0;

	if (take(s, '<')) {
		while (s->len > 0 && !take(s, '>'))
			*s = span_from(*s, 1);
		return true;
	}
	while (n < s->len && ascii_lower(s->p[n]) >= 'a' &&
	    ascii_lower(s->p[n]) <= 'z')
		n++;
	*s = span_from(*s, n);
	return n >= 3;
}

static int
take_change(struct span *s, struct change *c)
{
	if (!take(s, ','))
		return -1;
	c->seconds = 7200;
	if (take(s, 'M')) {
		c->kind = CHANGE_MONTH;
		c->month = take_number(s, 12);
		c->week = take(s, '.') ? take_number(s, 5) : -1;
		c->day = take(s, '.') ? take_number(s, 6) : -1;
		if (c->month < 1 || c->week < 1 || c->day < 0)
			return -1;
	} else {
		c->kind = take(s, 'J') ? CHANGE_JULIAN : CHANGE_DAY;
		c->day = take_number(s, 365);
		if (c->day < 0)
			return -1;
	}
	return take(s, '/') ? take_time(s, &c->seconds) : 0;
}

/* std offset [dst [offset] , rule , rule], POSIX's TZ */
static int
tail_read(struct timezone_rules *z, struct span s)
{
	int32_t v;

	if (s.len == 0)
		return 0;
	if (!take_name(&s) || take_time(&s, &v) == -1)
		return -1;
	z->has_tail = true;
	z->standard = -v;
	if (s.len == 0)
		return 0;
	if (!take_name(&s))
		return -1;
	z->has_summer = true;
	z->summer = z->standard + 3600;
	if (s.len > 0 && s.p[0] != ',') {
		if (take_time(&s, &v) == -1)
			return -1;
		z->summer = -v;
	}
	return take_change(&s, &z->to_summer) == -1 ? -1 :
	    take_change(&s, &z->to_standard);
}

struct timezone_rules *
timezone_parse(struct span s)
{
	struct timezone_rules *z;
	struct tzif_header h;
	struct span footer;
	size_t skip;

	if (header_read(s, &h) == -1 || h.version < '2')
		return NULL;
	skip = HEADER + body_size(&h, 4);
	if (s.len < skip)
		return NULL;
	s = span_from(s, skip);
	if (header_read(s, &h) == -1 ||
	    s.len - HEADER < body_size(&h, 8))
		return NULL;
	s = span_from(s, HEADER);
	z = xcalloc(1, sizeof(*z));
	footer = span_from(s, body_size(&h, 8));
	if (body_read(z, s, &h) == 0 && take(&footer, '\n') &&
	    footer.len > 0 && footer.p[footer.len - 1] == '\n') {
		footer.len--;
		if (tail_read(z, footer) == 0)
			return z;
	}
	timezone_free(&z);
	return NULL;
}

void
timezone_free(struct timezone_rules **zp)
{
	struct timezone_rules *z = *zp;

	*zp = NULL;
	if (z == NULL)
		return;
	free(z->at);
	free(z->type);
	free(z->offsets);
	free(z);
}

/* ---- asking -------------------------------------------------------------- */

/* Days since 1970 of the first of January. */
static int64_t
year_start(int year)
{
	struct date d = { .year = year, .month = 1, .day = 1 };
	int64_t s = 0;

	date_to_seconds(&d, &s);
	return s / 86400 - (s % 86400 < 0 ? 1 : 0);
}

static int64_t
change_day(const struct change *c, int year)
{
	static const int before[] = {
		0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365,
	};
	int64_t start = year_start(year), first, day;
	int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	int length, weekday;

	if (c->kind == CHANGE_DAY)
		return start + c->day;
	if (c->kind == CHANGE_JULIAN)
		return start + c->day - 1 + (c->day >= 60 ? leap : 0);
	first = start + before[c->month - 1] + (c->month > 2 ? leap : 0);
	length = before[c->month] - before[c->month - 1] +
	    (c->month == 2 ? leap : 0);
	weekday = (int)((first + 4) % 7); /* 1970 began on a Thursday */
	if (weekday < 0)
		weekday += 7;
	day = (c->day - weekday + 7) % 7 + 7 * (c->week - 1);
	if (day >= length)
		day -= 7;
	return first + day;
}

static int32_t
tail_offset(const struct timezone_rules *z, int64_t utc_s)
{
	int64_t summer, standard;
	struct date d;
	bool inside;

	if (!z->has_summer || utc_s <= DATE_MIN + 86400 ||
	    utc_s >= DATE_MAX - 86400)
		return z->standard;
	date_from_seconds(utc_s + z->standard, &d);
	summer = change_day(&z->to_summer, d.year) * 86400 +
	    z->to_summer.seconds - z->standard;
	standard = change_day(&z->to_standard, d.year) * 86400 +
	    z->to_standard.seconds - z->summer;
	inside = summer < standard ? utc_s >= summer && utc_s < standard :
	    utc_s >= summer || utc_s < standard;
	return inside ? z->summer : z->standard;
}

int32_t
timezone_offset(const struct timezone_rules *z, int64_t utc_s)
{
	size_t low = 0, high = z->n, mid;

	if (z->n == 0 || utc_s >= z->at[z->n - 1]) {
		if (z->has_tail)
			return tail_offset(z, utc_s);
		return z->n == 0 ? z->offsets[0] :
		    z->offsets[z->type[z->n - 1]];
	}
	if (utc_s < z->at[0])
		return z->offsets[0];
	while (high - low > 1) {
		mid = low + (high - low) / 2;
		if (z->at[mid] <= utc_s)
			low = mid;
		else
			high = mid;
	}
	return z->offsets[z->type[low]];
}

const struct timezone_rules *
timezone_find(struct span name)
{
	static const struct timezone_rules utc = { .has_tail = true };
	const struct timezone_rules *z = map_get(&zones, name);

	if (z == NULL && (span_eq_str(name, "UTC") ||
	    span_eq_str(name, "Etc/UTC")))
		return &utc;
	return z;
}

/* ---- the database -------------------------------------------------------- */

struct load {
	char *text;       /* of the file at hand */
	struct map files; /* what was in them -> rules: many are the same */
};

static void
load_file(struct load *l, int dir, const char *file, const char *name)
{
	struct timezone_rules *z;
	struct span text;
	ssize_t n;
	int fd = openat(dir, file, O_RDONLY | O_CLOEXEC);

	if (fd == -1)
		return;
	n = read(fd, l->text, FILE_MAX);
	close(fd);
	text = span_make(l->text, n > 0 ? (size_t)n : 0);
	z = map_get(&l->files, text);
	if (z == NULL) {
		z = timezone_parse(text);
		if (z == NULL)
			return;
		map_set(&l->files, text, z);
	}
	map_set(&zones, span_of(name), z);
}

/* The same zones under other rules, and what is no zone's name. */
static bool
is_zone_name(const char *name)
{
	return ((name[0] >= 'A' && name[0] <= 'Z') || name[0] == 'u') &&
	    strchr(name, '.') == NULL;
}

static void
load_folder(struct load *l, int parent, const char *folder,
    const char *prefix, unsigned depth)
{
	char name[NAME_MAX_BYTES];
	struct dirent *e;
	struct stat st;
	DIR *dir;
	int fd = openat(parent, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	dir = fd == -1 ? NULL : fdopendir(fd);
	if (dir == NULL) {
		if (fd != -1)
			close(fd);
		return;
	}
	while ((e = readdir(dir)) != NULL) {
		if (!is_zone_name(e->d_name) || (size_t)snprintf(name,
		    sizeof(name), "%s%s", prefix, e->d_name) >=
		    sizeof(name) - 1 || fstatat(fd, e->d_name, &st, 0) == -1)
			continue;
		if (S_ISREG(st.st_mode)) {
			load_file(l, fd, e->d_name, name);
		} else if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX) {
			strcat(name, "/");
			load_folder(l, fd, e->d_name, name, depth + 1);
		}
	}
	closedir(dir);
}

void
timezones_load(void)
{
	struct load l = { .text = NULL };

	if (zones.count > 0)
		return;
	l.text = xmalloc(FILE_MAX);
	load_folder(&l, AT_FDCWD, ZONEINFO, "", 0);
	map_free(&l.files, NULL);
	free(l.text);
}
