/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Having the key files of a coming plan read: by a process for each role that
 * needs any (keys(8)), all at once. Master sees neither names nor keys.
 */
#ifndef MASTER_KEY_READERS_H
#define MASTER_KEY_READERS_H

#include <stdbool.h>
#include <sys/types.h>

struct master;

/* False when m->coming needs no keys: nothing was started then. */
bool key_readers_start(struct master *m);
/*
 * A process has ended. True when it was one of ours and the last of them:
 * *good_out says whether m->coming has all its keys.
 */
bool key_readers_ended(struct master *m, pid_t pid, int wait_status,
    bool *good_out);

#endif
