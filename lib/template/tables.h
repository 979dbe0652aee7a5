/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the Jinja dialect offers by name: filters, tests, functions. Each is a
 * row of a table, so that what is documented and what is there are one. Only
 * for lib/template.
 */
#ifndef LIB_TEMPLATE_TABLES_H
#define LIB_TEMPLATE_TABLES_H

#include "lib/template/call.h"

struct filter_row {
	const char *name;
	/* c->in is the value; -1 after render_fail() */
	int (*call)(struct render *r, struct call *c, struct tval *out);
	const char *args; /* what it takes, as the page says: "a, b?" */
	const char *text; /* mdoc */
};

struct test_row {
	const char *name;
	/* 1, 0, or -1 after render_fail() */
	int (*call)(struct render *r, struct call *c);
	const char *args;
	const char *text;
};

struct function_row {
	const char *name;
	int (*call)(struct render *r, struct call *c, struct tval *out);
	const char *args;
	const char *text;
};

struct method_row {
	uint8_t kind; /* enum tval_kind: of these */
	const char *name;
	/* c->in is the value */
	int (*call)(struct render *r, struct call *c, struct tval *out);
	const char *args;
	const char *text;
};

/* Each table ends with a row without name. */
extern const struct filter_row *const filter_tables[];
extern const struct filter_row filters_text[];
extern const struct filter_row filters_list[];
extern const struct filter_row filters_pick[];
extern const struct filter_row filters_number[];
extern const struct filter_row filters_date[];
extern const struct filter_row filters_format[];
extern const struct test_row jinja_tests[];
extern const struct function_row jinja_functions[];
extern const struct method_row jinja_methods[];

/* NULL: there is none. */
const struct filter_row *filter_find(struct span name);
const struct test_row *test_find(struct span name);
const struct function_row *function_find(struct span name);
/* The nearest name that could be meant, or NULL. */
const char *filter_near(struct span name);
const char *test_near(struct span name);

#endif
