/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which account each role gets when the suite was started as root:
 * an own one per role (ekiden-smtpd ...), one for all (--user NAME), or a range
 * of plain numbers, one per role (--user 61100-61120), where no accounts exist.
 */
#ifndef MASTER_USERS_H
#define MASTER_USERS_H

#include <stdbool.h>
#include <sys/types.h>

#include "lib/ipc/role.h"

struct users {
	bool change; /* false: not root, all stay who we are */
	uid_t uid[ROLE_COUNT];
	gid_t gid[ROLE_COUNT];
};

/* user may be NULL. Prints the reason and returns -1 on failure. */
int users_resolve(struct users *u, const char *user);

#endif
