/* SPDX-License-Identifier: Apache-2.0 */
/* The whole configuration: ekiden.yaml, then the policy, then the checks. */
#ifndef MASTER_LOADER_CONFIGURATION_H
#define MASTER_LOADER_CONFIGURATION_H

#include <stdbool.h>

#include "lib/settings/key_list.h"

struct problems;
struct suite;

/* What each role needs of keys. */
struct configuration_keys {
	struct key_list smtpd, out;
};

/*
 * folder/ekiden.yaml may be absent. policy NULL: the file that ekiden.yaml
 * names, if any. 0 and a suite to free, or -1 with problems.
 */
int configuration_load(struct suite *suite, const char *folder,
    const char *policy, bool validate, struct problems *problems);
/*
 * Move what the suite says of keys into lists. check: read the files and look
 * whether they serve, too; else that is done elsewhere, since the loader has
 * no right to them. 0, or -1 with problems; free the lists in either case.
 */
int configuration_keys(struct suite *suite, bool check,
    struct configuration_keys *out, struct problems *problems);
void configuration_keys_free(struct configuration_keys *keys);

#endif
