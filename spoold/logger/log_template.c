/* SPDX-License-Identifier: Apache-2.0 */
#include "spoold/logger/log_template.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/data/json_read.h"
#include "lib/settings/value.h"
#include "lib/template/template.h"

enum { WARN_MS = 60 * 1000 };

/* A line is a line: what a newsletter needs is too much here. */
static const struct template_limits limits = {
	.steps = 200 * 1000,
	.output = 1024 * 1024,
	.memory = 16 * 1024 * 1024,
	.depth = 200,
};

struct log_template {
	char *type;
	struct template *template; /* NULL: it has an error */
	uint64_t failed;           /* since the last warning */
	int64_t warned_ms;         /* 0: never */
	struct template_error error;
};

struct log_template *
log_template_new(const char *text, const char *type)
{
	struct log_template *t = xcalloc(1, sizeof(*t));

	t->type = xstrdup(type);
	t->template = template_compile(TEMPLATE_JINJA, type, span_of(text),
	    &t->error);
	return t;
}

void
log_template_free(struct log_template **tp)
{
	struct log_template *t = *tp;

	*tp = NULL;
	if (t == NULL)
		return;
	template_free(&t->template);
	free(t->type);
	free(t);
}

/* Strangers choose the words of an error as well as how often it comes. */
static void
warn(struct log_template *t, int64_t now_ms)
{
	t->failed++;
	if (t->warned_ms != 0 && now_ms - t->warned_ms < WARN_MS)
		return;
	t->warned_ms = now_ms;
	log_warnx("%s; records written as JSON: %llu", t->error.text,
	    (unsigned long long)t->failed);
	t->failed = 0;
}

/* The record with the names of header fields in lower case. */
static struct value *
record_value(struct span json, struct template_error *error)
{
	struct value *record, *lower;
	const struct value *headers;
	struct data_error why;
	char *name;
	size_t i;

	record = json_read_value(json, 0, &why);
	if (record == NULL) {
		snprintf(error->text, sizeof(error->text),
		    "a record cannot be read: %s", why.text);
		return NULL;
	}
	headers = value_get(record, "headers");
	if (headers == NULL || headers->kind != VALUE_MAP)
		return record;
	lower = value_map(0);
	for (i = 0; i < headers->u.map.n; i++) {
		name = xstrdup(headers->u.map.v[i].key);
		ascii_lower_all(name, strlen(name));
		value_map_set(lower, 0, span_of(name),
		    value_copy(headers->u.map.v[i].value));
		free(name);
	}
	value_map_set(record, 0, SPAN_LIT("headers"), lower);
	return record;
}

static int
render(struct log_template *t, struct span json, int64_t record_us,
    struct buf *out)
{
	struct value *record = record_value(json, &t->error), *whole;
	const struct value *maps[2];
	struct template_input in = { .maps = maps, .n_maps = 2,
		.limits = &limits };
	int result;

	if (record == NULL)
		return -1;
	whole = value_map(0);
	value_map_add(whole, 0, SPAN_LIT("log_record"), record);
	/*
	 * Lines that are written again after a crash must be the same: the
	 * record's own time is now, and what is chosen by chance hangs on it.
	 */
	in.now_us = record_us;
	value_map_add(whole, 0, SPAN_LIT("RAND_SEED"),
	    value_int(0, record_us));
	maps[0] = whole;
	maps[1] = record;
	result = template_render(t->template, &in, out, &t->error);
	value_free(&whole);
	return result;
}

bool
log_template_line(struct log_template *t, struct span json,
    int64_t record_us, int64_t now_ms, struct buf *out)
{
	size_t before = buf_len(out);

	if (t->template == NULL || render(t, json, record_us, out) == -1) {
		warn(t, now_ms);
		return false;
	}
	if (buf_len(out) == before || buf_data(out)[buf_len(out) - 1] != '\n')
		buf_add_byte(out, '\n');
	return true;
}
