/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy at start: its scripts are read from files, `pre_init` and `init` run
 * once, and what they declare goes into the suite, with the scripts themselves
 * in its bundle.
 */
#ifndef LIB_POLICY_LOADER_H
#define LIB_POLICY_LOADER_H

#include <stdbool.h>

struct problems;
struct suite;

/*
 * Run the policy at suite->policy over the suite, which was made from
 * ekiden.yaml. validate: also raise validate_config, where a policy may call
 * kumo.validation_failed. 0, or -1 with at least one problem.
 */
int policy_declare(struct suite *suite, bool validate,
    struct problems *problems);

#endif
