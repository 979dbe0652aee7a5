/* SPDX-License-Identifier: Apache-2.0 */
/* One kumo.define_spool call; suite_define_spool lays it over `spool:`. */
#ifndef LIB_SETTINGS_SPOOL_OPTS_H
#define LIB_SETTINGS_SPOOL_OPTS_H

#include "lib/settings/option.h"

enum spool_name { SPOOL_DATA, SPOOL_META };

struct rocks_params {
#define OPTIONS "lib/settings/rocks_params.def"
#include "lib/settings/option_members.h"
};

struct spool_opts {
#define OPTIONS "lib/settings/spool_opts.def"
#include "lib/settings/option_members.h"
};

extern const struct option_table spool_opts_table;
extern const struct option_table rocks_params_table;

void spool_opts_defaults(struct spool_opts *s);
int spool_opts_read(struct spool_opts *s, const struct value *map,
    struct problems *problems);
void spool_opts_put(struct buf *b, const struct spool_opts *s);
void spool_opts_get(struct reader *r, struct spool_opts *s);
void spool_opts_free(struct spool_opts *s);

#endif
