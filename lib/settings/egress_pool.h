/* SPDX-License-Identifier: Apache-2.0 */
/* A weighted set of sources: kumo.make_egress_pool, `pools:`. */
#ifndef LIB_SETTINGS_EGRESS_POOL_H
#define LIB_SETTINGS_EGRESS_POOL_H

#include "lib/settings/option.h"

struct pool_entry {
#define OPTIONS "lib/settings/pool_entry.def"
#include "lib/settings/option_members.h"
};

struct egress_pool {
#define OPTIONS "lib/settings/egress_pool.def"
#include "lib/settings/option_members.h"
};

extern const struct option_table egress_pool_table;
extern const struct option_table pool_entry_table;

void egress_pool_defaults(struct egress_pool *p);
int egress_pool_read(struct egress_pool *p, const struct value *map,
    struct problems *problems);
void egress_pool_put(struct buf *b, const struct egress_pool *p);
void egress_pool_get(struct reader *r, struct egress_pool *p);
void egress_pool_free(struct egress_pool *p);

#endif
