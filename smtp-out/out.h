/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of one delivery process: its sessions, what it reported and must
 * keep, the addresses it was told, its TLS contexts. Made in main, handed down.
 */
#ifndef SMTP_OUT_OUT_H
#define SMTP_OUT_OUT_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/map.h"
#include "lib/io/loop.h"
#include "smtp-out/early.h"
#include "smtp-out/held.h"
#include "smtp-out/hosts.h"
#include "smtp-out/keys.h"

struct channel;
struct daemon;
struct session;
struct tls_client;

enum { OUT_STOP_MS = 10 * 1000 }; /* the least that an end is given */

struct out {
	struct daemon *daemon;
	struct loop *loop;
	struct map sessions;      /* by id: those the queue manager knows */
	struct session *first;    /* all, those that only say QUIT too */
	struct held held;
	struct hosts hosts;
	struct early early;
	struct tls_client *tls;   /* NULL in delivery into files */
	uint64_t seed;            /* of the order of equal hosts */
	uint32_t names;           /* counts files written */
	struct out_keys keys;         /* of the configuration in force */
	bool stopping;
	struct timer stop;        /* the longest that an end may take */
	struct deferred exit;
};

/* The channels there are, or NULL. */
struct channel *out_qmgr(const struct out *o);
struct channel *out_policy(const struct out *o);
/* The host's name, for EHLO. */
struct span out_hostname(const struct out *o);
/* Leave if we were asked to and nothing is left to do. */
void out_check_stop(struct out *o);


/* Once the loop is there. */
void out_begin(struct out *o, struct daemon *d);
/* Finish what is in hand, then leave; see lib/proc/daemon.h. */
void out_stop(void *state);
/* Messages that nobody asked for go back. */
void out_early_over(void *arg);

#endif
