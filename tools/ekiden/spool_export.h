/* SPDX-License-Identifier: Apache-2.0 */
/* Messages out of the spool: a list, one as it is, all into an mbox. */
#ifndef TOOLS_EKIDEN_SPOOL_EXPORT_H
#define TOOLS_EKIDEN_SPOOL_EXPORT_H

#include <stdbool.h>
#include <stddef.h>

struct spool;

struct spool_args {
	bool list;
	const char *id;   /* NULL: not asked for */
	const char *mbox; /* "-" is standard output */
	size_t top;
};

/* The exit status: 0, or 1 when something could not be read or written. */
int spool_export(struct spool *sp, const struct spool_args *args);

#endif
