/* SPDX-License-Identifier: Apache-2.0 */
/* What master must prepare for a configuration. */
#ifndef MASTER_LOADER_PLAN_H
#define MASTER_LOADER_PLAN_H

struct configuration_keys;
struct suite;

enum { PLAN_MASTER_FD = 3 };

/* Tell master; 0 or -1. */
int plan_send(const struct suite *suite,
    const struct configuration_keys *keys);

#endif
