/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A new configuration on its way to the daemons. Each says when it has it; the
 * queue manager gets it last, so that what it asks then is answered by a policy
 * process that has it too. "reload complete" means that it holds everywhere.
 */
#ifndef MASTER_RELOAD_H
#define MASTER_RELOAD_H

struct child;
struct master;

/* Hand out what is in m->plan. */
void reload_begin(struct master *m);
/* This process has it, or has ended (its successor starts with it). */
void reload_done(struct child *c);

#endif
