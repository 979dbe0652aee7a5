/* SPDX-License-Identifier: Apache-2.0 */
/* Options for people: effective values as JSON, rows for the man pages. */
#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/settings/option.h"
#include "lib/settings/option_kind.h"

void
option_json(const struct option_table *t, struct jout *j, const void *obj)
{
	const struct option_row *row;
	size_t i;

	jout_object(j);
	for (i = 0; i < t->n; i++) {
		row = &t->rows[i];
		jout_key(j, span_of(row->name));
		row->kind->json(row, j, (const uint8_t *)obj + row->offset);
	}
	jout_object_end(j);
}

/*
 * Text in mdoc: a backslash, a dot or quote that starts a line, and each
 * sentence on a line of its own.
 */
static void
mdoc_text(struct buf *out, const char *s)
{
	bool line_start = true;

	for (; *s != '\0'; s++) {
		if (line_start && (*s == '.' || *s == '\''))
			buf_add_str(out, "\\&");
		/* Never at the first byte: no text begins with a blank. */
		line_start = !line_start && s[0] == ' ' && s[-1] == '.';
		if (line_start)
			buf_add_byte(out, '\n');
		else if (*s == '\\')
			buf_add_str(out, "\\e");
		else
			buf_add_byte(out, (uint8_t)*s);
	}
}

/* The same inside a macro's argument, in quotes. */
static void
mdoc_quoted(struct buf *out, const char *s)
{
	buf_add_byte(out, '"');
	for (; *s != '\0'; s++) {
		if (*s == '"')
			buf_add_str(out, "\\(dq");
		else if (*s == '\\')
			buf_add_str(out, "\\e");
		else
			buf_add_byte(out, (uint8_t)*s);
	}
	buf_add_byte(out, '"');
}

static void
mdoc_row(const struct option_row *row, struct buf *out)
{
	struct buf type = { 0 };

	if (row->kind->describe != NULL)
		row->kind->describe(row, &type);
	else
		buf_add_str(&type, row->kind->wanted);
	buf_add_byte(&type, '\0');
	buf_addf(out, ".It Ic %s\n", row->name);
	mdoc_text(out, row->meaning);
	buf_add_str(out, "\nWanted is ");
	mdoc_text(out, (const char *)buf_data(&type));
	buf_add_str(out, ".\n");
	if (row->default_text != NULL) {
		buf_add_str(out, "The default is\n.Ql ");
		mdoc_quoted(out, row->default_text);
		buf_add_str(out, " .\n");
	} else if ((row->flags & OPT_F_REQUIRED) != 0) {
		buf_add_str(out, "It must be given.\n");
	}
	if ((row->flags & OPT_F_NOEFFECT) != 0) {
		buf_add_str(out, "It has no effect: ");
		mdoc_text(out, row->why);
		buf_add_str(out, ".\n");
	}
	buf_free(&type);
}

void
option_table_mdoc(const struct option_table *t, struct buf *out)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		mdoc_row(&t->rows[i], out);
}
