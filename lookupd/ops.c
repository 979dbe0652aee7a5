/* SPDX-License-Identifier: Apache-2.0 */
/* Which function carries out which operation. */
#include "lookupd/ask.h"
#include "lookupd/throttles.h"

const struct ask_op ask_ops[LOOKUP_OPS] = {
	[LOOKUP_THROTTLE] = { .start = throttles_ask },
};
