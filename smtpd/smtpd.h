/* SPDX-License-Identifier: Apache-2.0 */
/* The one state of a process that receives mail by SMTP. */
#ifndef SMTPD_SMTPD_H
#define SMTPD_SMTPD_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/uuid.h"
#include "lib/io/loop.h"
#include "lib/ipc/store.h"
#include "lib/proc/daemon.h"
#include "smtpd/store.h"

struct acceptor;
struct charsets;
struct conf;
struct door;
struct session;
struct tally;
struct transaction;

struct smtpd {
	struct daemon daemon;
	struct loop *loop;
	struct uuid_maker ids;
	struct charsets *charsets;
	struct conf *conf;       /* in force; sessions may hold older ones */
	struct door *door;       /* of the policies of all configurations */
	struct outbox outbox;
	enum health health;
	bool health_known;       /* the writer has spoken */
	struct tally *tally;     /* sessions at each socket, of all smtpd */
	struct acceptor **acceptors; /* by index of the listener */
	size_t nacceptors;
	struct timer accept_wait;
	struct session *sessions;
	size_t nsessions;
	struct transaction *spare_tx; /* for the next ones */
	unsigned nspare_tx;
	struct timer stop_wait;
	struct buf scratch, encoded; /* free between two calls */
};

#endif
