/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For the operator's tool: is every row whole, and do the rows fit together?
 * How much is there? All read from one snapshot, so a running suite is no
 * hindrance; only a copy that replaces the file needs it to be stopped.
 */
#ifndef LIB_STORE_CHECK_H
#define LIB_STORE_CHECK_H

#include <stdint.h>

struct spool;

struct spool_findings {
	uint64_t messages, bodies, entries, cursors;
	uint64_t apart;    /* rows in `damaged` */
	uint64_t problems;
};

/* Each problem is told as one line; 0, or -1 when the spool fails. */
int spool_check(struct spool *sp, void (*tell)(void *arg, const char *line),
    void *arg, struct spool_findings *out);

struct spool_counts {
	const char *name;
	uint64_t rows, pages;
};

enum { SPOOL_DATABASES = 8 };

int spool_count(struct spool *sp, struct spool_counts out[SPOOL_DATABASES]);

/* Write a copy without free pages to an open file; 0 or -1. */
int spool_copy(struct spool *sp, int fd);

#endif
