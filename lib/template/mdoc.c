/* SPDX-License-Identifier: Apache-2.0 */
/* What templates may use, as lists of ekiden-template(7). */
#include <string.h>

#include "lib/template/hb.h"
#include "lib/template/tables.h"
#include "lib/template/template.h"

/* Arguments stand between before and after: "(" and ")", " " and "". */
static void
put_row(struct buf *out, const char *name, const char *before,
    const char *args, const char *after, const char *text)
{
	buf_addf(out, ".It Cm %s", name);
	if (args[0] != '\0') {
		buf_addf(out, " Ns Li \"%s", before);
		for (; *args != '\0'; args++) {
			buf_add_byte(out, *args);
			if (*args == '\\')
				buf_add_byte(out, 'e');
		}
		buf_addf(out, "%s\"", after);
	}
	buf_addf(out, "\n%s\n", text);
}

static void
put_filters(struct buf *out)
{
	const struct filter_row *row;
	size_t i;

	for (i = 0; filter_tables[i] != NULL; i++) {
		for (row = filter_tables[i]; row->name != NULL; row++)
			put_row(out, row->name, "(", row->args, ")",
			    row->text);
	}
}

static void
put_tests(struct buf *out)
{
	const struct test_row *row;

	for (row = jinja_tests; row->name != NULL; row++)
		put_row(out, row->name, "(", row->args, ")", row->text);
}

static void
put_functions(struct buf *out)
{
	const struct function_row *row;

	for (row = jinja_functions; row->name != NULL; row++)
		put_row(out, row->name, "(", row->args, ")", row->text);
}

static void
put_methods(struct buf *out)
{
	const struct method_row *row;

	for (row = jinja_methods; row->name != NULL; row++)
		put_row(out, row->name, "(", row->args, ")", row->text);
}

static void
put_helpers(struct buf *out)
{
	const struct hb_helper *row;

	for (row = hb_helpers; row->name != NULL; row++)
		put_row(out, row->name, " ", row->args, "", row->text);
}

int
template_mdoc(struct buf *out, const char *what)
{
	static const struct {
		const char *what;
		void (*put)(struct buf *out);
	} lists[] = {
		{ "filters", put_filters }, { "tests", put_tests },
		{ "functions", put_functions }, { "methods", put_methods },
		{ "helpers", put_helpers },
	};
	size_t i;

	for (i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		if (strcmp(what, lists[i].what) != 0)
			continue;
		buf_add_str(out, ".Bl -tag -width Ds\n");
		lists[i].put(out);
		buf_add_str(out, ".El\n");
		return 0;
	}
	return -1;
}
