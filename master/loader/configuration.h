/* SPDX-License-Identifier: Apache-2.0 */
/* The whole configuration: ekiden.yaml, then the policy, then the checks. */
#ifndef MASTER_LOADER_CONFIGURATION_H
#define MASTER_LOADER_CONFIGURATION_H

#include <stdbool.h>

struct problems;
struct suite;

/*
 * folder/ekiden.yaml may be absent. policy NULL: the file that ekiden.yaml
 * names, if any. 0 and a suite to free, or -1 with problems.
 */
int configuration_load(struct suite *suite, const char *folder,
    const char *policy, bool validate, struct problems *problems);

#endif
