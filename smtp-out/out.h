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

struct daemon;
struct session;
struct tls_client;

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
	bool readers_seen;        /* a spool reader was there before */
	bool stopping;
	struct timer stop;        /* the longest that an end may take */
	struct deferred exit;
};

/* May sessions ask for more? No, while the queue manager is slow or gone. */
bool out_may_ask(const struct out *o);
/* The host's name, for EHLO. */
struct span out_hostname(const struct out *o);
/* Leave if we were asked to and nothing is left to do. */
void out_check_stop(struct out *o);

#endif
