/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A script that is stuck inside one C function (a pattern that backtracks for
 * hours) counts no steps: no hook can stop it. Then the process ends, and
 * master starts another. Only for lib/policy.
 */
#ifndef LIB_POLICY_WATCHDOG_H
#define LIB_POLICY_WATCHDOG_H

#include <stdint.h>

/* Once per process, before the jail closes. */
void watchdog_start(void);
/* A script runs, for at most that long; 0: none does. */
void watchdog_set(int64_t limit_ms);

#endif
