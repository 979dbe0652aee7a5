/* SPDX-License-Identifier: Apache-2.0 */
/* Options that are tables themselves: one, a list of them, a map of them. */
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/map.h"
#include "lib/settings/option.h"
#include "lib/settings/option_kind.h"
#include "lib/settings/option_list.h"

/* ---- TABLE -------------------------------------------------------------- */

static void
table_init(const struct option_row *row, void *field)
{
	option_defaults(row->extra, field);
}

static enum option_read
table_read(const struct option_at *at, void *field, const struct value *v)
{
	size_t n;

	if (!option_is_map(v, &n))
		return OPTION_READ_WRONG;
	/* init filled it; read_at starts over. */
	option_free(at->row->extra, field);
	return option_read_at(at->row->extra, field, v, at->problems,
	    at->depth + 1) == 0 ? OPTION_READ_OK : OPTION_READ_TOLD;
}

static void
table_put(const struct option_row *row, struct buf *b, const void *field)
{
	option_put(row->extra, b, field);
}

static void
table_get(const struct option_row *row, struct reader *r, void *field,
    unsigned depth)
{
	option_get_at(row->extra, r, field, depth + 1);
}

static void
table_free(const struct option_row *row, void *field)
{
	option_free(row->extra, field);
}

static void
table_json(const struct option_row *row, struct jout *j, const void *field)
{
	option_json(row->extra, j, field);
}

/* "a map of options: a, b and c" */
static void
table_describe(const struct option_row *row, struct buf *out)
{
	const struct option_table *t = row->extra;
	size_t i;

	buf_add_str(out, row->kind == &option_kind_TABLES ? "a list of maps" :
	    "a map");
	for (i = 0; i < t->n; i++)
		buf_addf(out, "%s%s", i == 0 ? " of " :
		    i + 1 == t->n ? " and " : ", ", t->rows[i].name);
}

const struct option_kind option_kind_TABLE = {
	.name = "table", .wanted = "a map of options", .init = table_init,
	.read = table_read, .put = table_put, .get = table_get,
	.free = table_free, .json = table_json, .describe = table_describe,
};

/* ---- TABLES ------------------------------------------------------------- */

static enum option_read
tables_read(const struct option_at *at, void *field, const struct value *v)
{
	const struct option_table *t = at->row->extra;
	struct option_many m = { 0 };
	bool wrong = false;
	size_t n, i;

	if (!option_is_list(v, &n))
		return OPTION_READ_WRONG;
	if (n != 0)
		m.v = xcalloc(n, t->size);
	for (i = 0; i < n; i++) {
		if (option_read_at(t, option_many_at(&m, m.n, t->size),
		    v->u.list.v[i], at->problems, at->depth + 1) != 0)
			wrong = true;
		else
			m.n++;
	}
	option_many_set(field, &m);
	return wrong ? OPTION_READ_TOLD : OPTION_READ_OK;
}

static void
tables_put(const struct option_row *row, struct buf *b, const void *field)
{
	const struct option_table *t = row->extra;
	struct option_many m = option_many_of(field);
	size_t i;

	put_u32(b, (uint32_t)m.n);
	for (i = 0; i < m.n; i++)
		option_put(t, b, option_many_at(&m, i, t->size));
}

static void
tables_get(const struct option_row *row, struct reader *r, void *field,
    unsigned depth)
{
	const struct option_table *t = row->extra;
	struct option_many m = { 0 };
	uint32_t n = reader_count(r, sizeof(struct option_set) + t->n);
	void *obj;

	/* Grown as they come: a struct is larger than its shortest form. */
	for (; n > 0 && reader_ok(r); n--) {
		obj = option_many_add(&m, t->size);
		option_get_at(t, r, obj, depth + 1);
		if (!option_complete(t, obj))
			reader_fail(r);
	}
	option_many_set(field, &m);
}

static void
tables_free(const struct option_row *row, void *field)
{
	const struct option_table *t = row->extra;
	struct option_many m = option_many_of(field);
	size_t i;

	for (i = 0; i < m.n; i++)
		option_free(t, option_many_at(&m, i, t->size));
	free(m.v);
}

static void
tables_json(const struct option_row *row, struct jout *j, const void *field)
{
	const struct option_table *t = row->extra;
	struct option_many m = option_many_of(field);
	size_t i;

	jout_array(j);
	for (i = 0; i < m.n; i++)
		option_json(t, j, option_many_at(&m, i, t->size));
	jout_array_end(j);
}

const struct option_kind option_kind_TABLES = {
	.name = "tables", .wanted = "a list of maps", .read = tables_read,
	.put = tables_put, .get = tables_get, .free = tables_free,
	.json = tables_json, .describe = table_describe,
};

/* ---- MAPPED ------------------------------------------------------------- */

static char **
mapped_key(void *element)
{
	return element;
}

static void *
mapped_options(const struct option_mapped *kind, void *element)
{
	return (uint8_t *)element + kind->offset;
}

/* The pattern with its prefix option, if the options name one. */
static char *
mapped_key_read(const struct option_at *at, const struct value_pair *pair)
{
	const struct option_mapped *kind = at->row->extra;
	const struct value *prefix = NULL;
	const char *why = NULL;
	char *whole, *key;

	if (kind->prefix_option != NULL)
		prefix = value_get(pair->value, kind->prefix_option);
	if (prefix != NULL && prefix->kind != VALUE_TEXT) {
		option_problem(at, prefix->line, "'%s' must be text",
		    kind->prefix_option);
		return NULL;
	}
	if (prefix != NULL)
		whole = xasprintf("%s%s%s", prefix->u.text.p,
		    kind->prefix_join, pair->key);
	else
		whole = xstrdup(pair->key);
	key = kind->key(span_of(whole), &why);
	if (key == NULL)
		option_problem(at, pair->line, "pattern '%.100s' %s", whole,
		    why);
	free(whole);
	return key;
}

static int
mapped_one(const struct option_at *at, struct option_many *m,
    struct map *seen, const struct value_pair *pair)
{
	const struct option_mapped *kind = at->row->extra;
	void *element = option_many_at(m, m->n, kind->size);
	char *key = mapped_key_read(at, pair);

	if (key == NULL)
		return -1;
	/* Different spellings may have one normal form. */
	if (map_set(seen, span_of(key), m) != NULL) {
		option_problem(at, pair->line, "pattern '%.100s' is there "
		    "twice", key);
		free(key);
		return -1;
	}
	option_defaults(kind->table, mapped_options(kind, element));
	if (option_fill_at(kind->table, mapped_options(kind, element),
	    pair->value, kind->prefix_option, at->problems,
	    at->depth + 1) != 0) {
		option_free(kind->table, mapped_options(kind, element));
		free(key);
		return -1;
	}
	*mapped_key(element) = key;
	m->n++;
	return 0;
}

static enum option_read
mapped_read(const struct option_at *at, void *field, const struct value *v)
{
	const struct option_mapped *kind = at->row->extra;
	struct option_many m = { 0 };
	struct map seen = { 0 };
	bool wrong = false;
	size_t n, i;

	if (!option_is_map(v, &n))
		return OPTION_READ_WRONG;
	if (n != 0)
		m.v = xcalloc(n, kind->size);
	for (i = 0; i < n; i++) {
		if (mapped_one(at, &m, &seen, &v->u.map.v[i]) != 0)
			wrong = true;
	}
	map_free(&seen, NULL);
	option_many_set(field, &m);
	return wrong ? OPTION_READ_TOLD : OPTION_READ_OK;
}

static void
mapped_put(const struct option_row *row, struct buf *b, const void *field)
{
	const struct option_mapped *kind = row->extra;
	struct option_many m = option_many_of(field);
	size_t i;

	put_u32(b, (uint32_t)m.n);
	for (i = 0; i < m.n; i++) {
		put_str(b, *mapped_key(option_many_at(&m, i, kind->size)));
		option_put(kind->table, b, mapped_options(kind,
		    option_many_at(&m, i, kind->size)));
	}
}

/* A key that is not in its normal form was not made by our reader. */
static char *
mapped_key_get(const struct option_mapped *kind, struct reader *r)
{
	const char *why;
	char *text = reader_str(r, OPTION_TEXT_MAX);
	char *key = kind->key(span_of(text), &why);

	if (key == NULL || strcmp(key, text) != 0)
		reader_fail(r);
	free(key);
	return text;
}

static void
mapped_get(const struct option_row *row, struct reader *r, void *field,
    unsigned depth)
{
	const struct option_mapped *kind = row->extra;
	struct option_many m = { 0 };
	uint32_t n = reader_count(r, 4 + sizeof(struct option_set) +
	    kind->table->n);
	void *element;

	for (; n > 0 && reader_ok(r); n--) {
		element = option_many_add(&m, kind->size);
		*mapped_key(element) = mapped_key_get(kind, r);
		option_get_at(kind->table, r, mapped_options(kind, element),
		    depth + 1);
	}
	option_many_set(field, &m);
}

static void
mapped_free(const struct option_row *row, void *field)
{
	const struct option_mapped *kind = row->extra;
	struct option_many m = option_many_of(field);
	void *element;
	size_t i;

	for (i = 0; i < m.n; i++) {
		element = option_many_at(&m, i, kind->size);
		free(*mapped_key(element));
		option_free(kind->table, mapped_options(kind, element));
	}
	free(m.v);
}

static void
mapped_json(const struct option_row *row, struct jout *j, const void *field)
{
	const struct option_mapped *kind = row->extra;
	struct option_many m = option_many_of(field);
	void *element;
	size_t i;

	jout_object(j);
	for (i = 0; i < m.n; i++) {
		element = option_many_at(&m, i, kind->size);
		jout_key(j, span_of(*mapped_key(element)));
		option_json(kind->table, j, mapped_options(kind, element));
	}
	jout_object_end(j);
}

const struct option_kind option_kind_MAPPED = {
	.name = "map", .wanted = "a map from pattern to options",
	.example = "{\"example.com\": {...}}", .read = mapped_read,
	.put = mapped_put, .get = mapped_get, .free = mapped_free,
	.json = mapped_json,
};
