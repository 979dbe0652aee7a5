/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The roles of the suite's processes, what each is called, and which pairs of
 * them talk to each other. A pair that is not listed has no channel.
 */
#ifndef LIB_IPC_ROLE_H
#define LIB_IPC_ROLE_H

#include <stdbool.h>
#include <stddef.h>

enum role {
	ROLE_MASTER,
	ROLE_LOADER, /* reads the configuration once */
	ROLE_SMTPD,
	ROLE_SPOOLD, /* the spool's one writer */
	ROLE_READER, /* hands stored messages to delivery */
	ROLE_LOGGER, /* follows the event journal */
	ROLE_QMGR,
	ROLE_POLICY, /* Lua and DNS for the queue manager and delivery */
	ROLE_OUT,    /* SMTP delivery */
	ROLE_LOCAL,  /* delivery into files (maildir), no network */
	ROLE_LOOKUP, /* what scripts ask of the outside, and share */
	ROLE_KEYS,   /* reads the key files of one other role, once */
	ROLE_COUNT
};

/* As in logs and process titles: "smtpd", "spoold-reader" ... */
const char *role_name(enum role role);
/* File name of the program under libexec. */
const char *role_program(enum role role);
/*
 * The account it runs as when the suite was started as root; NULL: that of the
 * role it works for.
 */
const char *role_user(enum role role);
bool role_talks(enum role a, enum role b);
/*
 * Which of two may do less harm, and so has less of a say when they accuse
 * each other: who reads strangers' bytes is below who holds the mail.
 */
enum role role_less_trusted(enum role a, enum role b);

#endif
