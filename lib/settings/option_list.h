/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options that hold many of one thing, as a list or as a map from names: how
 * they are read, written and freed, over what the kind of one thing can do.
 * The field is a struct { T *v; size_t n; }. Only the files of this folder
 * include it.
 */
#ifndef LIB_SETTINGS_OPTION_LIST_H
#define LIB_SETTINGS_OPTION_LIST_H

#include "lib/settings/option_kind.h"

struct option_list {
	/* Of one thing; it needs read, put, get and json. */
	const struct option_kind *item;
	size_t size;   /* of a T */
	size_t offset; /* of the thing in its T */
	/* A map: each T begins with its name, a char * on the heap. */
	bool named;
	/* Names that begin so are not for policies; NULL = any name will do. */
	const char *reserved;
	/* For qsort, over two T; NULL = as they were written. */
	int (*order)(const void *a, const void *b);
	/* What is wrong with all of them together, as words; may be NULL. */
	void (*check)(const void *field, struct buf *why);
};

/* Any such field, taken and put as bytes. */
struct option_many {
	void *v;
	size_t n;
};

struct option_many option_many_of(const void *field);
void option_many_set(void *field, const struct option_many *m);
void *option_many_at(const struct option_many *m, size_t i, size_t size);
/* Room for one more, all zero; it counts already. */
void *option_many_add(struct option_many *m, size_t size);

/* What a kind with `items` does. */
enum option_read option_list_read(const struct option_at *at, void *field,
    const struct value *v);
void option_list_put(const struct option_row *row, struct buf *b,
    const void *field);
void option_list_get(const struct option_row *row, struct reader *r,
    void *field, unsigned depth);
void option_list_free(const struct option_row *row, void *field);
void option_list_json(const struct option_row *row, struct jout *j,
    const void *field);

/* The members of such a kind. */
#define OPTION_LIST(list_)                                                     \
	.items = list_, .read = option_list_read, .put = option_list_put,      \
	.get = option_list_get, .free = option_list_free,                      \
	.json = option_list_json

#endif
