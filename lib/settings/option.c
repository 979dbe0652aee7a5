/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/settings/option.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/settings/option_kind.h"

static void *
option_field(const struct option_row *row, void *obj)
{
	return (uint8_t *)obj + row->offset;
}

static const void *
option_field_const(const struct option_row *row, const void *obj)
{
	return (const uint8_t *)obj + row->offset;
}

static struct option_set *
option_set_of(const struct option_table *t, void *obj)
{
	return (struct option_set *)(void *)((uint8_t *)obj + t->set);
}

bool
option_bit(const struct option_table *t, const void *obj, size_t row)
{
	const struct option_set *set =
	    (const struct option_set *)(const void *)
	    ((const uint8_t *)obj + t->set);

	return (set->bits[row / 64] >> (row % 64) & 1) != 0;
}

void
option_bit_set(const struct option_table *t, void *obj, size_t row)
{
	option_set_of(t, obj)->bits[row / 64] |= UINT64_C(1) << (row % 64);
}

bool
option_is_list(const struct value *v, size_t *n_out)
{
	*n_out = v->kind == VALUE_LIST ? v->u.list.n : 0;
	return v->kind == VALUE_LIST ||
	    (v->kind == VALUE_MAP && v->u.map.n == 0);
}

bool
option_is_map(const struct value *v, size_t *n_out)
{
	*n_out = v->kind == VALUE_MAP ? v->u.map.n : 0;
	return v->kind == VALUE_MAP ||
	    (v->kind == VALUE_LIST && v->u.list.n == 0);
}

int
option_name_find(const char *const *names, struct span name)
{
	int i;

	for (i = 0; names[i] != NULL; i++) {
		if (span_eq_str(name, names[i]))
			return i;
	}
	return -1;
}

/* ---- words -------------------------------------------------------------- */

void
option_value_text(const struct value *v, struct buf *out)
{
	char text[64];

	switch (v->kind) {
	case VALUE_TEXT:
		text_printable(span_make(v->u.text.p, v->u.text.len), text,
		    sizeof(text));
		buf_addf(out, "\"%s\"", text);
		break;
	case VALUE_INT:
		buf_addf(out, "%lld", (long long)v->u.number);
		break;
	case VALUE_FLOAT:
		buf_addf(out, "%g", v->u.real);
		break;
	case VALUE_BOOL:
		buf_add_str(out, v->u.flag ? "true" : "false");
		break;
	case VALUE_NULL:
	case VALUE_LIST:
	case VALUE_MAP:
		buf_add_str(out, value_kind_name(v->kind));
		break;
	}
}

void
option_problem(const struct option_at *at, int line, const char *fmt, ...)
{
	char words[768];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	problem_add(at->problems, line, "option '%s' of %s: %s",
	    at->row->name, at->table->of, words);
}

static void
option_wrong(const struct option_at *at, const struct value *v)
{
	const struct option_kind *kind = at->row->kind;
	struct buf words = { 0 };

	option_value_text(v, &words);
	buf_add_str(&words, "; wanted ");
	if (kind->describe != NULL)
		kind->describe(at->row, &words);
	else
		buf_add_str(&words, kind->wanted);
	if (kind->example != NULL)
		buf_addf(&words, ", such as %s", kind->example);
	problem_add(at->problems, v->line, "option '%s' of %s is %.*s",
	    at->row->name, at->table->of, SPAN_FMT(buf_span(&words)));
	buf_free(&words);
}

static void
option_unknown(const struct option_table *t, const char *key, int line,
    struct problems *problems)
{
	const char *names[OPTION_ROWS_MAX], *near = NULL;
	struct span word = span_of(key);
	char text[80];
	size_t i;

	if (problems == NULL)
		return;
	for (i = 0; i < t->n; i++)
		names[i] = t->rows[i].name;
	if (word.len <= 64)
		near = text_nearest(word, names, t->n);
	text_printable(word, text, sizeof(text));
	if (near != NULL)
		problem_add(problems, line, "unknown option '%s' of %s; did "
		    "you mean '%s'?", text, t->of, near);
	else
		problem_add(problems, line, "unknown option '%s' of %s", text,
		    t->of);
}

/* ---- defaults ----------------------------------------------------------- */

/* "a, b" */
static struct value *
option_default_list(const char *text)
{
	struct value *list = value_list(0);
	const char *end;

	for (; *text != '\0'; text = *end == '\0' ? end : end + 2) {
		end = strstr(text, ", ");
		if (end == NULL)
			end = text + strlen(text);
		value_list_add(list, value_text(0,
		    span_make(text, (size_t)(end - text))));
	}
	return list;
}

static void
option_default(const struct option_table *t, const struct option_row *row,
    void *field, unsigned depth)
{
	struct option_at at = { .table = t, .row = row, .depth = depth };
	enum option_read got;
	struct value *v;

	memset(field, 0, row->size);
	if (row->kind->init != NULL)
		row->kind->init(row, field);
	if (row->default_text == NULL)
		return;
	if (row->kind->list)
		v = option_default_list(row->default_text);
	else
		v = value_from_plain(0, span_of(row->default_text));
	got = row->kind->read(&at, field, v);
	/* A default that does not read is a wrong row. */
	assert(got == OPTION_READ_OK);
	(void)got;
	value_free(&v);
}

void
option_defaults(const struct option_table *t, void *obj)
{
	size_t i;

	memset(obj, 0, t->size);
	for (i = 0; i < t->n; i++)
		option_default(t, &t->rows[i],
		    option_field(&t->rows[i], obj), 0);
}

/* ---- reading ------------------------------------------------------------ */

static const struct option_row *
option_find(const struct option_table *t, const char *name)
{
	size_t i;

	for (i = 0; i < t->n; i++) {
		if (strcmp(t->rows[i].name, name) == 0)
			return &t->rows[i];
	}
	return NULL;
}

static void
option_field_free(const struct option_row *row, void *field)
{
	if (row->kind->free != NULL)
		row->kind->free(row, field);
	memset(field, 0, row->size);
}

/* Nothing given for an option that may be "none" is that. */
static enum option_read
option_read_value(const struct option_at *at, void *field,
    const struct value *v)
{
	const struct option_row *row = at->row;

	memset(field, 0, row->size);
	if (row->kind->init != NULL)
		row->kind->init(row, field);
	if (v->kind == VALUE_NULL && row->default_text == NULL &&
	    (row->flags & OPT_F_REQUIRED) == 0)
		return OPTION_READ_OK;
	return row->kind->read(at, field, v);
}

static int
option_fill_one(const struct option_at *at, void *obj, const struct value *v)
{
	const struct option_row *row = at->row;
	void *fresh = xcalloc(1, row->size);
	enum option_read got = option_read_value(at, fresh, v);
	int rc = 0;

	if (got == OPTION_READ_OK) {
		option_field_free(row, option_field(row, obj));
		memcpy(option_field(row, obj), fresh, row->size);
		option_bit_set(at->table, obj,
		    (size_t)(row - at->table->rows));
		if ((row->flags & OPT_F_NOEFFECT) != 0)
			problem_notice(at->problems, v->line,
			    "option '%s' of %s has no effect: %s", row->name,
			    at->table->of, row->why);
	} else {
		if (got == OPTION_READ_WRONG)
			option_wrong(at, v);
		option_field_free(row, fresh);
		rc = -1;
	}
	free(fresh);
	return rc;
}

int
option_fill_at(const struct option_table *t, void *obj,
    const struct value *map, const char *skip, struct problems *problems,
    unsigned depth)
{
	struct option_at at = { .table = t, .problems = problems,
		.depth = depth };
	const struct value_pair *pair;
	size_t n, i;
	int rc = 0;

	if (!option_is_map(map, &n) || depth > OPTION_DEPTH_MAX) {
		problem_add(problems, map->line, "%s: wanted a map of options",
		    t->of);
		return -1;
	}
	for (i = 0; i < n; i++) {
		pair = &map->u.map.v[i];
		if (skip != NULL && strcmp(pair->key, skip) == 0)
			continue;
		at.row = option_find(t, pair->key);
		if (at.row == NULL) {
			option_unknown(t, pair->key, pair->line, problems);
			rc = -1;
		} else if (option_fill_one(&at, obj, pair->value) != 0) {
			rc = -1;
		}
	}
	return rc;
}

int
option_fill(const struct option_table *t, void *obj, const struct value *map,
    struct problems *problems)
{
	return option_fill_at(t, obj, map, NULL, problems, 0);
}

int
option_check(const struct option_table *t, const void *obj, int line,
    struct problems *problems)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < t->n; i++) {
		if ((t->rows[i].flags & OPT_F_REQUIRED) == 0 ||
		    option_bit(t, obj, i))
			continue;
		problem_add(problems, line, "%s needs option '%s': %s", t->of,
		    t->rows[i].name, t->rows[i].meaning);
		rc = -1;
	}
	return rc;
}

int
option_read_at(const struct option_table *t, void *obj,
    const struct value *map, struct problems *problems, unsigned depth)
{
	option_defaults(t, obj);
	/* What is wrong was maybe meant for the missing one: say that first. */
	if (option_fill_at(t, obj, map, NULL, problems, depth) == 0 &&
	    option_check(t, obj, map->line, problems) == 0)
		return 0;
	option_free(t, obj);
	return -1;
}

int
option_read(const struct option_table *t, void *obj, const struct value *map,
    struct problems *problems)
{
	return option_read_at(t, obj, map, problems, 0);
}

/* ---- between processes -------------------------------------------------- */

void
option_put(const struct option_table *t, struct buf *b, const void *obj)
{
	const struct option_set *set =
	    (const struct option_set *)(const void *)
	    ((const uint8_t *)obj + t->set);
	size_t i;

	for (i = 0; i < OPTION_ROWS_MAX / 64; i++)
		put_u64(b, set->bits[i]);
	for (i = 0; i < t->n; i++)
		t->rows[i].kind->put(&t->rows[i], b,
		    option_field_const(&t->rows[i], obj));
}

void
option_put_but(const struct option_table *t, struct buf *b, const void *obj,
    const char *const *names)
{
	size_t i;

	for (i = 0; i < t->n; i++) {
		if ((t->rows[i].flags & OPT_F_NOEFFECT) == 0 &&
		    option_name_find(names, span_of(t->rows[i].name)) < 0)
			t->rows[i].kind->put(&t->rows[i], b,
			    option_field_const(&t->rows[i], obj));
	}
}

void
option_get_at(const struct option_table *t, struct reader *r, void *obj,
    unsigned depth)
{
	struct option_set *set = option_set_of(t, obj);
	size_t i;

	memset(obj, 0, t->size);
	if (depth > OPTION_DEPTH_MAX) {
		reader_fail(r);
		return;
	}
	for (i = 0; i < OPTION_ROWS_MAX; i++) {
		if (i % 64 == 0)
			set->bits[i / 64] = reader_u64(r);
		if (i >= t->n && option_bit(t, obj, i))
			reader_fail(r);
	}
	for (i = 0; i < t->n && reader_ok(r); i++)
		t->rows[i].kind->get(&t->rows[i], r,
		    option_field(&t->rows[i], obj), depth);
}

bool
option_complete(const struct option_table *t, const void *obj)
{
	const struct option_row *row;
	const void *field;
	size_t i;

	for (i = 0; i < t->n; i++) {
		row = &t->rows[i];
		field = option_field_const(row, obj);
		if ((row->flags & OPT_F_REQUIRED) == 0)
			continue;
		if ((row->kind == &option_kind_TEXT ||
		    row->kind == &option_kind_LINES) &&
		    *(char *const *)field == NULL)
			return false;
		if (row->kind == &option_kind_IP_PORT &&
		    ((const struct ip *)field)->family == IP_NONE)
			return false;
	}
	return true;
}

void
option_get(const struct option_table *t, struct reader *r, void *obj)
{
	option_get_at(t, r, obj, 0);
	if (!option_complete(t, obj))
		reader_fail(r);
}

void
option_free(const struct option_table *t, void *obj)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		option_field_free(&t->rows[i],
		    option_field(&t->rows[i], obj));
	memset(obj, 0, t->size);
}

/* ---- the rest ----------------------------------------------------------- */

bool
option_is_set(const struct option_table *t, const void *obj, const char *name)
{
	const struct option_row *row = option_find(t, name);

	return row != NULL && option_bit(t, obj, (size_t)(row - t->rows));
}

void
option_overlay(const struct option_table *t, void *base, const void *over)
{
	size_t i;

	for (i = 0; i < t->n; i++) {
		if (!option_bit(t, over, i))
			continue;
		memcpy(option_field(&t->rows[i], base),
		    option_field_const(&t->rows[i], over), t->rows[i].size);
		option_bit_set(t, base, i);
	}
}
