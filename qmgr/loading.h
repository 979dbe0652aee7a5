/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Learning what the spool holds. At the start the whole schedule is read from a
 * reader in slices, after all workers have said what they still hold; later,
 * what one commit stored comes from the writer as it happens, and a gap in
 * these reports (we or the writer were away or slow) is read from the schedule
 * by commit number.
 *
 * Each slice is one short read; snapshot and commit numbers tell which of the
 * two ways brings an entry, so that each comes once.
 */
#ifndef QMGR_LOADING_H
#define QMGR_LOADING_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/ipc/channel.h"
#include "qmgr/engine/engine.h"

struct qmgr;

void loading_init(struct qmgr *q);
/* A peer came or spoke that a scan may have waited for. */
void loading_check(struct qmgr *q);
void loading_store_up(struct qmgr *q);
void loading_store_down(struct qmgr *q);
/* The writer has spoken: what it commits from now on it reports to us. */
void loading_store_spoke(struct qmgr *q);
void loading_reader_up(struct qmgr *q);
/*
 * An outcome of a message that the engine does not know: kept until the
 * schedule gave it. False when everything is read already.
 */
bool loading_outcome(struct qmgr *q, uint32_t worker, const struct uuid *id,
    const struct engine_outcome *in, uint64_t token);

void loading_on_enqueued(void *arg, struct channel *ch, uint64_t id,
    struct reader *r, int fd);
void loading_on_gap(void *arg, struct channel *ch, uint64_t id,
    struct reader *r, int fd);
void loading_on_slice(void *arg, struct channel *ch, uint64_t id,
    struct reader *r, int fd);

#endif
