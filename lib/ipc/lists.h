/* SPDX-License-Identifier: Apache-2.0 */
/* Lists inside message bodies: a count and that many fields. */
#ifndef LIB_IPC_LISTS_H
#define LIB_IPC_LISTS_H

#include <stdint.h>

#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/base/uuid.h"
#include "lib/base/wire.h"

void u32s_put(struct buf *b, const uint32_t *v, uint32_t n);
uint32_t *u32s_get(struct reader *r, uint32_t *n_out, struct arena *a);
void spans_put(struct buf *b, const struct span *v, uint32_t n);
/* Each at most max bytes; they point into the reader's bytes. */
struct span *spans_get(struct reader *r, uint32_t *n_out, size_t max,
    struct arena *a);
void uuids_put(struct buf *b, const struct uuid *v, uint32_t n);
struct uuid *uuids_get(struct reader *r, uint32_t *n_out, struct arena *a);

#endif
