/* SPDX-License-Identifier: Apache-2.0 */
/* What smtp-load was asked to do. */
#ifndef TESTS_BENCH_LOAD_OPTIONS_H
#define TESTS_BENCH_LOAD_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/ip.h"

struct load_options {
	struct ip target;
	const char *sender;
	const char *recipient; /* NULL: spread over the domains */
	const char *suffix;    /* of those domains */
	const char *ledger;
	const char *hostname;
	uint64_t sessions;
	uint64_t messages;    /* 0: no end but the duration */
	uint64_t duration_ms; /* 0: no end but the count */
	uint64_t size;        /* of a message, header included */
	uint64_t domains;
	uint64_t recipients; /* per message */
	uint64_t rate;       /* messages per second; 0: as fast as it goes */
	uint64_t retry_ms;
	uint64_t timeout_ms;
	bool keep_going;
	bool pipelining;
	bool tls;
	bool json;
	bool quiet;
};

/* Ends the process on --help and on mistakes. */
void load_options_read(struct load_options *o, int argc, char **argv);

#endif
