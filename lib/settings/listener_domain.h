/* SPDX-License-Identifier: Apache-2.0 */
/* Relay rights of one domain: kumo.make_listener_domain, `domains:`. */
#ifndef LIB_SETTINGS_LISTENER_DOMAIN_H
#define LIB_SETTINGS_LISTENER_DOMAIN_H

#include "lib/settings/option.h"

enum oob_mode { OOB_IGNORE, OOB_LOG_THEN_RELAY, OOB_LOG_THEN_DROP };

#define OPTION_C_OOB_MODE int /* enum oob_mode */

struct listener_domain {
#define OPTIONS "lib/settings/listener_domain.def"
#include "lib/settings/option_members.h"
};

extern const struct option_table listener_domain_table;

void listener_domain_defaults(struct listener_domain *d);
int listener_domain_read(struct listener_domain *d, const struct value *map,
    struct problems *problems);
void listener_domain_put(struct buf *b, const struct listener_domain *d);
void listener_domain_get(struct reader *r, struct listener_domain *d);
void listener_domain_free(struct listener_domain *d);

#endif
