/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The daemons: started, plumbed to each other, restarted when they die, stopped
 * in an order in which nobody loses a peer that it still needs.
 */
#ifndef MASTER_CHILDREN_H
#define MASTER_CHILDREN_H

#include <stdbool.h>
#include <sys/types.h>

#include "lib/ipc/role.h"

struct child;
struct master;

/*
 * Start the program of a role as a new image that holds nothing but descriptor
 * 3 (a channel to us, our half in *fd_out) and the standard ones.
 */
pid_t child_exec(struct master *m, enum role role, char *const argv[],
    int *fd_out);
/* Make the table from the plan and start all. */
void children_start(struct master *m);
/*
 * Hand it the new configuration and all listeners; it answers READY. False: it
 * does not run, and will start with them.
 */
bool child_reload(struct child *c);
/* A process has ended; it may be none of ours. */
void children_ended(struct master *m, pid_t pid, int wait_status);
/* Begin the orderly stop; again: do not wait any longer for this stage. */
void children_stop(struct master *m);

#endif
