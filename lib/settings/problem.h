/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is wrong with a configuration, and where: found problems are collected
 * so that an operator sees them all at once. A notice is no error: it is said
 * once and the configuration stands.
 */
#ifndef LIB_SETTINGS_PROBLEM_H
#define LIB_SETTINGS_PROBLEM_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/buf.h"

struct problem {
	char *file; /* NULL = unknown */
	int line;   /* 0 = unknown */
	char *text; /* printable */
	bool notice;
};

/* Zero-initialised is empty. */
struct problems {
	struct problem *v;
	size_t n;
	size_t errors;    /* of these, not notices */
	const char *file; /* stamped on what is added; may be NULL */
};

enum { PROBLEMS_MAX = 200 }; /* what comes after is counted, not kept */

/* p may be NULL: then nothing is kept. */
void problem_add(struct problems *p, int line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void problem_notice(struct problems *p, int line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* "file:line: text\n" for each; notices say so. */
void problems_print(const struct problems *p, struct buf *out);
void problems_free(struct problems *p);

#endif
