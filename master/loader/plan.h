/* SPDX-License-Identifier: Apache-2.0 */
/* The checked configuration, and what master must prepare for it. */
#ifndef MASTER_LOADER_PLAN_H
#define MASTER_LOADER_PLAN_H

#include <stdbool.h>

#include "lib/settings/problem.h"
#include "lib/settings/suite.h"

enum { PLAN_MASTER_FD = 3 };

/*
 * Read DIR/ekiden.yaml (which may be absent) and the policy (policy, else the
 * one that the file names) into suite, which the caller frees in any case.
 * 0, or -1 when there are errors among the problems.
 */
int plan_make(struct suite *suite, const char *dir, const char *policy,
    bool validate, struct problems *problems);
/* Tell master; 0 or -1. */
int plan_send(const struct suite *suite);

#endif
