/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The name of a site: its mail hosts as one text, so that domains with the
 * same hosts share queues and limits. Labels are aligned from the right; a
 * column where all agree is written once, else (a|b|c) in the order they came;
 * a column that some hosts lack gets a `?`. A name that would be very long ends
 * in a hash of all the hosts: who runs the DNS of a domain decides how many
 * there are, and how they are called.
 */
#ifndef LIB_RESOLVE_SITE_NAME_H
#define LIB_RESOLVE_SITE_NAME_H

#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/span.h"

enum { SITE_HOSTS_MAX = 1000, SITE_LABELS_MAX = 128, SITE_NAME_MAX = 1024 };

/*
 * Append the name for hosts (lower-case, with or without a dot at the end) in
 * the order of the plan. port is written behind the last label unless it is 0.
 */
void site_name_put(struct buf *out, const struct span *hosts, size_t n,
    uint16_t port);

#endif
