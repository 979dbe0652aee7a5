/* SPDX-License-Identifier: Apache-2.0 */
/* Filters for dates and times. */
#include "lib/data/timezone.h"
#include "lib/template/eval.h"
#include "lib/template/tables.h"
#include "lib/template/when.h"

enum { FORMAT_MAX = 4096 };

struct form {
	const char *name, *format;
};

struct kind {
	const char *variable; /* has the default */
	bool takes_dates;     /* without a time */
	const struct form *forms;
};

#define ISO "[year]-[month]-[day]T[hour]:[minute]:[second]"                  \
    "[offset_hour sign:mandatory]:[offset_minute]"

static const struct form date_forms[] = {
	{ "short", "[year]-[month]-[day]" },
	{ "medium", "[month repr:short] [day padding:none] [year]" },
	{ "long", "[month repr:long] [day padding:none] [year]" },
	{ "full", "[weekday], [month repr:long] [day padding:none] [year]" },
	{ NULL, NULL },
};

static const struct form datetime_forms[] = {
	{ "short", "[year]-[month]-[day] [hour]:[minute]" },
	{ "medium", "[month repr:short] [day padding:none] [year] "
	    "[hour]:[minute]" },
	{ "long", "[month repr:long] [day padding:none] [year] "
	    "[hour]:[minute]:[second]" },
	{ "full", "[weekday], [month repr:long] [day padding:none] [year] "
	    "[hour]:[minute]:[second]" },
	{ "iso", ISO },
	{ "unix", "[unix_timestamp]" },
	{ NULL, NULL },
};

static const struct form time_forms[] = {
	{ "short", "[hour]:[minute]" },
	{ "medium", "[hour]:[minute]" },
	{ "long", "[hour]:[minute]:[second]" },
	{ "full", "[hour]:[minute]:[second].[subsecond]" },
	{ "iso", ISO },
	{ "unix", "[unix_timestamp]" },
	{ NULL, NULL },
};

/* [year, day of the year, hour, minute, second ...] */
static int
when_of_list(const struct tval *v, struct when *out)
{
	int64_t fields[5] = { 0 };
	struct tval item;
	size_t i, n;

	tval_length(v, &n);
	if (n < 2)
		return -1;
	for (i = 0; i < n && i < 5; i++) {
		item = tval_nth(v, i);
		if (!tval_as_int(&item, &fields[i]))
			return -1;
	}
	if (when_from_fields(fields[0], fields[1], fields[2], fields[3],
	    fields[4], out) == -1)
		return -1;
	out->has_time = n > 2;
	return 0;
}

static int
when_of(struct render *r, struct call *c, struct when *out)
{
	int result = -1;
	double seconds;

	if (c->in.kind == TV_TEXT)
		result = when_parse(c->in.u.text, out);
	else if (c->in.kind == TV_LIST)
		result = when_of_list(&c->in, out);
	else if (c->in.kind != TV_BOOL && tval_as_float(&c->in, &seconds))
		result = when_from_seconds(seconds, out);
	else
		return render_fail(r, "%s wants a date or a timestamp, not "
		    "%s", c->name, tval_kind_name(&c->in));
	return result == 0 ? 0 : render_fail(r, "%s: this is no date or "
	    "timestamp", c->name);
}

/* An argument, else the variable that holds the default, else ours. */
static int
setting(struct render *r, struct call *c, size_t place, const char *key,
    const char *variable_name, struct span ours, struct span *out)
{
	struct tval set;

	if (eval_variable(r, span_of(variable_name), &set) == -1)
		return -1;
	return call_text(r, c, place, key, set.kind == TV_TEXT ?
	    set.u.text : ours, out);
}

static int
set_zone(struct render *r, struct call *c, struct when *m)
{
	const struct timezone_rules *zone;
	struct span name;

	if (setting(r, c, 1, "tz", "TIMEZONE", SPAN_LIT("original"),
	    &name) == -1)
		return -1;
	if (span_eq_str(name, "original") || !m->has_time)
		return 0;
	zone = timezone_find(name);
	if (zone == NULL)
		return render_fail(r, "%s: there is no time zone '%.*s'",
		    c->name, (int)(name.len < 64 ? name.len : 64), name.p);
	m->offset = timezone_offset(zone, m->at.s);
	return 0;
}

static int
format_by(struct render *r, struct call *c, const struct kind *kind,
    struct tval *out)
{
	struct buf b = { .base = NULL };
	struct span format, text;
	const struct form *form;
	struct when m;
	const char *why;

	if (when_of(r, c, &m) == -1 || set_zone(r, c, &m) == -1 ||
	    setting(r, c, 0, "format", kind->variable, SPAN_LIT("medium"),
	    &format) == -1)
		return -1;
	if (!m.has_time && !kind->takes_dates)
		return render_fail(r, "%s wants a time, this is a date",
		    c->name);
	for (form = kind->forms; form->name != NULL; form++) {
		if (span_eq_str(format, form->name))
			format = span_of(form->format);
	}
	if (format.len > FORMAT_MAX)
		return render_fail(r, "%s: the format is too long", c->name);
	if (when_format(&b, &m, format, &why) == -1)
		render_fail(r, "%s: %s", c->name, why);
	if (render_take(r, &b, &text) == -1)
		return -1;
	*out = tval_text(text);
	return 0;
}

static int
do_dateformat(struct render *r, struct call *c, struct tval *out)
{
	static const struct kind kind = { "DATE_FORMAT", true, date_forms };

	return format_by(r, c, &kind, out);
}

static int
do_datetimeformat(struct render *r, struct call *c, struct tval *out)
{
	static const struct kind kind = { "DATETIME_FORMAT", false,
		datetime_forms };

	return format_by(r, c, &kind, out);
}

static int
do_timeformat(struct render *r, struct call *c, struct tval *out)
{
	static const struct kind kind = { "TIME_FORMAT", false, time_forms };

	return format_by(r, c, &kind, out);
}

const struct filter_row filters_date[] = {
	{ "dateformat", do_dateformat, "format='medium', tz?",
	    "The day of a timestamp (seconds since 1970), of a text such as\n"
	    ".Ql 2026-11-22\nor of RFC 3339 or RFC 2822, as\n.Sx Dates\n"
	    "says." },
	{ "datetimeformat", do_datetimeformat, "format='medium', tz?",
	    "The same with its time." },
	{ "timeformat", do_timeformat, "format='medium', tz?",
	    "The time of day alone." },
	{ NULL, NULL, NULL, NULL },
};
