/* SPDX-License-Identifier: Apache-2.0 */
/* How a Redis server or cluster is reached. */
#ifndef LIB_SETTINGS_REDIS_OPTS_H
#define LIB_SETTINGS_REDIS_OPTS_H

#include "lib/settings/option.h"

/* URLs that were checked; JSON shows them without user and password. */
#define OPTION_C_REDIS_NODES struct texts
/* As TEXT, and never shown. */
#define OPTION_C_SECRET char *

struct redis_opts {
#define OPTIONS "lib/settings/redis_opts.def"
#include "lib/settings/option_members.h"
};

extern const struct option_table redis_opts_table;

/* With node, which must be there; 0 or -1. */
int redis_opts_read(struct redis_opts *o, const struct value *map,
    struct problems *problems);
void redis_opts_put(struct buf *b, const struct redis_opts *o);
void redis_opts_get(struct reader *r, struct redis_opts *o);
void redis_opts_free(struct redis_opts *o);
bool redis_opts_is_cluster(const struct redis_opts *o);

#endif
