/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions to the DNS on a loop: libunbound, or zones given as text. The
 * answers are cached as long as their TTL by libunbound, in this process.
 *
 * Files (resolv.conf, hosts, trust anchors) are read by dns_new and never
 * again, so that it goes before a jail. After it libunbound starts no thread
 * and no process; it makes UDP and TCP sockets, binds and connects them, and
 * reads random bytes and the clock.
 */
#ifndef LIB_DNS_DNS_H
#define LIB_DNS_DNS_H

#include <stdint.h>

#include "lib/dns/answer.h"

struct dns;
struct dns_opts;
struct loop;
struct problems;

enum { DNS_QUESTIONS_MAX = 65536 }; /* at once; the next one fails */

/* The answer is valid for the call's time only. */
typedef void dns_done_fn(void *arg, const struct dns_answer *answer);

/*
 * What this resolver cannot do is an error, what changes nothing here a
 * notice; also reads the zones. For the loader; 0 or -1.
 */
int dns_check(const struct dns_opts *opts, struct problems *problems);
/* NULL with a reason on the heap. opts is copied from. */
struct dns *dns_new(struct loop *loop, const struct dns_opts *opts,
    char **why_out);
/* Answer all open questions with DNS_FAILED now. */
void dns_fail_all(struct dns *d);
/* Open questions are forgotten without their callbacks. */
void dns_free(struct dns **d);
/* Would dns_new read a file? */
bool dns_needs_files(const struct dns_opts *opts);

/*
 * Ask. done may be called before this returns (0) or later: then the number
 * can be given to dns_cancel. A question ends at its deadline at the latest:
 * tries times time per try, as configured.
 */
uint64_t dns_ask(struct dns *d, const char *name, uint16_t type,
    dns_done_fn *done, void *arg);
/* done will not be called. An id of old is harmless. */
void dns_cancel(struct dns *d, uint64_t id);

#endif
