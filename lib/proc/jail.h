/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a process may still do once it has begun: account, root folder, system
 * calls. Data at the top of each main.c; carried out here in the only safe
 * order (groups, chroot, gid, uid, verify, no new privileges, limits, filter).
 * It cannot half succeed: what fails ends the process.
 *
 * Without root the account and root folder stay as they are; the rest holds.
 */
#ifndef LIB_PROC_JAIL_H
#define LIB_PROC_JAIL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum jail_may {
	JAIL_ACCEPT = 1 << 0,     /* take connections from listening sockets */
	JAIL_CONNECT = 1 << 1,    /* make TCP connections */
	JAIL_UDP = 1 << 2,        /* talk to resolvers */
	JAIL_UNIX_CONNECT = 1 << 3, /* connect to sockets in the file system */
	JAIL_READ_FILES = 1 << 4, /* open files to read */
	JAIL_WRITE_FILES = 1 << 5, /* make, write, rename, sync files */
	JAIL_MEMFD = 1 << 6,      /* make sealed memory files to pass on */
	JAIL_MAP_FILES = 1 << 7,  /* map files (the spool, memory files): others
	                           * only read and write them */
	JAIL_THREADS = 1 << 8,    /* a library of it starts threads */
	JAIL_PAIRS = 1 << 9,      /* make pairs of sockets within itself */
};

struct jail {
	unsigned may;
};

/* Who to become; from master, on the command line of the child. */
struct jail_user {
	bool change;      /* false: stay who we are */
	uid_t uid;
	gid_t gid;
	const char *root; /* chroot here; NULL: stay */
};

/* First step: account and root folder; what is opened later is opened so. */
void jail_drop(const struct jail_user *user);
/* Second step: no new privileges, limits, system call filter. */
void jail_close(const struct jail *jail);

#endif
