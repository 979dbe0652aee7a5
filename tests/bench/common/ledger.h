/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file of lines that audits compare after a crash. Lines gather during one
 * turn of the loop and leave in one write, so the file never lags behind what
 * was said on the wire by more than the turn.
 */
#ifndef TESTS_BENCH_COMMON_LEDGER_H
#define TESTS_BENCH_COMMON_LEDGER_H

#include <stdbool.h>

#include "lib/base/buf.h"

struct ledger {
	int fd; /* -1: no ledger is kept */
	struct buf lines;
};

/* Appends to path; NULL keeps none. Ends the process when it cannot. */
void ledger_open(struct ledger *l, const char *path);
static inline bool
ledger_on(const struct ledger *l)
{
	return l->fd != -1;
}
void ledger_flush(struct ledger *l);
void ledger_close(struct ledger *l);

#endif
