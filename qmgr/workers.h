/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The delivery processes. The engine has one row of numbers for them; here a
 * number is a role and an index. At a start each says what it still holds.
 */
#ifndef QMGR_WORKERS_H
#define QMGR_WORKERS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/ipc/channel.h"

struct qmgr;

void workers_init(struct qmgr *q);
/* The engine's number of the worker behind this channel. */
uint32_t worker_number(const struct channel *ch);
enum role worker_role(uint32_t worker);
uint32_t worker_index(uint32_t worker);
/* NULL while it is away. */
struct channel *worker_channel(const struct qmgr *q, uint32_t worker);

/* It has said what it holds; it is gone. */
void workers_reported(struct qmgr *q, uint32_t worker);
void workers_gone(struct qmgr *q, uint32_t worker);
/* Have all that should be there said it? */
bool workers_all_reported(const struct qmgr *q);

#endif
