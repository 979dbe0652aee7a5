/* SPDX-License-Identifier: Apache-2.0 */
/* What smtp-sink was asked to do. */
#ifndef TESTS_BENCH_SINK_OPTIONS_H
#define TESTS_BENCH_SINK_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/ip.h"

/* Keywords of the EHLO reply, each of which --without takes away. */
enum {
	EXT_PIPELINING = 1 << 0,
	EXT_8BITMIME = 1 << 1,
	EXT_SMTPUTF8 = 1 << 2,
	EXT_SIZE = 1 << 3,
	EXT_ENHANCED = 1 << 4,
	EXT_STARTTLS = 1 << 5,
};

struct sink_options {
	struct ip listen;
	const char *hostname;
	const char *ledger;
	const char *store;
	const char *cert;
	const char *key;
	unsigned extensions;
	unsigned reject_rcpt;  /* a code for every RCPT; 0: none */
	unsigned fail_percent; /* of messages, answered 451 */
	unsigned slow_percent; /* of messages, answered after slow_ms */
	uint64_t slow_ms;
	uint64_t max_messages; /* 0: until a signal */
};

/* Ends the process on --help and on mistakes. */
void sink_options_read(struct sink_options *o, int argc, char **argv);
/* The EHLO keyword of one EXT_ bit. */
const char *sink_extension_name(unsigned bit);

#endif
