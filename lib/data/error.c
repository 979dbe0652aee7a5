/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/data/error.h"

#include <stdarg.h>
#include <stdio.h>

#include "lib/base/text.h"

void
data_error_set(struct data_error *e, int line, int column, struct span what)
{
	e->line = line;
	e->column = column;
	text_printable(what, e->text, sizeof(e->text));
}

void
data_error_at(struct data_error *e, struct span text, size_t offset,
    const char *fmt, ...)
{
	char what[DATA_ERROR_MAX];
	int line = 1, column = 1;
	va_list ap;
	size_t i;

	for (i = 0; i < offset && i < text.len; i++) {
		if (text.p[i] == '\n') {
			line++;
			column = 1;
		} else if (((unsigned char)text.p[i] & 0xc0) != 0x80) {
			column++;
		}
	}
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	data_error_set(e, line, column, span_of(what));
}
