/* SPDX-License-Identifier: Apache-2.0 */
/* The addresses of a host: A and AAAA are asked at once and told together. */
#ifndef LIB_RESOLVE_HOST_H
#define LIB_RESOLVE_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/ip.h"
#include "lib/base/span.h"

struct dns;
struct host_ask;

enum { HOST_ADDRESSES_MAX = 100 };

/* Valid for the call's time only. */
struct host_result {
	bool ok;             /* false: resolver trouble */
	bool exists;         /* false: there is no such name */
	const char *why;     /* when not ok, else NULL */
	bool is_secure;      /* validated by DNSSEC */
	const struct ip *addrs; /* IPv4 first */
	uint32_t n;          /* 0 and ok: it has no address */
	int64_t ttl_ms;
};

typedef void host_done_fn(void *arg, const struct host_result *result);

/*
 * An address in the place of a name is its own answer. NULL when done was
 * called already, else what host_cancel takes.
 */
struct host_ask *host_ask(struct dns *dns, struct span name, bool want_v4,
    bool want_v6, host_done_fn *done, void *arg);
/* done will not be called. Clears the caller's pointer, which may be NULL. */
void host_cancel(struct host_ask **ask);

#endif
