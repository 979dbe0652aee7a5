/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the sink treats a recipient, read from the address: the local part or
 * the first label of the domain is one of the words below, alone or followed
 * by "-NNN" (a reply code) or by anything behind "-", "+" or "_".
 */
#ifndef TESTS_BENCH_SINK_BEHAVIOUR_H
#define TESTS_BENCH_SINK_BEHAVIOUR_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/span.h"

enum act {
	ACT_ACCEPT,
	ACT_REPLY,         /* RCPT is answered with the code */
	ACT_REPLY_CLOSE,   /* the same, then the connection ends */
	ACT_DATA_REPLY,    /* the end of data is answered with the code */
	ACT_SLOW,          /* replies to RCPT and to the end of data wait */
	ACT_STALL,         /* RCPT is never answered */
	ACT_DROP_RCPT,     /* the connection ends instead of a reply to RCPT */
	ACT_DROP,          /* the same at the end of data */
	ACT_TEMPFAIL_ONCE, /* 451 the first time this address is seen */
};

struct behaviour {
	enum act act;
	unsigned code;
};

/* For --help: one line per word. */
extern const char behaviour_help[];

struct behaviour behaviour_of(struct span address);

enum { SEEN_MAX = 1 << 18 };

/* Addresses met, as fingerprints; full, it takes each new one as met. */
struct seen {
	uint64_t *slots;
	unsigned count;
};

/* Was it met before? Remembers it. */
bool seen_before(struct seen *s, struct span address);
void seen_free(struct seen *s);

#endif
