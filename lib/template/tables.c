/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/template/tables.h"

#include "lib/base/text.h"

enum { NAMES_MAX = 128 };

const struct filter_row *const filter_tables[] = {
	filters_text, filters_list, filters_pick, filters_number,
	filters_format, filters_date, NULL,
};

const struct filter_row *
filter_find(struct span name)
{
	const struct filter_row *row;
	size_t i;

	for (i = 0; filter_tables[i] != NULL; i++) {
		for (row = filter_tables[i]; row->name != NULL; row++) {
			if (span_eq_str(name, row->name))
				return row;
		}
	}
	return NULL;
}

const struct test_row *
test_find(struct span name)
{
	const struct test_row *row;

	for (row = jinja_tests; row->name != NULL; row++) {
		if (span_eq_str(name, row->name))
			return row;
	}
	return NULL;
}

const struct function_row *
function_find(struct span name)
{
	const struct function_row *row;

	for (row = jinja_functions; row->name != NULL; row++) {
		if (span_eq_str(name, row->name))
			return row;
	}
	return NULL;
}

const char *
filter_near(struct span name)
{
	const char *names[NAMES_MAX];
	const struct filter_row *row;
	size_t i, n = 0;

	for (i = 0; filter_tables[i] != NULL; i++) {
		for (row = filter_tables[i]; row->name != NULL &&
		    n < NAMES_MAX; row++)
			names[n++] = row->name;
	}
	return text_nearest(name, names, n);
}

const char *
test_near(struct span name)
{
	const char *names[NAMES_MAX];
	const struct test_row *row;
	size_t n = 0;

	for (row = jinja_tests; row->name != NULL && n < NAMES_MAX; row++)
		names[n++] = row->name;
	return text_nearest(name, names, n);
}
