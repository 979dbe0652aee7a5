/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One configured resolver of a process, and the mail exchangers found with it.
 * It is made before the jail, while its files can be read; a configuration
 * that comes later takes effect if it needs none.
 */
#ifndef LIB_RESOLVE_RESOLVER_H
#define LIB_RESOLVE_RESOLVER_H

#include "lib/base/buf.h"

struct dns;
struct dns_opts;
struct loop;
struct mx;

struct resolver {
	struct loop *loop;
	struct dns *dns;
	struct mx *mx;
	struct buf made_from; /* its configuration */
};

/* NULL with a reason on the heap. opts is copied from. */
struct resolver *resolver_new(struct loop *loop, const struct dns_opts *opts,
    char **why_out);
/*
 * The configuration is a new one. Questions under way fail when the resolver
 * changes; one that cannot be changed to is logged under `name`, and the old
 * one stays.
 */
void resolver_reload(struct resolver *r, const char *name,
    const struct dns_opts *opts);
/* Open questions are forgotten without their callbacks. NULL is accepted. */
void resolver_free(struct resolver **r);

#endif
