/* SPDX-License-Identifier: Apache-2.0 */
/* A TCP connection to a host: its name looked up, its addresses tried. */
#ifndef LOOKUPD_DIAL_H
#define LOOKUPD_DIAL_H

#include "lib/base/ip.h"
#include "lib/base/span.h"
#include "lib/io/loop.h"
#include "lib/resolve/host.h"

struct dns;

enum { DIAL_TRY_MS = 10000 }; /* for one address */

/* Embedded in its owner; zero-initialised is one that was not started. */
struct dial {
	struct loop *loop;
	uint16_t port;
	struct host_ask *resolving;
	struct ip addrs[HOST_ADDRESSES_MAX];
	uint32_t n, next;
	int fd;
	struct io io;
	struct timer patience;
	struct deferred begin;
	char why[256];   /* of the last failure */
	/* fd is the caller's; or -1 with a reason. */
	void (*done)(void *arg, int fd, const char *why);
	void *arg;
};

/*
 * Begin. An address in the place of the name is taken as it is, and localhost
 * is known (RFC 6761). done is called later, never from in here.
 */
void dial_start(struct dial *d, struct loop *loop, struct dns *dns,
    struct span host, uint16_t port,
    void (*done)(void *arg, int fd, const char *why), void *arg);
/* done will not be called. Safe to repeat. */
void dial_stop(struct dial *d);

/*
 * The addresses that need no look-up: of an address, and of localhost. How
 * many of them are in out; 0 for other names.
 */
uint32_t dial_known(struct span host, struct ip out[2]);

#endif
