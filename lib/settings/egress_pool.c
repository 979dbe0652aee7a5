/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/settings/egress_pool.h"

#include <stddef.h>

#include "lib/settings/option_kind.h"

static const struct option_row pool_entry_rows[] = {
#define OPTIONS "lib/settings/pool_entry.def"
#define OPTION_OF struct pool_entry
#include "lib/settings/option_rows.h"
};

const struct option_table pool_entry_table =
    OPTION_TABLE("kumo.make_egress_pool entries", struct pool_entry,
	pool_entry_rows);

static const struct option_row egress_pool_rows[] = {
#define OPTIONS "lib/settings/egress_pool.def"
#define OPTION_OF struct egress_pool
#include "lib/settings/option_rows.h"
};

const struct option_table egress_pool_table =
    OPTION_TABLE("kumo.make_egress_pool", struct egress_pool, egress_pool_rows);

void
egress_pool_defaults(struct egress_pool *p)
{
	option_defaults(&egress_pool_table, p);
}

int
egress_pool_read(struct egress_pool *p, const struct value *map,
    struct problems *problems)
{
	return option_read(&egress_pool_table, p, map, problems);
}

void
egress_pool_put(struct buf *b, const struct egress_pool *p)
{
	option_put(&egress_pool_table, b, p);
}

void
egress_pool_get(struct reader *r, struct egress_pool *p)
{
	option_get(&egress_pool_table, r, p);
}

void
egress_pool_free(struct egress_pool *p)
{
	option_free(&egress_pool_table, p);
}
