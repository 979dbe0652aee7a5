/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/settings/option_list.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"

struct option_many
option_many_of(const void *field)
{
	struct option_many m;

	memcpy(&m, field, sizeof(m));
	return m;
}

void
option_many_set(void *field, const struct option_many *m)
{
	memcpy(field, m, sizeof(*m));
}

void *
option_many_at(const struct option_many *m, size_t i, size_t size)
{
	return (uint8_t *)m->v + i * size;
}

void *
option_many_add(struct option_many *m, size_t size)
{
	m->v = xreallocarray(m->v, m->n + 1, size);
	return memset(option_many_at(m, m->n++, size), 0, size);
}

static const struct option_list *
list_of(const struct option_row *row)
{
	return row->kind->items;
}

static void *
list_item(const struct option_list *l, void *element)
{
	return (uint8_t *)element + l->offset;
}

static char **
list_name(void *element)
{
	return element;
}

static bool
name_is_reserved(const struct option_list *l, const char *name)
{
	return l->reserved != NULL && (*name == '\0' ||
	    span_starts(span_of(name), l->reserved));
}

/* Are they good together? The words go to a person, or to nobody. */
static bool
list_check(const struct option_list *l, const void *field, struct buf *why)
{
	if (l->check != NULL)
		l->check(field, why);
	return buf_len(why) == 0;
}

static enum option_read
named_read(const struct option_at *at, struct option_many *m,
    const struct value_pair *pair)
{
	const struct option_list *l = list_of(at->row);
	void *element = option_many_add(m, l->size);

	if (name_is_reserved(l, pair->key)) {
		option_problem(at, pair->line, "the name '%.60s' is reserved",
		    pair->key);
		return OPTION_READ_TOLD;
	}
	*list_name(element) = xstrdup(pair->key);
	return l->item->read(at, list_item(l, element), pair->value);
}

static enum option_read
all_read(const struct option_at *at, struct option_many *m,
    const struct value *v)
{
	const struct option_list *l = list_of(at->row);
	enum option_read got = OPTION_READ_OK;
	size_t n, i;

	if (!(l->named ? option_is_map(v, &n) : option_is_list(v, &n)))
		return OPTION_READ_WRONG;
	for (i = 0; i < n && got == OPTION_READ_OK; i++)
		got = l->named ? named_read(at, m, &v->u.map.v[i]) :
		    l->item->read(at, list_item(l, option_many_add(m,
		    l->size)), v->u.list.v[i]);
	return got;
}

enum option_read
option_list_read(const struct option_at *at, void *field,
    const struct value *v)
{
	const struct option_list *l = list_of(at->row);
	struct option_many m = { 0 };
	struct buf why = { 0 };
	enum option_read got;

	got = all_read(at, &m, v);
	if (got == OPTION_READ_OK && l->order != NULL && m.n > 1)
		qsort(m.v, m.n, l->size, l->order);
	option_many_set(field, &m);
	if (got == OPTION_READ_OK && !list_check(l, field, &why)) {
		option_problem(at, v->line, "%.*s", SPAN_FMT(buf_span(&why)));
		got = OPTION_READ_TOLD;
	}
	buf_free(&why);
	return got;
}

void
option_list_put(const struct option_row *row, struct buf *b, const void *field)
{
	const struct option_list *l = list_of(row);
	struct option_many m = option_many_of(field);
	void *element;
	size_t i;

	put_u32(b, (uint32_t)m.n);
	for (i = 0; i < m.n; i++) {
		element = option_many_at(&m, i, l->size);
		if (l->named)
			put_str(b, *list_name(element));
		l->item->put(row, b, list_item(l, element));
	}
}

void
option_list_get(const struct option_row *row, struct reader *r, void *field,
    unsigned depth)
{
	const struct option_list *l = list_of(row);
	struct option_many m = { 0 };
	struct buf why = { 0 };
	uint32_t n = reader_count(r, 1);
	void *element;

	/* Grown as they come: a T is larger than its shortest form. */
	for (; n > 0 && reader_ok(r); n--) {
		element = option_many_add(&m, l->size);
		if (l->named)
			*list_name(element) = reader_str(r, OPTION_TEXT_MAX);
		l->item->get(row, r, list_item(l, element), depth);
	}
	option_many_set(field, &m);
	if (reader_ok(r) && !list_check(l, field, &why))
		reader_fail(r);
	buf_free(&why);
}

void
option_list_free(const struct option_row *row, void *field)
{
	const struct option_list *l = list_of(row);
	struct option_many m = option_many_of(field);
	void *element;
	size_t i;

	for (i = 0; i < m.n; i++) {
		element = option_many_at(&m, i, l->size);
		if (l->named)
			free(*list_name(element));
		if (l->item->free != NULL)
			l->item->free(row, list_item(l, element));
	}
	free(m.v);
	option_many_set(field, &(struct option_many){ 0 });
}

void
option_list_json(const struct option_row *row, struct jout *j,
    const void *field)
{
	const struct option_list *l = list_of(row);
	struct option_many m = option_many_of(field);
	void *element;
	size_t i;

	if (l->named)
		jout_object(j);
	else
		jout_array(j);
	for (i = 0; i < m.n; i++) {
		element = option_many_at(&m, i, l->size);
		if (l->named)
			jout_key(j, span_of(*list_name(element)));
		l->item->json(row, j, list_item(l, element));
	}
	if (l->named)
		jout_object_end(j);
	else
		jout_array_end(j);
}
