/* SPDX-License-Identifier: Apache-2.0 */
/* The default resolver and those with names, made before the jail. */
#ifndef LOOKUPD_RESOLVERS_H
#define LOOKUPD_RESOLVERS_H

#include "lib/base/map.h"
#include "lib/base/span.h"

struct loop;
struct resolver;
struct suite;

struct resolvers {
	struct loop *loop;
	struct resolver *first; /* the default */
	struct map named;
};

/* A resolver that cannot be made ends the process. */
void resolvers_open(struct resolvers *r, struct loop *loop,
    const struct suite *suite);
void resolvers_reload(struct resolvers *r, const struct suite *suite);
/* The empty name is the default. NULL when there is none of that name. */
struct resolver *resolvers_get(struct resolvers *r, struct span name);

#endif
