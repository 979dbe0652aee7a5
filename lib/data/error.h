/* SPDX-License-Identifier: Apache-2.0 */
/* Where a text is not what its format asks for, and why. */
#ifndef LIB_DATA_ERROR_H
#define LIB_DATA_ERROR_H

#include <stddef.h>

#include "lib/base/span.h"

enum { DATA_ERROR_MAX = 200 };

struct data_error {
	int line, column; /* from 1; 0: unknown. Columns count characters */
	char text[DATA_ERROR_MAX]; /* printable */
};

/* Line and column of the byte at `offset` of the whole text. */
void data_error_at(struct data_error *e, struct span text, size_t offset,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* The same where line and column are known. */
void data_error_set(struct data_error *e, int line, int column,
    struct span what);

#endif
