/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tasks: events that init asks for with kumo.spawn_task. They run once from
 * the start of the process that calls policy_tasks(), beside everything else,
 * for as long as they like: their budget begins anew after each wait. A
 * reload ends those of the old policy and starts the new one's.
 */
#ifndef LIB_POLICY_TASKS_H
#define LIB_POLICY_TASKS_H

struct policy;

/* Start all that init asked for. One that fails is logged, and over. */
void policy_tasks(struct policy *p);

#endif
