/* SPDX-License-Identifier: Apache-2.0 */
/* How much is in the spool, and in which queues. */
#ifndef TOOLS_EKIDEN_SPOOL_STATS_H
#define TOOLS_EKIDEN_SPOOL_STATS_H

#include <stddef.h>

struct spool;

/* With the `top` longest queues; 0, or -1 when the spool fails. */
int spool_stats_print(struct spool *sp, size_t top);

#endif
