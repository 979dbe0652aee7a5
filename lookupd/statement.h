/* SPDX-License-Identifier: Apache-2.0 */
/* One SQL statement: prepared, bound, run to its end, its rows as values. */
#ifndef LOOKUPD_STATEMENT_H
#define LOOKUPD_STATEMENT_H

#include "lib/base/buf.h"
#include "lib/base/span.h"
#include "lib/settings/value.h"

struct sqlite3;

enum { STATEMENT_MS = 10000 }; /* it is interrupted then */

enum statement_result {
	STATEMENT_DONE,
	STATEMENT_BUSY, /* locked by somebody: nothing was done, try again */
	STATEMENT_FAILED,
};

/*
 * params by position (a list, or a map of numbers where nil leaves gaps; n of
 * them) or named (a map). The result: a list of values for one column, of maps
 * for more, the number of changed rows when there are no rows. Why it failed
 * (or what it waits for) goes into why.
 */
enum statement_result statement_run(struct sqlite3 *db, struct span sql,
    const struct value *params, int64_t n, const struct value *named,
    struct value **result_out, struct buf *why);

#endif
