/* SPDX-License-Identifier: Apache-2.0 */
/* The sockets on which clients arrive, and who is let in. */
#ifndef SMTPD_LISTENER_H
#define SMTPD_LISTENER_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/io/loop.h"

struct smtpd;

struct acceptor {
	struct smtpd *smtpd;
	struct io io;
	int fd;            /* -1: not there now */
	uint32_t index;    /* of the listener in the configuration */
	uint32_t row;      /* of the socket in the tally */
	struct timer left; /* while a client is left to the others */
	unsigned vain;     /* clients to take at once: the others did not */
};

/* Takes the socket over; it is watched once acceptors_watch() was called. */
void acceptor_add(struct smtpd *d, int fd, uint32_t index, uint32_t row);
/* Let clients in: all that is needed to answer them is there. */
void acceptors_watch(struct smtpd *d);
/* Close all sockets; sessions go on. */
void acceptors_close(struct smtpd *d);

#endif
