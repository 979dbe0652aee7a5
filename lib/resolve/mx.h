/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mail exchangers of a domain: one flight per name however many ask, a bounded
 * number at once, answers kept as long as the DNS says, failures for a set
 * time.
 */
#ifndef LIB_RESOLVE_MX_H
#define LIB_RESOLVE_MX_H

#include <stdint.h>

#include "lib/base/span.h"
#include "lib/ipc/policy.h"

struct dns;
struct loop;
struct mx;

struct mx_limits {
	int64_t timeout_ms;
	int64_t negative_ttl_ms;
	uint32_t concurrency;
};

enum { MX_CACHE_MAX = 65536, MX_HOSTS_MAX = 200 };

/* Valid for the call's time. */
typedef void mx_done_fn(void *arg, const struct mx_answer *answer);

struct mx *mx_new(struct loop *loop, struct dns *dns,
    const struct mx_limits *limits);
/* Those who wait are not told. */
void mx_free(struct mx **mx);
void mx_set_limits(struct mx *mx, const struct mx_limits *limits);
/* After another resolver took over: forget all answers. */
void mx_set_dns(struct mx *mx, struct dns *dns);
/* done is called before this returns, or later. */
void mx_ask(struct mx *mx, struct span domain, mx_done_fn *done, void *arg);
/* An mx_list, which needs no DNS. */
void mx_list_answer(const struct span *entries, uint32_t n, mx_done_fn *done,
    void *arg);

#endif
