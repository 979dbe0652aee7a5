/* SPDX-License-Identifier: Apache-2.0 */
/* Options of one plain value: truth, numbers, times, sizes, names. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/settings/option.h"
#include "lib/settings/option_kind.h"

/* A hundred years: beyond it sums of durations could overflow nothing yet. */
static const int64_t duration_max_ms = INT64_C(36525) * 86400 * 1000;

/* ---- BOOL --------------------------------------------------------------- */

static enum option_read
bool_read(const struct option_at *at, void *field, const struct value *v)
{
	(void)at;
	if (v->kind != VALUE_BOOL)
		return OPTION_READ_WRONG;
	*(bool *)field = v->u.flag;
	return OPTION_READ_OK;
}

static void
bool_put(const struct option_row *row, struct buf *b, const void *field)
{
	(void)row;
	put_bool(b, *(const bool *)field);
}

static void
bool_get(const struct option_row *row, struct reader *r, void *field,
    unsigned depth)
{
	(void)row;
	(void)depth;
	*(bool *)field = reader_bool(r);
}

static void
bool_json(const struct option_row *row, struct jout *j, const void *field)
{
	(void)row;
	jout_bool(j, *(const bool *)field);
}

const struct option_kind option_kind_BOOL = {
	.name = "bool", .wanted = "true or false", .read = bool_read,
	.put = bool_put, .get = bool_get, .json = bool_json,
};

/* ---- U16, U32, U64 ------------------------------------------------------ */

static uint64_t
number_of(const struct option_row *row, const void *field)
{
	switch (row->size) {
	case sizeof(uint16_t):
		return *(const uint16_t *)field;
	case sizeof(uint32_t):
		return *(const uint32_t *)field;
	default:
		return *(const uint64_t *)field;
	}
}

static void
number_set(const struct option_row *row, void *field, uint64_t n)
{
	switch (row->size) {
	case sizeof(uint16_t):
		*(uint16_t *)field = (uint16_t)n;
		break;
	case sizeof(uint32_t):
		*(uint32_t *)field = (uint32_t)n;
		break;
	default:
		*(uint64_t *)field = n;
		break;
	}
}

/* What the row allows; numbers of policies are signed 64-bit. */
static uint64_t
number_max(const struct option_row *row)
{
	if (row->max != 0)
		return row->max;
	return row->size == sizeof(uint16_t) ? UINT16_MAX :
	    row->size == sizeof(uint32_t) ? UINT32_MAX : INT64_MAX;
}

/* A whole number that is not negative; Lua may give it as a float. */
static bool
number_whole(const struct value *v, uint64_t *out)
{
	if (v->kind == VALUE_INT && v->u.number >= 0) {
		*out = (uint64_t)v->u.number;
		return true;
	}
	if (v->kind == VALUE_FLOAT && v->u.real >= 0 &&
	    v->u.real < 9007199254740992.0 && floor(v->u.real) == v->u.real) {
		*out = (uint64_t)v->u.real;
		return true;
	}
	return false;
}

static enum option_read
number_read(const struct option_at *at, void *field, const struct value *v)
{
	uint64_t n;

	if (!number_whole(v, &n) || n < at->row->min ||
	    n > number_max(at->row))
		return OPTION_READ_WRONG;
	number_set(at->row, field, n);
	return OPTION_READ_OK;
}

static void
number_put(const struct option_row *row, struct buf *b, const void *field)
{
	put_u64(b, number_of(row, field));
}

static void
number_get(const struct option_row *row, struct reader *r, void *field,
    unsigned depth)
{
	uint64_t n = reader_u64_max(r, number_max(row));

	(void)depth;
	/* 0 is also "none". */
	if (n < row->min && !(n == 0 && row->default_text == NULL))
		reader_fail(r);
	number_set(row, field, n);
}

static void
number_json(const struct option_row *row, struct jout *j, const void *field)
{
	uint64_t n = number_of(row, field);

	if (n == 0 && row->default_text == NULL)
		jout_null(j);
	else
		jout_uint(j, n);
}

static void
number_describe(const struct option_row *row, struct buf *out)
{
	uint64_t max = number_max(row);

	if (max == INT64_MAX)
		buf_addf(out, "a whole number from %llu",
		    (unsigned long long)row->min);
	else
		buf_addf(out, "a whole number from %llu to %llu",
		    (unsigned long long)row->min, (unsigned long long)max);
}

#define NUMBER_KIND(name_)                                                     \
	{ .name = name_, .wanted = "a whole number", .read = number_read,      \
	  .put = number_put, .get = number_get, .json = number_json,           \
	  .describe = number_describe }
const struct option_kind option_kind_U16 = NUMBER_KIND("u16");
const struct option_kind option_kind_U32 = NUMBER_KIND("u32");
const struct option_kind option_kind_U64 = NUMBER_KIND("u64");

/* ---- MODE --------------------------------------------------------------- */

static void
mode_init(const struct option_row *row, void *field)
{
	(void)row;
	*(int32_t *)field = -1;
}

static enum option_read
mode_read(const struct option_at *at, void *field, const struct value *v)
{
	uint64_t n;

	(void)at;
	if (!number_whole(v, &n) || n > 07777)
		return OPTION_READ_WRONG;
	*(int32_t *)field = (int32_t)n;
	return OPTION_READ_OK;
}

static void
mode_put(const struct option_row *row, struct buf *b, const void *field)
{
	(void)row;
	put_u32(b, (uint32_t)(*(const int32_t *)field + 1));
}

static void
mode_get(const struct option_row *row, struct reader *r, void *field,
    unsigned depth)
{
	(void)row;
	(void)depth;
	*(int32_t *)field = (int32_t)reader_u32_max(r, 07777 + 1) - 1;
}

static void
mode_json(const struct option_row *row, struct jout *j, const void *field)
{
	(void)row;
	if (*(const int32_t *)field < 0)
		jout_null(j);
	else
		jout_int(j, *(const int32_t *)field);
}

const struct option_kind option_kind_MODE = {
	.name = "mode", .wanted = "permission bits from 0 to 0o7777",
	.example = "0o750 (488)", .init = mode_init, .read = mode_read,
	.put = mode_put, .get = mode_get, .json = mode_json,
};

/* ---- DURATION ----------------------------------------------------------- */

static void
duration_init(const struct option_row *row, void *field)
{
	(void)row;
	*(int64_t *)field = -1;
}

static bool
duration_of(const struct value *v, int64_t *ms)
{
	switch (v->kind) {
	case VALUE_TEXT:
		return text_duration_ms(span_make(v->u.text.p, v->u.text.len),
		    ms) == 0;
	case VALUE_INT:
		if (v->u.number > duration_max_ms / 1000)
			return false;
		*ms = v->u.number < 0 ? -1 : v->u.number * 1000;
		return true;
	case VALUE_FLOAT:
		if (!(v->u.real >= 0 &&
		    v->u.real < (double)(duration_max_ms / 1000)))
			return false;
		*ms = (int64_t)(v->u.real * 1000);
		return true;
	case VALUE_NULL:
	case VALUE_BOOL:
	case VALUE_LIST:
	case VALUE_MAP:
		break;
	}
	return false;
}

static enum option_read
duration_read(const struct option_at *at, void *field, const struct value *v)
{
	int64_t ms;

	if (!duration_of(v, &ms) || ms < (int64_t)at->row->min ||
	    ms > duration_max_ms)
		return OPTION_READ_WRONG;
	*(int64_t *)field = ms;
	return OPTION_READ_OK;
}

static void
duration_put(const struct option_row *row, struct buf *b, const void *field)
{
	(void)row;
	put_i64(b, *(const int64_t *)field);
}

static void
duration_get(const struct option_row *row, struct reader *r, void *field,
    unsigned depth)
{
	int64_t ms = reader_i64(r);
	bool none = ms == -1 && row->default_text == NULL;

	(void)depth;
	if (!none && (ms < (int64_t)row->min || ms > duration_max_ms))
		reader_fail(r);
	*(int64_t *)field = ms;
}

static void
duration_json(const struct option_row *row, struct jout *j, const void *field)
{
	char *text;

	(void)row;
	if (*(const int64_t *)field < 0) {
		jout_null(j);
		return;
	}
	text = text_duration_format(*(const int64_t *)field);
	jout_text(j, span_of(text));
	free(text);
}

static void
duration_describe(const struct option_row *row, struct buf *out)
{
	buf_add_str(out, row->min == 0 ? "a duration" : "a duration above 0");
}

const struct option_kind option_kind_DURATION = {
	.name = "duration", .wanted = "a duration",
	.example = "\"5 minutes\" or 300 (seconds)", .init = duration_init,
	.read = duration_read, .put = duration_put, .get = duration_get,
	.json = duration_json, .describe = duration_describe,
};

/* ---- SIZE --------------------------------------------------------------- */

int
size_parse(struct span s, uint64_t *bytes_out)
{
	static const struct {
		const char *name;
		uint64_t bytes;
	} units[] = {
		{ "", 1 }, { "b", 1 }, { "k", 1024 }, { "kib", 1024 },
		{ "kb", 1000 }, { "m", 1 << 20 }, { "mib", 1 << 20 },
		{ "mb", 1000000 }, { "g", 1 << 30 }, { "gib", 1 << 30 },
		{ "gb", 1000000000 }, { "t", UINT64_C(1) << 40 },
		{ "tib", UINT64_C(1) << 40 },
		{ "tb", UINT64_C(1000000000000) },
	};
	size_t digits = 0, i;
	uint64_t n;

	s = span_trim(s);
	while (digits < s.len && ascii_digit(s.p[digits]))
		digits++;
	if (text_u64(span_make(s.p, digits), 0, INT64_MAX, &n) != 0)
		return -1;
	s = span_trim(span_from(s, digits));
	for (i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (!span_ieq_str(s, units[i].name))
			continue;
		if (n > (uint64_t)INT64_MAX / units[i].bytes)
			return -1;
		*bytes_out = n * units[i].bytes;
		return 0;
	}
	return -1;
}

static bool
size_of(const struct value *v, uint64_t *bytes)
{
	if (v->kind == VALUE_TEXT)
		return size_parse(span_make(v->u.text.p, v->u.text.len),
		    bytes) == 0;
	return number_whole(v, bytes);
}

static enum option_read
size_read(const struct option_at *at, void *field, const struct value *v)
{
	uint64_t n;

	if (!size_of(v, &n) || n < at->row->min || n > number_max(at->row))
		return OPTION_READ_WRONG;
	*(uint64_t *)field = n;
	return OPTION_READ_OK;
}

static void
size_describe(const struct option_row *row, struct buf *out)
{
	if (row->max != 0)
		buf_addf(out, "a size from %llu to %llu bytes",
		    (unsigned long long)row->min,
		    (unsigned long long)row->max);
	else if (row->min > 1)
		buf_addf(out, "a size of %llu bytes and more",
		    (unsigned long long)row->min);
	else
		buf_add_str(out, "a size");
}

const struct option_kind option_kind_SIZE = {
	.name = "size", .wanted = "a size", .example = "\"20 MiB\" or 20971520",
	.read = size_read, .put = number_put, .get = number_get,
	.json = number_json, .describe = size_describe,
};

/* ---- PERCENT_OR_COUNT --------------------------------------------------- */

bool
share_is_below(uint64_t left, uint64_t whole, const struct share *floor)
{
	if (!floor->percent)
		return left < floor->n;
	return (double)left < (double)whole / 100 * (double)floor->n;
}

static bool
share_of(const struct value *v, struct share *out)
{
	struct span s;

	if (v->kind == VALUE_TEXT) {
		s = span_trim(span_make(v->u.text.p, v->u.text.len));
		if (s.len != 0 && s.p[s.len - 1] == '%') {
			out->percent = true;
			s.len--;
			return text_u64(span_trim(s), 0, 100, &out->n) == 0;
		}
	}
	return size_of(v, &out->n);
}

static enum option_read
share_read(const struct option_at *at, void *field, const struct value *v)
{
	struct share share = { 0 };

	(void)at;
	if (!share_of(v, &share))
		return OPTION_READ_WRONG;
	*(struct share *)field = share;
	return OPTION_READ_OK;
}

static void
share_put(const struct option_row *row, struct buf *b, const void *field)
{
	const struct share *share = field;

	(void)row;
	put_bool(b, share->percent);
	put_u64(b, share->n);
}

static void
share_get(const struct option_row *row, struct reader *r, void *field,
    unsigned depth)
{
	struct share *share = field;

	(void)row;
	(void)depth;
	share->percent = reader_bool(r);
	share->n = reader_u64_max(r, share->percent ? 100 : INT64_MAX);
}

static void
share_json(const struct option_row *row, struct jout *j, const void *field)
{
	const struct share *share = field;
	char *text;

	(void)row;
	if (!share->percent) {
		jout_uint(j, share->n);
		return;
	}
	text = xasprintf("%llu%%", (unsigned long long)share->n);
	jout_text(j, span_of(text));
	free(text);
}

const struct option_kind option_kind_PERCENT_OR_COUNT = {
	.name = "share", .wanted = "a percentage or a number",
	.example = "\"10%\" or \"20 GiB\"", .read = share_read,
	.put = share_put, .get = share_get, .json = share_json,
};

/* ---- ENUM --------------------------------------------------------------- */

static enum option_read
enum_read(const struct option_at *at, void *field, const struct value *v)
{
	int i;

	if (v->kind != VALUE_TEXT)
		return OPTION_READ_WRONG;
	i = option_name_find(at->row->extra,
	    span_make(v->u.text.p, v->u.text.len));
	if (i < 0)
		return OPTION_READ_WRONG;
	*(int *)field = i;
	return OPTION_READ_OK;
}

static void
enum_put(const struct option_row *row, struct buf *b, const void *field)
{
	(void)row;
	put_u8(b, (uint8_t)*(const int *)field);
}

static void
enum_get(const struct option_row *row, struct reader *r, void *field,
    unsigned depth)
{
	const char *const *names = row->extra;
	int n = 0, i = reader_u8(r);

	(void)depth;
	while (names[n] != NULL)
		n++;
	if (i >= n) {
		reader_fail(r);
		i = 0;
	}
	*(int *)field = i;
}

static void
enum_json(const struct option_row *row, struct jout *j, const void *field)
{
	const char *const *names = row->extra;

	jout_text(j, span_of(names[*(const int *)field]));
}

static void
enum_describe(const struct option_row *row, struct buf *out)
{
	const char *const *names = row->extra;
	size_t i;

	for (i = 0; names[i] != NULL; i++)
		buf_addf(out, "%s\"%s\"", i == 0 ? "" :
		    names[i + 1] == NULL ? " or " : ", ", names[i]);
}

const struct option_kind option_kind_ENUM = {
	.name = "enum", .wanted = "one of the names", .read = enum_read,
	.put = enum_put, .get = enum_get, .json = enum_json,
	.describe = enum_describe,
};
