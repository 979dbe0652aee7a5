/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One libunbound context on our loop: name servers, the system's, or recursion
 * from the root. The only file that includes unbound's headers is server.c.
 */
#ifndef LIB_DNS_SERVER_H
#define LIB_DNS_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/dns/dns.h"

struct dns_server;

struct dns_server *dns_server_new(struct loop *loop,
    const struct dns_opts *opts, char **why_out);
/* Open questions end without their callbacks. */
void dns_server_free(struct dns_server **s);
bool dns_server_needs_files(const struct dns_opts *opts);
int dns_server_check(const struct dns_opts *opts, struct problems *problems);
/*
 * done is called exactly once, perhaps before this returns. There is no way to
 * cancel: arg must live until then, or until dns_server_free.
 */
void dns_server_ask(struct dns_server *s, const char *name, uint16_t type,
    dns_done_fn *done, void *arg);

#endif
