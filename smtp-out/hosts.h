/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses of host names, asked of the policy process and kept for as long as
 * it says. One question per name is under way, whoever waits for it; a policy
 * process that was replaced is asked again.
 */
#ifndef SMTP_OUT_HOSTS_H
#define SMTP_OUT_HOSTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/ip.h"
#include "lib/base/map.h"
#include "lib/base/span.h"
#include "lib/io/loop.h"

struct channel;
struct host_answer;

enum {
	HOSTS_MAX = 16384,           /* names kept */
	HOST_ADDRS_MAX = 64,         /* of one name; more are left out */
	HOSTS_WAIT_MS = 30 * 1000,   /* then it counts as failed */
	HOSTS_TTL_MAX_MS = 3600 * 1000,
	HOSTS_FAILED_MS = 5 * 1000,  /* failures are kept this long */
};

struct host {
	bool known;        /* answered; the rest holds until expires_ms */
	bool ok;
	bool is_secure;
	struct ip *addrs;
	uint32_t n;
	char *error;       /* when not ok, printable */
	int64_t expires_ms;
	/* the question under way */
	uint64_t request;  /* 0: none */
	int64_t asked_ms;
};

/* Zero-initialised is empty. */
struct hosts {
	struct map by_name;
	struct map by_request; /* -> the name's host */
	uint64_t next_request;
};

/*
 * What is known of it now, asking when nothing is; never NULL. Valid until the
 * next call.
 */
const struct host *hosts_look(struct hosts *h, struct channel *policy,
    struct span name, int64_t now_ms);
/* HOST_IS; false when nobody waits for it. */
bool hosts_answer(struct hosts *h, uint64_t request,
    const struct host_answer *a, int64_t now_ms);
/* Ask everything again that is under way. */
void hosts_ask_again(struct hosts *h, struct channel *policy);
/* Questions without answer for too long fail; true when one did. */
bool hosts_expire(struct hosts *h, int64_t now_ms);
void hosts_free(struct hosts *h);

#endif
