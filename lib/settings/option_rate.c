/* SPDX-License-Identifier: Apache-2.0 */
/* Options of limits and rates, one or by name. */
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/settings/option.h"
#include "lib/settings/option_kind.h"
#include "lib/settings/option_list.h"

static const int64_t period_max_ms = INT64_C(36525) * 86400 * 1000;

static const struct {
	const char *name; /* the first of a length is the one written */
	int64_t ms;
} periods[] = {
	{ "d", 86400000 }, { "day", 86400000 }, { "h", 3600000 },
	{ "hr", 3600000 }, { "hour", 3600000 }, { "min", 60000 },
	{ "m", 60000 }, { "minute", 60000 }, { "s", 1000 }, { "sec", 1000 },
	{ "second", 1000 },
};
enum { PERIODS = sizeof(periods) / sizeof(*periods) };

static struct span
value_span(const struct value *v)
{
	return span_make(v->u.text.p, v->u.text.len);
}

/* "local:" in front; moves s behind it. */
static bool
local_take(struct span *s)
{
	if (!span_starts(*s, "local:"))
		return false;
	*s = span_from(*s, 6);
	return true;
}

/* Digits, with ',' or '_' between them for the eye; 1 and more. */
static int
count_parse(struct span s, uint64_t *out)
{
	char digits[24];
	size_t i, n = 0;

	s = span_trim(s);
	for (i = 0; i < s.len; i++) {
		if (i > 0 && i + 1 < s.len &&
		    (s.p[i] == ',' || s.p[i] == '_'))
			continue;
		if (n == sizeof(digits))
			return -1;
		digits[n++] = s.p[i];
	}
	return text_u64(span_make(digits, n), 1, INT64_MAX, out);
}

/* "min", "5 min", "5min" */
static int
period_parse(struct span s, int64_t *ms_out)
{
	uint64_t times = 1;
	size_t digits = 0, i;
	int64_t ms;

	s = span_trim(s);
	while (digits < s.len && ascii_digit(s.p[digits]))
		digits++;
	if (digits != 0 && text_u64(span_make(s.p, digits), 1, INT32_MAX,
	    &times) != 0)
		return -1;
	s = span_trim(span_from(s, digits));
	for (i = 0; i < PERIODS; i++) {
		if (!span_ieq_str(s, periods[i].name))
			continue;
		ms = periods[i].ms * (int64_t)times;
		if (ms > period_max_ms)
			return -1;
		*ms_out = ms;
		return 0;
	}
	return -1;
}

int
throttle_parse(struct span s, struct throttle_spec *out)
{
	struct throttle_spec t = { .set = true };
	struct span burst;
	ptrdiff_t cut;

	s = span_trim(s);
	t.local = local_take(&s);
	cut = span_find(s, '/');
	if (cut < 0 ||
	    count_parse(span_make(s.p, (size_t)cut), &t.limit) != 0)
		return -1;
	s = span_from(s, (size_t)cut + 1);
	t.burst = t.limit;
	cut = span_find(s, ',');
	if (cut >= 0) {
		burst = span_trim(span_from(s, (size_t)cut + 1));
		if (!span_starts(burst, "max_burst=") ||
		    count_parse(span_from(burst, 10), &t.burst) != 0)
			return -1;
		s = span_make(s.p, (size_t)cut);
	}
	if (period_parse(s, &t.period_ms) != 0)
		return -1;
	*out = t;
	return 0;
}

char *
throttle_format(const struct throttle_spec *t)
{
	struct buf b = { 0 };
	char *text;
	size_t i;

	for (i = 0; i + 1 < PERIODS && t->period_ms % periods[i].ms != 0; i++)
		;
	buf_addf(&b, "%s%llu/", t->local ? "local:" : "",
	    (unsigned long long)t->limit);
	if (t->period_ms != periods[i].ms)
		buf_addf(&b, "%lld",
		    (long long)(t->period_ms / periods[i].ms));
	buf_add_str(&b, periods[i].name);
	if (t->burst != t->limit)
		buf_addf(&b, ",max_burst=%llu", (unsigned long long)t->burst);
	text = span_dup(buf_span(&b));
	buf_free(&b);
	return text;
}

int
limit_parse(struct span s, struct limit_spec *out)
{
	struct limit_spec l = { 0 };

	s = span_trim(s);
	l.local = local_take(&s);
	if (count_parse(s, &l.limit) != 0 &&
	    text_u64(span_trim(s), 0, 0, &l.limit) != 0)
		return -1;
	*out = l;
	return 0;
}

/* ---- LIMIT -------------------------------------------------------------- */

static bool
limit_of(const struct value *v, struct limit_spec *out)
{
	if (v->kind == VALUE_TEXT)
		return limit_parse(value_span(v), out) == 0;
	if (v->kind != VALUE_INT || v->u.number < 0)
		return false;
	*out = (struct limit_spec){ .limit = (uint64_t)v->u.number };
	return true;
}

static void
limit_write(struct buf *b, const struct limit_spec *l)
{
	put_bool(b, l->local);
	put_u64(b, l->limit);
}

static void
limit_take(struct reader *r, struct limit_spec *l)
{
	l->local = reader_bool(r);
	l->limit = reader_u64_max(r, INT64_MAX);
}

static void
limit_show(struct jout *j, const struct limit_spec *l)
{
	char *text;

	if (!l->local) {
		jout_uint(j, l->limit);
		return;
	}
	text = xasprintf("local:%llu", (unsigned long long)l->limit);
	jout_text(j, span_of(text));
	free(text);
}

static enum option_read
limit_read(const struct option_at *at, void *field, const struct value *v)
{
	(void)at;
	return limit_of(v, field) ? OPTION_READ_OK : OPTION_READ_WRONG;
}

static void
limit_put(const struct option_row *row, struct buf *b, const void *field)
{
	(void)row;
	limit_write(b, field);
}

static void
limit_get(const struct option_row *row, struct reader *r, void *field,
    unsigned depth)
{
	(void)row;
	(void)depth;
	limit_take(r, field);
}

static void
limit_json(const struct option_row *row, struct jout *j, const void *field)
{
	(void)row;
	limit_show(j, field);
}

const struct option_kind option_kind_LIMIT = {
	.name = "limit", .wanted = "a limit", .example = "32 or \"local:32\"",
	.read = limit_read, .put = limit_put, .get = limit_get,
	.json = limit_json,
};

/* ---- THROTTLE ----------------------------------------------------------- */

void
throttle_put(struct buf *b, const struct throttle_spec *t)
{
	put_bool(b, t->set);
	if (!t->set)
		return;
	put_bool(b, t->local);
	put_u64(b, t->limit);
	put_i64(b, t->period_ms);
	put_u64(b, t->burst);
}

void
throttle_get(struct reader *r, struct throttle_spec *t)
{
	*t = (struct throttle_spec){ 0 };
	if (!reader_bool(r))
		return;
	t->set = true;
	t->local = reader_bool(r);
	t->limit = reader_u64_max(r, INT64_MAX);
	t->period_ms = reader_i64(r);
	t->burst = reader_u64_max(r, INT64_MAX);
	/* Rates are divided by these. */
	if (t->limit == 0 || t->burst == 0 || t->period_ms < 1000 ||
	    t->period_ms > period_max_ms || t->period_ms % 1000 != 0)
		reader_fail(r);
}

static void
throttle_show(struct jout *j, const struct throttle_spec *t)
{
	char *text;

	if (!t->set) {
		jout_null(j);
		return;
	}
	text = throttle_format(t);
	jout_text(j, span_of(text));
	free(text);
}

static enum option_read
throttle_read(const struct option_at *at, void *field, const struct value *v)
{
	(void)at;
	return v->kind == VALUE_TEXT &&
	    throttle_parse(value_span(v), field) == 0 ? OPTION_READ_OK :
	    OPTION_READ_WRONG;
}

static void
throttle_kind_put(const struct option_row *row, struct buf *b,
    const void *field)
{
	(void)row;
	throttle_put(b, field);
}

static void
throttle_kind_get(const struct option_row *row, struct reader *r, void *field,
    unsigned depth)
{
	(void)row;
	(void)depth;
	throttle_get(r, field);
}

static void
throttle_json(const struct option_row *row, struct jout *j, const void *field)
{
	(void)row;
	throttle_show(j, field);
}

const struct option_kind option_kind_THROTTLE = {
	.name = "rate", .wanted = "a rate",
	.example = "\"100/min\" or \"local:1,000/5min,max_burst=10\"",
	.read = throttle_read, .put = throttle_kind_put,
	.get = throttle_kind_get, .json = throttle_json,
};

/* ---- NAMED_LIMITS, NAMED_THROTTLES -------------------------------------- */

static int
named_limit_order(const void *a, const void *b)
{
	uint64_t x = ((const struct named_limit *)a)->spec.limit;
	uint64_t y = ((const struct named_limit *)b)->spec.limit;

	return (x > y) - (x < y);
}

static const struct option_list named_limits = {
	.item = &option_kind_LIMIT, .size = sizeof(struct named_limit),
	.offset = offsetof(struct named_limit, spec), .named = true,
	.reserved = "kumomta.", .order = named_limit_order,
};

const struct option_kind option_kind_NAMED_LIMITS = {
	.name = "named limits", .wanted = "a map from name to limit",
	.example = "{shared = 10}", OPTION_LIST(&named_limits),
};

static int
named_throttle_order(const void *a, const void *b)
{
	const struct throttle_spec *x =
	    &((const struct named_throttle *)a)->spec;
	const struct throttle_spec *y =
	    &((const struct named_throttle *)b)->spec;
	double rx = (double)x->limit / (double)x->period_ms;
	double ry = (double)y->limit / (double)y->period_ms;

	return (rx > ry) - (rx < ry);
}

/* A name without a rate throttles nothing: it was not made by our reader. */
static void
named_throttle_get(const struct option_row *row, struct reader *r, void *field,
    unsigned depth)
{
	struct throttle_spec *t = field;

	(void)row;
	(void)depth;
	throttle_get(r, t);
	if (!t->set)
		reader_fail(r);
}

static const struct option_kind named_throttle = {
	.read = throttle_read, .put = throttle_kind_put,
	.get = named_throttle_get, .json = throttle_json,
};

static const struct option_list named_throttles = {
	.item = &named_throttle, .size = sizeof(struct named_throttle),
	.offset = offsetof(struct named_throttle, spec), .named = true,
	.reserved = "kumomta.", .order = named_throttle_order,
};

const struct option_kind option_kind_NAMED_THROTTLES = {
	.name = "named rates", .wanted = "a map from name to rate",
	.example = "{shared = \"100/min\"}", OPTION_LIST(&named_throttles),
};
