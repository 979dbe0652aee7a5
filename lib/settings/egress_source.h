/* SPDX-License-Identifier: Apache-2.0 */
/* One sending identity: kumo.make_egress_source, `sources:`. */
#ifndef LIB_SETTINGS_EGRESS_SOURCE_H
#define LIB_SETTINGS_EGRESS_SOURCE_H

#include "lib/settings/option.h"

struct egress_source {
#define OPTIONS "lib/settings/egress_source.def"
#include "lib/settings/option_members.h"
};

extern const struct option_table egress_source_table;

void egress_source_defaults(struct egress_source *s);
/* Do the proxy options go together? 0, or -1 with a problem. */
int egress_source_check(const struct egress_source *s, int line,
    struct problems *problems);
/* With that check. */
int egress_source_read(struct egress_source *s, const struct value *map,
    struct problems *problems);
void egress_source_put(struct buf *b, const struct egress_source *s);
void egress_source_get(struct reader *r, struct egress_source *s);
void egress_source_free(struct egress_source *s);
/* What a session stands on, as egress_path_terms. */
void egress_source_terms(struct buf *b, const struct egress_source *s);

#endif
