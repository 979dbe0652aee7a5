/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running the loader: at start and at each reload. Its frames fill m->coming;
 * when it ended well the plan is applied by plan_apply(), else nothing changes.
 */
#ifndef MASTER_PLAN_H
#define MASTER_PLAN_H

#include <stdbool.h>

struct master;

void plan_load(struct master *m);
/* The loader has ended. True when m->coming is whole. */
bool plan_loaded(struct master *m, int wait_status);
/*
 * Bind what is new, make folders, move m->coming to m->plan. On failure the
 * reason is logged, m->plan stays, -1.
 */
int plan_apply(struct master *m);

#endif
